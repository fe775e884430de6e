#include "step_process.h"

#include "attempt.h"
#include "output_capture.h"
#include "resource_set.h"
#include "step_execution.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <mutex>
#include <unistd.h>

namespace treadle::execute {
namespace {

// What the signal handler needs. Set before the handler is.
Cancellation g_cancellation;
void (*g_on_terminate)() = nullptr;

void on_terminate(int) {
  g_cancellation.request();
  if (g_on_terminate != nullptr) g_on_terminate();
}

// When memory runs out, the system takes the step and not the run.
void volunteer_for_the_oom_killer() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  const ssize_t written = ::write(fd, "500", 3);
  static_cast<void>(written);
  ::close(fd);
}

void flush_streams() {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
}

class StepProcess {
 public:
  StepProcess(const ForkSetup& setup, Channel& channel, std::uint32_t task, StartBody start)
      : setup_(setup), channel_(channel), task_(task), start_(std::move(start)) {}

  void run() {
    std::signal(SIGPIPE, SIG_IGN);
    g_on_terminate = setup_.options.fork_hooks.on_terminate;
    struct sigaction action{};
    action.sa_handler = on_terminate;
    ::sigaction(SIGTERM, &action, nullptr);
    volunteer_for_the_oom_killer();
    redirect();
    for (auto& [node, version] : start_.versions) setup_.versions[node] = std::move(version);
    const std::optional<AttemptReport> report = attempt();
    if (setup_.options.fork_hooks.before_exit) setup_.options.fork_hooks.before_exit();
    flush_streams();
    if (report) send(MessageKind::kReport, encode(*report));
  }

 private:
  const StepDef& def() const { return *setup_.plan.steps[start_.attempt.step].def; }
  std::string step_key() const { return attempt_key(setup_.plan, start_.attempt); }

  // User code may report from threads of its own; the parts of a long message must not mix with
  // another.
  void send(MessageKind kind, const std::string& body) {
    const std::scoped_lock lock(sending_);
    if (channel_.send(kind, task_, body)) return;
    // Either the run is gone, and nobody wants to know; or user code has closed files not its own.
    ::_exit(kLostChannelCode);
  }

  void redirect() {
    StartedBody started;
    started.pid = ::getpid();
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
    if (const std::string& folder = setup_.options.logs_folder; !folder.empty()) {
      CaptureFiles files = capture_files(folder, setup_.run_id, step_key());
      const Result<std::int64_t> out = redirect_to_file(STDOUT_FILENO, files.out);
      const Result<std::int64_t> err = redirect_to_file(STDERR_FILENO, files.err);
      if (out && err) {
        started.captured = true;
        started.out = std::move(files.out);
        started.err = std::move(files.err);
        started.out_begin = *out;
        started.err_begin = *err;
      }
      // Whole lines reach the file as they are printed, so that a crash takes at most one with it.
      std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    }
    send(MessageKind::kStarted, encode(started));
  }

  // Nothing when it has been reported already, because of hooks.
  std::optional<AttemptReport> attempt() {
    const EventSink sink = [this](Event event) {
      if (event.time == 0) event.time = setup_.clock.now();
      send(MessageKind::kEvent, encode(event));
    };
    const std::array<std::uint32_t, 1> steps{start_.attempt.step};
    ResourceSet resources(setup_.plan, steps, step_key());
    if (StepOutcome up = resources.set_up(setup_.run_id, setup_.options.run_config, sink); !up) {
      AttemptReport report;
      report.failure = std::move(up).error();
      return report;
    }
    const StepEnvironment environment{.plan = setup_.plan,
                                      .run_id = setup_.run_id,
                                      .job_name = setup_.options.job_name,
                                      .run_config = setup_.options.run_config,
                                      .clock = setup_.clock,
                                      .versions = setup_.versions,
                                      .resources = resources,
                                      .options = setup_.options,
                                      .stop = g_cancellation,
                                      .cancellation = nullptr,
                                      .ends = std::chrono::steady_clock::time_point::max()};
    std::optional<AttemptReport> unreported;
    execute_attempt(environment, start_.attempt, sink, [&](AttemptReport ended) {
      const auto& policy =
          def().retry_policy ? def().retry_policy : setup_.options.default_retry_policy;
      // As the run will judge, unless it is being cancelled.
      const Verdict::Kind kind = judge(ended, policy, start_.attempt.tries, 0).kind;
      ended.hooks_follow = !def().hooks.empty();
      if (ended.hooks_follow) {
        flush_streams();
        send(MessageKind::kReport, encode(ended));
      } else {
        unreported = std::move(ended);
      }
      return kind;
    });
    resources.tear_down(sink);
    return unreported;
  }

  const ForkSetup& setup_;
  Channel& channel_;
  std::uint32_t task_;
  StartBody start_;
  std::mutex sending_;
};

}  // namespace

void run_step_process(const ForkSetup& setup, Channel& channel, std::uint32_t task,
                      StartBody start) {
  StepProcess(setup, channel, task, std::move(start)).run();
  // Nothing of the parent's is to be torn down here: no destructors, no exit handlers.
  ::_exit(0);
}

}  // namespace treadle::execute
