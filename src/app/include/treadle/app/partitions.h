// What a home knows about the partitions of its assets.
#pragma once

#include <treadle/app/home.h>
#include <treadle/define/partition_set.h>
#include <treadle/plan/partition_staleness.h>
#include <treadle/plan/plan.h>

#include <vector>

namespace treadle::app {

// Of one asset at one moment. A partition whose last attempt failed is in `failed`, whether it was
// made before or not; `missing` ones were never made.
struct PartitionStatus {
  PartitionSet set;
  PartitionSubset materialized;
  PartitionSubset failed;
  PartitionSubset in_progress;
  PartitionSubset missing() const { return set.all() - materialized - failed; }
};

// Quick whatever the number of partitions: what was worked out before is kept with the record, and
// only what happened since is read.
Result<PartitionStatus> partition_status(Home& home, const AssetKey& asset, PartitionSet set);

// Of many assets at once; without `in_progress`, which takes a look at the runs.
// What the numbers of partitions refer to: kept numbers count as long as this is the same.
std::string numbering_of(const PartitionSet& set);

struct PartitionsAsked {
  AssetKey asset;
  const PartitionSet* set = nullptr;
};
struct PartitionsKnown {
  PartitionSubset materialized;
  PartitionSubset failed;
};
Result<std::vector<PartitionsKnown>> known_partitions(Home& home,
                                                      const std::vector<PartitionsAsked>& asked);
// Works out now, while a run that made many partitions is fresh, what later readers ask for.
void remember_partitions(Home& home, const plan::Plan& plan);

// What the record knows about each partition of an asset of the graph; nothing: it has none. Which
// are made is read now, the materializations when they are asked for: few one by one, many at once.
// Borrows the home.
Result<std::optional<plan::PartitionedFacts>> partitioned_facts(Home& home,
                                                                const plan::AssetGraph& graph,
                                                                plan::NodeId node);

// plan::find_stale_partitions(), which looks again only at what was made since the home was last
// asked, and at what is made from that.
Result<plan::PartitionStaleness> stale_partitions(Home& home,
                                                  const plan::PartitionQuestion& question);
// plan::version_read_now(), kept in the home until the upstream asset is made again.
Result<std::string> version_read_now(Home& home, const plan::PartitionQuestion& question,
                                     plan::NodeId upstream);

// Says of each step which partitions it computes and reads, by the tags of the run, and adds what is
// known of those that are read.
Result<void> add_partitions(Home& home, plan::Plan& plan, execute::RunOptions& options,
                            const PartitionsPtr& job = nullptr);

}  // namespace treadle::app
