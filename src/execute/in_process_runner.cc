#include "in_process_runner.h"

#include "step_events.h"

#include <algorithm>
#include <system_error>
#include <unistd.h>

namespace treadle::execute {
namespace {

// Python steps want the calling thread, and Python keeps what they print itself.
bool prints_to_streams(const StepDef& step) {
  return !step.body->wants_calling_thread();
}

}  // namespace

InProcessRunner::InProcessRunner(const StepEnvironment& environment, EventSink sink,
                                 int max_concurrent, std::string logs_folder)
    : environment_(environment),
      sink_(std::move(sink)),
      max_threads_(std::max(1, max_concurrent)),
      logs_folder_(std::move(logs_folder)) {
  const auto& steps = environment.plan.steps;
  if (!logs_folder_.empty() && std::any_of(steps.begin(), steps.end(), [](const auto& step) {
        return prints_to_streams(*step.def);
      })) {
    routing_.emplace();
  }
}

InProcessRunner::~InProcessRunner() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool InProcessRunner::wants_calling_thread(std::uint32_t step) {
  const StepDef& def = *environment_.plan.steps[step].def;
  if (def.body->wants_calling_thread()) return true;
  const auto& resources = environment_.plan.graph->definitions().resources;
  const auto any_wants = [&](const std::vector<std::string>& keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
      const auto at = resources.find(key);
      return at != resources.end() && at->second && at->second->wants_calling_thread();
    });
  };
  return any_wants(def.required_resources) ||
         std::any_of(def.hooks.begin(), def.hooks.end(), [&](const HookDef& hook) {
           return (hook.body && hook.body->wants_calling_thread()) ||
                  any_wants(hook.required_resources);
         });
}

void InProcessRunner::start(const std::vector<Attempt>& attempts) {
  const std::scoped_lock lock(mutex_);
  for (const Attempt& attempt : attempts) {
    (wants_calling_thread(attempt.step) ? calling_queue_ : queue_).push_back(attempt);
  }
  call_for_help();
}

// Wakes or starts a thread for each queued step beyond the one that the current thread will take next.
void InProcessRunner::call_for_help() {
  const bool on_calling_thread = std::this_thread::get_id() == calling_thread_;
  if (!on_calling_thread && waiting_ && !summoned_ && !calling_queue_.empty()) {
    summoned_ = true;
    woken_.notify_one();
  }
  const bool takes_one = !on_calling_thread || calling_queue_.empty();
  const bool helps = summoned_ && calling_queue_.empty();
  int wanted =
      static_cast<int>(queue_.size()) - (takes_one ? 1 : 0) - starting_ - called_ - (helps ? 1 : 0);
  if (wanted > 0 && !on_calling_thread && waiting_ && !summoned_) {
    summoned_ = true;
    woken_.notify_one();
    --wanted;
  }
  for (; wanted > 0 && idle_ > 0; --wanted) {
    --idle_;
    ++called_;
    work_.notify_one();
  }
  for (; wanted > 0 && static_cast<int>(threads_.size()) + 1 < max_threads_; --wanted) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      return;  // no more threads to be had: those that are there do the work
    }
    ++starting_;
  }
}

void InProcessRunner::work() {
  std::unique_lock lock(mutex_);
  --starting_;
  while (!stop_) {
    if (!queue_.empty()) {
      Attempt attempt = std::move(queue_.front());
      queue_.pop_front();
      execute(lock, std::move(attempt));
      continue;
    }
    // A call may be taken by a thread that has only just become idle; the count is the same whoever takes it.
    ++idle_;
    work_.wait(lock, [&] { return stop_ || called_ > 0; });
    if (!stop_) --called_;
  }
}

void InProcessRunner::execute(std::unique_lock<std::mutex>& lock, Attempt attempt) {
  lock.unlock();
  execute_captured(attempt);
  lock.lock();
}

void InProcessRunner::execute_captured(const Attempt& attempt) {
  const StepDef& def = *environment_.plan.steps[attempt.step].def;
  if (!routing_ || !prints_to_streams(def)) {
    execute_attempt(environment_, attempt, sink_, [&](AttemptReport report) {
      return done_(attempt.instance, std::move(report));
    });
    return;
  }
  const std::string key = attempt_key(environment_.plan, attempt);
  StreamCapture capture(capture_files(logs_folder_, environment_.run_id, key));
  execute_attempt(environment_, attempt, sink_, [&](AttemptReport report) {
    if (const auto files = capture.finish()) {
      Event event = logs_captured(key, ::getpid(), files->out, files->err);
      event.time = environment_.clock.now();
      sink_(std::move(event));
    }
    return done_(attempt.instance, std::move(report));
  });
}

void InProcessRunner::wait(Deadline deadline) {
  std::unique_lock lock(mutex_);
  std::deque<Attempt>& queue = calling_queue_.empty() ? queue_ : calling_queue_;
  if (!queue.empty()) {
    Attempt attempt = std::move(queue.front());
    queue.pop_front();
    execute(lock, std::move(attempt));
    return;
  }
  waiting_ = true;
  woken_.wait_until(lock, deadline, [&] {
    return woken_up_ || !calling_queue_.empty() || (summoned_ && !queue_.empty());
  });
  waiting_ = false;
  summoned_ = false;
  woken_up_ = false;
}

void InProcessRunner::wake() {
  const std::scoped_lock lock(mutex_);
  woken_up_ = true;
  if (waiting_) woken_.notify_one();
}

std::vector<std::uint32_t> InProcessRunner::cancel() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::uint32_t> dropped;
  for (const Attempt& attempt : queue_) dropped.push_back(attempt.instance);
  for (const Attempt& attempt : calling_queue_) dropped.push_back(attempt.instance);
  queue_.clear();
  calling_queue_.clear();
  return dropped;
}

}  // namespace treadle::execute
