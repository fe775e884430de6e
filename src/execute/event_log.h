// The one way into the record for a run's events. Thread-safe: steps on any thread emit.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/events/record.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace treadle::execute {

// Gives events their time and hands them to the writer at once; the observer hears of them on the thread that made this object,
// in the order in which they were recorded: at once when that thread emits, else at its next deliver().
class EventLog {
 public:
  EventLog(events::RunWriter& writer, Clock& clock, std::string run_id,
           std::function<void(const Event&)> observer);

  void emit(Event event);
  // On the observer's thread only.
  void deliver();
  // Events are no longer kept: the record cannot be written.
  bool broken() const { return writer_.broken(); }
  // Commits `last` as the end of the run.
  Result<void> finish(RunStatus status, Event last);

 private:
  events::RunWriter& writer_;
  Clock& clock_;
  std::string run_id_;
  std::function<void(const Event&)> observer_;
  std::thread::id observer_thread_ = std::this_thread::get_id();
  std::mutex mutex_;  // guards pending_, and makes the order of pending_ that of the record
  std::vector<Event> pending_;
};

}  // namespace treadle::execute
