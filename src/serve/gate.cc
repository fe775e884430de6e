#include "gate.h"

#include <treadle/base/digest.h>

#include <algorithm>

namespace treadle::serve {
namespace {

constexpr std::chrono::seconds kForget{60};  // failures older than this do not count
constexpr std::size_t kMostPeers = 10'000;
constexpr int kFree = 3;              // failures without delay: a typo
constexpr int kLongestDelay = 3'000;  // ms; less than any client's timeout

// The key in an Authorization header: Basic's password, or a Bearer token.
std::string key_of(const http::Request& request) {
  const std::string* header = request.header("Authorization");
  if (header == nullptr) return {};
  std::string_view text = *header;
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return {};
  std::string scheme(text.substr(0, space));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  text.remove_prefix(space + 1);
  if (scheme == "bearer") return std::string(text);
  if (scheme != "basic") return {};
  const auto plain = from_base64(text);
  if (!plain) return {};
  const auto colon = plain->find(':');
  return colon == std::string::npos ? std::string() : plain->substr(colon + 1);
}

}  // namespace

std::variant<account::User, http::Response> Gate::admit(const http::Request& request) {
  const std::string key = key_of(request);
  if (key.empty()) {
    http::Response response = http::error_response(
        401,
        "No API key was given. Get one from your admin (treadle key new) and run: wandb login "
        "--host " +
            backend_.base_for(request));
    response.with("WWW-Authenticate", "Basic realm=\"treadle\"");
    return response;
  }
  auto user = backend_.accounts.authenticate(key);
  if (!user) return http::error_response(503, user.error().message);
  if (*user) return **std::move(user);
  user = backend_.identities.authenticate(key);
  if (!user) return http::error_response(503, user.error().message);
  if (*user) return **std::move(user);
  return refuse(request.peer,
                "This API key is not known here, or was revoked; or the access token has expired.");
}

http::Response Gate::refuse(const std::string& peer, std::string_view message) {
  http::Response response = http::error_response(401, message);
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  if (failures_.size() > kMostPeers) failures_.clear();
  Failures& failures = failures_[peer];
  if (now - failures.last > kForget) failures.count = 0;
  failures.last = now;
  ++failures.count;
  if (failures.count > kFree) {
    response.delay_ms = std::min(kLongestDelay, 100 << std::min(failures.count - kFree, 5));
  }
  return response;
}

}  // namespace treadle::serve
