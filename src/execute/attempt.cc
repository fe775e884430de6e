#include "attempt.h"

#include <treadle/define/retry_policy.h>

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <utility>

namespace treadle::execute {

std::string signal_name(int signal) {
  static constexpr std::array<std::pair<int, const char*>, 19> kNames{{
      {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},     {SIGILL, "SIGILL"},
      {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},
      {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"},     {SIGUSR2, "SIGUSR2"},
      {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},     {SIGXCPU, "SIGXCPU"},
      {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},   {SIGVTALRM, "SIGVTALRM"},
  }};
  for (const auto& [number, name] : kNames) {
    if (number == signal) return name;
  }
  return "signal " + std::to_string(signal);
}

Verdict judge(const AttemptReport& report, const std::optional<RetryPolicy>& policy, int tries,
              double random) {
  if (!report.failure) return {.kind = Verdict::Kind::kSuccess};
  const StepFailure& failure = *report.failure;
  if (failure.interrupted) return {.kind = Verdict::Kind::kInterrupted};
  if (failure.retry) {
    if (tries > failure.retry->max_retries) {
      return {.kind = Verdict::Kind::kFailure, .exceeded = failure.retry->max_retries};
    }
    return {.kind = Verdict::Kind::kRetry, .seconds_to_wait = failure.retry->seconds_to_wait};
  }
  if (!policy || !failure.allow_retries) return {.kind = Verdict::Kind::kFailure};
  if (tries > policy->max_retries) {
    return {.kind = Verdict::Kind::kFailure, .exceeded = policy->max_retries};
  }
  return {.kind = Verdict::Kind::kRetry, .seconds_to_wait = retry_delay(*policy, tries, random)};
}

std::string attempt_key(const plan::Plan& plan, const Attempt& attempt) {
  const std::string& name = plan.steps[attempt.step].def->name;
  return attempt.mapping_key.empty() ? name : name + "[" + attempt.mapping_key + "]";
}

StepFailure time_limit_failure(const std::string& step_key, double seconds) {
  StepFailure failure;
  failure.error_class = "TimeoutError";
  failure.message =
      fmt::format("Step \"{}\" took longer than its time limit of {:g} seconds and was ended.",
                  step_key, seconds);
  return failure;
}

StepFailure crash_failure(const std::string& step_key, const ProcessExit& exit) {
  StepFailure failure;
  failure.error_class = "ChildProcessCrashException";
  failure.message = "The process of step \"" + step_key + "\" ";
  if (exit.signal != 0) {
    failure.message += "was killed by " + signal_name(exit.signal);
    if (exit.signal == SIGKILL) failure.message += " (perhaps by the system, for want of memory)";
  } else {
    failure.message += "exited with code " + std::to_string(exit.code);
    if (exit.code == kLostChannelCode) {
      failure.message +=
          " (it could no longer report to the run: its code has closed files it did not open)";
    }
  }
  failure.message += " before the step had ended.";
  return failure;
}

std::string_view error_source(const AttemptReport& report) {
  const StepFailure& failure = *report.failure;
  if (failure.interrupted) return "INTERRUPT";
  if (report.exit) return "UNEXPECTED_ERROR";
  const std::string_view error_class = failure.error_class;
  if (error_class == kUncaughtException) return "UNEXPECTED_ERROR";
  if (error_class == kOutputMissing || error_class == kCheckFailed || error_class == kInvariant) {
    return "FRAMEWORK_ERROR";
  }
  return "USER_CODE_ERROR";
}

}  // namespace treadle::execute
