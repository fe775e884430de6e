#include <treadle/base/clock.h>
#include <treadle/base/frozen_clock.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <limits>

namespace treadle {
namespace {

constexpr Micros kRunning = std::numeric_limits<Micros>::min();
std::atomic<Micros> frozen_at{kRunning};

class SystemClock final : public Clock {
 public:
  Micros now() override {
    const Micros frozen = frozen_at.load(std::memory_order_relaxed);
    if (frozen != kRunning) return frozen;
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

void freeze_system_clock(std::optional<Micros> moment) {
  frozen_at.store(moment.value_or(kRunning));
}

std::string format_utc(Micros time) {
  std::int64_t micros = time % 1'000'000;
  std::time_t seconds = static_cast<std::time_t>(time / 1'000'000);
  if (micros < 0) {
    micros += 1'000'000;
    seconds -= 1;
  }
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     micros);
}

std::string format_duration(Micros duration) {
  if (duration < 0) return "-" + format_duration(-duration);
  if (duration < 1'000) return fmt::format("{} µs", duration);
  if (duration < 1'000'000) return fmt::format("{:.3g} ms", static_cast<double>(duration) / 1e3);
  if (duration < 60'000'000) return fmt::format("{:.3g} s", static_cast<double>(duration) / 1e6);
  const std::int64_t seconds = (duration + 500'000) / 1'000'000;
  if (seconds < 3'600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3'600, seconds % 3'600 / 60);
}

std::string format_size(std::int64_t bytes) {
  if (bytes < 1'000) return fmt::format("{} B", bytes);
  static constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB"};
  double size = static_cast<double>(bytes) / 1e3;
  std::size_t unit = 0;
  while (size >= 999.95 && unit + 1 < kUnits.size()) {
    size /= 1e3;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

}  // namespace treadle
