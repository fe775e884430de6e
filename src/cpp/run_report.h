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
std::vector<execute::TagConcurrencyLimit> limits_of(std::vector<TagLimit> limits);
// What a run came to.
void keep(execute::RunResult result, RunReport::State& state);

}  // namespace treadle
