#include "duration.h"

#include "text.h"

#include <fmt/format.h>

#include <charconv>

namespace treadle::cli {

Result<std::int64_t> parse_ttl(std::string_view text) {
  if (text == "none") return artifact::kTtlNone;
  if (text == "inherit") return artifact::kTtlInherit;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  std::int64_t seconds = 0;
  if (unit == "s" || unit.empty()) seconds = 1;
  if (unit == "m") seconds = 60;
  if (unit == "h") seconds = 3600;
  if (unit == "d") seconds = 24 * 3600;
  if (unit == "w") seconds = 7 * 24 * 3600;
  constexpr std::int64_t kMost = 100LL * 365 * 24 * 3600;
  if (error == std::errc() && seconds > 0 && count > 0 && count <= kMost / seconds) {
    return count * seconds;
  }
  return fail(Errc::kInvalidArgument,
              fmt::format("'{}' is no time to live. Write 30d, 12h, 45m, 90s or 2w (at most 100 "
                          "years), 'none' or 'inherit'.",
                          printable(text)));
}

std::string ttl_text(const artifact::Version& version) {
  const std::int64_t seconds = version.ttl_effective;
  if (seconds <= 0) return "is kept until somebody deletes it";
  struct Unit {
    std::int64_t seconds;
    const char* noun;
  };
  for (const Unit unit :
       {Unit{24 * 3600, "day"}, Unit{3600, "hour"}, Unit{60, "minute"}, Unit{1, "second"}}) {
    if (seconds % unit.seconds != 0) continue;
    return "is kept for " +
           count_text(static_cast<std::size_t>(seconds / unit.seconds), unit.noun) +
           (version.ttl_seconds == artifact::kTtlInherit ? ", as its collection says" : "");
  }
  return "";
}

}  // namespace treadle::cli
