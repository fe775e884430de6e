// From what a user says about partitions to the runs that make them, by the backfill policies of what
// is selected.
#pragma once

#include <treadle/app/home.h>
#include <treadle/app/partitions.h>
#include <treadle/plan/graph.h>
#include <treadle/plan/partitions.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::app {

struct PartitionChoice {
  std::string partition;   // one key
  std::string partitions;  // "all", "missing", "failed", "stale", or keys and ranges: "a,c...f"
  std::vector<std::string> keys;  // these
  // How the user spells the first two, for messages.
  std::string partition_word = "partition";
  std::string partitions_word = "partitions";
  bool given() const { return !partition.empty() || !partitions.empty() || !keys.empty(); }
};

struct PartitionRuns {
  PartitionsPtr definition;  // null: nothing that is selected is partitioned
  std::vector<plan::PartitionRequest> runs;
  std::vector<std::string> texts;  // of each, for people
  // Of each, the tags that make a run one over these. When more than a single key was asked for, the
  // runs are a backfill together: they have its id in common, and say what is left for it to make.
  std::vector<std::map<std::string, std::string>> tags;
};
inline constexpr std::string_view kBackfillTag = "dagster/backfill";
// The partitions that the run or a later one of its backfill is to make, as PartitionSet::parse reads
// them; none: those of the run.
inline constexpr std::string_view kBackfillRestTag = "treadle/backfill_rest";

// An error when something is partitioned and nothing is chosen, which says what to give. `home` null:
// nothing was ever made.
Result<PartitionRuns> choose_partitions(Home* home, const plan::AssetGraph& graph,
                                        const std::vector<plan::NodeId>& selected,
                                        const PartitionChoice& choice, Micros now);

// The same of a job of ops: a run for each partition. What was not chosen is a run without one. Such a
// job keeps no partitions, so there are no missing, failed or stale ones.
Result<PartitionRuns> choose_partitions(Home* home, const JobDef& job,
                                        const PartitionChoice& choice, Micros now);

}  // namespace treadle::app
