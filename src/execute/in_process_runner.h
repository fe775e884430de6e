// Steps as calls in this process.
#pragma once

#include "step_execution.h"
#include "step_runner.h"
#include "stream_capture.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace treadle::execute {

// Up to `max_concurrent` threads take steps from one queue, the calling thread among them; the others are started when there
// is work for them. Who ends a step looks for the next one itself, so that a chain of steps needs no hand-off and a run of
// one step at a time no other thread. Steps whose body (or a resource they use) wants the calling thread have a queue of their
// own, which only the calling thread serves.
class InProcessRunner final : public StepRunner {
 public:
  // Borrows the environment for its lifetime. What steps print is kept below `logs_folder`, unless it is "".
  InProcessRunner(const StepEnvironment& environment, EventSink sink, int max_concurrent,
                  std::string logs_folder = {});
  // Waits for the steps that are running.
  ~InProcessRunner() override;

  void on_done(Done done) override { done_ = std::move(done); }
  void start(const std::vector<Attempt>& attempts) override;
  void wait(Deadline deadline) override;
  void wake() override;
  std::vector<std::uint32_t> cancel() override;
  void kill() override {}

 private:
  void work();
  void execute(std::unique_lock<std::mutex>& lock, Attempt attempt);
  void execute_captured(const Attempt& attempt);
  void call_for_help();
  bool wants_calling_thread(std::uint32_t step);

  const StepEnvironment& environment_;
  const EventSink sink_;
  const int max_threads_;
  const std::string logs_folder_;
  std::optional<StreamRouting> routing_;
  const std::thread::id calling_thread_ = std::this_thread::get_id();
  Done done_;

  std::mutex mutex_;               // guards what follows
  std::condition_variable work_;   // for the other threads
  std::condition_variable woken_;  // for the calling thread
  std::deque<Attempt> queue_;
  std::deque<Attempt> calling_queue_;
  std::vector<std::thread> threads_;
  // Threads that will look at the queue soon, so that nobody calls more of them than there is work for:
  int starting_ = 0;       // started, have not looked yet
  int called_ = 0;         // were idle, have been notified
  bool summoned_ = false;  // the calling thread has been notified
  int idle_ = 0;           // threads that wait and have not been called
  bool waiting_ = false;   // the calling thread waits
  bool woken_up_ = false;  // wake() was called
  bool stop_ = false;
};

}  // namespace treadle::execute
