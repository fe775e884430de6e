#include <treadle/base/time_format.h>
#include <treadle/base/time_zone.h>
#include <treadle/cpp/partitioned_config.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>
#include <treadle/define/time_grid.h>

#include <exception>

namespace treadle {
namespace {

template <class F>
auto told_by(const F& function, const std::string& key) -> decltype(function(key)) {
  try {
    return function(key);
  } catch (const std::exception& error) {
    return fail(Errc::kInvalidArgument,
                "the partitioned config of partition '" + key + "': " + error.what());
  }
}

}  // namespace

Partitions PartitionedConfig::partitions() const {
  return definition_ ? Partitions(definition_->partitions) : Partitions();
}

Result<std::vector<std::string>> PartitionedConfig::partition_keys(Micros now) const {
  if (!definition_) return std::vector<std::string>();
  TREADLE_TRY(const PartitionSet set,
              PartitionSet::at(definition_->partitions, now != 0 ? now : system_clock().now()));
  return set.keys(set.all());
}

Result<std::string> PartitionedConfig::run_config(const std::string& key) const {
  if (!definition_) return std::string();
  return told_by(definition_->config_of, key);
}

Result<std::map<std::string, std::string>> PartitionedConfig::tags(const std::string& key) const {
  if (!definition_ || !definition_->tags_of) return std::map<std::string, std::string>();
  return told_by(definition_->tags_of, key);
}

std::string format_time(Micros time, std::string_view format, std::string_view timezone) {
  const auto zone = TimeZone::find(timezone);
  const TimeZone& used = zone ? **zone : TimeZone::utc();
  const TimeZone::Period& period = used.period_at(seconds_of(time));
  return format_time(format, civil_time(seconds_of(time) + period.offset));
}

namespace cpp {

Result<TimeWindow> window_of(const PartitionsPtr& partitions, const std::string& key) {
  const auto number = partitions->grid().find(key);
  if (number) return partitions->grid().window(*number);
  // For the words: which rule the key breaks, and the nearest one.
  TREADLE_TRY(const PartitionSet set, PartitionSet::at(partitions, system_clock().now()));
  TREADLE_TRY(const std::int64_t found, set.index_of(key));
  return partitions->grid().window(found);
}

void no_windows(const PartitionsPtr& partitions, std::source_location where) {
  throw DefinitionError(
      {Problem{.code = "bad_partitioned_config",
               .subject = "partitioned_config",
               .place = {where.file_name(), static_cast<int>(where.line())},
               .message = "The function of this partitioned config takes a td::TimeWindow, but " +
                          partitions->description() + " are no windows of time.",
               .cure = "Let it take the key, a const std::string&."}});
}

}  // namespace cpp
}  // namespace treadle
