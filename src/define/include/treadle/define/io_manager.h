// IO managers and resources: the two seams through which a step touches the world.
#pragma once

#include <treadle/define/step.h>
#include <treadle/model/asset_key.h>

#include <memory>
#include <string>
#include <vector>

namespace treadle {

struct InputDef;
struct OutputDef;
struct PartitionSlice;
class ConfigType;

// Where one partition of an output is, or was.
struct StoredPartition {
  std::string key;
  std::string data_version;  // "" = unknown
  std::string artifact;      // "" = none, or the latest
};

// What an IO manager is told about the output it stores, and where it says what it did. Borrowed;
// valid during the call.
struct OutputContext {
  StepContext& step;
  const OutputDef& output;
  const Metadata& output_metadata;  // given by user code with this output
  // Filled in by the IO manager:
  Metadata metadata;         // added to the materialization
  std::string data_version;  // "" = let the engine derive one
  std::string artifact;      // the artifact version that holds the value, if any
  // Of an output that is no asset: with the step's key, run and job (`step`) its name and this identify it.
  std::string mapping_key =
      {};  // of a dynamic output, or of the step that runs once for each; "" otherwise
  // The partitions that the value is of; null: not partitioned.
  const PartitionSlice* partitions = nullptr;
  // Filled in by an IO manager that keeps each partition by itself, for those it kept.
  std::vector<StoredPartition> stored = {};
};

struct InputContext {
  StepContext& step;
  const InputDef& input;
  const OutputDef* upstream_output;  // null: made outside these definitions
  const AssetKey& asset;
  std::string upstream_step;  // step that makes the asset in these definitions, or ""
  // When the same run made the asset: the artifact version it was kept as; "" = take the latest.
  std::string artifact;
  // Filled in by the IO manager:
  Metadata metadata;         // added to LOADED_INPUT
  std::string data_version;  // version that was read; "" = unknown
  // When it comes from an output that is no asset (`asset` is empty): which. `upstream_step` is its step's key ("work[a]").
  std::string upstream_run = {};  // this run, or the one that is re-executed
  std::string upstream_mapping_key =
      {};                 // as OutputContext::mapping_key when it was stored; "" = none
  std::size_t index = 0;  // in a list
  // The partitions of the asset to load; null: it is not partitioned. Of more than one, the value is
  // all of them by key.
  const PartitionSlice* partitions = nullptr;
  // What is known of them, in the order of their keys; those that were never made are left out.
  std::vector<StoredPartition> stored = {};
};

// Stores outputs, loads inputs. Thread-safe: parallel steps share it.
class IOManager {
 public:
  virtual ~IOManager() = default;
  virtual StepOutcome handle_output(OutputContext& context, const Value& value) = 0;
  virtual tl::expected<Value, StepFailure> load_input(InputContext& context) = 0;
  virtual std::vector<std::string> required_resources() const { return {}; }
};

// A configured object that steps ask for by key; set up once per run (and once per forked step),
// torn down at its end.
class Resource {
 public:
  virtual ~Resource() = default;
  struct SetupContext {
    std::string run_id;
    std::string key;
    std::vector<std::pair<std::string, Value>> required;  // the resources this one asked for
    std::string run_config = {};                          // of the run, JSON; "" = none
  };
  // What a run may configure it with, below "resources"; null: nothing is known of it.
  virtual std::shared_ptr<const ConfigType> config_type() const { return nullptr; }
  virtual tl::expected<Value, StepFailure> set_up(const SetupContext& context) = 0;
  virtual StepOutcome tear_down(const Value&) { return {}; }
  virtual std::vector<std::string> required_resources() const { return {}; }
  // True when set-up and use must stay on the thread that called the engine.
  virtual bool wants_calling_thread() const { return false; }
  // A digest of its code and settings: what is made with another one is made otherwise. "" = unknown.
  virtual std::string identity() const { return {}; }
};

}  // namespace treadle
