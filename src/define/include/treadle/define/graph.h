// Ops wired together: a graph of nodes, each an op or another graph, as plain values. `flatten` makes steps of it.
#pragma once

#include <treadle/define/definitions.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct GraphDef;

// One use of an op or a graph inside a graph.
struct NodeDef {
  std::string name;  // the alias; unique in its graph
  // Exactly one of the two. Of the op its inputs' `name`, `value` and settings are used, and its outputs.
  std::shared_ptr<const StepDef> op;
  std::shared_ptr<const GraphDef> graph;
  Tags tags;                   // of an op: added to its own, and win. Of a graph: for people
  std::vector<HookDef> hooks;  // added to the op's own; of a graph: to those of all its nodes
  std::optional<RetryPolicy> retry_policy;  // of an op; null: its own
  Place place;
};

// Where a value comes from inside a graph: an output of a node, or (with node "") the graph's own input of that name.
struct NodeOutput {
  std::string node;
  std::string output = "result";
  bool operator==(const NodeOutput&) const = default;
};

// What one input of a node depends on.
struct Dependency {
  enum class Kind : std::uint8_t {
    kDirect,  // exactly one source. From a dynamic output: the node runs once for each mapping key
    kFanIn,   // a list, in this order; any number of sources
    kCollect,  // exactly one source that is dynamic, or runs once for each mapping key: a list over the keys
    kAsset,  // no output of a node: an asset, as it was made last
  };
  std::string node;
  std::string input;
  Kind kind = Kind::kDirect;
  std::vector<NodeOutput> from;
  AssetKey asset = {};  // kAsset
};

struct GraphInput {
  std::string name;
  std::optional<Value> value;  // when nothing outside is wired to it
  bool nothing = false;        // order only
};

// An output of the graph is that of one of its nodes.
struct GraphOutput {
  std::string name = "result";
  NodeOutput from;
};

struct GraphDef {
  std::string name;
  std::string description;
  std::vector<NodeDef> nodes;  // any order
  std::vector<Dependency> dependencies;
  std::vector<GraphInput> inputs;
  std::vector<GraphOutput> outputs;
  Tags tags;
  Place place;
  // The run configures the graph as a whole, and this makes of it what it would say of the nodes: {"node": {"config": ...}}. Null:
  // it configures the nodes.
  std::shared_ptr<const ConfigMapping> config = {};
};

// Everything that is wrong with a graph, with those inside it; empty when it can be flattened. Messages call it `kind` and its
// name: "@job 'etl'". `needs_all_inputs`: nobody outside will provide what is not wired.
std::vector<Problem> find_problems(const GraphDef& graph, const std::string& kind = "@graph",
                                   bool needs_all_inputs = false);

// The seconds that the tag "treadle/time_limit" allows one attempt of a step (StepDef::time_limit); 0 = it says nothing.
double time_limit_of(const Tags& op_tags);

struct FlatGraph {
  std::vector<StepDef> steps;  // nodes depth first, in order of declaration
  // The graph's own outputs, in their order: indices into `steps` and its outputs.
  struct Output {
    std::string name;
    std::uint32_t step = 0;
    std::uint32_t output = 0;
  };
  std::vector<Output> outputs;
  // The steps' inputs that an input of the graph is wired to, which nothing inside provides.
  struct Input {
    std::string name;  // of the graph
    std::uint32_t step = 0;
    std::uint32_t input = 0;
  };
  std::vector<Input> inputs;
};

// Steps with Dagster's keys: "outer.inner" below `prefix`, and values for inputs of the graph. For a graph without problems.
FlatGraph flatten(const GraphDef& graph, const std::string& prefix = {},
                  const std::map<std::string, Value>& input_values = {});

// What a job of ops is made of when it runs: its steps (flattened, with the job's hooks, tags and input values), and the resources
// and IO managers of the definitions with its own in front. The source assets are kept, so that ops may read assets.
Definitions definitions_of_job(const Definitions& definitions, const JobDef& job);

// Assets made by a graph: its outputs are assets, and so may be its inputs.
struct GraphAssetDef {
  std::string name;  // prefix of the step keys; "" = none, for the graph of a single op
  std::shared_ptr<const GraphDef> graph;
  // By the graph's input: the asset that is read (its `name` is ignored).
  std::map<std::string, InputDef> inputs;
  // Assets that are followed without a value, by all first steps.
  std::vector<AssetKey> deps;
  // By the graph's output; its `name` is ignored.
  std::map<std::string, OutputDef> outputs;
  // By the graph's output too: the op behind it reports this check (StepContext::report_check) instead of handing over a value.
  std::map<std::string, CheckDef> checks;
  std::vector<HookDef> hooks;
  std::optional<RetryPolicy> retry_policy;
  Tags op_tags;
  bool can_subset = false;
  Place place;
};

// The steps that make them, to be added to Definitions::steps: intermediate outputs are kept by their IO managers, each asset is
// materialized by the step that makes the mapped output. Every asset follows from all inputs unless its OutputDef says otherwise.
std::vector<StepDef> flatten(const GraphAssetDef& asset);

}  // namespace treadle
