// Partitions in a plan: which ones each step computes, and which of each asset it reads for them.
// Pure.
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>
#include <treadle/plan/graph.h>
#include <treadle/plan/partition_mapping.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace treadle::plan {

struct Plan;

// Which partitions a run is over, as users and tags say it.
using PartitionRequest = std::variant<std::monostate,             // none
                                      std::string,                // one key
                                      PartitionKeyRange,          // from one to another
                                      std::vector<std::string>>;  // these keys

// What a step reads of one asset.
struct InputPartitions {
  PartitionSlice slice;
  PartitionMapping mapping;
};

struct StepPartitions {
  std::optional<PartitionSlice> own;                   // nothing: the step is not partitioned
  std::vector<std::optional<InputPartitions>> inputs;  // parallel to StepDef::inputs
};

// The definition of what a step makes or checks; null: not partitioned.
PartitionsPtr partitions_of(const StepDef& step);
// Of the assets with partitions among these; null: none has. Problem when they differ.
tl::expected<PartitionsPtr, Problem> partitions_of(const AssetGraph& graph,
                                                   const std::vector<NodeId>& assets);

// Fills in PlannedStep::partitions. Every problem at once: keys that do not exist, mappings that do
// not fit, upstream partitions that do not exist. Without a request steps are not partitioned, but
// still read the partitions of what they depend on. `job`: of a job of ops, whose steps all have them.
std::vector<Problem> add_partitions(Plan& plan, const PartitionRequest& request, Micros now,
                                    const DynamicKeys* dynamic, const PartitionsPtr& job = nullptr);

// What the runs of a backfill take, in order: by the backfill policies of what is selected.
std::vector<PartitionSubset> split_into_runs(const PartitionSubset& subset,
                                             const std::vector<const StepDef*>& steps);

// One text for the versions of several partitions; of a single one its own version. "" when one is
// unknown.
std::string combined_version(const std::vector<std::pair<std::string, std::string>>& versions);

// The tags of a run over partitions, Dagster's where it has them, and back.
std::vector<std::pair<std::string, std::string>> tags_of(const PartitionRequest& request,
                                                         const PartitionSet* set = nullptr);
Result<PartitionRequest> request_of(const std::map<std::string, std::string>& tags);

}  // namespace treadle::plan
