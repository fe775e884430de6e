// Schedules and sensors: functions that are asked at a moment which runs to request. Values;
// declaring runs nothing. Room app evaluates them over a home (app/instigators.h).
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/define/partition_set.h>
#include <treadle/define/place.h>
#include <treadle/model/asset_key.h>
#include <treadle/model/event.h>
#include <treadle/model/run.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct Definitions;

// One run that is asked for.
struct RunRequest {
  // A request whose key was seen before is not carried out again; "" = always.
  std::string run_key = {};
  std::string job = {};               // "" = the job of the schedule or sensor
  std::string partition = {};         // "" = none
  std::vector<AssetKey> assets = {};  // of a job of assets: only these; none = all
  // JSON; "" = what the job says, of a partition what its partitioned config does.
  std::string config = {};
  std::map<std::string, std::string> tags = {};
  // Of a request without a job: only these checks, by asset and name.
  std::vector<std::pair<AssetKey, std::string>> checks = {};
};

// Why nothing is asked for.
struct SkipReason {
  std::string message;
};

// Keys of dynamic partitions to add and to remove.
struct DynamicPartitionsRequest {
  std::string name = {};
  std::vector<std::string> add = {};
  std::vector<std::string> remove = {};
};

// All that one tick may ask for.
struct TickResult {
  TickResult() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): what a function returns
  TickResult(RunRequest request) : requests{std::move(request)} {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  TickResult(std::vector<RunRequest> all) : requests(std::move(all)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  TickResult(SkipReason skip) : skip_reason(std::move(skip.message)) {}

  std::vector<RunRequest> requests;
  std::string skip_reason;            // "" with no requests: nothing to say
  std::optional<std::string> cursor;  // what the sensor's next tick is given; nothing: as before
  std::vector<DynamicPartitionsRequest> dynamic_partitions;
};

// Which events of an asset a tick looks at.
struct TickEvents {
  AssetKey asset = {};
  std::vector<EventType> types = {};
  std::int64_t after = 0;   // only events with a greater id
  std::int64_t before = 0;  // only events with a smaller id; 0 = no limit
  int limit = 0;            // 0 = all
  bool newest_first = false;
};

// What the function of a schedule or sensor may ask. Valid during the call only.
class TickContext {
 public:
  virtual ~TickContext() = default;
  virtual const std::string& name() const = 0;  // of the schedule or sensor
  virtual Micros now() const = 0;
  // Of a schedule: the tick. One that is evaluated late keeps its time.
  virtual Micros scheduled() const = 0;
  // Of a sensor: what its last tick gave; "" = nothing yet.
  virtual const std::string& cursor() const = 0;
  // Materializations of an asset after an event, oldest first.
  virtual Result<std::vector<Event>> materializations(const AssetKey& asset,
                                                      std::int64_t after_event = 0) = 0;
  // The events by which runs ended so after an event, oldest first (RUN_FAILURE ...).
  virtual Result<std::vector<Event>> run_events(RunStatus status, std::int64_t after_event = 0) = 0;
  virtual Result<std::optional<Run>> find_run(const std::string& run_id) = 0;
  virtual Result<std::vector<Event>> events(const TickEvents& wanted) = 0;
  // All that is declared beside it.
  virtual const Definitions& definitions() const = 0;
  // The partitions there are: of a schedule at its tick, of a sensor now.
  virtual Result<PartitionSet> partitions(const PartitionsPtr& definition) = 0;
};

using TickFunction = std::function<Result<TickResult>(TickContext&)>;

struct ScheduleDef {
  std::string name;
  std::vector<std::string> cron;  // ticks whenever one of them does
  std::string timezone = "UTC";
  std::string job;
  std::string description;
  bool running = false;   // whether it is on when it is first seen
  TickFunction evaluate;  // none: each tick requests a run of the job
  Place place;
};

struct SensorDef {
  std::string name;
  std::string job;  // "" = each request names its own
  std::string description;
  int minimum_interval_seconds = 30;
  bool running = false;
  TickFunction evaluate;
  Place place;
};

}  // namespace treadle
