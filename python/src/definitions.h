// Definitions that were declared in Python, in the core's form.
#pragma once

#include "object.h"
#include <treadle/app/home.h>
#include <treadle/define/definitions.h>
#include <treadle/plan/graph.h>

#include <memory>
#include <vector>

namespace treadle::python {

// Made once per set of declarations, checked as a whole; used by any number of runs, one at a time.
class PythonDefinitions {
 public:
  // From what treadle._definitions.definitions.to_core hands over. Raises DagsterInvalidDefinitionError with
  // everything that is wrong.
  PythonDefinitions(nb::handle steps, nb::handle sources, nb::handle jobs, nb::handle resources,
                    nb::handle io_managers, nb::handle graph_assets, nb::handle partitioning);

  const plan::AssetGraph& graph() const { return *graph_; }
  Definitions& definitions() { return definitions_; }
  // When assets and checks are executed by themselves: {key: condition}; checks as "asset:check".
  // Freshness policies: {key: (fail, warn, deadline, lower bound, zone)}.
  void set_automation(nb::handle assets, nb::handle checks, nb::handle policies, nb::handle jobs);
  // The only checks that a job of assets evaluates: [(asset, check)].
  void set_job_checks(nb::handle job, nb::handle checks);
  // Hooks of a job, before those that its steps have: [(step, hooks)]. Again is no harm.
  void add_hooks(nb::handle hooks);
  // "io_manager" becomes the home's, or one that keeps values in memory, unless the definitions
  // bring their own.
  void use_io_manager_of(app::Home& home, bool in_memory);
  // Tears down the IO managers that a run made.
  void close_io_managers();

 private:
  Definitions definitions_;
  std::unique_ptr<plan::AssetGraph> graph_;
  std::vector<Object> io_manager_holders_;
  bool own_io_manager_ = false;
};

// Raises DagsterInvalidDefinitionError, which says them all in words and has each as a tuple in `problems`.
[[noreturn]] void raise_problems(const std::vector<Problem>& problems);
// How a run went, for Python: (status, step keys, what a failed step raised or None).
nb::tuple outcome_of(const execute::RunResult& result);
// Raises what a selection deserves that cannot be planned. `parent`: of a run that is executed again.
void raise_unless_planned(const Result<execute::RunResult>& result, const std::string& parent);

}  // namespace treadle::python
