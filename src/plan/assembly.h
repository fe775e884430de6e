// Private to the room: what is to run of each step, and the plan that follows from it.
#pragma once

#include <treadle/plan/plan.h>

#include <cstdint>
#include <vector>

namespace treadle::plan {

// What is to run of one step.
struct Pick {
  std::vector<std::uint32_t> outputs;
  std::vector<std::uint32_t> checks;
  bool whole = false;  // also when it has neither outputs nor checks
  bool any() const { return whole || !outputs.empty() || !checks.empty(); }
};

// Everything a step can do.
Pick whole(const StepDef& step);
bool makes_assets(const StepDef& step);

// One pick per step of the definitions. Steps that wait for each other are left out; find_problems names such cycles before
// anything is planned.
Plan assemble(const AssetGraph& graph, std::vector<Pick> picks);

}  // namespace treadle::plan
