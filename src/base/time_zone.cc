#include <treadle/base/time_zone.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle {

// Both conversions count years from March, so that the leap day is the last of its year.
std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

LocalSeconds local_seconds(const CivilTime& t) {
  return days_from_civil(t.year, t.month, t.day) * kSecondsPerDay + t.hour * 3600 + t.minute * 60 +
         t.second;
}

CivilTime civil_time(LocalSeconds time) {
  const std::int64_t days = floor_div(time, kSecondsPerDay);
  const int of_day = static_cast<int>(time - days * kSecondsPerDay);
  const std::int64_t z = days + 719'468;
  const std::int64_t era = floor_div(z, 146'097);
  const std::int64_t day_of_era = z - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  CivilTime out;
  out.day = static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1);
  out.month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  out.year = static_cast<int>(year_of_era + era * 400 + (out.month <= 2 ? 1 : 0));
  out.hour = of_day / 3600;
  out.minute = of_day / 60 % 60;
  out.second = of_day % 60;
  return out;
}

int days_in_month(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

int weekday(std::int64_t days) {
  return static_cast<int>(days + 4 - floor_div(days + 4, 7) * 7);
}

const TimeZone::Period& TimeZone::period_at(std::int64_t t) const {
  auto after = std::upper_bound(periods_.begin() + 1, periods_.end(), t,
                                [](std::int64_t time, const Period& p) { return time < p.begin; });
  return *(after - 1);
}

const TimeZone::Period& TimeZone::before(const Period& period) const {
  return &period == &periods_.front() ? period : *(&period - 1);
}

const TimeZone::Period& TimeZone::after(const Period& period) const {
  return &period == &periods_.back() ? period : *(&period + 1);
}

TimeZone::Resolved TimeZone::resolve(LocalSeconds time) const {
  // Offsets are less than 26 hours, and changes are further apart than the sum of two: the first
  // period that can show this time, and the one after, are all there is to look at.
  const Period* first = &period_at(time - 26 * 3600);
  const Period* end = periods_.data() + periods_.size();
  const Period* found = nullptr;
  for (const Period* p = first; p != end && p->begin <= time + 26 * 3600; ++p) {
    const std::int64_t instant = time - p->offset;
    if (instant >= p->end) continue;
    if (instant >= p->begin) {
      if (!found) {
        found = p;
        continue;
      }
      return {Resolved::Kind::kOverlap, time - found->offset, instant, p->begin};
    }
    if (!found) return {Resolved::Kind::kGap, time - before(*p).offset, instant, p->begin};
  }
  const std::int64_t instant = time - found->offset;
  return {Resolved::Kind::kUnique, instant, instant, instant};
}

std::int64_t TimeZone::instant(LocalSeconds time, int fold) const {
  const Resolved resolved = resolve(time);
  return fold == 0 ? resolved.first : resolved.second;
}

std::string format_in_zone(Micros time, const TimeZone& zone) {
  const CivilTime c = zone.civil(time);
  const std::int64_t micros = time - seconds_of(time) * kMicrosPerSecond;
  std::int32_t offset = zone.offset_at(time);
  const char sign = offset < 0 ? '-' : '+';
  offset = std::abs(offset);
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day,
                                c.hour, c.minute, c.second);
  if (micros) out += fmt::format(".{:06}", micros);
  out += fmt::format("{}{:02}:{:02}", sign, offset / 3600, offset / 60 % 60);
  if (offset % 60) out += fmt::format(":{:02}", offset % 60);
  return out;
}

}  // namespace treadle
