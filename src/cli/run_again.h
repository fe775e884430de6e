// What `run resume` and `run reexecute` begin with: the run that is named, and the code it was made from.
#pragma once

#include "execute.h"
#include "load.h"
#include <treadle/model/run.h>

#include <memory>
#include <string>

namespace treadle::cli {

// The home is closed again: the program that has the code may take over this command.
OrStop<Run> find_run_to_repeat(Session& session, const std::string& id);

struct CodeAgain {
  std::unique_ptr<app::Home> home;
  Code code;
};
// Stops when the code cannot be found or has problems, having said so.
OrStop<CodeAgain> load_code_of(Session& session, const Run& run, const SourceOptions& source,
                               const RunFlags& flags);

}  // namespace treadle::cli
