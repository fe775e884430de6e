// What an earlier execution of a run has left in its events. Pure.
#pragma once

#include "coordinator.h"
#include <treadle/base/result.h>
#include <treadle/model/event.h>
#include <treadle/plan/plan.h>

#include <vector>

namespace treadle::execute {

// The types of events that read_earlier needs.
std::vector<EventType> resume_event_types();

// Steps of the plan that succeeded and what they made, from the run's events in order. kCorrupt when an event cannot be read.
Result<Earlier> read_earlier(const plan::Plan& plan, const std::vector<Event>& events);

}  // namespace treadle::execute
