// The configuration of a run as a whole, from what its steps say of theirs (StepDef::config).
//   {"ops": {"train": {"config": {"rate": 0.1}}, "outer": {"ops": {"inner": {"config": {...}}}}}}
#pragma once

#include <treadle/define/config_schema.h>
#include <treadle/define/definitions.h>

#include <vector>

namespace treadle {

// Its entries below "ops" are the steps, by the path of their nodes. Other sections are not looked at.
ConfigType run_config_schema(const std::vector<StepDef>& steps);

}  // namespace treadle
