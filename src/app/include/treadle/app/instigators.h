// Schedules and sensors of definitions over a home: what they ask for at a moment. Nothing is run.
#pragma once

#include <treadle/app/home.h>
#include <treadle/define/definitions.h>

#include <string>
#include <vector>

namespace treadle::app {

// What one schedule or sensor asks for at a moment.
struct InstigatorTick {
  struct Request {
    std::string run_key, job, partition, assets, tags;  // "" = none; `tags` is JSON object text
    std::string config = {};  // JSON; "" = what the job is configured with
  };
  std::string kind;  // "schedule" | "sensor"
  std::string name;
  std::string skip;   // why it asks for nothing
  std::string error;  // what its function said when it failed
  std::vector<Request> requests;
};

// Evaluates the schedules that tick in (since, now] (with since 0: in the minute of `now`), at their
// last tick, and all sensors. With `remember` the sensors' cursors and the requested keys of dynamic
// partitions are kept in the home.
Result<std::vector<InstigatorTick>> tick_instigators(Home& home, const Definitions& definitions,
                                                     Micros since, Micros now, bool remember);

// One schedule or sensor by its name, whether or not it is due; kNotFound suggests.
Result<TickResult> evaluate_instigator(Home& home, const Definitions& definitions,
                                       const std::string& name, Micros now,
                                       const std::string& cursor = {});

// The ticks of a schedule after a moment.
Result<std::vector<Micros>> next_ticks(const ScheduleDef& schedule, Micros after, int count);

}  // namespace treadle::app
