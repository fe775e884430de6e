// The home: one folder with everything Treadle keeps, and the composition root that opens it. Every
// concrete object (database, record, store, IO manager) is built here, once.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>
#include <treadle/events/record.h>
#include <treadle/execute/run.h>
#include <treadle/plan/staleness.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::artifact {
class Store;
}
namespace treadle::tracking {
class Store;
}

namespace treadle::app {

// What a flag, the environment and the settings file say, in this order. "" = not given.
struct HomeOptions {
  std::string path;  // --home; else TREADLE_HOME, DAGSTER_HOME, [tool.treadle] home, else .treadle
                     // in the project folder
  // --database, the URL of a PostgreSQL that keeps what else is in treadle.db; else
  // TREADLE_DATABASE, [tool.treadle] database. A home remembers it: to be given once.
  std::string database;
  db::Durability durability = db::Durability::kNormal;
  // How long a database that has gone is waited for, see db::Options.
  int reconnect_ms = 30'000;
  bool read_only = false;
  bool temporary = false;  // a new folder, removed when the Home is destroyed
};

// Which folder `options` means, absolute; touches no disk beyond looking for the project folder
// (the nearest parent with a pyproject.toml, treadle.toml or .treadle, else the current one).
std::string resolve_home(const HomeOptions& options);

// Whether something is kept there: a record, or a note where it is.
bool is_home(const std::string& path);

// An open home. Thread-safe.
class Home {
 public:
  // Creates the folder on first use (not when read_only). Errors name the folder and the cure.
  static Result<std::unique_ptr<Home>> open(const HomeOptions& options);
  virtual ~Home() = default;

  virtual const std::string& path() const = 0;
  virtual db::Database& database() = 0;
  virtual events::Record& record() = 0;
  virtual artifact::Store& store() = 0;
  // Runs as W&B knows them: configuration, metrics, files.
  virtual tracking::Store& tracking() = 0;
  // The default IO manager over this home's store.
  virtual std::shared_ptr<IOManager> default_io_manager() = 0;
  virtual std::string cache_folder() const = 0;
  virtual std::string logs_folder() const = 0;
  // Where the places of pools are locked (app/pools.h).
  virtual std::string pools_folder() const = 0;
  virtual const std::string& signing_key() const = 0;
  // The keys of dynamic partitions that were added to this home, as they are now.
  virtual const DynamicKeys& dynamic_keys() const = 0;
};

// Definitions made ready for this home: "io_manager" added when absent.
void add_defaults(Definitions& definitions, Home& home);

// What the record and the store of this home know about the assets of a graph.
Result<plan::Facts> load_facts(Home& home, const plan::AssetGraph& graph);

// Plans and executes in this home: the selected assets and the checks that plan::make_plan says.
// The run's tags say which partitions it is over (plan::tags_of).
// The definitions must have no problems (plan::check_definitions). Fills in what the options leave
// open: known versions, the logs folder.
Result<execute::RunResult> materialize(Home& home, const plan::AssetGraph& graph,
                                       const std::vector<plan::NodeId>& selected,
                                       execute::RunOptions options, bool with_checks = true,
                                       const plan::CheckNames* only_checks = nullptr);
// As materialize, for steps by key: stand-alone checks without their assets.
Result<execute::RunResult> execute_steps(Home& home, const plan::AssetGraph& graph,
                                         const std::vector<std::string>& step_keys,
                                         execute::RunOptions options);
// Executes steps of a run of assets again, as execute_job_again does those of a job of ops.
Result<execute::RunResult> execute_steps_again(Home& home, const plan::AssetGraph& graph,
                                               const std::string& parent,
                                               const std::optional<std::vector<std::string>>& steps,
                                               execute::RunOptions options);
// Plans and executes a job of ops of these definitions, whole or a selection of its steps (plan::plan_job). The job's name, tags and
// retry policy are taken where the options say nothing.
Result<execute::RunResult> execute_job(Home& home, const Definitions& definitions,
                                       const JobDef& job, const std::vector<std::string>& selection,
                                       execute::RunOptions options);
// Executes it again after the run `parent`, as a new run: the steps that a selection means (plan::select_steps_again; empty: all), or
// without one those from which the parent failed on. What the others made is loaded from the parent. kNotFound for unknown steps.
Result<execute::RunResult> execute_job_again(Home& home, const Definitions& definitions,
                                             const JobDef& job, const std::string& parent,
                                             const std::optional<std::vector<std::string>>& steps,
                                             execute::RunOptions options);
// Finishes an interrupted, failed or cancelled run of this home. `run_id` may be the beginning of an id.
Result<execute::RunResult> resume(Home& home, const plan::AssetGraph& graph,
                                  const std::string& run_id, execute::RunOptions options);

// Reads an asset's latest value (or the one made by `run_id`), of one partition where it has them.
Result<Value> load_asset_value(Home& home, const AssetKey& key, const Codec& codec,
                               const std::string& run_id = {}, const std::string& partition = {});
// Reads what an artifact version holds that a step's output was kept as: "etl.clean.result:v3".
Result<Value> load_artifact_value(Home& home, const std::string& artifact, const Codec& codec);

}  // namespace treadle::app
