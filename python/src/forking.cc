#include "forking.h"

#include "object.h"

#include <csignal>

namespace treadle::python {
namespace {

PyGILState_STATE g_state;

void before_fork() {
  g_state = PyGILState_Ensure();
  // What every step needs is imported here, once, and not again in each step's process.
  try {
    package();
    nb::module_::import_("pickle");
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("treadle: before fork");
  }
  PyOS_BeforeFork();
}

void after_fork_in_parent() {
  PyOS_AfterFork_Parent();
  PyGILState_Release(g_state);
}

void after_fork_in_child() {
  PyOS_AfterFork_Child();
  try {
    from_package("treadle._run.capture", "after_fork_in_step")();
  } catch (nb::python_error& error) {
    error.discard_as_unraisable("treadle: after fork");
  }
  PyGILState_Release(g_state);
}

void flush() {
  const nb::gil_scoped_acquire gil;
  for (const char* name : {"stdout", "stderr"}) {
    try {
      const nb::object stream = nb::module_::import_("sys").attr(name);
      if (!stream.is_none()) stream.attr("flush")();
    } catch (nb::python_error& error) {
      error.discard_as_unraisable("treadle: flushing");
    }
  }
}

void interrupt() {
  PyErr_SetInterruptEx(SIGINT);
}

}  // namespace

execute::ForkHooks fork_hooks() {
  return {.before = before_fork,
          .after_in_parent = after_fork_in_parent,
          .after_in_child = after_fork_in_child,
          .before_exit = flush,
          .on_terminate = interrupt};
}

}  // namespace treadle::python
