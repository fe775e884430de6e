// --config: the configuration of a run, as a file or as JSON on the command line.
#pragma once

#include "session.h"
#include <treadle/define/definitions.h>

#include <string>

namespace treadle::cli {

// The configuration as JSON; "" when none is given. A file ending in .yaml or .yml needs a program that reads such (Python).
Result<std::string> read_run_config(const Session& session, const std::string& given);
// What is wrong with it for a job of ops, everything at once.
Result<void> check_run_config(const Definitions& definitions, const JobDef& job,
                              const std::string& config);

}  // namespace treadle::cli
