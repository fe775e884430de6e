// td::run_job: jobs of ops from inside a program.
#include "run_report.h"
#include <treadle/base/json.h>
#include <treadle/base/suggest.h>
#include <treadle/define/graph.h>
#include <treadle/define/run_config.h>
#include <treadle/plan/plan.h>

#include <boost/json.hpp>

namespace treadle {

StepReport report_of(execute::StepResult&& step) {
  StepReport report;
  report.step_key = std::move(step.step_key);
  report.attempts = step.attempts;
  report.seconds = static_cast<double>(step.duration) / 1e6;
  report.failure = std::move(step.failure);
  if (step.status == execute::StepStatus::kSuccess) report.status = StepReport::Status::kSuccess;
  if (step.status == execute::StepStatus::kFailure) report.status = StepReport::Status::kFailure;
  return report;
}

app::HomeOptions home_options(const std::string& path, bool temporary) {
  app::HomeOptions options;
  options.path = path;
  options.temporary = temporary;
  return options;
}

void keep(execute::RunResult result, RunReport::State& state) {
  state.run_id = std::move(result.run_id);
  state.success = result.success();
  for (auto& step : result.steps) state.steps.push_back(report_of(std::move(step)));
  if (result.failure) state.error = Error{Errc::kInternal, result.failure->message};
}

namespace {

execute::RunOptions run_options(RunJobOptions options) {
  execute::RunOptions run;
  run.run_id = std::move(options.run_id);
  run.tags = std::move(options.tags);
  run.run_config = std::move(options.config);
  for (const std::string& step : options.steps) {
    run.selection += run.selection.empty() ? step : "," + step;
  }
  run.pools = std::move(options.pools);
  run.cancellation = options.cancellation;
  run.observer = std::move(options.observer);
  return run;
}

Result<void> run(const Definitions& declared, const std::string& name, RunJobOptions options,
                 RunReport::State& state) {
  Definitions given = declared;
  for (const auto& [key, resource] : options.resources) given.resources[key] = resource;
  if (auto problems = plan::check_definitions(given); !problems.empty()) {
    throw DefinitionError(std::move(problems));
  }
  const JobDef* job = app::find_job(given, name);
  if (job == nullptr) {
    std::vector<std::string> names;
    for (const JobDef& one : given.jobs) names.push_back(one.name);
    return fail(Errc::kNotFound,
                "There is no job '" + name + "' in these definitions." + did_you_mean(name, names));
  }
  if (!job->graph) {
    return fail(Errc::kInvalidArgument,
                "Job '" + name + "' is of assets: steps and runs to repeat are for jobs of ops.");
  }
  if (!options.partition.empty()) options.tags["dagster/partition"] = options.partition;
  const std::string again = options.again;
  const std::vector<std::string> steps = options.steps;
  execute::RunOptions run = run_options(options);
  run.job_name = name;
  TREADLE_CHECK(app::fill_in(given, run));
  use_executor_of(options, run);
  const Definitions own = definitions_of_job(given, *job);
  TREADLE_CHECK(check_run_config(own.steps, own.resources, run.run_config, "job " + name,
                                 app::declared_executor(given, name)));
  TREADLE_TRY(state.home, shared_home(home_options(options.home, options.temporary_home)));
  Definitions definitions = given;
  app::add_defaults(definitions, *state.home);
  Result<execute::RunResult> result;
  if (again.empty()) {
    result = app::execute_job(*state.home, definitions, *job, steps, std::move(run));
  } else {
    std::optional<std::vector<std::string>> wanted;
    if (!steps.empty()) wanted = steps;
    result = app::execute_job_again(*state.home, definitions, *job, again, wanted, std::move(run));
  }
  if (!result) return fail(std::move(result).error());
  keep(std::move(*result), state);
  return {};
}

}  // namespace

namespace {

// A job of assets is its selection, with what the job says of its runs.
RunReport materialize_job(const Definitions& definitions, const JobDef& job,
                          RunJobOptions options) {
  MaterializeOptions run;
  run.selection = job.selection == "*" ? "" : job.selection;
  run.memoize = job.memoize;
  run.partition = std::move(options.partition);
  run.config = std::move(options.config);
  run.home = std::move(options.home);
  run.temporary_home = options.temporary_home;
  run.executor = std::move(options.executor);
  run.own_processes = options.own_processes;
  run.max_concurrent = options.max_concurrent;
  run.tag_limits = std::move(options.tag_limits);
  run.pools = std::move(options.pools);
  run.retries = options.retries;
  run.resources = std::move(options.resources);
  run.tags = std::move(options.tags);
  run.tags.insert(job.tags.begin(), job.tags.end());
  run.run_id = std::move(options.run_id);
  run.observer = std::move(options.observer);
  run.cancellation = options.cancellation;
  run.job_name = job.name;
  if (job.hooks.empty()) return materialize(definitions, std::move(run));
  Definitions hooked = definitions;
  for (StepDef& step : hooked.steps)
    step.hooks.insert(step.hooks.begin(), job.hooks.begin(), job.hooks.end());
  return materialize(hooked, std::move(run));
}

}  // namespace

RunReport run_job(const Definitions& definitions, const std::string& job, RunJobOptions options) {
  const JobDef* found = app::find_job(definitions, job);
  if (found != nullptr && !found->graph && options.steps.empty() && options.again.empty()) {
    return materialize_job(definitions, *found, std::move(options));
  }
  auto state = std::make_shared<RunReport::State>();
  if (auto done = run(definitions, job, std::move(options), *state); !done) {
    state->error = std::move(done).error();
  }
  return RunReport(std::move(state));
}

Result<Value> RunReport::load_output(const std::string& step_key, const std::string& output,
                                     const std::string& mapping_key, const Codec& codec) const {
  if (state_->home == nullptr || state_->run_id.empty()) {
    return fail(Errc::kNotFound, "The run was not started, so nothing was kept: see problem().");
  }
  TREADLE_TRY(const std::vector<Event> events,
              state_->home->record().events(
                  {.run_id = state_->run_id, .types = {EventType::kHandledOutput}}));
  for (const Event& event : events) {
    if (event.step_key != step_key) continue;
    const boost::json::value payload = boost::json::parse(event.payload);
    const auto text = [&](std::string_view field) -> std::string {
      const auto* found = payload.as_object().if_contains(field);
      return found != nullptr && found->is_string() ? std::string(found->as_string())
                                                    : std::string();
    };
    if (text("output") != output || text("mapping_key") != mapping_key) continue;
    return app::load_artifact_value(*state_->home, text("artifact"), codec);
  }
  return fail(Errc::kNotFound, "Step '" + step_key + "' has kept no output '" + output +
                                   "' in run " + state_->run_id + ".");
}

}  // namespace treadle
