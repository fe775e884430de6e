// Private to the room: which steps a text like "load+" means.
#pragma once

#include <treadle/define/definitions.h>

#include <string>
#include <vector>

namespace treadle::plan {

// "+load*": a name, and how many steps away what is upstream and downstream of it belongs, too.
struct OpClause {
  std::string name;
  std::size_t up = 0;  // ~0 = however many
  std::size_t down = 0;
};
OpClause parse_op_clause(const std::string& text);

// By node: those next to it.
using Neighbours = std::vector<std::vector<std::size_t>>;
// Selects what is at most so many steps away.
void spread(const Neighbours& next, const std::vector<std::size_t>& from, std::size_t steps,
            std::vector<bool>& selected);

// By index of the steps. Problems name the texts that select nothing.
std::vector<bool> select_ops(const std::vector<StepDef>& steps,
                             const std::vector<std::string>& selection,
                             std::vector<Problem>& problems);

}  // namespace treadle::plan
