#include "retry.h"

#include "libcurl.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <random>

namespace treadle::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestWait{60'000};
constexpr milliseconds kLongestAsked{3'600'000};

bool is_final(int status) {
  for (const int code : {400, 401, 403, 404, 409, 410, 413, 422, 501}) {
    if (status == code) return true;
  }
  return status < 400;
}

}  // namespace

bool is_tried_again(Retry kind, int status) {
  switch (kind) {
    case Retry::kNever:
      return false;
    case Retry::kFile:
      return status == 429 || (status >= 500 && status != 501);
    case Retry::kUpsert:
      return status == 409 || !is_final(status);
    case Retry::kQuery:
    case Retry::kStream:
      return !is_final(status);
  }
  return false;
}

milliseconds wait_after(int attempt, milliseconds first) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const milliseconds wait =
      std::min<milliseconds>(first * (1LL << std::min(attempt, 20)), kLongestWait);
  return wait + milliseconds(std::uniform_int_distribution<long>(0, wait.count() / 4)(random));
}

milliseconds retry_after(const std::string* header) {
  if (header == nullptr) return {};
  double seconds = 0;
  const char* end = header->data() + header->size();
  if (const auto [rest, error] = std::from_chars(header->data(), end, seconds);
      error != std::errc() || rest != end) {
    const time_t date = libcurl().curl_getdate(header->c_str(), nullptr);
    if (date < 0) return {};
    seconds = std::difftime(date, std::time(nullptr));
  }
  if (!(seconds > 0)) return {};
  const double limit = static_cast<double>(kLongestAsked.count());
  return milliseconds(static_cast<long>(std::min(seconds * 1000, limit)));
}

}  // namespace treadle::client
