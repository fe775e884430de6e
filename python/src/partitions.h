// Partitions between Python and C++: definitions, sets, subsets and mappings.
#pragma once

#include "object.h"
#include <treadle/define/partition_mapping.h>
#include <treadle/define/partition_set.h>

namespace treadle::python {

// treadle._core.Partitions: a definition.
struct PythonPartitions {
  PartitionsPtr definition;
};

// None or a treadle._core.Partitions.
PartitionsPtr partitions_of(nb::handle told);
// None or what treadle._partitions.mappings hands over: ("time", 0, 0, False), ("custom", object) ...
PartitionMappingPtr mapping_of(nb::handle told);
// None, or (set, subset).
nb::object slice_tuple(const PartitionSlice* slice);

}  // namespace treadle::python
