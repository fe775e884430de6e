// The execution plan: which steps a run executes, in which order, and where each input comes from.
// Pure.
#pragma once

#include <treadle/base/result.h>
#include <treadle/plan/graph.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace treadle::plan {

struct StepPartitions;  // plan/partitions.h

inline constexpr std::uint32_t kNoStep = ~std::uint32_t{0};

struct StepOutput {
  std::uint32_t step = kNoStep;  // index into Plan::steps; kNoStep: a constant of the definition
  std::uint32_t output = 0;      // index into its StepDef::outputs
  bool operator==(const StepOutput&) const = default;
};

// Where a step's input comes from.
struct PlannedInput {
  enum class From : std::uint8_t {
    kStep,     // an output of an earlier step of this plan
    kStored,   // an asset made by these definitions, not in this plan: its latest materialization
    kOutside,  // a source asset
    kOutputs,  // of an op: outputs of steps of this plan, as InputDef::use says
    kValue,    // of an op: nothing is wired to it. InputDef::value, if there is one
  };
  From from = From::kStep;
  std::uint32_t step = 0;                // kStep: index into Plan::steps
  NodeId node = kNoNode;                 // the asset
  std::vector<StepOutput> outputs = {};  // kOutputs: parallel to InputDef::from
};

struct PlannedStep {
  const StepDef* def = nullptr;
  std::vector<std::uint32_t> outputs;   // selected ones, indices into def->outputs
  std::vector<std::uint32_t> checks;    // selected ones, indices into def->checks
  std::vector<PlannedInput> inputs;     // parallel to def->inputs
  std::vector<std::uint32_t> upstream;  // steps that must have succeeded first: inputs, and
                                        // blocking checks of what is read
  std::vector<std::uint32_t> downstream;
  // A dynamic output: the step runs once for each of its values. step == kNoStep: it runs once.
  StepOutput mapped_over;
  // False: not run. What reads its outputs gets those of the run that is re-executed.
  bool execute = true;
  // When it is mapped and not empty: only for these mapping keys; the others as above.
  std::vector<std::string> mapping_keys;
  // Null: neither the step nor what it reads is partitioned (plan/partitions.h).
  std::shared_ptr<const StepPartitions> partitions = {};
};

// How the step is called in plans and records: "work", and "work[?]" when it runs once for each value of a dynamic output. While
// it runs it is "work[key]".
std::string step_key(const PlannedStep& step);

struct Plan {
  std::vector<PlannedStep> steps;  // upstream before downstream; ties in order of declaration
  const AssetGraph* graph = nullptr;
  std::shared_ptr<const void> owner;  // of the graph and the definitions, when nobody else is
};

// The assets with all that the same calls make anyway: the other outputs of steps that cannot be subset. In topological order.
std::vector<NodeId> complete_steps(const AssetGraph& graph, const std::vector<NodeId>& assets);

// Checks by asset and name.
using CheckNames = std::set<std::pair<AssetKey, std::string>>;

// Steps for the selected assets (of source assets those that observe them) and, unless told otherwise, the
// checks on them; with `only_checks` these checks instead, whether or not their assets are selected. Selecting
// part of a multi-asset that cannot be subset is a problem. `selected` in any order.
tl::expected<Plan, std::vector<Problem>> make_plan(const AssetGraph& graph,
                                                   const std::vector<NodeId>& selected,
                                                   bool with_checks = true,
                                                   const CheckNames* only_checks = nullptr);
// The plan restricted to these step keys (resume): kNotFound for a key that the definitions no
// longer have.
Result<Plan> plan_for_steps(const AssetGraph& graph, const std::vector<std::string>& step_keys);

// The plan of a job of ops, whole or of `selection`: each of its texts is a step, or a node with all below it, with '*' or '+'
// signs for what is upstream and downstream (Dagster's op_selection: "*clean", "load+", "++train"). What a selected step reads from
// one that is not must have a value of its own. The plan owns what it needs.
tl::expected<Plan, std::vector<Problem>> plan_job(const Definitions& definitions, const JobDef& job,
                                                  const std::vector<std::string>& selection = {});
// To run steps of an earlier run again: exactly these, as step_key() names them; a mapped step also for one mapping key. The others
// are in the plan, but not executed. Empty: all. `selection` as of plan_job: what the earlier run was a selection of.
tl::expected<Plan, std::vector<Problem>> plan_job_again(
    const Definitions& definitions, const JobDef& job, const std::vector<std::string>& step_keys,
    const std::vector<std::string>& selection = {});

// The same of a plan that is there: that of the steps of a run of assets.
tl::expected<Plan, std::vector<Problem>> plan_again(Plan plan,
                                                    const std::vector<std::string>& step_keys);

// The mapping keys that a mapped step ran for in an earlier run; nothing where that is not known.
using KnownMappingKeys = std::optional<std::vector<std::string>>;
// The step keys that a selection of steps means ("load+", "*clean", "work[?]", "work[a]*"), in the order of the job's whole plan.
// `known` by step of the plan. What it names and is not there is a problem "unknown_step", a mapped step whose keys nobody knows
// "unresolved_step".
tl::expected<std::vector<std::string>, Problem> select_steps_again(
    const Plan& job, const std::vector<KnownMappingKeys>& known,
    const std::vector<std::string>& selection);

// Everything a user can get wrong, together: definitions, then job selections against the graph.
std::vector<Problem> check_definitions(const Definitions& definitions);

}  // namespace treadle::plan
