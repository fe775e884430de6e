// Partitions definitions: into which slices an asset is cut. Values, immutable, shared; constant
// memory whatever the number of partitions.
//
//   auto days = daily_partitions("2026-01-01", {.timezone = "Europe/Berlin"});
//   auto parts = multi_partitions({{"day", *days}, {"region", *static_partitions({"eu", "us"})}});
//
// Which partitions there are depends on the time and on the dynamic keys: PartitionSet
// (define/partition_set.h) is the answer for one moment.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace treadle {

class PartitionsDefinition;
using PartitionsPtr = std::shared_ptr<const PartitionsDefinition>;

// [start, end)
struct TimeWindow {
  Micros start = 0;
  Micros end = 0;
  bool operator==(const TimeWindow&) const = default;
};

// Both keys belong to it.
struct PartitionKeyRange {
  std::string start;
  std::string end;
  bool operator==(const PartitionKeyRange&) const = default;
};

struct StaticPartitions {
  std::vector<std::string> keys;
  bool operator==(const StaticPartitions&) const = default;
};

// A partition for each tick of `cron` from `start` on that is not excluded; it ends at the next
// tick. Those that have ended by now exist, with `end_offset` so many more (or fewer).
struct TimePartitions {
  std::string cron = "0 0 * * *";
  std::string timezone = "UTC";
  std::string format = "%Y-%m-%d";  // strftime; of the window's start
  Micros start = 0;
  std::optional<Micros> end = {};  // no window ends after it
  int end_offset = 0;
  std::vector<std::string> excluded_crons = {};  // whose ticks are left out
  std::vector<Micros> excluded_times = {};       // window starts that are left out
  bool operator==(const TimePartitions&) const = default;
};

// Keys that are added and removed while the program lives; kept in the home under this name.
struct DynamicPartitions {
  std::string name;
  bool operator==(const DynamicPartitions&) const = default;
};

struct PartitionDimension {
  std::string name;
  PartitionsPtr partitions;
  bool operator==(const PartitionDimension& other) const;
};

// Every combination of a key of each dimension: "2026-01-01|eu". Sorted by name, which is also the
// order in the key.
struct MultiPartitions {
  std::vector<PartitionDimension> dimensions;
  bool operator==(const MultiPartitions&) const = default;
};

inline constexpr char kMultiKeyDelimiter = '|';

class TimeGrid;  // define/time_grid.h: the ticks of a TimePartitions, numbered

class PartitionsDefinition {
 public:
  using Data = std::variant<StaticPartitions, TimePartitions, DynamicPartitions, MultiPartitions>;

  // Checks it; kInvalidArgument says which rule is broken. Dimensions are sorted.
  static Result<PartitionsPtr> make(Data data);

  const Data& data() const { return data_; }
  const StaticPartitions* as_static() const { return std::get_if<StaticPartitions>(&data_); }
  const TimePartitions* as_time() const { return std::get_if<TimePartitions>(&data_); }
  const DynamicPartitions* as_dynamic() const { return std::get_if<DynamicPartitions>(&data_); }
  const MultiPartitions* as_multi() const { return std::get_if<MultiPartitions>(&data_); }
  // Of time windows; shared by everyone who asks, thread-safe.
  const TimeGrid& grid() const { return *grid_; }

  // Equal text, equal definition.
  const std::string& fingerprint() const { return fingerprint_; }
  // How people would say it: "daily from 2026-01-01", "3 static keys", "day × region".
  std::string description() const;
  bool operator==(const PartitionsDefinition& other) const {
    return fingerprint_ == other.fingerprint_;
  }

  // Use make().
  PartitionsDefinition(Data data, std::shared_ptr<const TimeGrid> grid);

 private:
  Data data_;
  std::shared_ptr<const TimeGrid> grid_;
  std::string fingerprint_;
};

// Equal definitions; null is equal to null only.
bool same_partitions(const PartitionsPtr& a, const PartitionsPtr& b);

Result<PartitionsPtr> static_partitions(std::vector<std::string> keys);
Result<PartitionsPtr> dynamic_partitions(std::string name);
Result<PartitionsPtr> multi_partitions(std::vector<PartitionDimension> dimensions);

// What the calls below do not say. `format` "" = "%Y-%m-%d", hourly "%Y-%m-%d-%H:%M".
struct TimePartitionsOptions {
  std::string timezone = "UTC";
  std::string format = {};
  std::string end = {};  // in the format; "" = none
  int end_offset = 0;
  int minute_offset = 0;
  int hour_offset = 0;
  std::optional<int> day_offset = {};  // weekly: 0 = Sunday; monthly: 1..31
  std::vector<std::string> excluded_crons = {};
  std::vector<std::string> excluded_times = {};  // window starts, in the format
};
// `start` is in the format; the first window is the first that begins at or after it.
Result<PartitionsPtr> hourly_partitions(std::string_view start, TimePartitionsOptions options = {});
Result<PartitionsPtr> daily_partitions(std::string_view start, TimePartitionsOptions options = {});
Result<PartitionsPtr> weekly_partitions(std::string_view start, TimePartitionsOptions options = {});
Result<PartitionsPtr> monthly_partitions(std::string_view start,
                                         TimePartitionsOptions options = {});
Result<PartitionsPtr> cron_partitions(std::string_view cron, std::string_view start,
                                      TimePartitionsOptions options = {});

}  // namespace treadle
