// What an earlier execution of a run has left in its events. Pure.
#pragma once

#include "coordinator.h"
#include <treadle/base/result.h>
#include <treadle/model/event.h>
#include <treadle/plan/plan.h>

#include <string>
#include <vector>

namespace treadle::execute {

// A run that is re-executed, and the runs which that one re-executes, nearest first.
struct Ancestor {
  std::string run_id;
  std::vector<Event> events;
};
// What they made of the outputs of steps that the plan does not execute.
Result<std::vector<Earlier::Step>> read_ancestors(const plan::Plan& plan,
                                                  const std::vector<Ancestor>& ancestors);

// The mapping keys that each mapped step of the job ran for, in the nearest run in which they became known.
Result<std::vector<plan::KnownMappingKeys>> known_mapping_keys(
    const plan::Plan& job, const std::vector<Ancestor>& ancestors);

// Step keys to run again after a run with these events, in the order of the plan of the whole job: see steps_from_failure.
Result<std::vector<std::string>> steps_to_retry(const plan::Plan& job,
                                                const std::vector<std::string>& planned_keys,
                                                const std::vector<Event>& events);

// The types of events that read_earlier needs.
std::vector<EventType> resume_event_types();

// Steps of the plan that succeeded and what they made, from the run's events in order. kCorrupt when an event cannot be read.
Result<Earlier> read_earlier(const plan::Plan& plan, const std::vector<Event>& events);

}  // namespace treadle::execute
