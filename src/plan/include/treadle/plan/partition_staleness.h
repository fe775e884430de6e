// Which partitions of an asset are stale, and why. Pure, as plan/staleness.h.
#pragma once

#include <treadle/define/partition_set.h>
#include <treadle/plan/staleness.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace treadle::plan {

// What the record knows about the partitions of one asset.
struct PartitionedFacts {
  PartitionSet set;
  std::unordered_map<std::int64_t, Provenance> made;  // by number: the latest materialization
};

struct PartitionStaleness {
  PartitionSubset missing;  // never made
  PartitionSubset stale;    // made, and some reason is true
  // Each reason with the partitions for which it is true; versions are those of the first.
  std::vector<std::pair<StaleReason, PartitionSubset>> reasons;
};

// `facts` gives what is known of a partitioned asset (null: not partitioned, or nothing known);
// `version` the data version of one that is not. `code_version`: the asset's now, "" = unknown.
// An unpartitioned asset has one partition, number 0, whose provenance is `own`.
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

// Whether an unpartitioned asset reads any of these partitions of another.
bool reads_any(const PartitionQuestion& question, NodeId upstream, const PartitionSubset& subset);

// The version now of what an unpartitioned asset reads of a partitioned one; "" = unknown.
std::string version_read_now(const PartitionQuestion& question, NodeId upstream);

}  // namespace treadle::plan
