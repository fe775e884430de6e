#include "signer.h"

#include <treadle/base/digest.h>

#include <charconv>

namespace treadle::serve {
namespace {

// Rounded up, so that one thing has one URL for a while and caches work.
constexpr Micros kGrain = 3600LL * 1'000'000;

std::string encode_path(std::string_view path) {
  std::string out;
  while (true) {
    const auto slash = path.find('/');
    out += http::percent_encode(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string Signer::signature(std::string_view method, std::string_view path,
                              std::string_view expiry) const {
  std::string text = "treadle storage url\n";
  text.append(method).append("\n").append(expiry).append("\n").append(path);
  return to_hex(hmac_sha256(secret_, text)).substr(0, 40);
}

std::string Signer::url(std::string_view base, std::string_view method,
                        std::string_view path) const {
  const std::string expiry =
      std::to_string(((clock_.now() + kLifetime) / kGrain + 1) * kGrain / 1'000'000);
  std::string out(base);
  out += "/storage/" + encode_path(path) + "?e=" + expiry + "&s=" + signature(method, path, expiry);
  return out;
}

bool Signer::allows(const http::Request& request) const {
  const std::string* expiry = request.query_value("e");
  const std::string* given = request.query_value("s");
  if (expiry == nullptr || given == nullptr) return false;
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(expiry->data(), expiry->data() + expiry->size(), seconds);
  if (error != std::errc() || end != expiry->data() + expiry->size()) return false;
  if (seconds < clock_.now() / 1'000'000) return false;
  std::string_view method = request.method;
  if (method == "HEAD") method = "GET";
  return equal_constant_time(signature(method, request.parameter("path"), *expiry), *given);
}

}  // namespace treadle::serve
