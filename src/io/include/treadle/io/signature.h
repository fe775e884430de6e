// What opens only with the home's own key: pickles run code when they are read
// (docs/decisions/0008-pickles-are-signed.md).
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>

#include <string>
#include <string_view>

namespace treadle::io {

// Which pickles are opened: TREADLE_PICKLES in the environment.
enum class PicklePolicy : std::uint8_t {
  kSigned,  // those that this home's key signed; the default
  kAny,     // all: for artifacts of others, when you trust everybody who could write them
  kNone,    // none
};
// kInvalidArgument when the environment says something else.
Result<PicklePolicy> pickle_policy();

// {"signature": "..."}: what an entry of this content carries as its `extra`. kPermissionDenied
// without a key.
Result<std::string> signature_extra(std::string_view key, std::string_view bytes);

// Nothing wrong when the entry carries the signature that `key` gives to `bytes`; else
// kPermissionDenied, which names the entry, the reason and the cure.
Result<void> check_signature(std::string_view key, const artifact::Version& version,
                             const artifact::Entry& entry, std::string_view bytes);

// The same for content outside of the store: `where` names it in messages, `extra` is what stands beside
// it.
Result<void> check_signature(std::string_view key, const std::string& where, std::string_view extra,
                             std::string_view bytes);

}  // namespace treadle::io
