#include "run_report.h"
#include <treadle/app/partition_runs.h>
#include <treadle/app/status.h>
#include <treadle/cpp/materialize.h>
#include <treadle/define/run_config.h>
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>

#include <climits>
#include <unistd.h>

namespace treadle {

namespace {

execute::RunOptions run_options(MaterializeOptions options, const app::Home& home) {
  execute::RunOptions run;
  run.run_id = std::move(options.run_id);
  run.tags = std::move(options.tags);
  if (!options.job_name.empty()) run.job_name = std::move(options.job_name);
  run.selection = std::move(options.selection);
  run.run_config = std::move(options.config);
  run.pools = std::move(options.pools);
  run.memoize = options.memoize || options.only_stale;
  run.cancellation = options.cancellation;
  run.observer = std::move(options.observer);
  run.logs_folder = home.logs_folder();
  return run;
}

Result<std::vector<plan::NodeId>> stale_of(app::Home& home, const plan::AssetGraph& graph,
                                           const std::vector<plan::NodeId>& selected) {
  TREADLE_TRY(const app::Status status,
              app::Status::read(&home, graph, selected,
                                {.now = system_clock().now(), .unneeded_after = 0}));
  std::vector<plan::NodeId> stale;
  for (const app::AssetReport& asset : status.assets()) {
    if (!asset.is_fresh()) stale.push_back(asset.node);
  }
  return plan::complete_steps(graph, stale);
}

// What is common to all runs of one call.
struct Work {
  std::shared_ptr<app::Home> home;
  std::unique_ptr<Definitions> definitions;  // the graph borrows them
  std::unique_ptr<plan::AssetGraph> graph;
  std::vector<plan::NodeId> selected;
  app::PartitionRuns partitions;
};

// Of what is going to run, and nothing else.
Result<void> check_config(const Work& work, const std::string& config, const std::string& job) {
  const auto plan = plan::make_plan(*work.graph, work.selected);
  if (!plan) return {};  // told when it is run
  std::vector<StepDef> steps;
  for (const plan::PlannedStep& step : plan->steps)
    if (!config.empty() || takes_config(*step.def, work.definitions->resources))
      steps.push_back(*step.def);
  if (steps.empty()) return {};
  return check_run_config(steps, work.definitions->resources, config, "this run",
                          app::declared_executor(*work.definitions, job));
}

Result<Work> prepare(const Definitions& given, const MaterializeOptions& options) {
  if (auto problems = plan::check_definitions(given); !problems.empty()) {
    throw DefinitionError(std::move(problems));
  }
  Work work;
  TREADLE_TRY(work.home, shared_home(home_options(options.home, options.temporary_home)));
  work.definitions = std::make_unique<Definitions>(given);
  for (const auto& [key, resource] : options.resources) work.definitions->resources[key] = resource;
  app::add_defaults(*work.definitions, *work.home);
  work.graph = std::make_unique<plan::AssetGraph>(*work.definitions);
  plan::Selection selection;
  if (!options.selection.empty()) {
    TREADLE_TRY(selection, plan::parse_selection(options.selection));
  }
  TREADLE_TRY(work.selected, plan::select(selection, *work.graph, false));
  app::PartitionChoice choice{.partition = options.partition,
                              .partitions = options.partitions,
                              .keys = {},
                              .partition_word = "`partition`",
                              .partitions_word = "`partitions`"};
  if (options.only_stale) {
    TREADLE_TRY(work.selected, stale_of(*work.home, *work.graph, work.selected));
    const auto common = plan::partitions_of(*work.graph, work.selected);
    if (!choice.given() && common && *common) choice.partitions = "stale";
  }
  TREADLE_TRY(const plan::PartitionRequest tagged, plan::request_of(options.tags));
  if (work.selected.empty() || !std::holds_alternative<std::monostate>(tagged)) return work;
  TREADLE_TRY(work.partitions, app::choose_partitions(work.home.get(), *work.graph, work.selected,
                                                      choice, system_clock().now()));
  return work;
}

Result<void> run(const Work& work, execute::RunOptions options, RunReport::State& state) {
  if (work.selected.empty()) {
    state.success = true;
    return {};
  }
  TREADLE_TRY(execute::RunResult result,
              app::materialize(*work.home, *work.graph, work.selected, std::move(options)));
  keep(std::move(result), state);
  return {};
}

// What each run is started with; all are checked before the first begins.
Result<std::vector<execute::RunOptions>> each_run(const Work& work,
                                                  const MaterializeOptions& options) {
  const std::size_t several = work.partitions.runs.size();
  std::vector<execute::RunOptions> all;
  std::optional<std::string> checked;
  for (std::size_t i = 0; i == 0 || i < several; ++i) {
    execute::RunOptions& one = all.emplace_back(run_options(options, *work.home));
    if (i > 0) one.run_id.clear();
    if (i < several) {
      for (const auto& [name, value] : work.partitions.tags[i]) one.tags[name] = value;
    }
    TREADLE_CHECK(app::fill_in(*work.definitions, one));
    use_executor_of(options, one);
    if (checked != one.run_config) {
      TREADLE_CHECK(check_config(work, one.run_config, one.job_name));
    }
    checked = one.run_config;
  }
  return all;
}

std::vector<RunReport> run_all(const Definitions& definitions, MaterializeOptions options,
                               bool several) {
  std::vector<RunReport> reports;
  const auto report = [&](std::shared_ptr<app::Home> home, auto call) {
    auto state = std::make_shared<RunReport::State>();
    state->home = std::move(home);
    if (Result<void> done = call(*state); !done) state->error = std::move(done).error();
    reports.emplace_back(std::move(state));
  };
  auto work = prepare(definitions, options);
  if (!work) {
    report(nullptr, [&](auto&) -> Result<void> { return fail(std::move(work).error()); });
    return reports;
  }
  const std::vector<plan::PartitionRequest>& runs = work->partitions.runs;
  if (!several && runs.size() > 1) {
    report(work->home, [&](auto&) -> Result<void> {
      return fail(Errc::kInvalidArgument,
                  "These partitions take " + std::to_string(runs.size()) +
                      " runs by the backfill policies of what is selected: use "
                      "td::materialize_partitions, or BackfillPolicy::single_run().");
    });
    return reports;
  }
  if (work->partitions.definition && runs.empty()) {
    if (!several) {
      report(work->home, [&](RunReport::State& state) -> Result<void> {
        state.success = true;
        return {};
      });
    }
    return reports;
  }
  auto ready = each_run(*work, options);
  if (!ready) {
    report(nullptr, [&](auto&) -> Result<void> { return fail(std::move(ready).error()); });
    return reports;
  }
  for (execute::RunOptions& one : *ready) {
    report(work->home, [&](RunReport::State& state) { return run(*work, std::move(one), state); });
  }
  return reports;
}

}  // namespace

RunReport materialize(const Definitions& definitions, MaterializeOptions options) {
  return run_all(definitions, std::move(options), false).front();
}

std::vector<RunReport> materialize_partitions(const Definitions& definitions,
                                              MaterializeOptions options) {
  return run_all(definitions, std::move(options), true);
}

bool RunReport::success() const {
  return state_->success;
}
const std::string& RunReport::run_id() const {
  return state_->run_id;
}
const std::vector<StepReport>& RunReport::steps() const {
  return state_->steps;
}

std::string RunReport::problem() const {
  if (state_->error) return state_->error->message;
  for (const auto& step : state_->steps) {
    if (!step.failure) continue;
    const std::string& kind = step.failure->error_class;
    return "Step '" + step.step_key + "' failed: " + (kind.empty() ? "" : kind + ": ") +
           step.failure->message;
  }
  return state_->success ? "" : "The run was cancelled before it was done.";
}

const StepReport* RunReport::find_step(const std::string& step_key) const {
  for (const auto& step : state_->steps) {
    if (step.step_key == step_key) return &step;
  }
  return nullptr;
}

namespace {

Error not_run() {
  return {Errc::kNotFound, "The run was not started, so nothing was recorded: see problem()."};
}

}  // namespace

Result<std::vector<Event>> RunReport::events() const {
  if (state_->run_id.empty()) return fail(not_run());
  return state_->home->record().events({.run_id = state_->run_id});
}

Result<std::optional<Event>> RunReport::materialization(const AssetKey& asset) const {
  if (state_->run_id.empty()) return fail(not_run());
  TREADLE_TRY(auto events,
              state_->home->record().events({.run_id = state_->run_id,
                                             .asset_key = asset.text(),
                                             .types = {EventType::kAssetMaterialization},
                                             .limit = 1,
                                             .newest_first = true}));
  if (events.empty()) return std::optional<Event>();
  return std::optional<Event>(std::move(events.front()));
}

Result<std::vector<CheckEvaluation>> RunReport::checks() const {
  TREADLE_TRY(const auto all, events());
  std::vector<CheckEvaluation> checks;
  for (const Event& event : all) {
    if (event.type != EventType::kAssetCheckEvaluation) continue;
    TREADLE_TRY(const Json payload, Json::parse(event.payload));
    CheckEvaluation& check = checks.emplace_back();
    check.asset = event.asset_key;
    check.partition = event.partition;
    check.check = payload["check"].as_string().value_or("");
    check.passed = payload["passed"].as_bool().value_or(false);
    if (payload["severity"].as_string() == "WARN") check.severity = Severity::kWarn;
    check.description = payload["description"].as_string().value_or("");
    TREADLE_TRY(check.metadata, metadata_of(event));
  }
  return checks;
}

Result<Value> RunReport::load(const AssetKey& asset, const Codec& codec,
                              const std::string& partition) const {
  if (state_->home == nullptr) return fail(not_run());
  TREADLE_TRY(const auto made,
              state_->run_id.empty() ? Result<std::optional<Event>>() : materialization(asset));
  return app::load_asset_value(*state_->home, asset, codec, made ? state_->run_id : std::string(),
                               partition);
}

namespace cpp {

Result<Value> load_latest(const AssetKey& asset, const Codec& codec, const std::string& home,
                          const std::string& partition) {
  auto options = home_options(home, false);
  options.read_only = true;
  TREADLE_TRY(const auto opened, app::Home::open(options));
  return app::load_asset_value(*opened, asset, codec, {}, partition);
}

}  // namespace cpp
}  // namespace treadle
