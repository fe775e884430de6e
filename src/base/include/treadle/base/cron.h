// Cron schedules: when they tick, in a time zone, exactly as croniter reads them and Dagster runs them.
//
//   TREADLE_TRY(auto cron, CronSchedule::parse("0 9 * * mon-fri", "Europe/Berlin"));
//   cron.next(now);   // the first tick after now
//
// Fields: minute hour day month weekday [second [year]]; ranges (also wrapping: fri-mon), lists,
// steps, names, `?`, `L` as a day, `mon#2` and `L5` (the last Friday) as a weekday; @hourly @daily
// @midnight @weekly @monthly @yearly @annually. A day *or* a weekday suffices when both are given.
// Several expressions tick whenever one of them does.
//
// Daylight saving, as Dagster has it:
//  - a schedule for every hour ticks whenever the wall clock matches: not in a gap, twice in an overlap;
//  - any other ticks once for each date and time it names: a time in a gap between one and four
//    o'clock moves to the end of the gap, another by the gap's length; of a time that comes twice
//    the second counts (for one time a day, week or month outside of these hours: the first).
#pragma once

#include <treadle/base/time_zone.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// One expression, in masks of the values that each field allows.
struct CronFields {
  std::uint64_t minutes = 0, seconds = 1;
  std::uint32_t hours = 0, days = 0;  // days: bit 1..31
  std::uint16_t months = 0;           // bit 1..12
  std::uint8_t weekdays = 0;          // bit 0 = Sunday
  std::uint8_t nth_weekdays[6] =
      {};                 // [n] 1..5: which weekdays count the n-th time; [0]: the last time
  bool last_day = false;  // L as a day
  bool any_day = false, any_weekday = false, has_nth = false;  // what restricts the date
  std::vector<std::uint16_t> years;                            // sorted; empty = all
  // How daylight saving is treated.
  enum class Kind : std::uint8_t { kEveryHour, kOneTimePerDay, kOther };
  Kind kind = Kind::kOther;

  // Bit d is set when the d-th of that month matches. `first`: its first day, since the epoch.
  std::uint32_t matching_days(int year, int month, std::int64_t first) const;
};

class CronSchedule {
 public:
  // kInvalidArgument names the field and the rule; also for an expression that can never tick.
  static Result<CronSchedule> parse(std::string_view expression, std::string_view zone = "UTC");
  static Result<CronSchedule> parse(const std::vector<std::string>& expressions,
                                    std::string_view zone = "UTC");

  const std::vector<std::string>& expressions() const { return expressions_; }
  const TimeZone& zone() const { return *zone_; }
  // Whether an expression has seconds: ticks can be closer than a minute.
  bool has_seconds() const;

  // The nearest tick strictly after or before. Nothing: there is none within 50 years.
  std::optional<Micros> next(Micros after) const;
  std::optional<Micros> previous(Micros before) const;
  std::optional<Micros> at_or_after(Micros time) const { return next(time - 1); }
  // The beginning of the window that contains `time`.
  std::optional<Micros> at_or_before(Micros time) const { return previous(time + 1); }
  bool ticks_at(Micros time) const { return at_or_after(time) == time; }

  // How many ticks lie in [from, to). Time goes by the days between, not by the ticks.
  std::int64_t count(Micros from, Micros to) const;
  // The tick number `index` at or after `from`: 0 is the first; -1 the one before `from`.
  std::optional<Micros> nth(Micros from, std::int64_t index) const;
  // Ticks in [from, to), at most `limit`.
  std::vector<Micros> between(Micros from, Micros to,
                              std::size_t limit = static_cast<std::size_t>(-1)) const;

 private:
  std::vector<std::string> expressions_;
  std::vector<CronFields> fields_;
  const TimeZone* zone_ = nullptr;
};

// One expression to masks; `CronSchedule::parse` without a zone.
Result<CronFields> parse_cron(std::string_view expression);

}  // namespace treadle
