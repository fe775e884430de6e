// What is behind a RunReport.
#pragma once

#include <treadle/app/home.h>
#include <treadle/app/job_runs.h>
#include <treadle/cpp/materialize.h>
#include <treadle/execute/run.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

struct RunReport::State {
  std::shared_ptr<app::Home> home;  // null: it could not be opened
  std::string run_id;
  bool success = false;
  std::optional<Error> error;  // the run could not be started or recorded
  std::vector<StepReport> steps;
};

// The home of this process that is open there already, else one that is opened: who reads what a run
// under way has told sees all of it.
Result<std::shared_ptr<app::Home>> shared_home(const app::HomeOptions& options);
app::HomeOptions home_options(const std::string& path, bool temporary);

// What the caller says of the executor comes before what jobs and definitions do (app::fill_in).
template <class Options>
void use_executor_of(const Options& options, execute::RunOptions& run) {
  if (options.executor) app::use_executor(*options.executor, run);
  if (options.own_processes) run.executor = execute::Executor::kProcess;
  if (options.max_concurrent > 0) run.max_concurrent = options.max_concurrent;
  if (!options.tag_limits.empty()) app::use_limits(options.tag_limits, run);
  run.retries = run.retries && options.retries;
}
// What a run came to.
void keep(execute::RunResult result, RunReport::State& state);

}  // namespace treadle
