#include "token_endpoint.h"

#include "storage.h"
#include <treadle/account/identity.h>
#include <treadle/base/json.h>

#include <algorithm>
#include <map>

namespace treadle::serve {
namespace {

constexpr std::string_view kGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

// "a=1&b=2" as a form has it.
std::map<std::string, std::string> form_of(std::string_view body) {
  std::map<std::string, std::string> out;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const std::string_view field = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const auto equals = std::min(field.find('='), field.size());
    const auto name = http::percent_decode(field.substr(0, equals), true);
    const auto value =
        http::percent_decode(equals < field.size() ? field.substr(equals + 1) : "", true);
    if (name && value) out[*name] = *value;
  }
  return out;
}

// As RFC 6749 words errors.
std::string refusal(std::string_view error, std::string_view description) {
  JsonWriter w;
  w.begin_object().field("error", error).field("error_description", description).end_object();
  return std::move(w).str();
}

}  // namespace

http::Response TokenEndpoint::answer(http::Request& request) {
  const auto form = form_of(request.body);
  const auto grant = form.find("grant_type");
  const auto assertion = form.find("assertion");
  if (grant == form.end() || grant->second != kGrant || assertion == form.end()) {
    return http::json_response(
        400, refusal(grant == form.end() || grant->second == kGrant ? "invalid_request"
                                                                    : "unsupported_grant_type",
                     "Send grant_type=" + std::string(kGrant) + " and assertion=<a JWT>."));
  }
  const auto token = backend_.identities.exchange(assertion->second);
  if (!token && token.error().code != Errc::kPermissionDenied) {
    return error_answer(token.error());
  }
  if (!token) {
    http::Response response = gate_.refuse(request.peer, "");
    http::Response out = http::json_response(400, refusal("invalid_grant", token.error().message));
    out.delay_ms = response.delay_ms;
    return out;
  }
  if (auto ok = backend_.accounts.audit(token->user.name, "oidc/token", token->user.name, "",
                                        request.peer);
      !ok) {
    return error_answer(ok.error());
  }
  JsonWriter w;
  w.begin_object().field("access_token", token->text).field("token_type", "Bearer");
  w.field("expires_in", token->expires_in).end_object();
  http::Response out = http::json_response(200, std::move(w).str());
  out.with("Cache-Control", "no-store");
  out.note = token->user.name;
  return out;
}

}  // namespace treadle::serve
