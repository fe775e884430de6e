// The seam between the run loop and the places where steps run: threads of this process, forked processes, later clusters.
#pragma once

#include "attempt.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace treadle::execute {

using Deadline = std::chrono::steady_clock::time_point;

// Runs attempts, no more at once than it was told. The thread that calls wait() is the run's calling thread.
class StepRunner {
 public:
  // An attempt has ended. Called from any thread, once for each attempt started and not given back by cancel(); it may call
  // start(). The runner holds no lock of its own during the call. Returns what became of it.
  using Done = std::function<Verdict::Kind(std::uint32_t instance, AttemptReport report)>;

  virtual ~StepRunner() = default;
  // Sets who hears of ended attempts; once, before the first start().
  virtual void on_done(Done done) = 0;
  // Queues attempts; they start, in this order, as soon as there is room. Thread-safe.
  virtual void start(const std::vector<Attempt>& attempts) = 0;
  // Lends the calling thread to the runner: it runs a step or waits. Returns after wake(), or when `deadline` has passed and no
  // step is running on the calling thread.
  virtual void wait(Deadline deadline) = 0;
  // Makes the current or next wait() return. Thread-safe.
  virtual void wake() = 0;
  // Gives back what has not started (instances) and asks the running steps to stop. Calling thread.
  virtual std::vector<std::uint32_t> cancel() = 0;
  // The running steps had their time: ends those that can be ended. Calling thread.
  virtual void kill() = 0;
  // No attempt runs any more: waits for the hooks of those that have ended. Calling thread.
  virtual void finish() {}
};

}  // namespace treadle::execute
