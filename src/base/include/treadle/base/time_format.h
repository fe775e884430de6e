// strftime and strptime as Python has them (C locale), on plain values: keys of time partitions are
// written by users as Python formats, and read back from what they type.
//
//   format_time("%Y-%m-%d-%H:%M", {2026, 3, 1, 14, 30});   // "2026-03-01-14:30"
//   parse_time("2026-03-01", "%Y-%m-%d");                  // {.time = {2026, 3, 1}}
//
// Written: a A b B d e f F G H I j m M n p R S T u U V w W y Y z Z %, and %-d and its like without
// the leading zero. Read: the same but n, U, V, W, G without a weekday.
#pragma once

#include <treadle/base/time_zone.h>

#include <optional>
#include <string>
#include <string_view>

namespace treadle {

// What %f, %z and %Z need.
struct TimeDetails {
  int micros = 0;
  std::int32_t offset = 0;  // seconds east of UTC
  std::string_view abbreviation = "UTC";
};

// A directive that is not known is written as it is.
std::string format_time(std::string_view format, const CivilTime& time,
                        const TimeDetails& details = {});

struct ParsedTime {
  CivilTime time = {1900, 1, 1, 0, 0, 0};
  int micros = 0;
  std::optional<std::int32_t> offset = {};  // seconds east of UTC; of %z
};
// kInvalidArgument: "time data 'x' does not match format '%Y'", and where it stops to match.
Result<ParsedTime> parse_time(std::string_view text, std::string_view format);

// kInvalidArgument names the directive that cannot be written or read.
Result<void> check_time_format(std::string_view format);

}  // namespace treadle
