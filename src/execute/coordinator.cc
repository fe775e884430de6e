#include "coordinator.h"

#include "step_events.h"
#include <treadle/base/random.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace treadle::execute {
namespace {

using std::chrono::steady_clock;

// How often the calling thread looks at the cancellation flag (a signal handler cannot wake it) and brings the observer the
// events of other threads.
constexpr auto kLookAround = std::chrono::milliseconds(50);

steady_clock::duration seconds(double s) {
  // A delay of years is as good as for ever, and does not overflow.
  return std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(std::min(s, 1e8)));
}

double random_unit() {
  std::uint64_t bits = 0;
  const std::string bytes = random_bytes(sizeof bits);
  std::memcpy(&bits, bytes.data(), sizeof bits);
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace

Coordinator::Coordinator(const plan::Plan& plan, const RunOptions& options, EventLog& log,
                         std::vector<KnownVersion>& versions, Cancellation& stop,
                         const Earlier& earlier)
    : plan_(plan),
      options_(options),
      log_(log),
      versions_(versions),
      stop_(stop),
      earlier_(earlier),
      readiness_(shape_of(plan)),
      results_(plan.steps.size()),
      tries_(plan.steps.size(), 0) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    results_[i].step_key = plan.steps[i].def->name;
    if (!earlier.attempts.empty()) results_[i].attempts = earlier.attempts[i];
  }
  for (const Readiness::Done& done : earlier.done) {
    results_[done.step].status = StepStatus::kSuccess;
  }
}

void Coordinator::run(StepRunner& runner) {
  runner_ = &runner;
  runner.on_done(
      [this](std::uint32_t step, AttemptReport report) { attempt_ended(step, std::move(report)); });
  {
    const std::scoped_lock lock(mutex_);
    follow(readiness_.begin(earlier_.done));
  }
  while (true) {
    const Deadline now = steady_clock::now();
    Deadline deadline;
    {
      const std::scoped_lock lock(mutex_);
      const bool over = in_flight_ == 0 && retries_.empty();
      const bool asked = options_.cancellation != nullptr && options_.cancellation->requested();
      // What is not recorded would have to be run again: nothing more is begun.
      const bool give_up = asked || log_.broken();
      if (!stop_.requested() && (interrupted_ || (give_up && !over))) begin_cancel();
      if (in_flight_ == 0 && retries_.empty()) break;
      if (!retries_.empty()) start_due_retries(now);
      deadline = next_deadline(now);
    }
    if (kill_at_ && now >= *kill_at_) {
      runner.kill();
      kill_at_.reset();
    }
    log_.deliver();
    runner.wait(deadline);
  }
}

bool Coordinator::canceled() const {
  const std::scoped_lock lock(mutex_);
  if (!stop_.requested()) return false;
  return interrupted_ || std::any_of(results_.begin(), results_.end(), [](const StepResult& r) {
           return r.status == StepStatus::kPending;
         });
}

Deadline Coordinator::next_deadline(Deadline now) const {
  Deadline deadline = now + kLookAround;
  if (!retries_.empty()) deadline = std::min(deadline, retries_.begin()->first);
  return deadline;
}

void Coordinator::attempt_ended(std::uint32_t step, AttemptReport report) {
  const std::scoped_lock lock(mutex_);
  StepResult& result = results_[step];
  result.duration = report.duration;
  --in_flight_;
  const StepDef& def = *plan_.steps[step].def;
  Verdict verdict =
      judge(report, def.retry_policy ? def.retry_policy : options_.default_retry_policy,
            tries_[step], report.failure ? random_unit() : 0);
  // A run that is being cancelled tries nothing again.
  if (verdict.kind == Verdict::Kind::kRetry && stop_.requested()) {
    verdict = {.kind = Verdict::Kind::kFailure};
  }
  switch (verdict.kind) {
    case Verdict::Kind::kSuccess: {
      result.status = StepStatus::kSuccess;
      result.failure.reset();
      log_.emit(step_success(def.name, report.duration));
      std::vector<std::uint32_t> outputs;
      outputs.reserve(report.outputs.size());
      for (ProducedOutput& produced : report.outputs) {
        outputs.push_back(produced.output);
        const plan::NodeId node = plan_.graph->find(def.outputs[produced.output].asset.key);
        if (node != plan::kNoNode) versions_[node] = std::move(produced.version);
      }
      follow(readiness_.succeed(step, outputs));
      break;
    }
    case Verdict::Kind::kRetry:
      result.status = StepStatus::kWaitingForRetry;
      log_.emit(
          step_up_for_retry(def.name, *report.failure, verdict.seconds_to_wait, result.attempts));
      result.failure = std::move(report.failure);
      retries_.emplace(steady_clock::now() + seconds(verdict.seconds_to_wait), step);
      runner_->wake();
      break;
    case Verdict::Kind::kInterrupted:
      interrupted_ = true;
      [[fallthrough]];
    case Verdict::Kind::kFailure:
      result.status = StepStatus::kFailure;
      log_.emit(step_failure(def.name, report, verdict, result.attempts));
      result.failure = std::move(report.failure);
      failed_.push_back(step);
      if (!interrupted_) follow(readiness_.fail(step));
      break;
  }
  if (in_flight_ == 0 || interrupted_) runner_->wake();
}

void Coordinator::follow(const Readiness::Change& change) {
  for (const Dropped& dropped : change.dropped) drop(dropped);
  if (change.ready.empty() || stop_.requested() || interrupted_) return;
  std::vector<Attempt> attempts;
  attempts.reserve(change.ready.size());
  for (const std::uint32_t step : change.ready) {
    results_[step].status = StepStatus::kRunning;
    ++tries_[step];
    attempts.push_back({.step = step, .number = ++results_[step].attempts});
  }
  in_flight_ += static_cast<int>(attempts.size());
  runner_->start(attempts);
}

void Coordinator::drop(const Dropped& dropped) {
  results_[dropped.step].status = StepStatus::kSkipped;
  const std::string& name = key(dropped.step);
  std::vector<std::string> names;
  if (!dropped.missing.empty()) {
    for (const OutputOf& missing : dropped.missing) {
      const StepDef& upstream = *plan_.steps[missing.step].def;
      names.push_back(upstream.name + "." + upstream.outputs[missing.output].name);
    }
    log_.emit(log_event(
        name, LogLevel::kInfo,
        "Skipping step " + name + " due to skipped dependencies: " + list_text(names) + "."));
    log_.emit(step_skipped(name));
    return;
  }
  std::string message = "Dependencies for step " + name;
  const auto list = [&](const char* what, const std::vector<std::uint32_t>& steps) {
    if (steps.empty()) return;
    names.clear();
    for (const std::uint32_t step : steps) names.push_back(key(step));
    message += what + list_text(names);
  };
  list(" failed: ", dropped.failed);
  list(" were not executed: ", dropped.not_executed);
  log_.emit(log_event(name, LogLevel::kError, message + ". Not executing."));
}

void Coordinator::start_due_retries(Deadline now) {
  std::vector<Attempt> attempts;
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const std::uint32_t step = retries_.begin()->second;
    retries_.erase(retries_.begin());
    results_[step].status = StepStatus::kRunning;
    ++tries_[step];
    attempts.push_back({.step = step, .number = ++results_[step].attempts});
  }
  in_flight_ += static_cast<int>(attempts.size());
  if (!attempts.empty()) runner_->start(attempts);
}

void Coordinator::begin_cancel() {
  stop_.request();
  for (const std::uint32_t step : runner_->cancel()) {
    results_[step].status = StepStatus::kPending;
    --results_[step].attempts;
    --in_flight_;
  }
  // Without its retry the run is not what it was to be, even if nothing else is left.
  interrupted_ = interrupted_ || !retries_.empty();
  for (const auto& [at, step] : retries_) results_[step].status = StepStatus::kFailure;
  retries_.clear();
  kill_at_ = steady_clock::now() + seconds(options_.terminate_grace_seconds);
  log_.emit(run_canceling(in_flight_));
}

}  // namespace treadle::execute
