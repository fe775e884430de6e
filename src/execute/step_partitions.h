// What a step over partitions knows and records of each of them. Pure.
#pragma once

#include <treadle/define/io_manager.h>
#include <treadle/execute/run.h>
#include <treadle/plan/partitions.h>
#include <treadle/plan/plan.h>

#include <string>
#include <vector>

namespace treadle::execute {

// What is known of the slice's partitions, in order; those that were never made are left out.
std::vector<StoredPartition> known_partitions(const KnownVersion& version,
                                              const PartitionSlice& slice);
// Their versions as one text (plan::combined_version).
std::string version_of(const KnownVersion& version, const PartitionSlice& slice);
// The version without other partitions than the slice's.
KnownVersion only(const KnownVersion& version, const PartitionSlice& slice);
// What was known with what has been made since.
KnownVersion merged(KnownVersion known, const KnownVersion& made);

// The input of a step that reads this asset; nothing: none, or it is not partitioned.
const plan::InputPartitions* find_input(const plan::PlannedStep& step, plan::NodeId asset);
// The version of what one partition of the step is made from: of those partitions of the input that
// belong to it.
std::string input_version_for(const plan::InputPartitions& input, const PartitionSlice& own,
                              std::int64_t number, const KnownVersion& version);

}  // namespace treadle::execute
