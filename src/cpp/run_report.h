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

// The home of this process that is open there already, else one that is opened: who reads what a run
// under way has told sees all of it.
Result<std::shared_ptr<app::Home>> shared_home(const app::HomeOptions& options);
app::HomeOptions home_options(const std::string& path, bool temporary);
std::vector<execute::TagConcurrencyLimit> limits_of(std::vector<TagLimit> limits);
// What a run came to.
void keep(execute::RunResult result, RunReport::State& state);

}  // namespace treadle
