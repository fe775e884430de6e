// The run loop: walks a plan, starts ready steps on a step runner, turns what they report into
// events.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/define/step.h>
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

// What is known of an asset's latest value before the run (or its resumption) begins.
struct KnownVersion {
  std::string data_version;  // "" = unknown
  std::string artifact;  // the artifact version that holds the value; "" = none, or take the latest
  // Of a partitioned asset: what is known of its partitions, by key. Null: not partitioned.
  std::shared_ptr<const std::unordered_map<std::string, KnownVersion>> partitions = {};
  bool operator==(const KnownVersion&) const = default;
};

// What an earlier run made of the same code, config and inputs.
struct MemoHit {
  KnownVersion version;
  std::string run_id;
};

// What a front end must do around the forks of the process executor (Python: PyOS_BeforeFork and its kin). Each may be empty.
struct ForkHooks {
  std::function<void()> before;
  std::function<void()> after_in_parent;
  std::function<void()> after_in_child;
  // In a step's process, when the step has ended: flush what the language buffers. The process leaves by _exit.
  std::function<void()> before_exit;
  // Called from the signal handler in a step's process when the run is being cancelled: async-signal-safe.
  void (*on_terminate)() = nullptr;
};

// At most `limit` steps with this tag at once, of all values, of one value, or of each value by itself.
struct TagConcurrencyLimit {
  std::string key;
  std::optional<std::string> value = {};
  bool per_unique_value = false;  // Dagster's {"applyLimitPerUniqueValue": true}
  int limit = 1;
};

struct RunOptions {
  std::string run_id;  // "" = a new UUID
  std::string job_name = "__ASSET_JOB";
  std::map<std::string, std::string> tags;  // "dagster/max_runtime": seconds, then the run fails
  std::string selection;                    // as the user gave it, for the record
  std::string run_config;
  std::string origin;
  std::string root_run_id;
  // With a plan that leaves out steps (plan::plan_job_again): what these made is loaded from this run, or those it re-executes.
  std::string parent_run_id;
  Executor executor = Executor::kInProcess;
  // The job, its definitions or the run's configuration have said the executor: settings of a project do not change it.
  bool executor_said = false;
  int max_concurrent = 0;  // steps at once; 0 = one per core
  std::vector<TagConcurrencyLimit> tag_concurrency_limits;
  std::map<std::string, int> pools;  // steps at once by StepDef::pool; others as they like
  // Pools whose places all processes of a home share, and the folder in which they are locked. One with 0
  // places is paused: its steps wait, and the record says so.
  std::map<std::string, int> shared_pools;
  // Those limits as they are now, asked every now and then while steps wait; empty: they stay. A pool that is
  // not among them any more is not limited any more. Called on whichever thread executes.
  std::function<std::map<std::string, int>()> read_shared_pools;
  std::string pools_folder;
  std::optional<RetryPolicy> default_retry_policy;  // of the job, for steps without their own
  bool retries = true;  // false: nothing is tried again, whatever policies and user code say
  // In one process: once a step has failed for good none is begun any more, and its hooks are not called. For callers that raise
  // what the step raised.
  bool stop_at_first_failure = false;
  bool resume = false;  // finish the recorded run `run_id`: steps that succeeded are not run again
  const Cancellation* cancellation = nullptr;
  // Called on the thread that called run(), in order, as events happen (before they are durable).
  // For progress; what it throws is ignored.
  std::function<void(const Event&)> observer;
  // Folder for captured output of forked steps: <logs>/<run>/<step>.out and .err; "" = not
  // captured.
  std::string logs_folder;
  // Whether captured output also appears on this process's own stdout and stderr.
  bool forward_output = true;
  // Data versions of assets that this run reads but does not make, for provenance and for loading
  // exactly them.
  std::unordered_map<AssetKey, KnownVersion> known_versions;
  // Every step as if it were declared with `memoize`: what was made of the same code, configuration
  // and inputs before is not made again.
  bool memoize = false;
  // Finds what has this memo and is still there; empty: nothing is ever found.
  std::function<std::optional<MemoHit>(const std::string& memo)> find_memo;
  ForkHooks fork_hooks;
  // How long a forked step may go on after SIGTERM, before SIGKILL.
  double terminate_grace_seconds = 5;
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
  Micros duration = 0;                 // of the last attempt
  std::optional<StepFailure> failure;  // of the last attempt
};

struct RunResult {
  std::string run_id;
  RunStatus status = RunStatus::kNotStarted;
  std::vector<StepResult> steps;       // as in the plan; of a mapped step its instances, at the end
  std::optional<StepFailure> failure;  // no step is to blame: a resource that could not be set up
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

// The steps to run again after a run of a job of ops that did not succeed, as plan::plan_job_again takes them: those that failed or
// were not reached, and all that follows from them. `job` is the whole plan of the job. kInvalidArgument when the run succeeded.
Result<std::vector<std::string>> steps_from_failure(events::Record& record, const plan::Plan& job,
                                                    const std::string& run_id);

// The steps that a selection means after a run of a job of ops (plan::select_steps_again), as plan::plan_job_again takes them.
// kNotFound when it names what is not there, kInvalidArgument when it cannot be run so.
Result<std::vector<std::string>> select_steps_again(events::Record& record, const plan::Plan& job,
                                                    const std::string& run_id,
                                                    const std::vector<std::string>& selection);

// Executes the plan to its end and returns when the record says how it ended (see RunWriter::finish
// for what is durable). An Error means that the run could not be recorded; a failed step is not an
// Error.
Result<RunResult> run(World& world, const plan::Plan& plan, const RunOptions& options);

// The pools of which steps ever took a place, in any process.
std::vector<std::string> used_pools(const std::string& pools_folder);
// How many of the first `places` of a shared pool steps hold now, in all processes.
int taken_pool_places(const std::string& pools_folder, const std::string& pool, int places);

}  // namespace treadle::execute
