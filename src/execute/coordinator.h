// The run loop: starts what is ready on a runner, judges how attempts end, starts again what may be tried again, and drops what
// follows from failures.
#pragma once

#include "attempt.h"
#include "event_log.h"
#include "limits.h"
#include "op_values.h"
#include "readiness.h"
#include "step_runner.h"
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace treadle::execute {

// What is known of steps from an earlier execution of the same run; empty for a first one.
struct Earlier {
  struct Step {
    std::uint32_t step = 0;   // of the plan
    std::string mapping_key;  // of an instance of a mapped step
    std::vector<ProducedOutput> outputs;
    bool of_this_run = true;  // false: it is not executed in this run at all
  };
  bool started = false;                                         // its RUN_START is recorded
  std::vector<Step> done;                                       // succeeded
  std::vector<Step> skipped;                                    // and so made nothing
  std::unordered_map<std::string, int> attempts;                // begun so far, by step key
  std::vector<std::pair<plan::NodeId, KnownVersion>> versions;  // of what the run made
};

// The seconds that the tag "dagster/max_runtime" allows.
std::optional<double> max_runtime(const RunOptions& options);

class Coordinator {
 public:
  // Borrows everything for its lifetime. `versions` is read by running steps and written only for what none of them reads yet.
  Coordinator(const plan::Plan& plan, const RunOptions& options, EventLog& log,
              std::vector<KnownVersion>& versions, Cancellation& stop, const Earlier& earlier,
              int at_once, Deadline begin);

  // Runs to the end, on the calling thread. Once.
  void run(StepRunner& runner);

  // Whether the run was stopped before its end: false when all that was running ended by itself and nothing was left.
  bool canceled() const;
  // The run took longer than it may, in seconds, and was stopped for that.
  std::optional<double> overran() const { return overran_; }
  // Whether steps were left out because one had failed: RunOptions::stop_at_first_failure.
  bool halted() const;
  // Keys of the failed steps, in the order in which they failed.
  std::vector<std::string> failed() const;
  std::vector<StepResult> take_results();

 private:
  Verdict::Kind attempt_ended(std::uint32_t id, AttemptReport report);
  Readiness::Change begin();
  void add_instances(const Readiness::Instances& instances);
  void start(const std::vector<std::uint32_t>& all);
  void start_attempts(const std::vector<std::uint32_t>& ids);
  // Whether the step was made before of the same; then its outputs are linked instead of running it.
  bool link(std::uint32_t id);
  void settle_linked();
  bool is_executed(std::uint32_t id) const;
  Attempt attempt_of(std::uint32_t id);
  void look_at_pools(Deadline now);
  void check_runtime(Deadline now);
  void emit_failed_partitions(std::uint32_t step, const AttemptReport& report);
  void follow(const Readiness::Change& change);
  void drop(const Dropped& dropped);
  void begin_cancel();
  void halt();
  void give_back();
  void start_due_retries(Deadline now);
  Deadline next_deadline(Deadline now) const;
  const std::string& key(std::uint32_t id) const { return results_[id].step_key; }

  const plan::Plan& plan_;
  const RunOptions& options_;
  EventLog& log_;
  std::vector<KnownVersion>& versions_;
  Cancellation& stop_;
  const Earlier& earlier_;
  StepRunner* runner_ = nullptr;

  mutable std::mutex mutex_;  // guards what follows
  Readiness readiness_;
  OpValues values_;
  Limits limits_;
  // By step or instance:
  std::vector<StepResult> results_;
  std::vector<int> tries_;  // attempts begun in this execution
  std::vector<bool>
      hidden_;  // not part of this run's result: not executed, or standing for instances
  std::vector<std::uint32_t> failed_;
  std::multimap<Deadline, std::uint32_t> retries_;
  std::vector<std::string> code_versions_;  // of memoized steps, by step of the plan
  std::vector<std::pair<std::uint32_t, std::vector<ProducedOutput>>> linked_;  // not settled yet
  bool settling_ = false;
  int in_flight_ = 0;  // started and not ended
  bool interrupted_ = false;
  bool halted_ = false;
  std::optional<Deadline> kill_at_;
  std::optional<double> max_runtime_;  // seconds
  Deadline runtime_ends_ = Deadline::max();
  Deadline read_pools_at_ = Deadline::min();
  std::optional<double> overran_;
};

}  // namespace treadle::execute
