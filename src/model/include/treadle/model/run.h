// Runs as the record keeps them. Values.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// Dagster's DagsterRunStatus. A run whose process is gone stays kStarted in the record;
// `interrupted` is derived.
enum class RunStatus : std::uint8_t {
  kNotStarted = 0,
  kQueued = 1,
  kStarting = 2,
  kStarted = 3,
  kSuccess = 4,
  kFailure = 5,
  kCanceling = 6,
  kCanceled = 7,
};
std::string_view to_string(RunStatus status);  // "STARTED" ...
std::optional<RunStatus> run_status_from(std::string_view name);
constexpr bool is_finished(RunStatus s) {
  return s == RunStatus::kSuccess || s == RunStatus::kFailure || s == RunStatus::kCanceled;
}

struct Run {
  std::string run_id;    // a UUID, or any text of 1..128 characters without /\#?%:
  std::string job_name;  // "__ASSET_JOB" for an ad hoc materialization
  RunStatus status = RunStatus::kNotStarted;
  Micros created = 0;
  Micros started = 0;         // 0 = not yet
  Micros finished = 0;        // 0 = not yet
  std::string root_run_id;    // first of a chain of re-executions; "" = none
  std::string parent_run_id;  // the run this one re-executes; "" = none
  std::map<std::string, std::string> tags;
  std::vector<std::string> step_keys;  // the plan, in order; what `resume` finishes
  std::string selection;               // as the user gave it; "" = everything
  std::string run_config;              // JSON text; "" = {}
  // How to load the definitions again: {"kind": "python"|"program", ...}; "" when only the caller's
  // process has them.
  std::string origin;
  std::string executor;     // "in_process" | "process"
  std::int64_t number = 0;  // given by the record: increases from run to run; 0 = not recorded yet
};

// The rule a run id breaks, if any.
Result<void> check_run_id(std::string_view run_id);

}  // namespace treadle
