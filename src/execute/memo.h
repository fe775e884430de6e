// Memoization: what identifies the making of one output, so that the same need not be made again. Pure.
#pragma once

#include "step_execution.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <cstdint>
#include <string>

namespace treadle::execute {

// What run_config says about a step: its own configuration and that of the resources and IO managers
// it uses; and what these resources are. "" for nothing.
std::string config_of_step(const std::string& run_config, const StepDef& step,
                           const Definitions& definitions);

// Whether the step's outputs can be known before it runs: assets that always come out, made of inputs
// whose versions are known.
bool can_memoize(const plan::PlannedStep& step);

// The memo of one output, of one partition of it where it has them (`number`). "" when something that
// it is made from has no known version.
std::string memo_of(const plan::Plan& plan, const plan::PlannedStep& step, std::uint32_t output,
                    const std::int64_t* number, const Versions& versions,
                    const std::string& code_version, const std::string& config);

}  // namespace treadle::execute
