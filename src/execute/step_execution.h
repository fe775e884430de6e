// What one attempt at a step does, the same wherever it runs: the engine's side of StepContext.
#pragma once

#include "attempt.h"
#include "resource_set.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace treadle::execute {

// Versions of assets by node of the graph: what the run knew at its beginning, and what its steps made since.
using Versions = std::vector<KnownVersion>;

// What the steps of one process share. Borrowed; everything outlives the steps.
struct StepEnvironment {
  const plan::Plan& plan;
  const std::string& run_id;
  const std::string& job_name;
  const std::string& run_config;
  Clock& clock;
  // Read for what a step reads, which nobody writes while it runs.
  const Versions& versions;
  const ResourceSet& resources;
  const RunOptions& options;
  const Cancellation& stop;                    // the run's own: set once it is being cancelled
  const Cancellation* cancellation = nullptr;  // the caller's
  // When the run has taken as long as it may: steps are told so, too.
  std::chrono::steady_clock::time_point ends = std::chrono::steady_clock::time_point::max();
};

// Runs the attempt on this thread. Records everything but how it ended: STEP_SUCCESS, STEP_FAILURE and STEP_UP_FOR_RETRY are for
// the coordinator, who also sees processes die.
//
// `ended` takes the report and says what became of it; then the step's hooks are called.
void execute_attempt(const StepEnvironment& environment, const Attempt& attempt,
                     const EventSink& sink,
                     const std::function<Verdict::Kind(AttemptReport)>& ended);

}  // namespace treadle::execute
