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
  // Of the selected assets those whose code or inputs have changed. None: nothing runs.
  bool only_stale = false;
  // "" = TREADLE_HOME, DAGSTER_HOME, the settings file, .treadle in the project folder.
  std::string home = {};
  bool temporary_home = false;  // a new home, removed with the result
  // Each step in a forked process of its own; only while the program has one thread.
  bool own_processes = false;
  int max_concurrent = 0;  // steps at once; 0 = one per core
  std::map<std::string, std::string> tags = {};
  std::string run_id = {};                              // "" = a new one
  std::function<void(const Event&)> observer = {};      // called in order, as events happen
  const execute::Cancellation* cancellation = nullptr;  // to stop it from another thread
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
  // The latest materialization that this run recorded of an asset; nothing when it made none.
  Result<std::optional<Event>> materialization(const AssetKey& asset) const;

  // The asset's value as this run stored it, or if it did not make it, as the home has it.
  template <class T>
  Result<T> value(const Asset<T>& asset) const {
    TREADLE_TRY(const Value value, load(asset.key(), *codec_of<T>()));
    return *value.get<T>();
  }

  struct State;
  explicit RunReport(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  Result<Value> load(const AssetKey& asset, const Codec& codec) const;
  std::shared_ptr<const State> state_;
};

// Runs the selected assets and their checks, and returns when the record says how it ended. Throws
// DefinitionError, with everything that is wrong, before anything runs.
RunReport materialize(const Definitions& definitions, MaterializeOptions options = {});

// The latest value of an asset in a home, whoever made it.
template <class T>
Result<T> load_value(const Asset<T>& asset, const std::string& home = {});

// A whole command line over the definitions of this program: materialize, list, check, run, asset,
// artifact; see --help. Returns the exit code.
int main(int argc, const char* const* argv, const Definitions& definitions);

namespace cpp {
Result<Value> load_latest(const AssetKey& asset, const Codec& codec, const std::string& home);
}

template <class T>
Result<T> load_value(const Asset<T>& asset, const std::string& home) {
  TREADLE_TRY(const Value value, cpp::load_latest(asset.key(), *codec_of<T>(), home));
  return *value.get<T>();
}

}  // namespace treadle
