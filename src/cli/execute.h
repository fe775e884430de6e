// Carrying out a run for a command: signals, progress, the report at the end. Shared by
// `materialize` and `run resume`.
#pragma once

#include "load.h"
#include "session.h"
#include <treadle/app/home.h>

#include <functional>
#include <string>

namespace treadle::cli {

struct RunFlags {
  std::string executor;
  std::string durability;
  int max_concurrent = 0;
};

// --executor, --max-concurrent and --durability.
void add_run_options(CommandSpec& command, RunFlags& flags);

// Flag, else settings, else default.
Result<db::Durability> choose_durability(Session& session, const RunFlags& flags);
// Fills executor, concurrency, cancellation and logs folder of `options`.
Result<void> choose_run_options(Session& session, const RunFlags& flags, const app::Home& home,
                                execute::RunOptions& options);

// "model" for a step that makes it, "training_set, test_set" for one that makes two, "check
// accuracy of model" for one that only checks.
std::string step_label(const StepDef& step);

// Calls `run` with the progress and the cancellation in `options`, prints the report and returns
// the exit code.
int execute_and_report(Session& session, app::Home& home, const Code& code, std::size_t step_count,
                       execute::RunOptions options,
                       const std::function<Result<execute::RunResult>(execute::RunOptions)>& run);

}  // namespace treadle::cli
