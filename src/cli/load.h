// From -f, -m or the project's settings to checked definitions and their graph; the part every
// command that needs the user's code begins with.
#pragma once

#include "session.h"
#include "spec.h"
#include <treadle/app/status.h>
#include <treadle/plan/graph.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle::cli {

// How the user called the native program, for the process it becomes: advice must name a program
// that can be called.
inline constexpr const char* kInvokedAs = "TREADLE_INVOKED_AS";

struct SourceOptions {
  std::string file;
  std::string module;
  std::string working_dir;
  bool as_dagster = false;
  std::string attribute;
  std::string workspace;
  std::string location;
  bool given() const { return !file.empty() || !module.empty() || !workspace.empty(); }
};

// Adds -f, -m, -d, -a, -w, -l and --as-dagster to a command, unless the program has its definitions built in.
void add_source_options(CommandSpec& command, const Program& program, SourceOptions& source);

struct Code {
  LoadedDefinitions loaded;
  std::unique_ptr<plan::AssetGraph> graph;
};

// What a command that cannot go on returns from its run function.
struct Stop {
  int exit_code;
};
template <class T>
using OrStop = tl::expected<T, Stop>;

// Loads the definitions without checking them. In the native program this replaces the process by
// the project's Python (or C++ program) and returns only to stop.
OrStop<LoadedDefinitions> load_definitions(Session& session, const SourceOptions& source);
// The same for the definitions a run was made from (Run::origin), unless `source` names others.
OrStop<LoadedDefinitions> load_origin(Session& session, const std::string& origin,
                                      const std::string& run_id, const SourceOptions& source);

// Checks and indexes them: reports every problem and stops with kExitInvalidDefinitions when there
// is one. `home` may be null.
OrStop<Code> check_code(Session& session, LoadedDefinitions loaded, app::Home* home);

// True when a command may load definitions without the user naming them: built in, or named by the
// project's settings.
bool has_default_source(Session& session);

using app::code_version_of;

// Reports problems for people and as JSON; returns kExitInvalidDefinitions.
int report_problems(Session& session, const std::vector<Problem>& problems);

}  // namespace treadle::cli
