// Private to the room: which steps a text like "load+" means.
#pragma once

#include <treadle/define/definitions.h>

#include <string>
#include <vector>

namespace treadle::plan {

// By index of the steps. Problems name the texts that select nothing.
std::vector<bool> select_ops(const std::vector<StepDef>& steps,
                             const std::vector<std::string>& selection,
                             std::vector<Problem>& problems);

}  // namespace treadle::plan
