// Private to the room: JSON Web Tokens, and the keys they are signed with. The cryptography is cjose's.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::account {

// What a token says of itself, before anybody believes it.
struct IdentityToken {
  std::string algorithm;
  std::string key_id;  // "" = it names none
  std::string issuer;
  std::vector<std::string> audiences;
  std::optional<std::int64_t> expires;       // seconds since the epoch
  std::optional<std::int64_t> not_before;    // seconds since the epoch
  std::map<std::string, std::string> texts;  // claims that are texts
  std::map<std::string, bool> flags;         // and those that are true or false
};
// kPermissionDenied: not a token, or signed in a way that is not taken (RS, PS and ES are).
Result<IdentityToken> parse_identity_token(std::string_view text);

// How many signing keys a JSON Web Key Set has that can be used here; kInvalidArgument: it is none.
Result<int> count_keys(std::string_view key_set);

enum class Signature : std::uint8_t { kGood, kBad, kUnknownKey };
// Whether one of the keys signed it: the one it names or, when it names none, any.
Signature check_signature(std::string_view text, const IdentityToken& token,
                          std::string_view key_set);

}  // namespace treadle::account
