#include "fork_runner.h"

#include "step_events.h"
#include "step_partitions.h"
#include "wire.h"
#include <treadle/base/digest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace treadle::execute {
namespace {

std::string stopped_from_outside(bool alone) {
  return std::string(alone ? "" : " ") +
         "The step was interrupted, though the run was not: its function raised this itself, or "
         "its process got a "
         "signal from elsewhere.";
}

int milliseconds_until(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

Result<std::unique_ptr<ForkRunner>> ForkRunner::create(const ForkSetup& setup) {
  if (const std::string& logs = setup.options.logs_folder; !logs.empty()) {
    TREADLE_CHECK(real_files().make_folders(join_path(logs, setup.run_id)));
  }
  // The first digest of a process reads OpenSSL's configuration: here, and not in each step's process.
  static_cast<void>(sha256({}));
  std::unique_ptr<ForkRunner> runner(new ForkRunner(setup));
  TREADLE_TRY(runner->zygote_, start_zygote(runner->setup_, runner->channel_));
  return runner;
}

ForkRunner::~ForkRunner() {
  if (zygote_ == 0) return;
  // At the end of the channel the zygote kills what is left, and leaves.
  channel_ = Channel();
  while (::waitpid(zygote_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ForkRunner::start(const std::vector<Attempt>& attempts) {
  queue_.insert(queue_.end(), attempts.begin(), attempts.end());
}

void ForkRunner::hand_over() {
  while (!queue_.empty() && running_ < setup_.max_concurrent) {
    const Attempt attempt = queue_.front();
    queue_.pop_front();
    const std::uint32_t id = next_task_++;
    Task& task = tasks_[id];
    task.attempt = attempt;
    task.key = attempt_key(setup_.plan, attempt);
    task.begin = std::chrono::steady_clock::now();
    ++running_;
    channel_.queue(MessageKind::kStart, id, start_body(attempt));
  }
}

// The zygote knows what was known when it was forked; what steps have made since goes with the order.
std::string ForkRunner::start_body(const Attempt& attempt) const {
  StartBody body{.attempt = attempt, .versions = {}};
  const plan::PlannedStep& step = setup_.plan.steps[attempt.step];
  if (step.partitions) {
    // Of a partitioned asset only what the step reads.
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const auto& read = step.partitions->inputs[i];
      if (!read) continue;
      const plan::NodeId node = step.inputs[i].node;
      body.versions.emplace_back(node, only(setup_.versions[node], read->slice));
    }
  }
  const auto tell = [&](plan::NodeId node) {
    if (node == plan::kNoNode || setup_.versions[node].partitions) return;
    body.versions.emplace_back(node, setup_.versions[node]);
  };
  for (const plan::PlannedInput& input : step.inputs) tell(input.node);
  if (!step.def->graph.empty()) {
    // Other steps of its graph have read what its assets follow from.
    for (const std::uint32_t output : step.outputs) {
      const plan::NodeId node = setup_.plan.graph->find(step.def->outputs[output].asset.key);
      if (node == plan::kNoNode) continue;
      for (const plan::NodeId parent : setup_.plan.graph->node(node).parents) tell(parent);
    }
  }
  return encode(body);
}

void ForkRunner::wait(Deadline deadline) {
  hand_over();
  if (!gone_ && !channel_.flush()) zygote_is_gone();
  if (gone_) {
    if (queue_.empty()) ::poll(nullptr, 0, milliseconds_until(deadline));
    zygote_is_gone();
    return;
  }
  const short events = channel_.has_queued() ? POLLIN | POLLOUT : POLLIN;
  pollfd ready{.fd = channel_.fd(), .events = events, .revents = 0};
  ::poll(&ready, 1, milliseconds_until(deadline));
  receive();
  forward_output();
  end_overdue();
}

// Ends steps that take longer than they may: asks, and after the same time as for a cancelled run does not ask any more.
void ForkRunner::end_overdue() {
  const auto now = std::chrono::steady_clock::now();
  for (auto& [id, task] : tasks_) {
    const double limit = setup_.plan.steps[task.attempt.step].def->time_limit;
    if (limit <= 0 || task.reported) continue;
    const double took = std::chrono::duration<double>(now - task.begin).count();
    if (!task.timed_out && took >= limit) {
      task.timed_out = true;
      channel_.queue(MessageKind::kTerminate, id, {});
    } else if (!task.killed && took >= limit + setup_.options.terminate_grace_seconds) {
      task.killed = true;
      channel_.queue(MessageKind::kKill, id, {});
    }
  }
}

void ForkRunner::finish() {
  const auto begin = std::chrono::steady_clock::now();
  const auto grace = std::chrono::duration<double>(setup_.options.terminate_grace_seconds);
  while (!gone_ && std::any_of(tasks_.begin(), tasks_.end(),
                               [](const auto& task) { return task.second.hooks_follow; })) {
    if (canceling_ && std::chrono::steady_clock::now() - begin > grace) kill();
    wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
  }
}

void ForkRunner::receive() {
  Message message;
  while (true) {
    switch (channel_.receive(message)) {
      case Channel::Received::kMessage:
        handle(message);
        break;
      case Channel::Received::kNothingYet:
        // A step's own child may keep the channel open beyond the zygote's end.
        if (running_ > 0 && ::waitpid(zygote_, nullptr, WNOHANG) == zygote_) {
          zygote_ = 0;
          zygote_is_gone();
        }
        return;
      case Channel::Received::kClosed:
        zygote_is_gone();
        return;
    }
  }
}

void ForkRunner::handle(const Message& message) {
  const auto at = tasks_.find(message.task);
  if (at == tasks_.end()) return;
  Task& task = at->second;
  switch (message.kind) {
    case MessageKind::kStarted:
      handle_started(task, message);
      break;
    case MessageKind::kEvent:
      if (std::optional<Event> event = decode_event(message.body)) sink_(std::move(*event));
      break;
    case MessageKind::kReport:
      if (std::optional<AttemptReport> r = decode_report(message.body)) report(task, std::move(*r));
      break;
    case MessageKind::kExit:
      handle_exit(message.task, message);
      break;
    case MessageKind::kStart:
    case MessageKind::kTerminate:
    case MessageKind::kKill:
      break;
  }
}

void ForkRunner::handle_started(Task& task, const Message& message) {
  const std::optional<StartedBody> body = decode_started(message.body);
  if (!body || !body->captured) return;
  sink_(logs_captured(task.key, body->pid, body->out, body->err));
  if (!setup_.options.forward_output) return;
  task.out = std::make_unique<OutputTail>(body->out, body->out_begin, STDOUT_FILENO);
  task.err = std::make_unique<OutputTail>(body->err, body->err_begin, STDERR_FILENO);
}

void ForkRunner::handle_exit(std::uint32_t id, const Message& message) {
  // The handler of the report may start other attempts, and so move the tasks.
  auto node = tasks_.extract(id);
  if (node.mapped().reported) {
    if (node.mapped().out) node.mapped().out->forward();
    if (node.mapped().err) node.mapped().err->forward();
    return;
  }
  const std::optional<ProcessExit> exit = decode_exit(message.body);
  crashed(node.mapped(), exit.value_or(ProcessExit{}));
}

void ForkRunner::crashed(Task& task, const ProcessExit& exit) {
  const std::string& key = task.key;
  AttemptReport crash;
  crash.failure = crash_failure(key, exit);
  crash.exit = exit;
  crash.duration = std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::steady_clock::now() - task.begin)
                       .count();
  const bool ended_by_us = canceling_ && (exit.signal == SIGTERM || exit.signal == SIGKILL);
  crash.failure->interrupted = ended_by_us;
  Event event = engine_event(
      "Multiprocess executor: child process for step " + key +
          (exit.signal != 0 ? " was terminated by signal " + std::to_string(exit.signal) + " (" +
                                  signal_name(exit.signal) + ")."
                            : " unexpectedly exited with code " + std::to_string(exit.code) + "."),
      "{\"error\":" + failure_to_json(*crash.failure) + "}");
  event.step_key = key;
  event.level = LogLevel::kError;
  sink_(std::move(event));
  report(task, std::move(crash));
}

void ForkRunner::report(Task& task, AttemptReport report) {
  if (task.out) task.out->forward();
  if (task.err) task.err->forward();
  // Only the run decides that it is cancelled: whoever else stops a step makes it fail, alone.
  if (report.failure && report.failure->interrupted && !canceling_) {
    report.failure->interrupted = false;
    report.failure->message += stopped_from_outside(report.failure->message.empty());
  }
  if (report.failure && task.timed_out && !canceling_) {
    const bool allow_retries = report.failure->allow_retries;
    report.failure =
        time_limit_failure(task.key, setup_.plan.steps[task.attempt.step].def->time_limit);
    report.failure->allow_retries = allow_retries;
  }
  task.reported = true;
  task.hooks_follow = report.hooks_follow;
  --running_;
  done_(task.attempt.instance, std::move(report));
}

void ForkRunner::zygote_is_gone() {
  gone_ = true;
  StepFailure failure;
  failure.error_class = "ChildProcessCrashException";
  failure.message =
      "The process that starts steps is gone: somebody or the system killed it. Resume the run.";
  failure.allow_retries = false;
  const auto fail_step = [&](std::uint32_t instance) {
    AttemptReport report;
    report.failure = failure;
    report.exit = ProcessExit{.signal = SIGKILL};
    done_(instance, std::move(report));
  };
  std::vector<std::uint32_t> lost;
  for (const auto& [id, task] : tasks_) {
    if (!task.reported) lost.push_back(task.attempt.instance);
  }
  tasks_.clear();
  running_ = 0;
  for (const std::uint32_t instance : lost) fail_step(instance);
  while (!queue_.empty()) {
    const std::uint32_t instance = queue_.front().instance;
    queue_.pop_front();
    fail_step(instance);
  }
}

void ForkRunner::forward_output() {
  for (auto& [id, task] : tasks_) {
    if (task.reported) continue;
    if (task.out) task.out->forward();
    if (task.err) task.err->forward();
  }
}

std::vector<std::uint32_t> ForkRunner::cancel() {
  canceling_ = true;
  std::vector<std::uint32_t> dropped;
  for (const Attempt& attempt : queue_) dropped.push_back(attempt.instance);
  queue_.clear();
  channel_.queue(MessageKind::kTerminate, 0, {});
  return dropped;
}

void ForkRunner::kill() {
  channel_.queue(MessageKind::kKill, 0, {});
}

}  // namespace treadle::execute
