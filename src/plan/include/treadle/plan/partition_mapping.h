// Applies partition mappings (define/partition_mapping.h) to what exists at a moment. Pure.
//
//   TREADLE_TRY(Upstream read, upstream_of(mapping, &day_set, &these_days, hour_set));
//   hour_set.text(read.subset);      // "2026-01-01-00:00...2026-01-01-23:00"
#pragma once

#include <treadle/define/partition_mapping.h>

#include <string>
#include <vector>

namespace treadle::plan {

struct Upstream {
  PartitionSubset subset;
  // Keys that the mapping asks for and that do not exist upstream: at most kMostNonexistent of them.
  std::vector<std::string> nonexistent;
};
inline constexpr std::size_t kMostNonexistent = 100;

// The upstream partitions that `subset` of `downstream` is made from. Both null: the downstream
// asset has no partitions. kInvalidArgument when the mapping cannot stand between the two.
Result<Upstream> upstream_of(const PartitionMapping& mapping, const PartitionSet* downstream,
                             const PartitionSubset* subset, const PartitionSet& upstream);

// The downstream partitions that are made from any of `subset` of `upstream`.
Result<PartitionSubset> downstream_of(const PartitionMapping& mapping, const PartitionSet& upstream,
                                      const PartitionSubset& subset,
                                      const PartitionSet& downstream);

}  // namespace treadle::plan
