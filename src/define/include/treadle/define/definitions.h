// What users declare, as plain values: steps with their inputs, outputs and checks, source assets,
// resources, IO managers, jobs. Declaring runs nothing. `find_problems` says everything that is
// wrong with a set of definitions at once.
#pragma once

#include <treadle/define/automation_condition.h>
#include <treadle/define/codec.h>
#include <treadle/define/executor.h>
#include <treadle/define/freshness_policy.h>
#include <treadle/define/hook.h>
#include <treadle/define/instigator.h>
#include <treadle/define/io_manager.h>
#include <treadle/define/partition_mapping.h>
#include <treadle/define/place.h>
#include <treadle/define/retry_policy.h>
#include <treadle/define/step.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

class ConfigType;
struct ConfigMapping;
struct PartitionedConfigDef;

using Tags = std::vector<std::pair<std::string, std::string>>;

// What describes an asset, wherever it is made.
struct AssetInfo {
  AssetKey key;
  std::string group = "default";
  std::string description;
  std::vector<std::string> owners;  // an e-mail address or "team:name"
  std::vector<std::string> kinds;
  Tags tags;
  Metadata metadata;
  std::string code_version;                       // "" = derived from the body
  PartitionsPtr partitions = {};                  // null: not partitioned
  AutomationCondition automation_condition = {};  // when it is executed by itself; none: never
  std::optional<FreshnessPolicy> freshness_policy = {};
};

// How many partitions of an asset one run takes.
struct BackfillPolicy {
  std::optional<int> max_partitions_per_run = {};  // nothing: all in a single run
  static BackfillPolicy single_run() { return {}; }
  static BackfillPolicy multi_run(int n = 1) { return {.max_partitions_per_run = n}; }
  bool operator==(const BackfillPolicy&) const = default;
};

// An output of another step.
struct OutputRef {
  std::string step;  // its key; "" in a list: `value` instead
  std::string output = "result";
  std::optional<Value> value = {};
};

// What becomes of the outputs that an op's input is wired to.
enum class InputUse : std::uint8_t {
  // The value of the only one. When that is dynamic, or of a step that runs once for each mapping key, this step does so, too.
  kValue,
  kList,     // fan-in: a list of values, in order
  kCollect,  // of the only one a list over its mapping keys
};

// A dependency. With a value: the asset is loaded and handed to the function. Without: only order
// and lineage.
struct InputDef {
  std::string name;  // parameter name; "" for a dependency without a value
  AssetKey asset;
  bool loads_value = true;
  std::string
      io_manager_key;  // loads with this one; "" = the IO manager of the output that made it
  Metadata metadata;
  // The C++ type the function wants, when known: checked against the producer's at load.
  const std::type_info* type = nullptr;
  // How the default IO manager reads it; null: the function takes no value.
  std::shared_ptr<const Codec> codec;

  // Ops: the outputs of other steps that it takes its value from. With these, or with neither these nor an asset, `asset` is empty.
  std::vector<OutputRef> from;
  InputUse use = InputUse::kValue;
  // What it is when nothing is wired: a default, or given with the job. Without: loading it gives an empty Value, and the front
  // end must have it from elsewhere (`optional`), or the job has a problem.
  std::optional<Value> value;
  bool optional = false;
  std::string type_name = "Any";  // for STEP_INPUT
  // The front end checks the type and records STEP_INPUT itself: StepContext::report_input.
  bool checks_type = false;
  // Which partitions of the asset are read for which of the step's own; null: as
  // infer_partition_mapping says.
  PartitionMappingPtr partition_mapping = {};
  // Ops: how the run's configuration says its value when nothing is wired to it (run_config.h); null: it cannot.
  std::shared_ptr<const ConfigType> config = {};
  // Ops: of an input that takes a list, the type of its elements and how they are read (InputUse::kList, kCollect).
  const std::type_info* element = nullptr;
  std::shared_ptr<const Codec> element_codec = {};
};

struct OutputDef {
  std::string name = "result";
  AssetInfo
      asset;  // key empty: an output that is no asset (the result of a stand-alone check's step)
  bool required = true;
  bool stores_value = true;  // false: the function returns nothing to keep
  std::string io_manager_key = "io_manager";
  // Of a multi-asset: the assets this output follows from (inputs or other outputs). Nothing = all
  // inputs.
  std::optional<std::vector<AssetKey>> follows_from;
  const std::type_info* type = nullptr;
  std::shared_ptr<const Codec> codec;  // how the default IO manager writes it
  // Of an op: any number of values, each under a mapping key of its own (OutputReport::mapping_key).
  bool dynamic = false;
  Metadata metadata;  // of an op's output: for its IO manager
};

struct CheckDef {
  std::string name;
  AssetKey asset;
  bool blocking = false;
  std::string description;
  Metadata metadata;
  PartitionsPtr partitions = {};  // null: one result for all partitions of the asset
  AutomationCondition automation_condition = {};
  // Of an op in a graph of assets: its output that stands for the result. "" = none.
  std::string output = {};
};

// One function that runs as one step: an asset, a multi-asset, or a check.
struct StepDef {
  std::string name;  // the step key: unique; "raw__iris" for the asset raw/iris
  std::vector<InputDef> inputs;
  std::vector<OutputDef> outputs;
  std::vector<CheckDef> checks;
  std::vector<std::string> required_resources;
  std::optional<RetryPolicy> retry_policy;
  Tags op_tags;
  bool can_subset = false;  // may run for some of its outputs only
  Place place;
  std::shared_ptr<StepBody> body;
  // Source assets that it looks at instead of making assets: its body records observations of them. Runs when one of them is
  // selected. Parallel to `outputs`, which name no asset and keep no value; their data version is the one that was seen.
  std::vector<AssetKey> observes;
  std::vector<HookDef> hooks;  // called in this order when the step has ended
  std::string pool;            // at most so many steps of a pool at once: RunOptions::pools
  double time_limit = 0;       // seconds an attempt may take in a process of its own; 0 = any
  std::string
      op_name;  // the op's definition, whatever the node is called; "" = the last part of `name`
  // Steps made of one graph of assets share its name; they run together. "" = none.
  std::string graph;
  // What a run may configure it with (config_schema.h); null: nothing is known of it.
  std::shared_ptr<const ConfigType> config = {};
  // What a run says instead of `config`: of an op that is configured beforehand, in whole or in part.
  std::shared_ptr<const ConfigMapping> configured = {};
  // Of the graphs around it that make the configuration of their nodes, from the outside in: each with its path ("outer.inner"; "":
  // the job).
  std::vector<std::pair<std::string, std::shared_ptr<const ConfigMapping>>> config_mappings = {};
  // Of partitioned assets; nothing: one partition a run, as multi_run(1).
  std::optional<BackfillPolicy> backfill_policy = {};
  // Not run when code, config and inputs were seen before: its outputs are linked to those.
  bool memoize = false;
  // The bodies of all of them: together they are the code of what they make. Null: `body` alone.
  std::shared_ptr<const std::vector<std::shared_ptr<StepBody>>> graph_bodies;
};

// What identifies the code of a step when nobody gave a version: see StepBody. Of a graph of assets that of all its steps together.
// "" = cannot say.
std::string derived_code_version(const StepDef& step);

// An asset made elsewhere that these definitions read or follow.
struct SourceAssetDef {
  AssetInfo asset;
  std::string io_manager_key = "io_manager";
  // A file or folder on disk whose content is the asset's data version: what reads it is stale when
  // it changes. "" = none.
  std::string file;
  Place place;
  const std::type_info* type = nullptr;
  std::vector<AssetKey> deps;  // what it is made from, as far as is known: lineage only
};

struct GraphDef;  // define/graph.h

struct JobDef {
  std::string name;
  std::string selection;  // selection syntax; "" or "*" = every asset
  std::string description;
  Tags tags;
  std::optional<RetryPolicy> retry_policy;  // for steps without their own
  Place place;
  // A job of ops instead of assets; `selection` is not used then.
  std::shared_ptr<const GraphDef> graph;
  std::map<std::string, Value> input_values;  // by input of the graph
  std::vector<HookDef> hooks;                 // for all steps
  Tags op_tags;                               // for all steps, where they say nothing else
  // Before those of the definitions.
  std::map<std::string, std::shared_ptr<Resource>> resources;
  std::map<std::string, std::shared_ptr<IOManager>> io_managers;
  PartitionsPtr partitions = {};  // of a job of ops; of assets: those of what is selected
  bool memoize = false;           // all its steps
  AutomationCondition automation_condition = {};  // of a job of assets: when it is run by itself
  std::string config = {};                        // JSON, of runs that are given none
  // Instead of `config`: of a run over one of these partitions, which are those of the job.
  std::shared_ptr<const PartitionedConfigDef> partitioned_config = {};
  std::optional<Executor> executor = {};  // nothing: that of the definitions
  // Of assets: only these checks; none: those on what is selected. A selection of "" then means no asset.
  std::optional<std::set<std::pair<AssetKey, std::string>>> checks = {};
};

struct Definitions {
  std::vector<StepDef> steps;
  std::vector<SourceAssetDef> sources;
  std::vector<JobDef> jobs;
  std::vector<ScheduleDef> schedules;
  std::vector<SensorDef> sensors;
  std::map<std::string, std::shared_ptr<Resource>> resources;
  std::map<std::string, std::shared_ptr<IOManager>>
      io_managers;                        // "io_manager" is always there: added when absent
  std::optional<Executor> executor = {};  // of runs whose job says none
};

// One mistake, said so that it can be mended.
struct Problem {
  std::string code;     // stable: "duplicate_key", "unknown_dep", "cycle", "missing_resource",
                        // "missing_io_manager", ...
  std::string subject;  // the asset, step, check or job it is about
  Place place;
  std::string message;  // what is wrong
  std::string cure;     // what to do
  std::string text() const;
};

// All mistakes, in the order of declaration; empty when the definitions can be used. Does not look
// at job selections (room plan does).
std::vector<Problem> find_problems(const Definitions& definitions);

// Thrown for misuse of a definition: at declaration (one problem) or at load (all of them). what()
// is the whole text.
class DefinitionError : public std::exception {
 public:
  explicit DefinitionError(std::vector<Problem> problems);
  const char* what() const noexcept override { return text_.c_str(); }
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
  std::string text_;
};

}  // namespace treadle
