// Partitions on the command line: the picture of an asset's timeline.
#pragma once

#include "terminal.h"
#include <treadle/app/partitions.h>

#include <string>

namespace treadle::cli {

// One line for all partitions; of several dimensions time runs along the line, and each combination of
// the others has one (at most 20):
//   2026-01-01 ████████▒▒··████ 2026-03-31
// A cell stands for as many consecutive partitions as must share it, and shows the worst of them.
std::string render_timeline(const app::PartitionStatus& status, const Terminal& terminal);

}  // namespace treadle::cli
