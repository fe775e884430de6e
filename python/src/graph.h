// Jobs of ops declared in Python, in the core's form: what treadle._ops.jobs hands over. Needs the lock.
#pragma once

#include "object.h"
#include <treadle/define/graph.h>

namespace treadle::python {

JobDef op_job_of(nb::handle told);
// Raises DagsterInvalidDefinitionError with everything that is wrong with a graph.
void check_graph(nb::handle told, nb::handle kind);
GraphAssetDef graph_asset_of(nb::handle told);
std::vector<HookDef> asset_hooks_of(nb::handle told);

// In definitions.cc.
InputDef asset_input_of(nb::handle told);
OutputDef asset_output_of(nb::handle told);
CheckDef check_of(nb::handle told);

}  // namespace treadle::python
