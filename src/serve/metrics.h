// Private to the room: counts and times of requests, as Prometheus reads them.
#pragma once

#include <treadle/http/server.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace treadle::serve {

class Metrics {
 public:
  void count(const http::Exchange& exchange);
  std::string text(const http::Server& server) const;

 private:
  static constexpr std::array<double, 10> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,  0.1,    0.5,   1,    5};  // seconds
  struct Times {
    std::array<std::int64_t, kBounds.size() + 1> buckets{};
    double sum = 0;
    std::int64_t count = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::int64_t> requests_;  // by route and status
  std::map<std::string, Times> times_;                            // by route
  std::int64_t bytes_in_ = 0;
  std::int64_t bytes_out_ = 0;
};

// One exchange as a JSON line of the access log.
std::string access_line(const http::Exchange& exchange);

}  // namespace treadle::serve
