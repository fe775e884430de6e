#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/io/signature.h>

#include <boost/json.hpp>

#include <cstdlib>

namespace treadle::io {
namespace {

std::string sign(std::string_view key, std::string_view bytes) {
  const Sha256 digest = sha256(bytes);
  return to_hex(hmac_sha256(
      key, std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size())));
}

std::string signature_in(std::string_view extra) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(extra, error);
  if (error || !value.is_object()) return {};
  const auto* signature = value.get_object().if_contains("signature");
  if (signature == nullptr || !signature->is_string()) return {};
  return std::string(std::string_view(signature->get_string()));
}

}  // namespace

Result<PicklePolicy> pickle_policy() {
  const char* given = std::getenv("TREADLE_PICKLES");
  const std::string_view said = given == nullptr ? "" : given;
  if (said.empty() || said == "signed") return PicklePolicy::kSigned;
  if (said == "any") return PicklePolicy::kAny;
  if (said == "none") return PicklePolicy::kNone;
  return fail(Errc::kInvalidArgument, "TREADLE_PICKLES is '" + std::string(said) +
                                          "'. It can be 'signed', 'any' or 'none'.");
}

Result<std::string> signature_extra(std::string_view key, std::string_view bytes) {
  if (key.empty()) {
    return fail(Errc::kPermissionDenied, "The home has no key to sign a pickle with.");
  }
  JsonWriter w;
  w.begin_object().field("signature", sign(key, bytes)).end_object();
  return std::move(w).str();
}

Result<void> check_signature(std::string_view key, const artifact::Version& version,
                             const artifact::Entry& entry, std::string_view bytes) {
  return check_signature(key, "'" + entry.path + "' of " + version.text(), entry.extra, bytes);
}

Result<void> check_signature(std::string_view key, const std::string& where, std::string_view extra,
                             std::string_view bytes) {
  TREADLE_TRY(const PicklePolicy policy, pickle_policy());
  if (policy == PicklePolicy::kAny) return {};
  if (policy == PicklePolicy::kNone) {
    return fail(Errc::kPermissionDenied,
                "The pickle " + where + " is not opened, because TREADLE_PICKLES is 'none'.");
  }
  const std::string signature = signature_in(extra);
  constexpr const char* kCure =
      " Opening a pickle runs the code in it, so only pickles that were written in this home and "
      "not changed since are opened. "
      "Materialize the asset again to get a signed one. Set TREADLE_PICKLES=any only if you trust "
      "everybody who could have written it.";
  if (signature.empty()) {
    return fail(Errc::kPermissionDenied,
                "The pickle " + where + " is not signed with this home's key." + kCure);
  }
  if (key.empty() || !equal_constant_time(signature, sign(key, bytes))) {
    return fail(Errc::kPermissionDenied, "The signature of the pickle " + where +
                                             " does not fit its content and this home's key." +
                                             kCure);
  }
  return {};
}

}  // namespace treadle::io
