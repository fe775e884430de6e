// What Python needs around the forks of the process executor.
#pragma once

#include <treadle/execute/run.h>

namespace treadle::python {

// The interpreter's own fork hooks (PyOS_BeforeFork and its kin), flushing at the end of a forked
// step, and KeyboardInterrupt in one that is to end. For runs that are started with the interpreter
// lock released.
execute::ForkHooks fork_hooks();

}  // namespace treadle::python
