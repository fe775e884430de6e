// Private to the room: URLs that authorize themselves. Clients fetch and put content without a key, so
// what they are handed is signed with the home's key and expires.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/http/message.h>

#include <string>
#include <string_view>

namespace treadle::serve {

class Signer {
 public:
  // How long a URL is good, at the least: longer than any upload or download between asking for it and
  // using it.
  static constexpr Micros kLifetime = 24LL * 3600 * 1'000'000;

  Signer(std::string secret, Clock& clock = system_clock())
      : secret_(std::move(secret)), clock_(clock) {}
  // "<base>/storage/<path>?e=...&s=...": good for that method and path only. `path` is not yet
  // percent-encoded.
  std::string url(std::string_view base, std::string_view method, std::string_view path) const;
  // Whether the request's URL was made by url() and has not expired; "/storage/{path...}".
  bool allows(const http::Request& request) const;

 private:
  std::string signature(std::string_view method, std::string_view path,
                        std::string_view expiry) const;
  const std::string secret_;
  Clock& clock_;
};

}  // namespace treadle::serve
