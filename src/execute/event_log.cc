#include "event_log.h"

namespace treadle::execute {
namespace {

// The run does not depend on who watches it.
void tell(const std::function<void(const Event&)>& observer, const Event& event) {
  try {
    observer(event);
  } catch (...) {
  }
}

}  // namespace

EventLog::EventLog(events::RunWriter& writer, Clock& clock, std::string run_id,
                   std::function<void(const Event&)> observer)
    : writer_(writer), clock_(clock), run_id_(std::move(run_id)), observer_(std::move(observer)) {}

void EventLog::emit(Event event) {
  if (event.time == 0) event.time = clock_.now();
  if (!observer_) {
    writer_.append(std::move(event));
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    event.run_id = run_id_;
    pending_.push_back(event);
    writer_.append(std::move(event));
  }
  if (std::this_thread::get_id() == observer_thread_) deliver();
}

void EventLog::deliver() {
  if (!observer_) return;
  std::vector<Event> events;
  {
    const std::scoped_lock lock(mutex_);
    events.swap(pending_);
  }
  for (const Event& event : events) tell(observer_, event);
}

Result<void> EventLog::finish(RunStatus status, Event last) {
  last.time = clock_.now();
  last.run_id = run_id_;
  deliver();
  TREADLE_CHECK(writer_.finish(status, last));
  if (observer_) tell(observer_, last);
  return {};
}

}  // namespace treadle::execute
