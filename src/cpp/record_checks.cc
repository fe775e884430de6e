#include <treadle/base/cron.h>
#include <treadle/cpp/defs.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/record_checks.h>
#include <treadle/define/partition_set.h>

#include <algorithm>
#include <array>
#include <map>

namespace treadle {
namespace {

// The names that Dagster gives these facts.
constexpr const char* kLowerBoundTime = "dagster/freshness_lower_bound_timestamp";
constexpr const char* kFreshUntil = "dagster/fresh_until_timestamp";
constexpr const char* kLatestTick = "dagster/latest_cron_tick_timestamp";
constexpr const char* kLastUpdated = "dagster/last_updated_timestamp";

MetadataValue moment(Micros time) {
  return MetadataValue::timestamp(static_cast<double>(time) / 1e6);
}

std::string ago(Micros elapsed) {
  return format_duration(std::max<Micros>(elapsed, 0)) + " ago";
}

Result<Metadata> metadata_in(const Event& event) {
  TREADLE_TRY(const Json payload, Json::parse(event.payload));
  const JsonRef metadata = payload["metadata"];
  if (!metadata) return Metadata();
  return metadata_from_json(metadata.dump());
}

// The moment that an event says under a name.
Result<std::optional<Micros>> moment_in(const Event& event, const char* name) {
  TREADLE_TRY(const Metadata metadata, metadata_in(event));
  const MetadataValue* said = find_metadata(metadata, name);
  if (said == nullptr) return std::nullopt;
  const auto* seconds = std::get_if<double>(&said->data());
  const auto* whole = std::get_if<std::int64_t>(&said->data());
  if (seconds == nullptr && whole == nullptr) return std::nullopt;
  return static_cast<Micros>((seconds ? *seconds : static_cast<double>(*whole)) * 1e6);
}

// When the asset was last made; of what is observed, what the observation says.
Result<std::optional<Micros>> last_update(const std::optional<Event>& made,
                                          const std::optional<Event>& seen) {
  std::optional<Micros> latest;
  if (made) latest = made->time;
  if (!seen) return latest;
  TREADLE_TRY(const std::optional<Micros> updated, moment_in(*seen, kLastUpdated));
  return updated ? std::max(latest.value_or(*updated), *updated) : latest;
}

Result<std::optional<Micros>> last_update(const Instance& instance, const AssetKey& asset) {
  TREADLE_TRY(const auto made, instance.latest_materialization(asset));
  TREADLE_TRY(const auto seen, instance.latest_observation(asset));
  return last_update(made, seen);
}

[[noreturn]] void refuse(const std::string& check, const std::string& what) {
  throw DefinitionError({Problem{.code = "bad_check",
                                 .subject = check,
                                 .place = {},
                                 .message = "Check '" + check + "': " + what,
                                 .cure = ""}});
}

CronSchedule cron_of(const std::string& check, const std::string& text, const std::string& zone) {
  auto cron = CronSchedule::parse(text, zone);
  if (!cron) refuse(check, cron.error().message);
  return std::move(*cron);
}

// Column names and types, in order.
using Columns = std::vector<std::pair<std::string, std::string>>;
Result<std::optional<Columns>> columns_in(const Event& event) {
  TREADLE_TRY(const Metadata metadata, metadata_in(event));
  const MetadataValue* schema = find_metadata(metadata, "dagster/column_schema");
  const auto* text = schema == nullptr ? nullptr : std::get_if<std::string>(&schema->data());
  if (text == nullptr) return std::optional<Columns>();
  TREADLE_TRY(const Json parsed, Json::parse(*text));
  const JsonRef columns = parsed["columns"];
  Columns found;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    found.emplace_back(columns[i]["name"].as_string().value_or(""),
                       columns[i]["type"].as_string().value_or(""));
  }
  return std::optional(std::move(found));
}

const std::string* type_of(const Columns& columns, const std::string& name) {
  const auto at = std::find_if(columns.begin(), columns.end(),
                               [&](const auto& column) { return column.first == name; });
  return at == columns.end() ? nullptr : &at->second;
}

std::string differences(const Columns& now, const Columns& before) {
  std::string added, removed, changed;
  const auto list = [](std::string& text, const std::string& name) {
    text += (text.empty() ? "" : ", ") + name;
  };
  for (const auto& [name, type] : now) {
    const std::string* was = type_of(before, name);
    if (was == nullptr) {
      list(added, name);
    } else if (*was != type) {
      list(changed, name + " from " + *was + " to " + type);
    }
  }
  for (const auto& [name, type] : before) {
    if (type_of(now, name) == nullptr) list(removed, name);
  }
  std::string text;
  if (!added.empty()) text += " Added: " + added + ".";
  if (!removed.empty()) text += " Removed: " + removed + ".";
  if (!changed.empty()) text += " Changed: " + changed + ".";
  return text;
}

std::string number_text(double number) {
  return MetadataValue(number).display();
}

}  // namespace

RecordCheck last_update_freshness(LastUpdateFreshness options) {
  RecordCheck check{.name = "freshness_check", .description = "Evaluates freshness.", .look = {}};
  if (options.lower_bound <= 0) refuse(check.name, "its lower_bound must be more than nothing.");
  std::optional<CronSchedule> cron;
  if (!options.deadline_cron.empty()) {
    cron = cron_of(check.name, options.deadline_cron, options.timezone);
  }
  check.look = [options, cron](const Instance& instance, const AssetKey& asset,
                               Micros now) -> Result<CheckResult> {
    const std::optional<Micros> tick = cron ? cron->at_or_before(now) : std::nullopt;
    const Micros bound = tick.value_or(now) - options.lower_bound;
    TREADLE_TRY(const std::optional<Micros> updated, last_update(instance, asset));
    CheckResult result{.passed = updated && *updated >= bound, .severity = options.severity};
    set_metadata(result.metadata, kLowerBoundTime, moment(bound));
    if (tick) set_metadata(result.metadata, kLatestTick, moment(*tick));
    if (!updated) {
      result.description = "The asset was never observed or materialized.";
      return result;
    }
    set_metadata(result.metadata, kLastUpdated, moment(*updated));
    if (result.passed) {
      const auto until = cron ? cron->next(now) : std::optional(*updated + options.lower_bound);
      if (until) set_metadata(result.metadata, kFreshUntil, moment(*until));
    }
    result.description =
        std::string(result.passed ? "The asset is fresh" : "The asset is overdue") +
        ": it was last updated " + ago(now - *updated) + ", and may have been " + ago(now - bound) +
        ".";
    return result;
  };
  return check;
}

RecordCheck time_partition_freshness(TimePartitionFreshness options) {
  RecordCheck check{.name = "freshness_check", .description = "Evaluates freshness.", .look = {}};
  const PartitionsPtr partitions = options.partitions;
  if (!partitions || !partitions->as_time()) {
    refuse(check.name, "it needs the partitions of its asset, and they must be windows of time.");
  }
  const CronSchedule cron = cron_of(check.name, options.deadline_cron, options.timezone);
  check.look = [options, cron, partitions](const Instance& instance, const AssetKey& asset,
                                           Micros now) -> Result<CheckResult> {
    const Micros tick = cron.at_or_before(now).value_or(0);
    TREADLE_TRY(const PartitionSet set, PartitionSet::at(partitions, tick));
    CheckResult result{.severity = options.severity};
    set_metadata(result.metadata, kLatestTick, moment(tick));
    if (set.empty()) {
      result.description = "There was no partition yet at the last deadline.";
      return result;
    }
    const std::string expected = set.key(set.size() - 1);
    TREADLE_TRY(const auto made, instance.latest_materialization(asset, expected));
    result.passed = made.has_value();
    if (result.passed) {
      if (const auto until = cron.next(now)) {
        set_metadata(result.metadata, kFreshUntil, moment(*until));
      }
      result.description = "The asset is fresh: partition " + expected + " is there.";
      return result;
    }
    TREADLE_TRY(const std::optional<Micros> updated, last_update(instance, asset));
    if (updated) set_metadata(result.metadata, kLastUpdated, moment(*updated));
    result.description = "The asset is overdue: partition " + expected + " should be there.";
    return result;
  };
  return check;
}

RecordCheck column_schema_change(Severity severity) {
  const auto look = [severity](const Instance& instance, const AssetKey& asset,
                               Micros) -> Result<CheckResult> {
    TREADLE_TRY(const auto made, instance.events({.asset = asset,
                                                  .types = {EventType::kAssetMaterialization},
                                                  .limit = 2,
                                                  .newest_first = true}));
    CheckResult result{.severity = severity};
    if (made.size() < 2) {
      result.passed = true;
      result.description = "The asset was made fewer than two times.";
      return result;
    }
    TREADLE_TRY(const auto now, columns_in(made[0]));
    TREADLE_TRY(const auto before, columns_in(made[1]));
    if (!now || !before) {
      result.description = std::string(now ? "The materialization before" : "The latest") +
                           " says no columns (dagster/column_schema).";
      return result;
    }
    const std::string changes = differences(*now, *before);
    result.passed = changes.empty();
    result.description =
        result.passed ? "The columns are as before." : "The columns changed." + changes;
    return result;
  };
  return {.name = "column_schema_change", .look = look};
}

RecordCheck metadata_bounds(MetadataBounds options) {
  RecordCheck check;
  for (const char c : options.metadata_key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    check.name += plain ? c : '_';
  }
  check.name += "_bounds_check";
  if (!options.min && !options.max) refuse(check.name, "give min, max or both.");
  if (options.min && options.max && *options.min > *options.max) {
    refuse(check.name, "min is greater than max.");
  }
  check.description =
      "'" + options.metadata_key + "' of the latest materialization lies between bounds.";
  check.look = [options](const Instance& instance, const AssetKey& asset,
                         Micros) -> Result<CheckResult> {
    CheckResult result{.severity = options.severity};
    TREADLE_TRY(const auto made, instance.latest_materialization(asset));
    if (!made) {
      result.description = "The asset was never materialized.";
      return result;
    }
    TREADLE_TRY(const Metadata metadata, metadata_in(*made));
    const MetadataValue* said = find_metadata(metadata, options.metadata_key);
    if (said == nullptr) {
      result.description = "There is no metadata '" + options.metadata_key + "'.";
      return result;
    }
    double value = 0;
    if (const auto* real = std::get_if<double>(&said->data())) {
      value = *real;
    } else if (const auto* whole = std::get_if<std::int64_t>(&said->data())) {
      value = static_cast<double>(*whole);
    } else {
      result.description = "'" + said->display() + "' is no number.";
      return result;
    }
    const bool low =
        options.min && (options.exclusive_min ? !(value > *options.min) : !(value >= *options.min));
    const bool high =
        options.max && (options.exclusive_max ? !(value < *options.max) : !(value <= *options.max));
    result.passed = !low && !high;
    result.description =
        said->display() + (result.passed ? " lies within the bounds."
                           : low         ? " is less than " + number_text(*options.min) + " allows."
                                 : " is more than " + number_text(*options.max) + " allows.");
    return result;
  };
  return check;
}

namespace {

using CheckKey = std::pair<AssetKey, std::string>;

// Whether a freshness check could say something else now than when it was last evaluated.
Result<bool> is_due(TickContext& tick, const CheckKey& key) {
  const auto& [asset, name] = key;
  const auto latest = [&](EventType type) -> Result<std::optional<Event>> {
    TREADLE_TRY(auto found,
                tick.events({.asset = asset, .types = {type}, .limit = 1, .newest_first = true}));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  };
  TREADLE_TRY(const auto evaluations, tick.events({.asset = asset,
                                                   .types = {EventType::kAssetCheckEvaluation},
                                                   .limit = 200,
                                                   .newest_first = true}));
  for (const Event& event : evaluations) {
    TREADLE_TRY(const Json payload, Json::parse(event.payload));
    if (payload["check"].as_string() != name) continue;
    if (payload["passed"].as_bool().value_or(false)) {
      TREADLE_TRY(const std::optional<Micros> until, moment_in(event, kFreshUntil));
      return !until || *until <= tick.now();
    }
    TREADLE_TRY(const auto made, latest(EventType::kAssetMaterialization));
    TREADLE_TRY(const auto seen, latest(EventType::kAssetObservation));
    TREADLE_TRY(const std::optional<Micros> updated, last_update(made, seen));
    return updated && *updated > event.time;
  }
  return true;
}

}  // namespace

void add_sensor_for_freshness_checks(Defs& defs, const std::vector<AssetKey>& assets,
                                     SensorOptions options,
                                     std::map<std::string, std::string> tags) {
  if (options.name.empty()) options.name = "freshness_checks_sensor";
  if (options.description.empty()) options.description = "Evaluates the freshness of assets.";
  if (options.minimum_interval_seconds <= 0)
    refuse(options.name, "its interval must be more than nothing.");
  std::vector<CheckKey> checks;
  for (const AssetKey& asset : assets) {
    const CheckKey key{asset, "freshness_check"};
    if (std::find(checks.begin(), checks.end(), key) != checks.end())
      refuse(options.name, "'" + asset.text() + "' is named twice.");
    const auto& steps = defs.definitions().steps;
    const bool declared = std::any_of(steps.begin(), steps.end(), [&](const StepDef& step) {
      return std::any_of(step.checks.begin(), step.checks.end(), [&](const CheckDef& check) {
        return check.asset == key.first && check.name == key.second;
      });
    });
    if (!declared) {
      refuse(options.name, "'" + asset.text() +
                               "' has no freshness check: add td::last_update_freshness or "
                               "td::time_partition_freshness first, by td::add_record_checks.");
    }
    checks.push_back(key);
  }
  std::sort(checks.begin(), checks.end());
  defs.sensor(std::move(options), [checks, tags](TickContext& tick) -> Result<TickResult> {
    RunRequest request{.tags = tags};
    for (const CheckKey& key : checks) {
      TREADLE_TRY(const bool due, is_due(tick, key));
      if (due) request.checks.push_back(key);
    }
    if (!request.checks.empty()) return TickResult(std::move(request));
    return TickResult(
        SkipReason{"No freshness checks need to be evaluated at this time, since all checks are "
                   "either currently evaluating, have failed, or are not yet overdue."});
  });
}

void add_record_checks(Defs& defs, const std::vector<AssetKey>& assets, const RecordCheck& check,
                       const RecordCheckOptions& options) {
  for (const AssetKey& asset : assets) {
    defs.multi_check(
        {.checks = {{.name = check.name,
                     .blocking = options.blocking,
                     .description = check.description,
                     .metadata = check.metadata,
                     .asset = asset}}},
        [look = check.look, asset, home = options.home]() -> Result<std::array<CheckResult, 1>> {
          TREADLE_TRY(const Instance instance, Instance::open(home));
          TREADLE_TRY(CheckResult result, look(instance, asset, system_clock().now()));
          return std::array{std::move(result)};
        });
  }
}

}  // namespace treadle
