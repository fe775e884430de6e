// Partitions on the command line: the picture of an asset's timeline, and what --partition and
// --partitions mean.
#pragma once

#include "terminal.h"
#include <treadle/app/partitions.h>
#include <treadle/plan/graph.h>
#include <treadle/plan/partitions.h>

#include <string>
#include <vector>

namespace treadle::cli {

// One line for all partitions; of several dimensions time runs along the line, and each combination of
// the others has one (at most 20):
//   2026-01-01 ████████▒▒··████ 2026-03-31
// A cell stands for as many consecutive partitions as must share it, and shows the worst of them.
std::string render_timeline(const app::PartitionStatus& status, const Terminal& terminal);

// The runs that a command starts: each with its part of the partitions.
struct PartitionRuns {
  PartitionsPtr definition;  // null: nothing that is selected is partitioned
  std::vector<plan::PartitionRequest> runs;
  std::vector<std::string> texts;  // of each, for people
};

// `partition`: one key. `partitions`: "all", "missing", "failed", or keys and ranges. Both "": an
// error when something is partitioned, which says what to give.
Result<PartitionRuns> choose_partitions(app::Home* home, const plan::AssetGraph& graph,
                                        const std::vector<plan::NodeId>& selected,
                                        const std::string& partition, const std::string& partitions,
                                        Micros now);

}  // namespace treadle::cli
