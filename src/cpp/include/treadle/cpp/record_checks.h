// Checks that look at what a home remembers of assets, not at their values: whether they are fresh, and what
// materializations say of themselves.
//
//   td::add_record_checks(defs, {"orders"}, td::last_update_freshness({.lower_bound = 24 * td::kHour}));
//   td::add_record_checks(defs, {"orders"}, td::metadata_bounds({.metadata_key = "rows", .min = 1}));
//
// Each is a step of its own, as any check; its result is recorded.
#pragma once

#include <treadle/cpp/asset.h>
#include <treadle/cpp/automation.h>
#include <treadle/cpp/instance.h>
#include <treadle/cpp/partitions.h>
#include <treadle/cpp/values.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

class Defs;

inline constexpr Micros kMinute = 60'000'000;
inline constexpr Micros kHour = 60 * kMinute;
inline constexpr Micros kDay = 24 * kHour;

// A question about an asset that is answered from the record alone.
struct RecordCheck {
  std::string name;
  std::string description = {};
  Metadata metadata = {};
  // At a moment. An error fails the step.
  std::function<Result<CheckResult>(const Instance&, const AssetKey&, Micros now)> look;
};

// Passes when the asset was made, or observed to be updated, at most `lower_bound` before now, or before
// the last tick of `deadline_cron`. Dagster's build_last_update_freshness_checks.
struct LastUpdateFreshness {
  Micros lower_bound = 0;
  std::string deadline_cron = {};  // "" = now
  std::string timezone = "UTC";
  Severity severity = Severity::kWarn;
};
RecordCheck last_update_freshness(LastUpdateFreshness options);

// Passes when the partition is there whose window had ended at the last tick of `deadline_cron`.
// build_time_partition_freshness_checks.
struct TimePartitionFreshness {
  Partitions partitions;  // of the asset: windows of time
  std::string deadline_cron;
  std::string timezone = "UTC";
  Severity severity = Severity::kWarn;
};
RecordCheck time_partition_freshness(TimePartitionFreshness options);

// Passes when the latest materialization has the columns ("dagster/column_schema") of the one before.
// build_column_schema_change_checks.
RecordCheck column_schema_change(Severity severity = Severity::kWarn);

// Passes when a number in the metadata of the latest materialization lies between bounds.
// build_metadata_bounds_checks.
struct MetadataBounds {
  std::string metadata_key;
  std::optional<double> min = {};
  std::optional<double> max = {};
  bool exclusive_min = false;
  bool exclusive_max = false;
  Severity severity = Severity::kWarn;
};
RecordCheck metadata_bounds(MetadataBounds options);

struct RecordCheckOptions {
  std::string home = {};  // as MaterializeOptions::home: where the assets are made
  bool blocking = false;
};
// Declares the check for each of the assets. Throws DefinitionError when its options are wrong, such as bounds
// that nothing lies between.
void add_record_checks(Defs& defs, const std::vector<AssetKey>& assets, const RecordCheck& check,
                       const RecordCheckOptions& options = {});

// A sensor that asks for the freshness checks of these assets (td::last_update_freshness, td::time_partition_freshness) when their
// result can have changed: first of all, when one has failed and the asset was updated since, and when what passed can
// have become overdue. Its name without one: "freshness_checks_sensor". Dagster's build_sensor_for_freshness_checks.
//   td::add_sensor_for_freshness_checks(defs, {"orders"}, {.minimum_interval_seconds = 60, .running = true});
void add_sensor_for_freshness_checks(Defs& defs, const std::vector<AssetKey>& assets,
                                     SensorOptions options = {},
                                     std::map<std::string, std::string> tags = {});

}  // namespace treadle
