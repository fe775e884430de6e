// The run loop: starts what is ready on a runner, judges how attempts end, starts again what may be tried again, and drops what
// follows from failures.
#pragma once

#include "attempt.h"
#include "event_log.h"
#include "readiness.h"
#include "step_runner.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace treadle::execute {

// What is known of steps from an earlier execution of the same run; empty for a first one.
struct Earlier {
  bool started = false;               // its RUN_START is recorded
  std::vector<Readiness::Done> done;  // succeeded
  std::vector<int> attempts;          // begun so far, by step; empty = none
  std::vector<std::pair<plan::NodeId, KnownVersion>> versions;  // of what the run made
};

class Coordinator {
 public:
  // Borrows everything for its lifetime. `versions` is read by running steps and written only for what none of them reads yet.
  Coordinator(const plan::Plan& plan, const RunOptions& options, EventLog& log,
              std::vector<KnownVersion>& versions, Cancellation& stop, const Earlier& earlier);

  // Runs to the end, on the calling thread. Once.
  void run(StepRunner& runner);

  // Whether the run was stopped before its end: false when all that was running ended by itself and nothing was left.
  bool canceled() const;
  const std::vector<std::uint32_t>& failed() const {
    return failed_;
  }  // in the order in which they failed
  std::vector<StepResult> take_results() { return std::move(results_); }

 private:
  void attempt_ended(std::uint32_t step, AttemptReport report);
  void follow(const Readiness::Change& change);
  void drop(const Dropped& dropped);
  void begin_cancel();
  void start_due_retries(Deadline now);
  Deadline next_deadline(Deadline now) const;
  const std::string& key(std::uint32_t step) const { return plan_.steps[step].def->name; }

  const plan::Plan& plan_;
  const RunOptions& options_;
  EventLog& log_;
  std::vector<KnownVersion>& versions_;
  Cancellation& stop_;
  const Earlier& earlier_;
  StepRunner* runner_ = nullptr;

  mutable std::mutex mutex_;  // guards what follows
  Readiness readiness_;
  std::vector<StepResult> results_;
  std::vector<int> tries_;  // attempts begun in this execution, by step
  std::vector<std::uint32_t> failed_;
  std::multimap<Deadline, std::uint32_t> retries_;
  int in_flight_ = 0;  // started and not ended
  bool interrupted_ = false;
  std::optional<Deadline> kill_at_;
};

}  // namespace treadle::execute
