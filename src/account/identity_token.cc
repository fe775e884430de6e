#include "identity_token.h"

#include <treadle/base/digest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cjose/cjose.h>
#include <memory>

namespace treadle::account {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestToken = 16 << 10;
constexpr std::size_t kSmallestRsaKey = 2048;  // bits
// Not HS256, whose key would be the public one; not "none".
constexpr std::array<std::string_view, 9> kAlgorithms{"RS256", "RS384", "RS512", "PS256", "PS384",
                                                      "PS512", "ES256", "ES384", "ES512"};

template <auto Release>
struct Releaser {
  template <class T>
  void operator()(T* t) const {
    Release(t);
  }
};
using Jws = std::unique_ptr<cjose_jws_t, Releaser<cjose_jws_release>>;
using Jwk = std::unique_ptr<cjose_jwk_t, Releaser<cjose_jwk_release>>;

tl::unexpected<Error> unbelieved(std::string message) {
  return fail(Errc::kPermissionDenied, std::move(message));
}

// Nothing else is given to cjose, which ends the program at some of what is not.
bool is_base64url(std::string_view text) {
  return text.size() % 4 != 1 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

std::optional<json::object> object_of(std::string_view base64url) {
  if (!is_base64url(base64url)) return std::nullopt;
  std::string text(base64url);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  const auto plain = from_base64(text);
  if (!plain) return std::nullopt;
  boost::system::error_code error;
  const json::value value = json::parse(*plain, error);
  if (error || !value.is_object()) return std::nullopt;
  return value.as_object();
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<std::int64_t> seconds_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->as_int64();
  // "1e400" and the like are no time.
  if (value->is_double() && value->as_double() > -1e15 && value->as_double() < 1e15) {
    return static_cast<std::int64_t>(value->as_double());
  }
  return std::nullopt;
}

std::optional<json::array> keys_in(std::string_view key_set) {
  boost::system::error_code error;
  const json::value value = json::parse(key_set, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::value* keys = value.as_object().if_contains("keys");
  if (keys == nullptr || !keys->is_array()) return std::nullopt;
  return keys->as_array();
}

// A public key for signatures that is strong enough; null otherwise.
Jwk usable(const json::value& value) {
  if (!value.is_object()) return nullptr;
  const json::object& key = value.as_object();
  const std::string kind = text_in(key, "kty");
  const std::string use = text_in(key, "use");
  if ((kind != "RSA" && kind != "EC") || (!use.empty() && use != "sig")) return nullptr;
  for (const char* part : {"n", "e", "x", "y"}) {
    if (!is_base64url(text_in(key, part))) return nullptr;
  }
  if (key.contains("d")) return nullptr;  // a private key was published: it says nothing any more
  const std::string text = json::serialize(value);
  cjose_err error{};
  Jwk out(cjose_jwk_import(text.data(), text.size(), &error));
  if (out && kind == "RSA" && cjose_jwk_get_keysize(out.get(), &error) < kSmallestRsaKey) {
    return nullptr;
  }
  return out;
}

// A signature of another family than the key's is none: cjose would refuse it, too.
bool fits(const json::object& key, const IdentityToken& token) {
  const bool curve = token.algorithm.starts_with("ES");
  const std::string named = text_in(key, "alg");
  return (text_in(key, "kty") == "EC") == curve && (named.empty() || named == token.algorithm);
}

}  // namespace

Result<IdentityToken> parse_identity_token(std::string_view text) {
  if (text.size() > kLongestToken) return unbelieved("The identity token is longer than 16 KiB.");
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return unbelieved("The identity token is no signed JWT: it has not three parts.");
  }
  const auto header = object_of(text.substr(0, first));
  const auto claims = object_of(text.substr(first + 1, second - first - 1));
  if (!header || !claims || !is_base64url(text.substr(second + 1)))
    return unbelieved("The identity token is no signed JWT: it cannot be read.");
  IdentityToken out;
  out.algorithm = text_in(*header, "alg");
  out.key_id = text_in(*header, "kid");
  if (std::find(kAlgorithms.begin(), kAlgorithms.end(), out.algorithm) == kAlgorithms.end()) {
    return unbelieved("The identity token is signed with '" + out.algorithm +
                      "', which is not taken. RS256 or ES256 is.");
  }
  if (header->contains("crit")) {
    return unbelieved("The identity token demands extensions ('crit') that are not known here.");
  }
  out.issuer = text_in(*claims, "iss");
  if (const json::value* audience = claims->if_contains("aud")) {
    if (audience->is_string()) out.audiences.emplace_back(audience->as_string());
    if (audience->is_array()) {
      for (const json::value& one : audience->as_array()) {
        if (one.is_string()) out.audiences.emplace_back(one.as_string());
      }
    }
  }
  out.expires = seconds_in(*claims, "exp");
  out.not_before = seconds_in(*claims, "nbf");
  for (const auto& [name, value] : *claims) {
    if (value.is_string()) out.texts.emplace(name, value.as_string());
    if (value.is_bool()) out.flags.emplace(name, value.as_bool());
  }
  return out;
}

Result<int> count_keys(std::string_view key_set) {
  const auto keys = keys_in(key_set);
  if (!keys) {
    return fail(Errc::kInvalidArgument,
                "This is no JSON Web Key Set: an object with a list 'keys' is expected.");
  }
  int out = 0;
  for (const json::value& key : *keys) out += usable(key) ? 1 : 0;
  if (out == 0) {
    return fail(Errc::kInvalidArgument,
                "The key set has no public key for signatures (RSA of 2048 bits and more, or EC).");
  }
  return out;
}

Signature check_signature(std::string_view text, const IdentityToken& token,
                          std::string_view key_set) {
  const auto keys = keys_in(key_set);
  if (!keys) return Signature::kUnknownKey;
  bool tried = false;
  for (const json::value& value : *keys) {
    const Jwk key = usable(value);
    if (!key || !fits(value.as_object(), token)) continue;
    const std::string id = text_in(value.as_object(), "kid");
    if (!token.key_id.empty() && !id.empty() && id != token.key_id) continue;
    tried = true;
    cjose_err error{};
    const Jws jws(cjose_jws_import(text.data(), text.size(), &error));
    if (jws && cjose_jws_verify(jws.get(), key.get(), &error)) return Signature::kGood;
  }
  return tried ? Signature::kBad : Signature::kUnknownKey;
}

}  // namespace treadle::account
