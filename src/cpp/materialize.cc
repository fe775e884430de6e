#include "run_report.h"
#include <treadle/cli/cli.h>
#include <treadle/cpp/materialize.h>
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>
#include <treadle/plan/staleness.h>

#include <climits>
#include <unistd.h>

namespace treadle {

namespace {

execute::RunOptions run_options(MaterializeOptions options, const app::Home& home) {
  execute::RunOptions run;
  run.run_id = std::move(options.run_id);
  run.tags = std::move(options.tags);
  run.selection = std::move(options.selection);
  run.run_config = std::move(options.config);
  run.executor =
      options.own_processes ? execute::Executor::kProcess : execute::Executor::kInProcess;
  run.max_concurrent = options.max_concurrent;
  run.cancellation = options.cancellation;
  run.observer = std::move(options.observer);
  run.logs_folder = home.logs_folder();
  return run;
}

std::string code_version_of(const plan::Node& node) {
  if (!node.info->code_version.empty()) return node.info->code_version;
  return node.step != nullptr ? derived_code_version(*node.step) : "";
}

Result<std::vector<plan::NodeId>> stale_of(app::Home& home, const plan::AssetGraph& graph,
                                           const std::vector<plan::NodeId>& selected) {
  TREADLE_TRY(const plan::Facts facts, app::load_facts(home, graph));
  const auto statuses = plan::find_stale(graph, facts, code_version_of);
  std::vector<plan::NodeId> stale;
  for (const plan::NodeId id : selected) {
    if (statuses[id].staleness != plan::Staleness::kFresh) stale.push_back(id);
  }
  return stale;
}

Result<void> run(const Definitions& given, MaterializeOptions options, RunReport::State& state) {
  if (auto problems = plan::check_definitions(given); !problems.empty()) {
    throw DefinitionError(std::move(problems));
  }
  TREADLE_CHECK(check_run_config(given.steps, options.config, "this run"));
  TREADLE_TRY(state.home, app::Home::open(home_options(options.home, options.temporary_home)));
  Definitions definitions = given;
  app::add_defaults(definitions, *state.home);
  const plan::AssetGraph graph(definitions);
  plan::Selection selection;
  if (!options.selection.empty()) {
    TREADLE_TRY(selection, plan::parse_selection(options.selection));
  }
  TREADLE_TRY(auto selected, plan::select(selection, graph, false));
  if (options.only_stale) {
    TREADLE_TRY(selected, stale_of(*state.home, graph, selected));
    if (selected.empty()) {
      state.success = true;
      return {};
    }
  }
  TREADLE_TRY(
      execute::RunResult result,
      app::materialize(*state.home, graph, selected, run_options(std::move(options), *state.home)));
  keep(std::move(result), state);
  return {};
}

}  // namespace

RunReport materialize(const Definitions& definitions, MaterializeOptions options) {
  auto state = std::make_shared<RunReport::State>();
  if (auto done = run(definitions, std::move(options), *state); !done)
    state->error = std::move(done).error();
  return RunReport(std::move(state));
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

Result<Value> RunReport::load(const AssetKey& asset, const Codec& codec) const {
  if (state_->home == nullptr) return fail(not_run());
  TREADLE_TRY(const auto made,
              state_->run_id.empty() ? Result<std::optional<Event>>() : materialization(asset));
  return app::load_asset_value(*state_->home, asset, codec, made ? state_->run_id : std::string());
}

namespace cpp {

Result<Value> load_latest(const AssetKey& asset, const Codec& codec, const std::string& home) {
  auto options = home_options(home, false);
  options.read_only = true;
  TREADLE_TRY(const auto opened, app::Home::open(options));
  return app::load_asset_value(*opened, asset, codec);
}

}  // namespace cpp
}  // namespace treadle
