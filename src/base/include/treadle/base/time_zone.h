// Time zones by their IANA name, from the system's tzdata; wall-clock time to instants and back.
//
//   TREADLE_TRY(const TimeZone* zone, TimeZone::find("Europe/Berlin"));
//   zone->local(now);                                    // what the clock on the wall shows
//   zone->resolve(local_seconds({2026, 3, 29, 2, 30}));  // kGap: that night has no 02:30
//
// An instant is `Micros` since the epoch, UTC. Wall-clock time is `LocalSeconds`: seconds since
// 1970-01-01 00:00:00 on that wall, as if it were UTC; local_seconds() and civil_time() convert.
// Rules beyond tzdata's last year continue to the year 2200. Everything here is pure once a zone is
// loaded, and thread-safe.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

using LocalSeconds = std::int64_t;

inline constexpr Micros kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kSecondsPerDay = 86'400;

// A date and time of day of the proleptic Gregorian calendar, without a zone.
struct CivilTime {
  int year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
  bool operator==(const CivilTime&) const = default;
};

// Days since 1970-01-01. `month` 1..12; `day` may be out of the month's range: it counts on.
std::int64_t days_from_civil(int year, int month, int day);
LocalSeconds local_seconds(const CivilTime& time);
CivilTime civil_time(LocalSeconds time);
int days_in_month(int year, int month);
// 0 = Sunday, as in cron.
int weekday(std::int64_t days_since_epoch);
// Rounds towards the past, also before 1970.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a % b < 0) != (b < 0) ? quotient - 1 : quotient;
}
inline std::int64_t seconds_of(Micros time) {
  return floor_div(time, kMicrosPerSecond);
}

class TimeZone {
 public:
  // A stretch of time with one offset, [begin, end) in seconds since the epoch.
  struct Period {
    std::int64_t begin;
    std::int64_t end;
    std::int32_t offset;  // local = UTC + offset, seconds
    std::int32_t saving;  // daylight saving contained in `offset`, as Python's zoneinfo infers it
    std::uint32_t abbreviation;  // index into the zone's names
  };

  // How a wall-clock time is found in a zone.
  struct Resolved {
    enum class Kind : std::uint8_t {
      kUnique,
      kGap,      // skipped when clocks went forward
      kOverlap,  // shown twice when clocks went back
    };
    Kind kind;
    // kUnique: the same. kOverlap: the first and the second. kGap: with the offset from before the
    // gap (so at or after its end) and with the one from after it.
    std::int64_t first;
    std::int64_t second;
    // kGap: the instant of the change.
    std::int64_t change;
  };

  // Zones live for ever. kNotFound names the nearest zone. "UTC" needs no tzdata.
  static Result<const TimeZone*> find(std::string_view name);
  static const TimeZone& utc();

  const std::string& name() const { return name_; }
  const Period& period_at(std::int64_t utc_seconds) const;
  // The period before or after; the first and the last are their own neighbours.
  const Period& before(const Period& period) const;
  const Period& after(const Period& period) const;
  std::int32_t offset_at(Micros time) const { return period_at(seconds_of(time)).offset; }
  const std::string& abbreviation_at(Micros time) const {
    return names_[period_at(seconds_of(time)).abbreviation];
  }

  LocalSeconds local(std::int64_t utc_seconds) const {
    return utc_seconds + period_at(utc_seconds).offset;
  }
  CivilTime civil(Micros time) const { return civil_time(local(seconds_of(time))); }
  Resolved resolve(LocalSeconds time) const;
  // Python's reading of a wall-clock time: fold 0 is the first of two, and in a gap the offset from before it.
  std::int64_t instant(LocalSeconds time, int fold = 0) const;

 private:
  friend class TimeZoneLoader;
  std::string name_;
  std::vector<Period> periods_;  // from the beginning to the end of time, touching
  std::vector<std::string> names_;
};

// "2026-03-29T03:00:00+02:00": ISO 8601 with the zone's offset at that moment, as Python's isoformat.
std::string format_in_zone(Micros time, const TimeZone& zone);

}  // namespace treadle
