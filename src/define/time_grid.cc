#include <treadle/base/time_format.h>
#include <treadle/define/time_grid.h>

#include <algorithm>
#include <limits>

namespace treadle {
namespace {

constexpr std::int64_t kBlock = 1'024;
// A window's number and time beyond any that exists.
constexpr Micros kNever = std::numeric_limits<Micros>::max();

}  // namespace

TimeGrid::TimeGrid(TimePartitions definition, CronSchedule cron)
    : definition_(std::move(definition)), cron_(std::move(cron)) {}

Result<std::shared_ptr<const TimeGrid>> TimeGrid::make(const TimePartitions& definition) {
  TREADLE_CHECK(check_time_format(definition.format));
  TREADLE_TRY(CronSchedule cron, CronSchedule::parse(definition.cron, definition.timezone));
  TREADLE_TRY(const CronFields fields, parse_cron(definition.cron));
  const std::shared_ptr<TimeGrid> grid(new TimeGrid(definition, std::move(cron)));
  grid->every_hour_ = fields.kind == CronFields::Kind::kEveryHour;
  if (!definition.excluded_crons.empty()) {
    TREADLE_TRY(grid->exclusions_,
                CronSchedule::parse(definition.excluded_crons, definition.timezone));
  }
  std::sort(grid->definition_.excluded_times.begin(), grid->definition_.excluded_times.end());
  return grid;
}

bool TimeGrid::excluded(Micros start) const {
  if (std::binary_search(definition_.excluded_times.begin(), definition_.excluded_times.end(),
                         start)) {
    return true;
  }
  return exclusions_ && exclusions_->ticks_at(start);
}

// The next tick that is not excluded.
std::optional<Micros> TimeGrid::next_tick(Micros after) const {
  std::optional<Micros> tick = cron_.next(after);
  // A schedule whose every tick is excluded for years has none.
  for (int looked = 0; tick && excluded(*tick); ++looked) {
    if (looked == 1'000'000) return std::nullopt;
    tick = cron_.next(*tick);
  }
  return tick;
}

bool TimeGrid::add_block() const {
  if (ended_) return false;
  std::optional<Micros> tick;
  if (blocks_.empty()) {
    tick = next_tick(definition_.start - 1);
  } else if (!exclusions_ && definition_.excluded_times.empty()) {
    tick = cron_.nth(blocks_.back(), kBlock);
  } else {
    tick = blocks_.back();
    for (std::int64_t i = 0; i < kBlock && tick; ++i) tick = next_tick(*tick);
  }
  ended_ = !tick;
  if (tick) blocks_.push_back(*tick);
  return !ended_;
}

void TimeGrid::reach_number(std::int64_t block) const {
  while (static_cast<std::int64_t>(blocks_.size()) <= block && add_block()) {
  }
}

void TimeGrid::reach_time(Micros time) const {
  while ((blocks_.empty() || blocks_.back() < time) && add_block()) {
  }
}

Micros TimeGrid::start_of(std::int64_t number) const {
  if (number < 0) {
    const std::optional<Micros> before = cron_.nth(start_of(0), number);
    return before.value_or(definition_.start);
  }
  Micros from = 0;
  {
    const std::scoped_lock lock(mutex_);
    reach_number(number / kBlock);
    if (blocks_.empty()) return kNever;
    const auto block =
        std::min<std::size_t>(static_cast<std::size_t>(number / kBlock), blocks_.size() - 1);
    from = blocks_[block];
    number -= static_cast<std::int64_t>(block) * kBlock;
  }
  if (!exclusions_ && definition_.excluded_times.empty()) {
    return cron_.nth(from, number).value_or(kNever);
  }
  std::optional<Micros> tick = from;
  for (; number > 0 && tick; --number) tick = next_tick(*tick);
  return tick.value_or(kNever);
}

TimeWindow TimeGrid::window(std::int64_t number) const {
  const Micros start = start_of(number);
  return {start, cron_.next(start).value_or(kNever)};
}

std::int64_t TimeGrid::first_at_or_after(Micros time) const {
  std::int64_t number = 0;
  Micros from = 0;
  {
    const std::scoped_lock lock(mutex_);
    reach_time(time);
    if (blocks_.empty() || time <= blocks_.front()) return 0;
    const auto after = std::lower_bound(blocks_.begin(), blocks_.end(), time);
    from = *std::prev(after);
    number = (after - blocks_.begin() - 1) * kBlock;
  }
  if (!exclusions_ && definition_.excluded_times.empty()) {
    return number + cron_.count(from, time);
  }
  std::optional<Micros> tick = from;
  while (tick && *tick < time) {
    ++number;
    tick = next_tick(*tick);
  }
  return number;
}

std::optional<TimeWindow> TimeGrid::next(Micros time) const {
  const std::optional<Micros> start = next_tick(time - 1);
  if (!start) return std::nullopt;
  return TimeWindow{*start, cron_.next(*start).value_or(kNever)};
}

std::optional<TimeWindow> TimeGrid::previous(Micros time) const {
  std::optional<Micros> end = cron_.at_or_before(time);
  for (int looked = 0; end && looked < 1'000'000; ++looked) {
    const std::optional<Micros> start = cron_.previous(*end);
    if (start && !excluded(*start)) return TimeWindow{*start, *end};
    end = start;
  }
  return std::nullopt;
}

// As Dagster has it, to the letter: see docs/concepts/partitions.md, "Which windows exist".
std::int64_t TimeGrid::exists_at(Micros now) const {
  if (definition_.end && *definition_.end <= definition_.start) return 0;
  const std::optional<TimeWindow> first = next(definition_.start);
  if (!first) return 0;
  const int offset = definition_.end_offset;

  // Whether there are any.
  if (offset == 0) {
    if (first->end > now) return 0;
  } else if (offset > 0) {
    std::optional<TimeWindow> limit = next(now);
    for (int i = 0; i < offset && limit; ++i) limit = next(limit->end);
    if (!limit || first->end > limit->start) return 0;
  } else {
    std::optional<TimeWindow> limit = previous(now);
    for (int i = 1; i < -offset && limit; ++i) limit = previous(limit->start);
    if (!limit || first->end > limit->start) return 0;
  }

  // Which is the last.
  std::optional<TimeWindow> last;
  if (offset == 0) {
    last = previous(definition_.end ? std::min(now, *definition_.end) : now);
  } else {
    last = previous(now);
    for (int i = 0; i < offset && last; ++i) last = next(last->end);
    for (int i = 0; i < -offset && last; ++i) last = previous(last->start);
    if (definition_.end) {
      const std::optional<TimeWindow> before_end = previous(*definition_.end);
      if (before_end && last && before_end->start <= last->start) last = before_end;
    }
  }
  if (!last || last->start <= first->start) return 1;
  return first_at_or_after(last->start) + 1;
}

std::string TimeGrid::key_of(Micros start) const {
  const std::int64_t seconds = seconds_of(start);
  const TimeZone::Period& period = zone().period_at(seconds);
  const LocalSeconds local = seconds + period.offset;
  const TimeDetails details{.micros = static_cast<int>(start - seconds * kMicrosPerSecond),
                            .offset = period.offset,
                            .abbreviation = zone().abbreviation_at(start)};
  if (!every_hour_ || definition_.format.find("%z") != std::string::npos) {
    return format_time(definition_.format, civil_time(local), details);
  }
  // The second of two equal times says so.
  const TimeZone::Resolved resolved = zone().resolve(local);
  const bool second =
      resolved.kind == TimeZone::Resolved::Kind::kOverlap && resolved.second == seconds;
  return format_time(second ? definition_.format + "%z" : definition_.format, civil_time(local),
                     details);
}

Result<Micros> TimeGrid::parse(std::string_view key) const {
  Result<ParsedTime> parsed = parse_time(key, definition_.format);
  if (!parsed && definition_.format.find("%z") == std::string::npos) {
    Result<ParsedTime> with_offset = parse_time(key, definition_.format + "%z");
    if (with_offset) parsed = std::move(with_offset);
  }
  if (!parsed) return tl::make_unexpected(std::move(parsed).error());
  const LocalSeconds local = local_seconds(parsed->time);
  const std::int64_t seconds = parsed->offset ? local - *parsed->offset : zone().instant(local);
  return seconds * kMicrosPerSecond + parsed->micros;
}

std::optional<std::int64_t> TimeGrid::find(std::string_view key) const {
  const Result<Micros> said = parse(key);
  if (!said) return std::nullopt;
  // The format may say less than the schedule: "%Y-%m-%d" of a window that begins at 07:00.
  const std::optional<Micros> tick = cron_.at_or_after(*said);
  if (!tick || excluded(*tick) || *tick < definition_.start || key_of(*tick) != key) {
    return std::nullopt;
  }
  return first_at_or_after(*tick);
}

}  // namespace treadle
