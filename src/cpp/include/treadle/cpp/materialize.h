// Running definitions from a C++ program: td::materialize inside of it, td::main as its whole
// command line.
#pragma once

#include <treadle/cpp/codec_for.h>
#include <treadle/cpp/defs.h>
#include <treadle/model/event.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

namespace execute {
class Cancellation;
}

// How a run is executed and where it is kept.
struct MaterializeOptions {
  // Selection syntax: "model+", "group:training and not kind:onnx"; "" = everything.
  std::string selection = {};
  // Of the selected assets those whose code or inputs have changed, of partitioned ones such
  // partitions. None: nothing runs.
  bool only_stale = false;
  // What was made of the same code, configuration and inputs before is not made again.
  bool memoize = false;
  // Of partitioned assets: one key, or "all", "missing", "failed", "stale", or keys and ranges:
  // "2026-01-01...2026-03-31,2026-04-05".
  std::string partition = {};
  std::string partitions = {};
  // JSON: {"ops": {"model": {"config": {"rate": 0.5}}}}, by step. Checked before anything runs.
  std::string config = {};
  // "" = TREADLE_HOME, DAGSTER_HOME, the settings file, .treadle in the project folder.
  std::string home = {};
  bool temporary_home = false;  // a new home, removed with the result
  // In place of what the job, the definitions and the configuration say (treadle/define/executor.h).
  std::optional<Executor> executor = {};
  // As td::multiprocess_executor(): each step in a forked process of its own; only while the program has one thread.
  bool own_processes = false;
  // In place of those of the executor: steps at once; 0 = as it says.
  int max_concurrent = 0;
  std::vector<TagLimit> tag_limits = {};
  std::map<std::string, int> pools = {};  // steps at once by AssetOptions::pool
  bool retries = true;                    // false: nothing is tried again
  // In place of those of the definitions, in tests: {{"db", td::given(FakeDatabase())}}.
  std::map<std::string, std::shared_ptr<Resource>> resources = {};
  std::map<std::string, std::string> tags = {};
  std::string job_name = {};                            // for the record; "" = none
  std::string run_id = {};                              // "" = a new one
  std::function<void(const Event&)> observer = {};      // called in order, as events happen
  const execute::Cancellation* cancellation = nullptr;  // to stop it from another thread
};

// How a job of ops is executed and where it is kept.
struct RunJobOptions {
  // JSON: {"ops": {"train": {"config": {"rate": 0.5}}}}. Checked before anything runs, all mistakes at once.
  std::string config = {};
  // Some of its steps: "clean", "*clean" with all before it, "load+" with what comes next; none = all.
  std::vector<std::string> steps = {};
  // A run to be executed again: `steps` of it (no signs), or without any those that failed and what follows from them.
  std::string again = {};
  std::string home = {};  // as MaterializeOptions::home
  bool temporary_home = false;
  std::optional<Executor> executor = {};  // these as in MaterializeOptions
  bool own_processes = false;
  int max_concurrent = 0;
  std::vector<TagLimit> tag_limits = {};
  std::string partition = {};             // of a job with partitions
  std::map<std::string, int> pools = {};  // steps at once by OpOptions::pool
  bool retries = true;                    // false: nothing is tried again
  std::map<std::string, std::shared_ptr<Resource>> resources =
      {};  // as MaterializeOptions::resources
  std::map<std::string, std::string> tags =
      {};  // "dagster/max_runtime": seconds, then the run fails
  std::string run_id = {};
  std::function<void(const Event&)> observer = {};
  const execute::Cancellation* cancellation = nullptr;
};

// How one step of a run ended.
struct StepReport {
  enum class Status : std::uint8_t { kSuccess, kFailure, kSkipped };
  std::string step_key;
  Status status = Status::kSkipped;
  int attempts = 0;
  double seconds = 0;  // of the last attempt
  std::optional<StepFailure> failure;
};

// What a check found in a run.
struct CheckEvaluation {
  AssetKey asset;
  std::string check;
  std::string partition;
  bool passed = false;
  Severity severity = Severity::kError;
  std::string description;
  Metadata metadata;
};

// What a run came to. Keeps the home open, so that values can be read. Cheap to copy, thread-safe.
class RunReport {
 public:
  bool success() const;  // also when there was nothing to do
  // Why not: an error before or beside the steps, or the first failed step and what it said. "" on
  // success.
  std::string problem() const;
  const std::string& run_id() const;  // "" when nothing ran
  const std::vector<StepReport>& steps() const;
  const StepReport* find_step(const std::string& step_key) const;
  // Everything that was recorded, in order.
  Result<std::vector<Event>> events() const;
  Result<std::vector<CheckEvaluation>> checks() const;
  // The latest materialization that this run recorded of an asset; nothing when it made none.
  Result<std::optional<Event>> materialization(const AssetKey& asset) const;

  // The asset's value as this run stored it, or if it did not make it, as the home has it.
  template <class T>
  Result<T> value(const Asset<T>& asset) const {
    TREADLE_TRY(const Value value, load(asset.key(), *codec_of<T>(), {}));
    return *value.get<T>();
  }
  // The same of one partition.
  template <class T>
  Result<T> value(const Asset<T>& asset, const std::string& partition) const {
    TREADLE_TRY(const Value value, load(asset.key(), *codec_of<T>(), partition));
    return *value.get<T>();
  }

  // What a step of a job handed over, as this run stored it: output<int>("total"), of a mapped step "work[a]".
  template <class T>
  Result<T> output(const std::string& step_key, const std::string& output = "result",
                   const std::string& mapping_key = {}) const {
    TREADLE_TRY(const Value value, load_output(step_key, output, mapping_key, *codec_of<T>()));
    return *value.get<T>();
  }

  struct State;
  explicit RunReport(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  Result<Value> load(const AssetKey& asset, const Codec& codec, const std::string& partition) const;
  Result<Value> load_output(const std::string& step_key, const std::string& output,
                            const std::string& mapping_key, const Codec& codec) const;
  std::shared_ptr<const State> state_;
};

// Runs the selected assets and their checks, and returns when the record says how it ended. Throws
// DefinitionError, with everything that is wrong, before anything runs.
RunReport materialize(const Definitions& definitions, MaterializeOptions options = {});

// The same in as many runs as the backfill policies of what is selected ask for, one after the other;
// a failed one does not keep the others from running. Without partitions: one run.
std::vector<RunReport> materialize_partitions(const Definitions& definitions,
                                              MaterializeOptions options = {});

// Runs a job of these definitions. Throws DefinitionError, with everything that is wrong with the definitions, before
// anything runs; a wrong configuration is the report's problem().
RunReport run_job(const Definitions& definitions, const std::string& job,
                  RunJobOptions options = {});

// The latest value of an asset, or of one of its partitions, in a home, whoever made it.
template <class T>
Result<T> load_value(const Asset<T>& asset, const std::string& home = {},
                     const std::string& partition = {});

// A whole command line over the definitions of this program: materialize, list, check, run, asset,
// artifact; see --help. Returns the exit code.
int main(int argc, const char* const* argv, const Definitions& definitions);

namespace cpp {
Result<Value> load_latest(const AssetKey& asset, const Codec& codec, const std::string& home,
                          const std::string& partition);
}

template <class T>
Result<T> load_value(const Asset<T>& asset, const std::string& home, const std::string& partition) {
  TREADLE_TRY(const Value value, cpp::load_latest(asset.key(), *codec_of<T>(), home, partition));
  return *value.get<T>();
}

}  // namespace treadle
