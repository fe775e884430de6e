// The windows of time partitions, numbered from the first: 0 begins at the first tick at or after
// the definition's start. Excluded ticks have no number. The grid has no end; which of its windows
// exist at a moment is exists_at().
#pragma once

#include <treadle/base/cron.h>
#include <treadle/define/partitions.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// Thread-safe. Remembers every 1,024th tick as far as it was asked, so that any question looks at
// one such stretch only: 8 KB for a million hours.
class TimeGrid {
 public:
  // kInvalidArgument: cron, zone or format that cannot be used.
  static Result<std::shared_ptr<const TimeGrid>> make(const TimePartitions& definition);

  const TimePartitions& definition() const { return definition_; }
  const TimeZone& zone() const { return cron_.zone(); }
  const CronSchedule& cron() const { return cron_; }

  // Where a window begins; of a negative number those before the first.
  Micros start_of(std::int64_t number) const;
  TimeWindow window(std::int64_t number) const;
  // The number of the first window that begins at or after `time`; 0 for any time before the first.
  std::int64_t first_at_or_after(Micros time) const;
  // How many windows exist at `now`.
  std::int64_t exists_at(Micros now) const;

  std::string key_of(Micros start) const;
  // When a key's text says its window begins, whether or not one does.
  Result<Micros> parse(std::string_view key) const;
  // The number of a key's window. Nothing: no window has this key, or it is excluded.
  std::optional<std::int64_t> find(std::string_view key) const;
  bool excluded(Micros start) const;

  // The first window that begins at or after, the last that ends at or before; not only those from
  // the definition's start on.
  std::optional<TimeWindow> next(Micros time) const;
  std::optional<TimeWindow> previous(Micros time) const;

 private:
  TimeGrid(TimePartitions definition, CronSchedule cron);
  std::optional<Micros> next_tick(Micros after) const;
  void reach_number(std::int64_t block) const;
  void reach_time(Micros time) const;
  bool add_block() const;

  TimePartitions definition_;
  CronSchedule cron_;
  std::optional<CronSchedule> exclusions_;
  bool every_hour_ = false;  // times that come twice are told apart in keys
  mutable std::mutex mutex_;
  mutable std::vector<Micros> blocks_;  // starts of the windows 0, 1024, 2048 ...
  mutable bool ended_ = false;          // the schedule has no further ticks
};

}  // namespace treadle
