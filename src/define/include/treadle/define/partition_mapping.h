// Partition mappings: which partitions of an upstream asset a partition is made from. Values;
// `plan/partition_mapping.h` applies them.
#pragma once

#include <treadle/define/partition_set.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace treadle {

struct PartitionMapping;
using PartitionMappingPtr = std::shared_ptr<const PartitionMapping>;

struct IdentityMapping {};  // the same key
struct AllMapping {};       // everything
struct LastMapping {};      // the last partition there is
struct SpecificMapping {    // always these
  std::vector<std::string> keys;
};
// Static keys to static keys; a key that is not named maps to nothing.
struct StaticMapping {
  std::vector<std::pair<std::string, std::vector<std::string>>> downstream_by_upstream;
};
// The windows that overlap, after the downstream window's start and end have been moved by so many
// downstream windows.
struct TimeWindowMapping {
  int start_offset = 0;
  int end_offset = 0;
  // Upstream windows that do not exist are left out instead of being a mistake.
  bool allow_nonexistent_upstream = false;
};
// Between one dimension of a multi-partitioned asset and an asset with only that dimension.
// "" = the only one that fits.
struct MultiToSingleMapping {
  std::string dimension;
};
// Dimension by dimension; one that is not named maps to everything.
struct MultiMapping {
  struct Dimension {
    std::string upstream;
    std::string downstream;
    PartitionMappingPtr mapping;
  };
  std::vector<Dimension> dimensions;
};

// A mapping of the user's own: code of a front end. Thread-safe or called on the calling thread of
// the engine only, as the front end likes.
class CustomMapping {
 public:
  virtual ~CustomMapping() = default;
  // The keys that do not exist upstream go to `nonexistent`.
  virtual Result<PartitionSubset> upstream(const PartitionSubset* downstream_subset,
                                           const PartitionSet* downstream,
                                           const PartitionSet& upstream,
                                           std::vector<std::string>& nonexistent) const = 0;
  virtual Result<PartitionSubset> downstream(const PartitionSubset& upstream_subset,
                                             const PartitionSet& upstream,
                                             const PartitionSet& downstream) const = 0;
};

struct PartitionMapping {
  using Data = std::variant<IdentityMapping, AllMapping, LastMapping, SpecificMapping,
                            StaticMapping, TimeWindowMapping, MultiToSingleMapping, MultiMapping,
                            std::shared_ptr<const CustomMapping>>;
  Data data;
  // Dagster's name: "TimeWindowPartitionMapping".
  std::string name() const;
};

// What is used when the user says nothing: by the two definitions, either of which may be null.
PartitionMapping infer_partition_mapping(const PartitionsPtr& downstream,
                                         const PartitionsPtr& upstream);
// kInvalidArgument: why this mapping cannot stand between these two.
Result<void> check_partition_mapping(const PartitionMapping& mapping,
                                     const PartitionsPtr& downstream,
                                     const PartitionsPtr& upstream);
// The dimension of `multi` that such a mapping takes for the whole of `single`.
Result<std::string> multi_to_single_dimension(const MultiToSingleMapping& mapping,
                                              const PartitionsPtr& multi,
                                              const PartitionsPtr& single);

}  // namespace treadle
