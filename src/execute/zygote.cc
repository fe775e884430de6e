#include "zygote.h"

#include "step_process.h"
#include "wire.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unordered_map>

namespace treadle::execute {
namespace {

void on_child_signal(int) {}

void call(const std::function<void()>& hook) {
  if (hook) hook();
}

// Dies with its parent, even when the parent died before the call.
void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
}

// The dispositions of signals that are the zygote's own business, and how to give its children the usual ones.
class SavedActions {
 public:
  void replace(int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    ::sigaction(signal, &action, &saved_[signal]);
  }
  void restore() const {
    for (const auto& [signal, action] : saved_) ::sigaction(signal, &action, nullptr);
  }

 private:
  std::unordered_map<int, struct sigaction> saved_;
};

class Zygote {
 public:
  Zygote(const ForkSetup& setup, Channel channel) : setup_(setup), channel_(std::move(channel)) {}
  [[noreturn]] void run();

 private:
  void obey(const Message& message);
  void start(std::uint32_t task, std::string_view body);
  void reap();
  void signal(std::uint32_t task, int number);
  [[noreturn]] void end();

  const ForkSetup& setup_;
  Channel channel_;
  std::unordered_map<pid_t, std::uint32_t> tasks_;  // of the living
  sigset_t usual_mask_{};
  SavedActions usual_;
};

void Zygote::run() {
  ::prctl(PR_SET_NAME, "treadle-steps");
  // SIGCHLD comes only while this process waits in ppoll: no end of a child is missed, nothing else is interrupted.
  usual_.replace(SIGCHLD, on_child_signal);
  // A service manager may tell every process of the run to stop. Who stops what is for the coordinator to say.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) usual_.replace(signal, SIG_IGN);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, &usual_mask_);
  sigset_t waiting_mask = usual_mask_;
  ::sigdelset(&waiting_mask, SIGCHLD);

  Message message;
  while (true) {
    reap();
    pollfd readable{.fd = channel_.fd(), .events = POLLIN, .revents = 0};
    if (::ppoll(&readable, 1, nullptr, &waiting_mask) <= 0) continue;
    for (bool more = true; more;) {
      switch (channel_.receive(message)) {
        case Channel::Received::kMessage:
          obey(message);
          break;
        case Channel::Received::kNothingYet:
          more = false;
          break;
        case Channel::Received::kClosed:
          end();
      }
    }
  }
}

void Zygote::obey(const Message& message) {
  switch (message.kind) {
    case MessageKind::kStart:
      start(message.task, message.body);
      break;
    case MessageKind::kTerminate:
      signal(message.task, SIGTERM);
      break;
    case MessageKind::kKill:
      signal(message.task, SIGKILL);
      break;
    case MessageKind::kStarted:
    case MessageKind::kEvent:
    case MessageKind::kReport:
    case MessageKind::kExit:
      break;
  }
}

void Zygote::start(std::uint32_t task, std::string_view text) {
  std::optional<StartBody> body = decode_start(text);
  if (!body) std::abort();
  const ForkHooks& hooks = setup_.options.fork_hooks;
  const pid_t zygote = ::getpid();
  call(hooks.before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    die_with(zygote);
    ::setpgid(0, 0);
    call(hooks.after_in_child);
    usual_.restore();
    ::sigprocmask(SIG_SETMASK, &usual_mask_, nullptr);
    run_step_process(setup_, channel_, task, std::move(*body));
  }
  const int error = errno;
  call(hooks.after_in_parent);
  if (pid < 0) {
    AttemptReport report;
    report.failure.emplace();
    report.failure->error_class = "OSError";
    report.failure->message =
        errno_error("Cannot start a process for the step", error).message +
        " Lower the number of steps at once, or raise the limit of processes or memory.";
    if (!channel_.send(MessageKind::kReport, task, encode(report))) end();
    return;
  }
  ::setpgid(pid, pid);  // here too, so that a signal to the group cannot come too early
  tasks_.emplace(pid, task);
}

void Zygote::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto at = tasks_.find(pid);
    if (at == tasks_.end()) continue;
    const ProcessExit exit{.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                           .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0};
    const std::uint32_t task = at->second;
    tasks_.erase(at);
    if (!channel_.send(MessageKind::kExit, task, encode(exit))) end();
  }
}

// Task 0: all.
void Zygote::signal(std::uint32_t task, int number) {
  for (const auto& [pid, of] : tasks_) {
    if (task == 0 || of == task) ::kill(-pid, number);
  }
}

void Zygote::end() {
  signal(0, SIGKILL);
  ::_exit(0);
}

}  // namespace

Result<pid_t> start_zygote(const ForkSetup& setup, Channel& ours) {
  TREADLE_TRY(auto ends, Channel::make_pair());
  // What is buffered would otherwise be written once by each process.
  std::fflush(nullptr);
  const ForkHooks& hooks = setup.options.fork_hooks;
  const pid_t parent = ::getpid();
  call(hooks.before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    die_with(parent);
    // Out of the terminal's group: what the user types there is for the coordinator, which passes it on.
    ::setpgid(0, 0);
    call(hooks.after_in_child);
    ends.first = Channel();
    Zygote(setup, std::move(ends.second)).run();
  }
  const int error = errno;
  call(hooks.after_in_parent);
  if (pid < 0) return fail(errno_error("Cannot fork a process to run steps in", error));
  ours = std::move(ends.first);
  return pid;
}

}  // namespace treadle::execute
