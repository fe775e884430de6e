// When a schedule ticks: first on the wall clock alone, then as instants of the zone.
#include <treadle/base/cron.h>

#include <algorithm>
#include <bit>

namespace treadle {
namespace {

constexpr int kYearsToSearch = 50;
constexpr std::int64_t kHour = 3600;

// --- the wall clock -------------------------------------------------------------------------

int lowest(std::uint64_t mask) {
  return std::countr_zero(mask);
}
int highest(std::uint64_t mask) {
  return 63 - std::countl_zero(mask);
}
std::uint64_t from(std::uint64_t mask, int bit) {
  return bit > 63 ? 0 : mask >> bit << bit;
}
std::uint64_t up_to(std::uint64_t mask, int bit) {
  return bit < 0 ? 0 : bit >= 63 ? mask : mask & ((std::uint64_t{1} << (bit + 1)) - 1);
}

// The first time of day at or after `time`, in seconds; -1: none is left.
int next_time(const CronFields& f, int time) {
  const int hour = time / 3600, minute = time / 60 % 60, second = time % 60;
  if (f.hours >> hour & 1) {
    if (f.minutes >> minute & 1)
      if (const auto s = from(f.seconds, second)) return hour * 3600 + minute * 60 + lowest(s);
    if (const auto m = from(f.minutes, minute + 1))
      return hour * 3600 + lowest(m) * 60 + lowest(f.seconds);
  }
  if (const auto h = from(f.hours, hour + 1))
    return lowest(h) * 3600 + lowest(f.minutes) * 60 + lowest(f.seconds);
  return -1;
}

// The last time of day at or before `time`.
int previous_time(const CronFields& f, int time) {
  const int hour = time / 3600, minute = time / 60 % 60, second = time % 60;
  if (f.hours >> hour & 1) {
    if (f.minutes >> minute & 1)
      if (const auto s = up_to(f.seconds, second)) return hour * 3600 + minute * 60 + highest(s);
    if (const auto m = up_to(f.minutes, minute - 1))
      return hour * 3600 + highest(m) * 60 + highest(f.seconds);
  }
  if (const auto h = up_to(f.hours, hour - 1))
    return highest(h) * 3600 + highest(f.minutes) * 60 + highest(f.seconds);
  return -1;
}

std::int64_t times_per_day(const CronFields& f) {
  return std::int64_t{std::popcount(f.hours)} * std::popcount(f.minutes) * std::popcount(f.seconds);
}

// How many times of day lie before `time`.
std::int64_t times_before(const CronFields& f, int time) {
  const int hour = time / 3600, minute = time / 60 % 60, second = time % 60;
  const std::int64_t per_minute = std::popcount(f.seconds);
  const std::int64_t per_hour = per_minute * std::popcount(f.minutes);
  std::int64_t out = per_hour * std::popcount(up_to(f.hours, hour - 1));
  if (!(f.hours >> hour & 1)) return out;
  out += per_minute * std::popcount(up_to(f.minutes, minute - 1));
  return f.minutes >> minute & 1 ? out + std::popcount(up_to(f.seconds, second - 1)) : out;
}

struct Month {
  int year, month;
  std::int64_t first;  // its first day, since the epoch

  static Month of(LocalSeconds time) {
    const CivilTime c = civil_time(time);
    return {c.year, c.month, floor_div(time, kSecondsPerDay) - c.day + 1};
  }
  void next() {
    first += days_in_month(year, month);
    if (++month > 12) {
      month = 1;
      ++year;
    }
  }
  void previous() {
    if (--month < 1) {
      month = 12;
      --year;
    }
    first -= days_in_month(year, month);
  }
  std::uint64_t matching(const CronFields& f) const { return f.matching_days(year, month, first); }
};

// The matching wall-clock time nearest to `time` from there on, in either direction.
std::optional<LocalSeconds> nearest_local(const CronFields& f, LocalSeconds time, bool forward) {
  const std::int64_t today = floor_div(time, kSecondsPerDay);
  Month at = Month::of(time);
  const int day = static_cast<int>(today - at.first) + 1, this_year = at.year;
  std::uint64_t days = at.matching(f);
  if (days >> day & 1) {
    const int of_day = static_cast<int>(time - today * kSecondsPerDay);
    const int found = forward ? next_time(f, of_day) : previous_time(f, of_day);
    if (found >= 0) return today * kSecondsPerDay + found;
  }
  days = forward ? from(days, day + 1) : up_to(days, day - 1);
  while (days == 0) {
    forward ? at.next() : at.previous();
    if (std::abs(at.year - this_year) > kYearsToSearch) return std::nullopt;
    days = at.matching(f);
  }
  return (at.first + (forward ? lowest(days) : highest(days)) - 1) * kSecondsPerDay +
         (forward ? next_time(f, 0) : previous_time(f, kSecondsPerDay - 1));
}

// How many matching wall-clock times lie before `end`, counted from the beginning of `start`.
std::int64_t count_days_until(const CronFields& f, Month start, LocalSeconds end) {
  const std::int64_t last_day = floor_div(end, kSecondsPerDay);
  const Month stop = Month::of(end);
  std::int64_t days = 0;
  Month at = start;
  for (; at.first != stop.first; at.next()) days += std::popcount(at.matching(f));
  const std::uint64_t last = at.matching(f);
  const int day = static_cast<int>(last_day - at.first) + 1;
  days += std::popcount(up_to(last, day - 1));
  std::int64_t out = days * times_per_day(f);
  if (last >> day & 1) out += times_before(f, static_cast<int>(end - last_day * kSecondsPerDay));
  return out;
}

std::int64_t count_local(const CronFields& f, LocalSeconds from, LocalSeconds to) {
  if (to <= from) return 0;
  const Month start = Month::of(from);
  return count_days_until(f, start, to) - count_days_until(f, start, from);
}

// Appends the matching wall-clock times in [from, to), `offset` ahead of UTC, until there are `limit`.
// False: there are none within 50 years, and nobody need look further.
bool append_local(const CronFields& f, LocalSeconds from_time, LocalSeconds to, std::int64_t offset,
                  std::size_t limit, std::vector<Micros>& out) {
  const std::int64_t today = floor_div(from_time, kSecondsPerDay);
  Month at = Month::of(from_time);
  int matched_year = at.year;
  std::uint64_t days = from(at.matching(f), static_cast<int>(today - at.first) + 1);
  while (true) {
    for (; days != 0; days &= days - 1) {
      const LocalSeconds midnight = (at.first + lowest(days) - 1) * kSecondsPerDay;
      if (midnight >= to) return true;
      matched_year = at.year;
      const auto start = static_cast<int>(std::max<LocalSeconds>(from_time - midnight, 0));
      for (int time = next_time(f, start); time >= 0; time = next_time(f, time + 1)) {
        if (midnight + time >= to || out.size() == limit) return true;
        out.push_back((midnight + time - offset) * kMicrosPerSecond);
      }
    }
    at.next();
    if (at.first * kSecondsPerDay >= to) return true;
    if (at.year - matched_year > kYearsToSearch) return false;
    days = at.matching(f);
  }
}

// --- instants -------------------------------------------------------------------------------

// The instant of one matching wall-clock time, for a schedule that is not for every hour.
std::int64_t instant_of(const CronFields& f, const TimeZone& zone, LocalSeconds time) {
  const TimeZone::Resolved r = zone.resolve(time);
  const std::int64_t hour = (time - floor_div(time, kSecondsPerDay) * kSecondsPerDay) / kHour;
  const bool at_night = hour >= 1 && hour <= 3;
  switch (r.kind) {
    case TimeZone::Resolved::Kind::kUnique:
      return r.first;
    case TimeZone::Resolved::Kind::kOverlap:
      return f.kind == CronFields::Kind::kOneTimePerDay && !at_night ? r.first : r.second;
    case TimeZone::Resolved::Kind::kGap: {
      if (!at_night) return r.first;
      // The full hour, moved by the saving in force an hour later: the end of any usual gap.
      const LocalSeconds full_hour = floor_div(time, kHour) * kHour;
      const std::int64_t later = zone.instant(time + kHour);
      return zone.instant(full_hour + zone.period_at(later).saving);
    }
  }
  return r.first;
}

// How far around a change of offset its ticks can be unlike those of a plain clock.
std::int64_t reach(const TimeZone::Period& a, const TimeZone::Period& b) {
  return std::abs(std::int64_t{a.offset} - b.offset) + 3 * kHour;
}

// Ticks of one expression; all times in seconds since the epoch.
class Ticks {
 public:
  Ticks(const CronFields& fields, const TimeZone& zone) : f_(fields), zone_(zone) {}

  // The first at or after, or the last at or before.
  std::optional<std::int64_t> nearest(std::int64_t time, bool forward) const {
    return f_.kind == CronFields::Kind::kEveryHour ? every_hour(time, forward)
                                                   : by_date(time, forward);
  }

  std::int64_t count(std::int64_t from, std::int64_t to) const {
    std::int64_t out = 0;
    while (from < to) {
      const Stretch s = stretch(from, to);
      out +=
          s.plain ? count_local(f_, from + s.offset, s.end + s.offset) : count_singly(from, s.end);
      from = s.end;
    }
    return out;
  }

  // Those in [from, to), the first `limit`.
  void append(std::int64_t from, std::int64_t to, std::size_t limit,
              std::vector<Micros>& out) const {
    while (from < to && out.size() < limit) {
      const Stretch s = stretch(from, to);
      if (s.plain) {
        if (!append_local(f_, from + s.offset, s.end + s.offset, s.offset, limit, out)) return;
        from = s.end;
        continue;
      }
      const auto tick = nearest(from, true);
      if (!tick || *tick >= to) return;
      out.push_back(*tick * kMicrosPerSecond);
      from = *tick + 1;
    }
  }

 private:
  // From `from` to `end` ticks are those of a plain clock, or near a change of offset.
  struct Stretch {
    std::int64_t end;
    std::int64_t offset;
    bool plain;
  };
  Stretch stretch(std::int64_t from, std::int64_t to) const {
    const TimeZone::Period& p = zone_.period_at(from);
    if (f_.kind == CronFields::Kind::kEveryHour) return {std::min(to, p.end), p.offset, true};
    const std::int64_t plain_from = p.begin + reach(zone_.before(p), p);
    const std::int64_t plain_to = p.end - reach(p, zone_.after(p));
    const bool plain = from >= plain_from && from < plain_to;
    return {std::min(to, plain               ? plain_to
                         : from < plain_from ? std::min(plain_from, p.end)
                                             : p.end),
            p.offset, plain};
  }

  // Near a change: all wall-clock times within reach, as instants.
  std::int64_t count_singly(std::int64_t from, std::int64_t to) const {
    const TimeZone::Period& p = zone_.period_at(from);
    const std::int64_t slack = slack_at(p);
    std::vector<std::int64_t> ticks;
    auto local = nearest_local(f_, from + p.offset - slack, true);
    while (local && *local < to + p.offset + slack) {
      const std::int64_t tick = instant_of(f_, zone_, *local);
      if (tick >= from && tick < to) ticks.push_back(tick);
      local = nearest_local(f_, *local + 1, true);
    }
    std::sort(ticks.begin(), ticks.end());
    return std::unique(ticks.begin(), ticks.end()) - ticks.begin();
  }

  std::int64_t slack_at(const TimeZone::Period& p) const {
    return std::max(reach(zone_.before(p), p), reach(p, zone_.after(p))) + kHour;
  }

  // Whenever the wall clock matches: period by period.
  std::optional<std::int64_t> every_hour(std::int64_t time, bool forward) const {
    const TimeZone::Period* p = &zone_.period_at(time);
    while (true) {
      const auto local = nearest_local(f_, time + p->offset, forward);
      if (!local) return std::nullopt;
      const std::int64_t tick = *local - p->offset;
      if (tick >= p->begin && tick < p->end) return tick;
      const TimeZone::Period* next = forward ? &zone_.after(*p) : &zone_.before(*p);
      if (next == p) return std::nullopt;
      p = next;
      time = forward ? p->begin : p->end - 1;
    }
  }

  // Once for each date and time.
  std::optional<std::int64_t> by_date(std::int64_t time, bool forward) const {
    const TimeZone::Period& p = zone_.period_at(time);
    const auto local = nearest_local(f_, time + p.offset, forward);
    if (local) {
      const std::int64_t tick = *local - p.offset;
      const std::int64_t low = p.begin + reach(zone_.before(p), p);
      const std::int64_t high = p.end - reach(p, zone_.after(p));
      if (std::min(time, tick) >= low && std::max(time, tick) < high) return tick;
    }
    return around_changes(time, forward);
  }

  // Near a change of offset the order of instants may differ from that of wall-clock times: looks
  // at all within reach.
  std::optional<std::int64_t> around_changes(std::int64_t time, bool forward) const {
    const TimeZone::Period& p = zone_.period_at(time);
    const int sign = forward ? 1 : -1;
    const std::int64_t slack = slack_at(p);
    std::optional<std::int64_t> best;
    LocalSeconds at = time + p.offset - sign * slack;
    while (true) {
      const auto local = nearest_local(f_, at, forward);
      if (!local) return best;
      const std::int64_t tick = instant_of(f_, zone_, *local);
      if (best && sign * (*local - *best - zone_.period_at(*best).offset) > slack) return best;
      if (sign * (tick - time) >= 0 && (!best || sign * (tick - *best) < 0)) best = tick;
      at = *local + sign;
    }
  }

  const CronFields& f_;
  const TimeZone& zone_;
};

}  // namespace

std::uint32_t CronFields::matching_days(int year, int month, std::int64_t first_day) const {
  if (!(months >> month & 1)) return 0;
  if (!years.empty() && !std::binary_search(years.begin(), years.end(), year)) return 0;
  const int last = days_in_month(year, month);
  const std::uint32_t all = static_cast<std::uint32_t>(up_to(~std::uint64_t{1}, last));
  if (any_day && any_weekday && !has_nth) return all;
  const std::uint32_t by_day = (days & all) | (last_day ? std::uint32_t{1} << last : 0);
  if (any_weekday && !has_nth) return by_day;
  const int first = weekday(first_day);
  if (!has_nth) {
    // The seven weekdays, turned so that the month's first is bit 0, and repeated.
    const std::uint64_t turned = (weekdays >> first | weekdays << (7 - first)) & 0x7f;
    const std::uint64_t repeated = turned * 0x10204081ULL;
    const auto by_weekday = static_cast<std::uint32_t>((repeated << 1) & all);
    return any_day ? by_weekday : by_day | by_weekday;
  }
  // As in croniter, the n-th weekday decides alone.
  std::uint32_t out = 0;
  for (int day = 1; day <= last; ++day) {
    const int bit = (first + day - 1) % 7;
    if (nth_weekdays[(day + 6) / 7] >> bit & 1) out |= std::uint32_t{1} << day;
    if (day + 7 > last && (nth_weekdays[0] >> bit & 1)) out |= std::uint32_t{1} << day;
  }
  return out;
}

std::optional<Micros> CronSchedule::next(Micros after) const {
  std::optional<std::int64_t> best;
  for (const CronFields& f : fields_) {
    const auto tick = Ticks(f, *zone_).nearest(seconds_of(after) + 1, true);
    if (tick && (!best || *tick < *best)) best = tick;
  }
  if (!best) return std::nullopt;
  return *best * kMicrosPerSecond;
}

std::optional<Micros> CronSchedule::previous(Micros before) const {
  std::optional<std::int64_t> best;
  for (const CronFields& f : fields_) {
    const auto tick = Ticks(f, *zone_).nearest(seconds_of(before - 1), false);
    if (tick && (!best || *tick > *best)) best = tick;
  }
  if (!best) return std::nullopt;
  return *best * kMicrosPerSecond;
}

std::int64_t CronSchedule::count(Micros from, Micros to) const {
  if (to <= from) return 0;
  // A tick is at a full second: in [from, to) are those from the second at or after `from`.
  const std::int64_t first = seconds_of(from - 1) + 1, end = seconds_of(to - 1) + 1;
  if (fields_.size() == 1) return Ticks(fields_.front(), *zone_).count(first, end);
  std::int64_t out = 0;
  for (auto tick = at_or_after(from); tick && *tick < to; tick = next(*tick)) ++out;
  return out;
}

std::optional<Micros> CronSchedule::nth(Micros from, std::int64_t index) const {
  const auto start = index >= 0 ? at_or_after(from) : previous(from);
  if (!start || index == 0 || index == -1) return start;
  // Doubles the distance until enough ticks lie in it, then halves it.
  const bool forward = index > 0;
  const std::int64_t wanted = forward ? index + 1 : -index;
  const auto ticks = [&](Micros distance) {
    return forward ? count(*start, *start + distance) : count(*start - distance + 1, *start + 1);
  };
  // In seconds: ticks are at full ones.
  constexpr std::int64_t kLimit = kYearsToSearch * 20 * 366 * kSecondsPerDay;
  std::int64_t high = kSecondsPerDay;
  while (ticks(high * kMicrosPerSecond) < wanted)
    if ((high *= 2) > kLimit) return std::nullopt;
  std::int64_t low = 0;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (ticks(middle * kMicrosPerSecond) >= wanted ? high : low) = middle;
  }
  const Micros distance = (high - 1) * kMicrosPerSecond;
  return forward ? *start + distance : *start - distance;
}

std::vector<Micros> CronSchedule::between(Micros from, Micros to, std::size_t limit) const {
  std::vector<Micros> out;
  if (to <= from) return out;
  const std::int64_t first = seconds_of(from - 1) + 1, end = seconds_of(to - 1) + 1;
  for (const CronFields& f : fields_) {
    std::vector<Micros> ticks;
    Ticks(f, *zone_).append(first, end, limit, ticks);
    const auto middle = out.insert(out.end(), ticks.begin(), ticks.end());
    std::inplace_merge(out.begin(), middle, out.end());
  }
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace treadle
