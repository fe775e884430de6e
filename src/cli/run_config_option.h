// --config: the configuration of a run, as a file or as JSON on the command line.
#pragma once

#include "session.h"
#include <treadle/cli/cli.h>
#include <treadle/define/definitions.h>
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <string>
#include <vector>

namespace treadle::cli {

// The configuration as JSON; "" when none is given. A file ending in .yaml or .yml needs a program that reads such (Python).
Result<std::string> read_run_config(const Session& session, const std::string& given);
// Of several: what the first of them says counts, key by key, as in Dagster.
Result<std::string> read_run_configs(const Session& session, const std::vector<std::string>& given);
// Settles the configuration of a run before anything of it runs; an error has all that is wrong.
Result<void> configure_job(const LoadedDefinitions& loaded, const JobDef& job,
                           execute::RunOptions& run);
Result<void> configure_assets(const LoadedDefinitions& loaded, const plan::Plan& plan,
                              execute::RunOptions& run);
// Of a run that is gone on with, or done again: its job, or the assets that these steps make.
Result<void> configure_again(const LoadedDefinitions& loaded, const std::vector<std::string>& steps,
                             execute::RunOptions& run);

}  // namespace treadle::cli
