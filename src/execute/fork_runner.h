// Steps in forked processes: the coordinator's side.
#pragma once

#include "channel.h"
#include "output_capture.h"
#include "step_runner.h"
#include "zygote.h"

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace treadle::execute {

// Everything happens on the calling thread: events and ended attempts are reported from wait().
class ForkRunner final : public StepRunner {
 public:
  // Forks the zygote: the process must have no thread of ours and no open database. `setup` is copied; what it refers to is borrowed.
  static Result<std::unique_ptr<ForkRunner>> create(const ForkSetup& setup);
  // Kills what still runs.
  ~ForkRunner() override;

  // Where events go; before the first start().
  void attach(EventSink sink) { sink_ = std::move(sink); }

  void on_done(Done done) override { done_ = std::move(done); }
  void start(const std::vector<Attempt>& attempts) override;
  void wait(Deadline deadline) override;
  // wait() returns after each report anyway, and there is no other thread.
  void wake() override {}
  std::vector<std::uint32_t> cancel() override;
  void kill() override;
  void finish() override;

 private:
  // An attempt that has been handed to the zygote.
  struct Task {
    Attempt attempt;
    std::string key;  // of the step
    std::chrono::steady_clock::time_point begin;
    std::unique_ptr<OutputTail> out;
    std::unique_ptr<OutputTail> err;
    bool reported = false;  // done_ was called; only the exit is missing
    bool hooks_follow = false;
    bool timed_out = false;  // told to end, for it took too long
    bool killed = false;
  };

  explicit ForkRunner(const ForkSetup& setup) : setup_(setup) {}
  void hand_over();
  std::string start_body(const Attempt& attempt) const;
  void receive();
  void handle(const Message& message);
  void handle_started(Task& task, const Message& message);
  void handle_exit(std::uint32_t id, const Message& message);
  void report(Task& task, AttemptReport report);
  void crashed(Task& task, const ProcessExit& exit);
  void zygote_is_gone();
  void end_overdue();
  void forward_output();

  const ForkSetup setup_;
  Channel channel_;
  pid_t zygote_ = 0;
  EventSink sink_;
  Done done_;
  std::deque<Attempt> queue_;
  std::unordered_map<std::uint32_t, Task> tasks_;
  std::uint32_t next_task_ = 1;
  int running_ = 0;  // handed over and not reported
  bool canceling_ = false;
  bool gone_ = false;  // the zygote
};

}  // namespace treadle::execute
