// Which partitions of an asset are stale, and why. Pure, as plan/staleness.h.
#pragma once

#include <treadle/define/partition_mapping.h>
#include <treadle/define/partition_set.h>
#include <treadle/plan/staleness.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace treadle::plan {

// What the record knows about the partitions of one asset.
struct PartitionedFacts {
  PartitionSet set;
  PartitionSubset made;
  // The latest materialization of one that is made, valid as long as the facts are; null: it cannot
  // be read.
  std::function<const Provenance*(std::int64_t)> of;
};

struct PartitionStaleness {
  PartitionSubset missing;  // never made
  PartitionSubset stale;    // made, and some reason is true
  // Each reason with the partitions for which it is true; versions are those of the first.
  std::vector<std::pair<StaleReason, PartitionSubset>> reasons;
};

// `facts` gives what is known of a partitioned asset (null: not partitioned, or nothing known);
// `version` the data version of one that is not. `code_version`: the asset's now, "" = unknown.
struct PartitionQuestion {
  const AssetGraph& graph;
  NodeId node;
  std::function<const PartitionedFacts*(NodeId)> facts;
  std::function<std::string(NodeId)> version;
  std::string code_version;
  // Partitions of an upstream asset that are stale themselves, of one without partitions number 0.
  std::function<PartitionSubset(NodeId)> stale = {};
};
PartitionStaleness find_stale_partitions(const PartitionQuestion& question);

// The same in two parts. What was found of a partition holds until it, or something that it is made
// from, is made again: a caller that keeps it has to look again only at those.
struct PartitionJudgement {
  using ByVersion = std::vector<std::pair<std::string, PartitionSubset>>;
  ByVersion code_versions;  // as recorded; of an unknown one nothing
  struct Read {
    NodeId upstream = kNoNode;
    PartitionSubset unread;   // made without it
    PartitionSubset changed;  // made from another version than that of now
    ByVersion used;           // where each partition reads the same: which version was used
  };
  std::vector<Read> reads;  // by parent of another step
};
// Looks at these of the made partitions again.
void judge(const PartitionQuestion& question, const PartitionSubset& which,
           PartitionJudgement& judgement);
PartitionStaleness stale_by(const PartitionQuestion& question, const PartitionJudgement& judgement);
// Whether what such a mapping gives can only change when something is made; others have to be asked
// each time.
bool keeps(const PartitionMapping& mapping);
PartitionMapping mapping_between(const AssetGraph& graph, NodeId node, NodeId upstream);

// Whether an unpartitioned asset reads any of these partitions of another.
bool reads_any(const PartitionQuestion& question, NodeId upstream, const PartitionSubset& subset);

// The version now of what an unpartitioned asset reads of a partitioned one; "" = unknown.
std::string version_read_now(const PartitionQuestion& question, NodeId upstream);

}  // namespace treadle::plan
