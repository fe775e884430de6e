// Time as a value and as a seam.
#pragma once

#include <cstdint>
#include <string>

namespace treadle {

// Microseconds since the Unix epoch, UTC. The only time type that is stored.
using Micros = std::int64_t;

// Wall clock and sleeping. Thread-safe. Tests hand in their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Micros now() = 0;
};

// The clock of this machine; lives for ever.
Clock& system_clock();

// "2026-01-31T12:00:00.123456Z".
std::string format_utc(Micros time);
// "12.3 ms", "4.1 s", "2 min 3 s": for people.
std::string format_duration(Micros duration);
// "512 B", "3.4 MB": decimal units, for people.
std::string format_size(std::int64_t bytes);

}  // namespace treadle
