// The execution plan: which steps a run executes, in which order, and where each input comes from.
// Pure.
#pragma once

#include <treadle/base/result.h>
#include <treadle/plan/graph.h>

#include <cstdint>
#include <string>
#include <vector>

namespace treadle::plan {

// Where a step's input comes from.
struct PlannedInput {
  enum class From : std::uint8_t {
    kStep,     // an output of an earlier step of this plan
    kStored,   // an asset made by these definitions, not in this plan: its latest materialization
    kOutside,  // a source asset
  };
  From from = From::kStep;
  std::uint32_t step = 0;  // kStep: index into Plan::steps
  NodeId node = kNoNode;   // the asset
};

struct PlannedStep {
  const StepDef* def = nullptr;
  std::vector<std::uint32_t> outputs;   // selected ones, indices into def->outputs
  std::vector<std::uint32_t> checks;    // selected ones, indices into def->checks
  std::vector<PlannedInput> inputs;     // parallel to def->inputs
  std::vector<std::uint32_t> upstream;  // steps that must have succeeded first: inputs, and
                                        // blocking checks of what is read
  std::vector<std::uint32_t> downstream;
};

struct Plan {
  std::vector<PlannedStep> steps;  // upstream before downstream; ties in order of declaration
  const AssetGraph* graph = nullptr;
};

// The assets with all that the same calls make anyway: the other outputs of steps that cannot be subset. In topological order.
std::vector<NodeId> complete_steps(const AssetGraph& graph, const std::vector<NodeId>& assets);

// Steps for the selected assets (source assets are ignored) and, unless told otherwise, the checks
// on them. Selecting part of a multi-asset that cannot be subset is a problem. `selected` in any
// order.
tl::expected<Plan, std::vector<Problem>> make_plan(const AssetGraph& graph,
                                                   const std::vector<NodeId>& selected,
                                                   bool with_checks = true);
// The plan restricted to these step keys (resume): kNotFound for a key that the definitions no
// longer have.
Result<Plan> plan_for_steps(const AssetGraph& graph, const std::vector<std::string>& step_keys);

// Everything a user can get wrong, together: definitions, then job selections against the graph.
std::vector<Problem> check_definitions(const Definitions& definitions);

}  // namespace treadle::plan
