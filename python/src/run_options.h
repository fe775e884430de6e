// How a run is executed, as Python says it.
#pragma once

#include "object.h"
#include <treadle/execute/run.h>

namespace treadle::python {

// `told`: (in processes of their own, most steps at once or 0, [(tag, value or None, of each value, most)], {pool: most}, tries
// again, stops at the first failure).
void use_executor(execute::RunOptions& options, nb::handle told);

}  // namespace treadle::python
