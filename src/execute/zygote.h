// The process that forks steps. It is forked off before any thread of the run exists, so that it and its children have exactly one,
// and waits for orders on a channel.
#pragma once

#include "channel.h"
#include "step_execution.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <string>
#include <sys/types.h>

namespace treadle::execute {

// What the zygote and the steps' processes know of the run, from the moment of the fork. Borrowed.
struct ForkSetup {
  const plan::Plan& plan;
  const std::string& run_id;
  const RunOptions& options;
  Clock& clock;
  Versions& versions;
  int max_concurrent = 1;
};

// Forks the zygote and returns its id. `ours` is this process's end of the channel; the other one is closed here. Neither the
// zygote nor a step outlives this thread: when it is gone, however it went, they are killed.
Result<pid_t> start_zygote(const ForkSetup& setup, Channel& ours);

}  // namespace treadle::execute
