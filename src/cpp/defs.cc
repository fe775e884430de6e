#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/cpp/defs.h>
#include <treadle/define/graph.h>
#include <treadle/define/type_name.h>
#include <treadle/io/file_source.h>
#include <treadle/plan/partitions.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>

#include <sstream>

namespace treadle {
namespace {

Place place_of(const std::source_location& where) {
  return where.line() == 0 ? Place{}
                           : Place{
                                 where.file_name(),
                                 static_cast<int>(where.line()),
                             };
}

std::string step_key_of(const AssetKey& key) {
  std::string name;
  for (const auto& part : key.parts()) {
    if (!name.empty()) name += "__";
    name += part;
  }
  return name;
}

template <class Options>
AssetInfo info_of(const Options& options) {
  AssetInfo info;
  info.key = options.key;
  info.group = options.group;
  info.description = options.description;
  info.owners = options.owners;
  info.kinds = options.kinds;
  info.tags = options.tags;
  info.metadata = options.metadata;
  return info;
}

template <class Options>
OutputDef output_of(const Options& options) {
  OutputDef output;
  output.asset = info_of(options);
  output.asset.code_version = options.code_version;
  output.asset.automation_condition = options.automation_condition;
  output.asset.freshness_policy = options.freshness_policy;
  output.io_manager_key = options.io_manager;
  return output;
}

template <class Options>
StepDef step_of(const Options& options) {
  StepDef step;
  step.required_resources = options.resources;
  step.retry_policy = options.retry_policy;
  step.place = place_of(options.where);
  if constexpr (requires { options.hooks; }) step.hooks = options.hooks;
  if constexpr (requires { options.op_tags; }) step.op_tags = options.op_tags;
  if constexpr (requires { options.pool; }) step.pool = options.pool;
  if constexpr (requires { options.time_limit; }) step.time_limit = options.time_limit;
  if (step.time_limit <= 0) step.time_limit = time_limit_of(step.op_tags);
  return step;
}

// Of what the step makes; a spec without an asset is about the first of them.
void add_checks(StepDef& step, const std::vector<CheckSpec>& specs, const AssetKey& first) {
  for (const CheckSpec& spec : specs) {
    CheckDef& check = step.checks.emplace_back();
    check.name = spec.name;
    check.asset = spec.asset.empty() ? first : spec.asset;
    check.blocking = spec.blocking;
    check.description = spec.description;
    check.metadata = spec.metadata;
  }
}

}  // namespace

Partitions::Partitions(Result<PartitionsPtr> made, std::source_location where) {
  if (!made) {
    throw DefinitionError(
        {Problem{.code = "wrong_partitions",
                 .subject = "partitions",
                 .place = place_of(where),
                 .message = std::move(made).error().message,
                 .cure = "Say which partitions there are so that they can be told apart."}});
  }
  definition_ = std::move(*made);
}

Defs::Defs() = default;
Defs::~Defs() = default;
Defs::Defs(const Defs&) = default;
Defs::Defs(Defs&&) noexcept = default;
Defs& Defs::operator=(const Defs&) = default;
Defs& Defs::operator=(Defs&&) noexcept = default;

StepDef& Defs::add_asset(const Named& name) {
  return add_asset(AssetOptions{.key = name.key, .where = name.where});
}

StepDef& Defs::add_asset(const AssetOptions& options) {
  StepDef step = step_of(options);
  step.name = step_key_of(options.key);
  step.outputs.push_back(output_of(options));
  step.outputs.back().asset.partitions = options.partitions;
  add_checks(step, options.checks, options.key);
  step.backfill_policy = options.backfill_policy;
  step.memoize = options.memoize;
  for (const auto& dep : options.deps) cpp::declare_order(step, dep);
  return definitions_.steps.emplace_back(std::move(step));
}

StepDef& Defs::add_multi_asset(const MultiAssetOptions& options, std::size_t returned) {
  StepDef step = step_of(options);
  step.name = options.name;
  step.can_subset = options.can_subset;
  step.backfill_policy = options.backfill_policy;
  step.memoize = options.memoize;
  if (options.outputs.size() != returned) {
    throw DefinitionError({Problem{
        .code = "wrong_output_count",
        .subject = step.name,
        .place = step.place,
        .message = "The function of a multi-asset returns " + std::to_string(returned) +
                   " values, but " + std::to_string(options.outputs.size()) + " assets are named.",
        .cure = "Name one asset in `outputs` for each value that the function returns."}});
  }
  for (std::size_t i = 0; i < options.outputs.size(); ++i) {
    step.outputs.push_back(output_of(options.outputs[i]));
    OutputDef& output = step.outputs.back();
    output.name = step_key_of(output.asset.key);
    output.follows_from = options.outputs[i].follows_from;
    output.asset.partitions = options.partitions;
  }
  if (!step.outputs.empty()) add_checks(step, options.checks, step.outputs.front().asset.key);
  if (step.name.empty() && !step.outputs.empty()) {
    step.name = step.outputs.front().name;
    if (step.outputs.size() == 2) step.name += "_and_" + step.outputs.back().name;
    if (step.outputs.size() > 2)
      step.name += "_and_" + std::to_string(step.outputs.size() - 1) + "_more";
  }
  for (const auto& dep : options.deps) cpp::declare_order(step, dep);
  return definitions_.steps.emplace_back(std::move(step));
}

StepDef& Defs::add_check(const Named& name, const AssetKey& asset, const CheckOptions& options) {
  StepDef step = step_of(options);
  step.place = place_of(name.where);
  step.name = step_key_of(asset) + "_" + name.key.text();
  CheckDef check;
  check.name = name.key.text();
  check.asset = asset;
  check.blocking = options.blocking;
  check.description = options.description;
  check.metadata = options.metadata;
  check.partitions = options.partitions;
  check.automation_condition = options.automation_condition;
  step.checks.push_back(std::move(check));
  return definitions_.steps.emplace_back(std::move(step));
}

StepDef& Defs::add_multi_check(const MultiCheckOptions& options, std::size_t returned) {
  StepDef step = step_of(options);
  step.name = options.name;
  step.can_subset = options.can_subset;
  add_checks(step, options.checks, {});
  if (step.name.empty()) {
    for (const CheckDef& check : step.checks)
      step.name += (step.name.empty() ? "" : "_and_") + step_key_of(check.asset) + "_" + check.name;
  }
  if (step.checks.size() != returned) {
    throw DefinitionError({Problem{
        .code = "wrong_output_count",
        .subject = step.name,
        .place = step.place,
        .message = "The function of these checks returns " + std::to_string(returned) +
                   " results, but " + std::to_string(step.checks.size()) + " checks are named.",
        .cure = "Name one check in `checks` for each result that the function returns."}});
  }
  return definitions_.steps.emplace_back(std::move(step));
}

void Defs::OfCheck::hand_over(Context& context, CheckResult result) {
  context.merge_metadata(0, result.metadata);
  cpp::report_check(context, 0, std::move(result));
}

void Defs::OfObservation::hand_over(Context& context, std::string version) {
  hand_over(context, Observed{.version = std::move(version), .metadata = {}});
}

void Defs::OfObservation::hand_over(Context& context, Observed observed) {
  context.merge_metadata(0, observed.metadata);
  Event event;
  event.type = EventType::kAssetObservation;
  event.asset_key = context.output_asset(0).text();
  event.message = "Observed " + event.asset_key + ".";
  JsonWriter w;
  w.begin_object();
  if (!observed.version.empty()) {
    w.field("data_version", observed.version).key("tags").begin_object();
    w.field("dagster/data_version", observed.version).end_object();
  }
  w.key("metadata").raw(metadata_to_json(observed.metadata));
  event.payload = std::move(w.end_object()).str();
  context.step().report_event(std::move(event));
  Output<void> seen;
  seen.data_version = std::move(observed.version);
  cpp::hand_over(context, 0, Value(), nullptr, std::move(seen));
}

StepDef& Defs::add_observer(SourceOptions options, const std::type_info* type) {
  StepDef step;
  step.name = step_key_of(options.key);
  step.place = place_of(options.where);
  step.observes = {options.key};
  step.outputs.emplace_back().stores_value = false;
  add_source(std::move(options), type);
  return definitions_.steps.emplace_back(std::move(step));
}

void Defs::add_source(SourceOptions options, const std::type_info* type) {
  SourceAssetDef source;
  source.place = place_of(options.where);
  source.io_manager_key = std::move(options.io_manager);
  source.type = type;
  source.asset = info_of(options);
  source.asset.partitions = options.partitions;
  source.asset.freshness_policy = options.freshness_policy;
  source.deps = std::move(options.deps);
  definitions_.sources.push_back(std::move(source));
}

void Defs::add_file_source(SourceOptions options, const std::type_info* type,
                           const std::string& path) {
  const std::string absolute = absolute_path(path);
  options.io_manager = "file:" + options.key.text();
  definitions_.io_managers[options.io_manager] = io::make_file_source_io_manager(absolute);
  add_source(std::move(options), type);
  definitions_.sources.back().file = absolute;
}

Asset<File> Defs::file_source(SourceOptions options, const std::string& path) {
  const AssetKey key = options.key;
  add_file_source(std::move(options), &typeid(File), path);
  return Asset<File>(key);
}

Asset<File> Defs::file_source(Named name, const std::string& path) {
  return file_source(SourceOptions{.key = std::move(name.key), .where = name.where}, path);
}

Asset<Folder> Defs::folder_source(SourceOptions options, const std::string& path) {
  const AssetKey key = options.key;
  add_file_source(std::move(options), &typeid(Folder), path);
  return Asset<Folder>(key);
}

Asset<Folder> Defs::folder_source(Named name, const std::string& path) {
  return folder_source(SourceOptions{.key = std::move(name.key), .where = name.where}, path);
}

void Defs::io_manager(std::string key, std::shared_ptr<IOManager> manager) {
  definitions_.io_managers[std::move(key)] = std::move(manager);
}

void Defs::executor(Executor executor) {
  definitions_.executor = std::move(executor);
}

namespace {

// What both kinds of jobs say of their runs.
void describe_runs(JobDef& job, JobOptions& options) {
  job.description = std::move(options.description);
  job.tags = std::move(options.tags);
  job.retry_policy = std::move(options.retry_policy);
  job.hooks = std::move(options.hooks);
  job.partitions = options.partitions;
  job.config = std::move(options.config);
  job.executor = std::move(options.executor);
  job.place = place_of(options.where);
  job.partitioned_config = options.partitioned_config.definition();
  if (!job.partitioned_config) return;
  const auto refuse = [&](std::string message, std::string cure) {
    throw DefinitionError({Problem{.code = "bad_partitioned_config",
                                   .subject = job.name,
                                   .place = job.place,
                                   .message = "Job '" + job.name + "': " + std::move(message),
                                   .cure = std::move(cure)}});
  };
  if (job.partitions && !same_partitions(job.partitions, job.partitioned_config->partitions)) {
    refuse("its partitioned config is of " + job.partitioned_config->partitions->description() +
               ", its `partitions` are " + job.partitions->description() + ".",
           "Leave out `partitions`: they are those of the partitioned config.");
  }
  if (!job.config.empty()) {
    refuse("it has both `config` and `partitioned_config`.", "Say one of them.");
  }
  job.partitions = job.partitioned_config->partitions;
}

}  // namespace

void Defs::add_job(std::string name, std::shared_ptr<const GraphDef> graph, JobOptions options) {
  JobDef job;
  job.name = std::move(name);
  job.graph = std::move(graph);
  job.op_tags = std::move(options.op_tags);
  describe_runs(job, options);
  if (options.config_mapping) {
    auto mapped = std::make_shared<GraphDef>(*job.graph);
    mapped->config = std::move(options.config_mapping);
    job.graph = std::move(mapped);
  }
  definitions_.jobs.push_back(std::move(job));
}

void Defs::job(std::string name, std::string selection, JobOptions options) {
  JobDef job;
  job.name = std::move(name);
  job.selection = std::move(selection);
  job.memoize = options.memoize;
  job.automation_condition = std::move(options.automation_condition);
  describe_runs(job, options);
  definitions_.jobs.push_back(std::move(job));
}

void Defs::add_schedule(ScheduleOptions options, TickFunction evaluate) {
  definitions_.schedules.push_back({.name = std::move(options.name),
                                    .cron = std::move(options.cron),
                                    .timezone = std::move(options.timezone),
                                    .job = std::move(options.job),
                                    .description = std::move(options.description),
                                    .running = options.running,
                                    .evaluate = std::move(evaluate),
                                    .place = place_of(options.where)});
}

void Defs::add_sensor(SensorOptions options, TickFunction evaluate) {
  definitions_.sensors.push_back({.name = std::move(options.name),
                                  .job = std::move(options.job),
                                  .description = std::move(options.description),
                                  .minimum_interval_seconds = options.minimum_interval_seconds,
                                  .running = options.running,
                                  .evaluate = std::move(evaluate),
                                  .place = place_of(options.where)});
}

void Defs::schedule_partitions(std::string job, ScheduleOptions options) {
  const auto refuse = [&](std::string message, std::string cure) {
    throw DefinitionError({Problem{.code = "bad_schedule",
                                   .subject = job,
                                   .place = place_of(options.where),
                                   .message = std::move(message),
                                   .cure = std::move(cure)}});
  };
  PartitionsPtr partitions = cpp::partitions_of_job(definitions_, job);
  if (!partitions) {
    refuse("Job '" + job + "' has no partitions: they are those of what it selects.",
           "Declare the job and its assets before the schedule, and give them partitions.");
  }
  // The dimension of time, if any.
  PartitionsPtr windows = partitions->as_time() ? partitions : nullptr;
  if (const MultiPartitions* multi = partitions->as_multi()) {
    for (const PartitionDimension& dimension : multi->dimensions) {
      if (dimension.partitions->as_time()) windows = dimension.partitions;
    }
  }
  if (windows) {
    if (!options.cron.empty()) {
      refuse("The partitions of job '" + job + "' are of time: it runs when a window ends.",
             "Leave out `cron` and `timezone`, which are those of the partitions; `hour_of_day` "
             "and its kin say "
             "when after that.");
    }
    auto cron = cpp::cron_of_windows(*windows->as_time(), options);
    if (!cron) {
      refuse("The schedule of job '" + job + "': " + cron.error().message,
             "Leave out what does not fit the partitions.");
    }
    options.cron = {std::move(*cron)};
    options.timezone = windows->as_time()->timezone;
  } else if (options.cron.empty()) {
    refuse("The partitions of job '" + job + "' are not of time, so nothing says when it runs.",
           "Give the schedule a `cron`.");
  }
  if (options.name.empty()) options.name = job + "_schedule";
  options.job = std::move(job);
  add_schedule(std::move(options), cpp::latest_partitions(std::move(partitions)));
}

Asset<void> Defs::external(SourceOptions options) {
  const AssetKey key = options.key;
  add_source(std::move(options), nullptr);
  return Asset<void>(key);
}

Defs& Defs::merge(const Definitions& other) {
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(definitions_.steps, other.steps);
  append(definitions_.sources, other.sources);
  append(definitions_.jobs, other.jobs);
  append(definitions_.schedules, other.schedules);
  append(definitions_.sensors, other.sensors);
  if (!definitions_.executor) definitions_.executor = other.executor;
  if (other.executor && *other.executor != *definitions_.executor) {
    throw DefinitionError(
        {Problem{.code = "duplicate_key",
                 .subject = "executor",
                 .place = {},
                 .message = "Both sets of definitions declare an executor, and not the same one.",
                 .cure = "Declare it in one of the two."}});
  }
  const auto join = [](auto& to, const auto& from, const char* what) {
    for (const auto& [key, object] : from) {
      const auto [at, added] = to.emplace(key, object);
      if (added || at->second == object) continue;
      throw DefinitionError(
          {Problem{.code = "duplicate_key",
                   .subject = key,
                   .place = {},
                   .message = std::string("Both sets of definitions have ") + what + " '" + key +
                              "', and they are not the same object.",
                   .cure = "Give one of the two another key, or share the object."}});
    }
  };
  join(definitions_.resources, other.resources, "a resource");
  join(definitions_.io_managers, other.io_managers, "an IO manager");
  return *this;
}

std::vector<Problem> Defs::problems() const {
  return plan::check_definitions(definitions_);
}

Defs& Defs::map_assets(const std::function<void(AssetInfo&)>& change) {
  for (StepDef& step : definitions_.steps) {
    for (OutputDef& output : step.outputs) {
      if (!output.asset.key.empty()) change(output.asset);
    }
  }
  for (SourceAssetDef& source : definitions_.sources) change(source.asset);
  return *this;
}

namespace cpp {

GraphAssetParts graph_asset_of(const MultiAssetOptions& options) {
  GraphAssetParts parts;
  StepDef step = step_of(options);  // for what options of steps have in common
  for (const OutputOptions& output : options.outputs) {
    parts.outputs.push_back(output_of(output));
    parts.outputs.back().follows_from = output.follows_from;
    parts.outputs.back().asset.partitions = options.partitions;
  }
  add_checks(step, options.checks,
             options.outputs.empty() ? AssetKey() : options.outputs.front().key);
  parts.checks = std::move(step.checks);
  parts.def.name = options.name;
  for (const OutputOptions& output : options.outputs) {
    if (options.name.empty())
      parts.def.name += (parts.def.name.empty() ? "" : "_and_") + step_key_of(output.key);
  }
  for (const AssetKey& dep : options.deps) parts.def.deps.push_back(dep);
  parts.def.hooks = std::move(step.hooks);
  parts.def.retry_policy = std::move(step.retry_policy);
  parts.def.op_tags = std::move(step.op_tags);
  parts.def.can_subset = options.can_subset;
  parts.def.place = std::move(step.place);
  return parts;
}

GraphAssetParts graph_asset_of(const AssetOptions& options) {
  MultiAssetOptions all{.deps = options.deps,
                        .retry_policy = options.retry_policy,
                        .partitions = options.partitions,
                        .checks = options.checks,
                        .hooks = options.hooks,
                        .op_tags = options.op_tags,
                        .where = options.where};
  all.outputs.push_back({.key = options.key,
                         .group = options.group,
                         .description = options.description,
                         .owners = options.owners,
                         .kinds = options.kinds,
                         .tags = options.tags,
                         .metadata = options.metadata,
                         .code_version = options.code_version,
                         .io_manager = options.io_manager,
                         .automation_condition = options.automation_condition,
                         .freshness_policy = options.freshness_policy});
  return graph_asset_of(all);
}

PartitionsPtr partitions_of_job(const Definitions& definitions, const std::string& name) {
  for (const JobDef& job : definitions.jobs) {
    if (job.name != name) continue;
    if (job.partitions || job.graph) return job.partitions;
    const plan::AssetGraph graph(definitions);
    auto selection = job.selection.empty() || job.selection == "*"
                         ? Result<plan::Selection>(plan::Selection())
                         : plan::parse_selection(job.selection);
    if (!selection) return nullptr;
    const auto selected = plan::select(*selection, graph);
    if (!selected) return nullptr;
    return plan::partitions_of(graph, *selected).value_or(nullptr);
  }
  return nullptr;
}

Result<std::string> cron_of_windows(const TimePartitions& windows, const ScheduleOptions& options) {
  if (!options.minute_of_hour && !options.hour_of_day && !options.day_of_week &&
      !options.day_of_month) {
    return windows.cron;
  }
  std::vector<std::string> parts;
  std::istringstream words(windows.cron);
  for (std::string word; words >> word;) parts.push_back(word);
  const auto number = [&](std::size_t at) {
    return parts.size() == 5 && parts[at].find_first_not_of("0123456789") == std::string::npos;
  };
  const bool weekly = number(0) && number(1) && parts[2] == "*" && number(4);
  const bool monthly = number(0) && number(1) && number(2) && parts[4] == "*";
  const bool daily = number(0) && number(1) && parts[2] == "*" && parts[4] == "*";
  const bool hourly = number(0) && parts[1] == "*" && parts[2] == "*" && parts[4] == "*";
  if (!(weekly || monthly || daily || hourly) || parts[3] != "*") {
    return fail(Errc::kInvalidArgument,
                "windows of '" + windows.cron +
                    "' take no minute_of_hour, hour_of_day, day_of_week or day_of_month.");
  }
  if (options.hour_of_day && hourly)
    return fail(Errc::kInvalidArgument, "hourly partitions take no hour_of_day.");
  if (options.day_of_week && !weekly)
    return fail(Errc::kInvalidArgument, "only weekly partitions take a day_of_week.");
  if (options.day_of_month && !monthly)
    return fail(Errc::kInvalidArgument, "only monthly partitions take a day_of_month.");
  const auto put = [&](std::size_t at, const std::optional<int>& said) {
    if (said) parts[at] = std::to_string(*said);
  };
  put(0, options.minute_of_hour);
  put(1, options.hour_of_day);
  put(2, options.day_of_month);
  put(4, options.day_of_week);
  std::string cron;
  for (const std::string& part : parts) cron += (cron.empty() ? "" : " ") + part;
  return cron;
}

TickFunction latest_partitions(PartitionsPtr partitions) {
  return [partitions = std::move(partitions)](TickContext& c) -> Result<TickResult> {
    TREADLE_TRY(const PartitionSet set, c.partitions(partitions));
    const PartitionSubset latest = set.has_windows() ? set.latest_window() : set.all();
    if (latest.empty()) return TickResult(SkipReason{"the job's partitions have none yet"});
    std::vector<RunRequest> requests;
    for (std::string& key : set.keys(latest)) {
      requests.push_back({.run_key = set.has_windows() || latest.size() > 1 ? key : std::string(),
                          .partition = key});
    }
    return TickResult(std::move(requests));
  };
}

const Value& needed_resource(const Resource::SetupContext& context, const std::string& key) {
  for (const auto& [name, value] : context.required) {
    if (name == key) return value;
  }
  throw to_failure("Resource '" + context.key + "' needs '" + key + "', which was not set up.");
}

void throw_other_type(const std::string& key, const std::type_info& wanted) {
  throw to_failure("Resource '" + key + "' is no " + type_name(wanted) +
                   ": ask for the type that it is declared with.");
}

StepFailure no_such_object(const std::string& key) {
  return to_failure("Resource '" + key + "' was not made: its function returned a null pointer.");
}

}  // namespace cpp
}  // namespace treadle
