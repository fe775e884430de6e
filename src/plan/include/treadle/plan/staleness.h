// What is stale, and why. Pure: definitions and a snapshot of facts in, a status with its reasons
// out.
#pragma once

#include <treadle/model/event.h>
#include <treadle/plan/graph.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle::plan {

// What the record and the store know, indexed by NodeId.
struct AssetFacts {
  bool materialized = false;
  std::string run_id;
  Micros time = 0;
  Provenance provenance;       // of the latest materialization
  bool artifact_gone = false;  // its artifact version no longer exists
  // Of a source asset: the version seen now (digest of its file, or last observation); "" = unknown
  std::string source_version;
  // Of an asset without partitions, for what it reads of partitioned ones: its version now.
  std::vector<std::pair<NodeId, std::string>> read_now = {};
  const std::string& upstream_now(NodeId upstream) const;  // "" = unknown
};
using Facts = std::vector<AssetFacts>;  // one per node of the graph

enum class Staleness : std::uint8_t { kFresh, kStale, kMissing };

// A reason to compute an asset again. A version that is unknown on either side is not compared.
struct StaleReason {
  enum class Kind : std::uint8_t {
    kNeverMaterialized,
    kCodeChanged,
    kUpstreamChanged,  // the upstream asset's data version is another than the one used
    kUpstreamStale,    // an upstream asset is itself stale or missing
    kDependencyAdded,
    kDependencyRemoved,
    kArtifactGone,
  };
  Kind kind;
  NodeId upstream =
      kNoNode;  // of the upstream and dependency kinds; kNoNode: no longer in the definitions, `from` names it
  std::string from;  // version used; code or data version, or the artifact that is gone
  std::string to;    // version now
  bool operator==(const StaleReason&) const = default;
};

struct AssetStatus {
  Staleness staleness = Staleness::kFresh;
  std::vector<StaleReason> reasons;  // empty exactly when fresh
};

// How assets with partitions are judged (plan/partition_staleness.h). Called in topological order,
// with the statuses of what lies upstream.
struct PartitionJudge {
  // Nothing: as if it had none, by whichever partition was made last.
  std::function<std::optional<AssetStatus>(NodeId, const std::vector<AssetStatus>&)> judge;
  // Whether an asset without partitions reads stale ones of a parent that has some.
  std::function<bool(NodeId node, NodeId parent)> reads_stale;
};

// One status per node. `code_version` gives the current code version of a made asset ("" = unknown:
// not compared); called at most once per step. Source assets are fresh.
std::vector<AssetStatus> find_stale(const AssetGraph& graph, const Facts& facts,
                                    const std::function<std::string(const Node&)>& code_version,
                                    const PartitionJudge* partitions = nullptr);

// "code version changed from 1a2b to 3c4d", "upstream 'raw_iris' changed from v1... to v2...": one
// sentence, without a full stop.
std::string describe(const StaleReason& reason, const AssetGraph& graph);

}  // namespace treadle::plan
