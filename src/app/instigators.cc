#include <treadle/app/instigators.h>
#include <treadle/app/job_runs.h>
#include <treadle/base/cron.h>
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/base/time_zone.h>

#include <algorithm>
#include <utility>

namespace treadle::app {
namespace {

std::string cursor_name(const std::string& sensor) {
  return "sensor cursor:" + sensor;
}

class Context final : public TickContext {
 public:
  Context(Home& home, const Definitions& definitions, std::string name, Micros now,
          Micros scheduled, std::string cursor)
      : home_(home),
        definitions_(definitions),
        name_(std::move(name)),
        now_(now),
        scheduled_(scheduled),
        cursor_(std::move(cursor)) {}

  const std::string& name() const override { return name_; }
  Micros now() const override { return now_; }
  Micros scheduled() const override { return scheduled_; }
  const std::string& cursor() const override { return cursor_; }

  Result<std::vector<Event>> materializations(const AssetKey& asset,
                                              std::int64_t after_event) override {
    return home_.record().events({.asset_key = asset.text(),
                                  .types = {EventType::kAssetMaterialization},
                                  .after_id = after_event});
  }

  Result<std::vector<Event>> run_events(RunStatus status, std::int64_t after_event) override {
    const auto type = [&]() -> std::optional<EventType> {
      switch (status) {
        case RunStatus::kStarted:
          return EventType::kRunStart;
        case RunStatus::kSuccess:
          return EventType::kRunSuccess;
        case RunStatus::kFailure:
          return EventType::kRunFailure;
        case RunStatus::kCanceling:
          return EventType::kRunCanceling;
        case RunStatus::kCanceled:
          return EventType::kRunCanceled;
        default:
          return std::nullopt;
      }
    }();
    if (!type) {
      return fail(Errc::kInvalidArgument,
                  "Sensors see runs when they start, succeed, fail or are cancelled, not " +
                      std::string(to_string(status)) + ".");
    }
    return home_.record().events({.types = {*type}, .after_id = after_event});
  }

  Result<std::optional<Run>> find_run(const std::string& run_id) override {
    return home_.record().find_run(run_id);
  }

  Result<std::vector<Event>> events(const TickEvents& wanted) override {
    events::EventFilter filter;
    filter.asset_key = wanted.asset.text();
    filter.types = wanted.types;
    filter.after_id = wanted.after;
    filter.before_id = wanted.before;
    filter.limit = wanted.limit;
    filter.newest_first = wanted.newest_first;
    return home_.record().events(filter);
  }

  const Definitions& definitions() const override { return definitions_; }

  Result<PartitionSet> partitions(const PartitionsPtr& definition) override {
    return PartitionSet::at(definition, scheduled_ != 0 ? scheduled_ : now_, &home_.dynamic_keys());
  }

 private:
  Home& home_;
  const Definitions& definitions_;
  const std::string name_;
  const Micros now_, scheduled_;
  const std::string cursor_;
};

// Requests of partitions with what their jobs say of these.
Result<void> complete(TickResult& told, const Definitions& definitions, const std::string& job) {
  for (RunRequest& request : told.requests) {
    const JobDef* asked = find_job(definitions, request.job.empty() ? job : request.job);
    if (asked == nullptr || !asked->partitioned_config || request.partition.empty()) continue;
    TREADLE_TRY(JobSays says, said_by(*asked, request.partition));
    if (request.config.empty()) request.config = std::move(says.config);
    request.tags.merge(says.tags);
  }
  return {};
}

Result<TickResult> call(const TickFunction& evaluate, TickContext& context,
                        const std::string& job) {
  try {
    TREADLE_TRY(TickResult told, evaluate(context));
    TREADLE_CHECK(complete(told, context.definitions(), job));
    return told;
  } catch (const std::exception& error) {
    return fail(Errc::kInternal, error.what());
  }
}

InstigatorTick tick_of(std::string kind, const std::string& name, const std::string& job,
                       const Result<TickResult>& told) {
  InstigatorTick tick{
      .kind = std::move(kind), .name = name, .skip = {}, .error = {}, .requests = {}};
  if (!told) {
    tick.error = told.error().message;
    return tick;
  }
  for (const RunRequest& request : told->requests) {
    std::string assets;
    for (const AssetKey& asset : request.assets) {
      if (!assets.empty()) assets += ", ";
      assets += asset.text();
    }
    for (const auto& [asset, check] : request.checks) {
      if (!assets.empty()) assets += ", ";
      assets += asset.text() + ":" + check;
    }
    std::map<std::string, std::string> tags = request.tags;
    tags["dagster/" + tick.kind + "_name"] = name;
    JsonWriter w;
    w.begin_object();
    for (const auto& [key, value] : tags) w.field(key, value);
    w.end_object();
    tick.requests.push_back({request.run_key, request.job.empty() ? job : request.job,
                             request.partition, assets, std::move(w).str(), request.config});
  }
  tick.skip = told->skip_reason;
  if (tick.requests.empty() && tick.skip.empty()) tick.skip = "it asked for nothing";
  return tick;
}

Result<TickResult> evaluate_schedule(Home& home, const Definitions& definitions,
                                     const ScheduleDef& schedule, Micros now, Micros tick) {
  Context context(home, definitions, schedule.name, now, tick, {});
  if (!schedule.evaluate) return TickResult(RunRequest{});
  return call(schedule.evaluate, context, schedule.job);
}

Result<void> keep(Home& home, const std::string& sensor, const TickResult& told) {
  for (const DynamicPartitionsRequest& request : told.dynamic_partitions) {
    if (!request.add.empty()) {
      TREADLE_CHECK(home.record().add_dynamic_partitions(request.name, request.add));
    }
    if (!request.remove.empty()) {
      TREADLE_CHECK(home.record().delete_dynamic_partitions(request.name, request.remove));
    }
  }
  if (!told.cursor) return {};
  return home.record().set_values({{cursor_name(sensor), *told.cursor}});
}

}  // namespace

Result<std::vector<Micros>> next_ticks(const ScheduleDef& schedule, Micros after, int count) {
  TREADLE_TRY(const CronSchedule cron, CronSchedule::parse(schedule.cron, schedule.timezone));
  constexpr Micros kThousandYears = Micros{366'000} * kSecondsPerDay * kMicrosPerSecond;
  return cron.between(after + 1, after + kThousandYears,
                      static_cast<std::size_t>(std::max(count, 0)));
}

Result<TickResult> evaluate_instigator(Home& home, const Definitions& definitions,
                                       const std::string& name, Micros now,
                                       const std::string& cursor) {
  std::vector<std::string> names;
  for (const ScheduleDef& schedule : definitions.schedules) {
    if (schedule.name == name) return evaluate_schedule(home, definitions, schedule, now, now);
    names.push_back(schedule.name);
  }
  for (const SensorDef& sensor : definitions.sensors) {
    names.push_back(sensor.name);
    if (sensor.name != name) continue;
    Context context(home, definitions, name, now, 0, cursor);
    return call(sensor.evaluate, context, sensor.job);
  }
  return fail(Errc::kNotFound, "There is no schedule or sensor '" + name +
                                   "' in these definitions." + did_you_mean(name, names));
}

Result<std::vector<InstigatorTick>> tick_instigators(Home& home, const Definitions& definitions,
                                                     Micros since, Micros now, bool remember) {
  constexpr Micros kMinute = 60 * kMicrosPerSecond;
  std::vector<InstigatorTick> ticks;
  for (const ScheduleDef& schedule : definitions.schedules) {
    TREADLE_TRY(const CronSchedule cron, CronSchedule::parse(schedule.cron, schedule.timezone));
    const auto tick = cron.at_or_before(now);
    const bool due = tick && (since != 0 ? *tick > since : *tick / kMinute == now / kMinute);
    if (due) {
      ticks.push_back(tick_of("schedule", schedule.name, schedule.job,
                              evaluate_schedule(home, definitions, schedule, now, *tick)));
      continue;
    }
    const auto next = cron.next(now);
    ticks.push_back(
        {.kind = "schedule",
         .name = schedule.name,
         .skip = next ? "next tick " + format_in_zone(*next, cron.zone()) : "no tick left",
         .error = {},
         .requests = {}});
  }
  for (const SensorDef& sensor : definitions.sensors) {
    const std::string key = cursor_name(sensor.name);
    TREADLE_TRY(auto kept, home.record().values({key}));
    Context context(home, definitions, sensor.name, now, 0, kept[key]);
    const Result<TickResult> told = call(sensor.evaluate, context, sensor.job);
    ticks.push_back(tick_of("sensor", sensor.name, sensor.job, told));
    if (told && remember) TREADLE_CHECK(keep(home, sensor.name, *told));
  }
  return ticks;
}

}  // namespace treadle::app
