// What is behind a RunReport.
#pragma once

#include <treadle/app/home.h>
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

app::HomeOptions home_options(const std::string& path, bool temporary);
// What a run came to.
void keep(execute::RunResult result, RunReport::State& state);

// Everything that is wrong with a configuration (JSON, "" = none) of these steps.
Result<void> check_run_config(const std::vector<StepDef>& steps, const std::string& config,
                              const std::string& of);

}  // namespace treadle
