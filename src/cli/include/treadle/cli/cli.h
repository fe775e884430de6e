// The command line: one for the native program `treadle`, for Python's `python -m treadle` and for
// every C++ program that ends in `td::main`. The front door says who it is and how definitions are
// loaded; everything else happens here.
#pragma once

#include <treadle/app/instigators.h>
#include <treadle/base/result.h>
#include <treadle/define/definitions.h>
#include <treadle/execute/run.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace treadle::cli {

// Which definitions a command wants. At most one of `file` and `module` is given; both are "" in a
// program that has its definitions built in.
struct LoadRequest {
  std::string file;         // -f: as typed, relative to the current folder
  std::string module;       // -m: "package.module"
  std::string working_dir;  // imports are resolved from here; "" = the current folder
  bool as_dagster = false;  // `import dagster` means Treadle, even where Dagster is installed
  // What in the file or module makes the definitions, where it has several: "" = find it.
  std::string attribute;
  // Instead of a file or module: a workspace.yaml of Dagster's, and which of its code locations ("" =
  // the only one).
  std::string workspace;
  std::string location;
};

// A schedule or sensor, for people.
struct InstigatorInfo {
  std::string kind;  // "schedule", "sensor"
  std::string name;
  std::string target;  // its job or assets
  std::string when;    // "0 6 * * * (UTC)", "every 30 s"
  std::string description;
  bool running = false;  // what the definitions say of whether it is on
};

using app::InstigatorTick;

struct LoadedDefinitions {
  std::shared_ptr<Definitions> definitions;
  // How to load them again, JSON object text, recorded with each run so that `run resume` finds the
  // same code:
  //   {"kind": "python", "file": "/abs/pipeline.py", "module": "", "working_dir": "/abs",
  //    "as_dagster": true}
  //   {"kind": "program", "path": "/abs/build/iris"}
  // "" = a run can only be resumed by naming the code again.
  std::string origin;
  // Reads values whose outputs bring no codec of their own.
  std::shared_ptr<const Codec> codec;
  // The configuration a run of this job takes ("" = of all assets), as YAML with comments. None: what the
  // steps say of theirs.
  std::function<Result<std::string>(const std::string& job)> sample_config;
  // Evaluates the schedules and sensors that the front end keeps itself, as
  // app::tick_instigators does those of the definitions. None: it has none.
  std::function<Result<std::vector<InstigatorTick>>(Micros since, Micros now, app::Home&,
                                                    bool remember)>
      tick;
  // The schedules and sensors that the front end keeps itself.
  std::vector<InstigatorInfo> instigators;
  // Settles what a run of these assets, or of its job, is configured with: what `run` says, else what the job says of itself. An error has
  // everything that is wrong with it. None: StepDef::config says all there is to check.
  std::function<Result<void>(execute::RunOptions& run, const std::vector<std::string>& assets)>
      configure;
};

// Loads the user's code. Errors and DefinitionErrors thrown out of it end the command with exit
// code 3; the message is shown as it is, a traceback included. Called at most once per command, on
// the thread that called main.
using DefinitionsLoader = std::function<Result<LoadedDefinitions>(const LoadRequest&)>;

// Which front door is calling.
struct Program {
  std::string name = "treadle";  // for help and messages: "treadle", "iris"
  // None: the native program, which hands commands that need user code to the project's Python.
  DefinitionsLoader load;
  // True: the commands take -f and -m and read [tool.treadle] of pyproject.toml. False: definitions
  // are built in.
  bool takes_source = true;
  // Set by a front end that handles signals itself (Python). None: main handles SIGINT and SIGTERM:
  // the first asks the run to finish cleanly, the second ends the process.
  execute::Cancellation* cancellation = nullptr;
  // Has the last word on how a run is executed: the hooks its language needs around forks, for
  // example. May be empty.
  std::function<void(execute::RunOptions&)> prepare_run;
  // Writes out what the front end's language still buffers for stdout and stderr. May be empty.
  std::function<void()> flush_output;
  // The content of a YAML file as JSON. May be empty: then configuration is JSON only.
  std::function<Result<std::string>(const std::string& path)> read_yaml;
};

// What a command's exit code says. docs/reference/command-line.md
enum ExitCode : int {
  kExitOk = 0,
  kExitRunFailed = 1,           // a step or a blocking check failed; verify found damage
  kExitUsage = 2,               // the command line makes no sense
  kExitInvalidDefinitions = 3,  // the user's code does not load, or what it declares cannot be used
  kExitNotFound = 4,            // no such asset, run, artifact or file
  kExitHome = 5,                // the home folder, the record or the store cannot be used
  kExitInternal = 70,           // a bug in Treadle
  kExitInterrupted = 130,       // stopped by SIGINT or SIGTERM; the run is recorded as cancelled
};

// Runs one command and returns its exit code. Writes to the process's stdout and stderr; throws
// nothing.
int main(int argc, const char* const* argv, const Program& program);

}  // namespace treadle::cli
