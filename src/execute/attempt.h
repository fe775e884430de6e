// One attempt at a step: how it ended, and what follows from that. Values and pure functions.
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/execute/run.h>
#include <treadle/plan/plan.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::execute {

// Where a step's events go: the run's log in this process, a socket in a forked one. Thread-safe.
using EventSink = std::function<void(Event)>;

// Where one value of an op's input is.
struct InputSource {
  plan::StepOutput output;  // of the plan; a constant of the definition when its step is kNoStep
  std::string step_key;     // "work[a]"
  std::string mapping_key;  // of a dynamic output
  std::string run_id;       // "" = this run
  KnownVersion version;
  bool found = true;  // false: no run has made it
};
// By input of the step, and there in order.
using InputSources = std::vector<std::vector<InputSource>>;

struct Attempt {
  std::uint32_t step = 0;      // of the plan
  int number = 1;              // counts from 1, over all resumptions of the run
  int tries = 1;               // the same in this execution of the run
  std::uint32_t instance = 0;  // of a mapped step: see Readiness; otherwise `step`
  std::string mapping_key = {};
  std::shared_ptr<const InputSources> sources = nullptr;  // null: no input is wired to an output
};
// "work" or "work[a]".
std::string attempt_key(const plan::Plan& plan, const Attempt& attempt);

// How a process ended that did not end by itself.
struct ProcessExit {
  int signal = 0;  // 0 = it exited
  int code = 0;
  bool operator==(const ProcessExit&) const = default;
};
// "SIGSEGV", "SIGKILL"; "signal 42" for one without a name.
std::string signal_name(int signal);

struct ProducedOutput {
  std::uint32_t output = 0;
  KnownVersion version;
  std::string mapping_key = {};  // of a dynamic output
  std::string run_id = {};       // "" = this run
};

struct AttemptReport {
  std::optional<StepFailure> failure;  // none: success
  std::vector<ProducedOutput> outputs;
  Micros duration = 0;
  std::optional<ProcessExit> exit;
  bool hooks_follow = false;  // the step's process goes on with its hooks
};

struct Verdict {
  // kHalted: a failure after which nothing else of the run happens, hooks neither.
  enum class Kind : std::uint8_t { kSuccess, kRetry, kFailure, kInterrupted, kHalted };
  Kind kind = Kind::kSuccess;
  double seconds_to_wait = 0;   // kRetry
  std::optional<int> exceeded;  // kFailure: the number of retries that was allowed and is used up
};

// What to do about a report. `tries` counts the attempts of this execution of the run, this one included: a resumed run has its
// retries again. `random` is uniform in [0, 1).
Verdict judge(const AttemptReport& report, const std::optional<RetryPolicy>& policy, int tries,
              double random);

// The exit code of a step's process that can no longer speak to the run.
inline constexpr int kLostChannelCode = 117;

// The failure of a step that was ended because it took longer than it may.
StepFailure time_limit_failure(const std::string& step_key, double seconds);

// The failure of a step whose process died.
StepFailure crash_failure(const std::string& step_key, const ProcessExit& exit);

// Classes of failures that the engine itself finds.
inline constexpr std::string_view kOutputMissing = "DagsterStepOutputNotFoundError";
inline constexpr std::string_view kCheckFailed = "DagsterAssetCheckFailedError";
inline constexpr std::string_view kInvariant = "DagsterInvariantViolationError";
// An exception that left a step body although it must not: a fault of the front end, not of the user.
inline constexpr std::string_view kUncaughtException = "UncaughtException";

// Dagster's ErrorSource: see docs/formats/events.md.
std::string_view error_source(const AttemptReport& report);

}  // namespace treadle::execute
