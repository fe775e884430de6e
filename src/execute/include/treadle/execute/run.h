// The run loop: walks a plan, starts ready steps on a step runner, turns what they report into
// events.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/events/record.h>
#include <treadle/plan/plan.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace treadle::execute {

enum class Executor : std::uint8_t {
  kInProcess,  // C++ steps in parallel on threads; steps that want the calling thread there, one at
               // a time
  kProcess,    // each step in a forked process of its own
};

// Asked to stop: shared by signal handlers, the run loop and steps. request() is async-signal-safe.
class Cancellation {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
};

struct RunOptions {
  std::string run_id;  // "" = a new UUID
  std::string job_name = "__ASSET_JOB";
  std::map<std::string, std::string> tags;
  std::string selection;  // as the user gave it, for the record
  std::string run_config;
  std::string origin;
  std::string root_run_id;
  std::string parent_run_id;
  Executor executor = Executor::kInProcess;
  int max_concurrent = 0;                           // steps at once; 0 = one per core
  std::optional<RetryPolicy> default_retry_policy;  // of the job, for steps without their own
  bool resume = false;  // finish the recorded run `run_id`: steps that succeeded are not run again
  const Cancellation* cancellation = nullptr;
  // Called on the loop's thread, in order, as events happen (before they are durable). For
  // progress.
  std::function<void(const Event&)> observer;
  // Folder for captured output of forked steps: <logs>/<run>/<step>.out and .err; "" = not
  // captured.
  std::string logs_folder;
};

enum class StepStatus : std::uint8_t {
  kPending,
  kRunning,
  kWaitingForRetry,
  kSuccess,
  kFailure,
  kSkipped
};

struct StepResult {
  std::string step_key;
  StepStatus status = StepStatus::kPending;
  int attempts = 0;
  Micros duration = 0;  // of the last attempt
  std::optional<StepFailure> failure;
};

struct RunResult {
  std::string run_id;
  RunStatus status = RunStatus::kNotStarted;
  std::vector<StepResult> steps;  // as in the plan
  bool success() const { return status == RunStatus::kSuccess; }
};

// What the loop needs from outside; borrowed for the duration of the call.
struct World {
  events::Record& record;
  Clock& clock;
  // Closes what must not be open while a process forks (databases); called by the process executor
  // before it starts.
  std::function<void()> prepare_to_fork;
};

// Executes the plan to its end and returns when the record says how it ended (see RunWriter::finish
// for what is durable). An Error means that the run could not be recorded; a failed step is not an
// Error.
Result<RunResult> run(World& world, const plan::Plan& plan, const RunOptions& options);

}  // namespace treadle::execute
