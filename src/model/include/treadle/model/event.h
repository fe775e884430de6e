// Events: the immutable facts of the record. Values. The vocabulary is Dagster's DagsterEventType.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/model/metadata.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

enum class EventType : std::uint8_t {  // stored as the number: never renumber, only append
  kLog = 0,                            // a line of user code or of the engine, at its level
  kRunStart = 1,
  kRunSuccess = 2,
  kRunFailure = 3,
  kRunCanceling = 4,
  kRunCanceled = 5,
  kEngineEvent = 6,
  kResourceInitStarted = 7,
  kResourceInitSuccess = 8,
  kResourceInitFailure = 9,
  kLogsCaptured = 10,
  kStepStart = 11,
  kStepInput = 12,
  kLoadedInput = 13,
  kStepOutput = 14,
  kHandledOutput = 15,
  kStepSuccess = 16,
  kStepFailure = 17,
  kStepSkipped = 18,
  kStepUpForRetry = 19,
  kStepRestarted = 20,
  kAssetMaterializationPlanned = 21,
  kAssetMaterialization = 22,
  kAssetObservation = 23,
  kAssetCheckEvaluationPlanned = 24,
  kAssetCheckEvaluation = 25,
  kAssetFailedToMaterialize = 26,
  kStepExpectationResult = 27,
  kHookCompleted = 28,
  kHookErrored = 29,
  kHookSkipped = 30,
};

// The name users see: "RUN_START", "ASSET_MATERIALIZATION", "LOG" ...
std::string_view to_string(EventType type);
std::optional<EventType> event_type_from(std::string_view name);

// The numbers of Python's logging module.
enum class LogLevel : std::uint8_t {
  kDebug = 10,
  kInfo = 20,
  kWarning = 30,
  kError = 40,
  kCritical = 50
};
std::string_view to_string(LogLevel level);

struct Event {
  std::int64_t id =
      0;  // given by the record: increases over all runs of a home; 0 = not recorded yet
  std::string run_id;
  EventType type = EventType::kLog;
  LogLevel level = LogLevel::kDebug;
  Micros time = 0;
  std::string step_key;   // "" for an event of the run
  std::string asset_key;  // user text; "" when the event is about no asset
  std::string partition;  // "" when unpartitioned
  std::string message;    // one sentence for a person
  std::string payload;    // JSON object text; "" means {}. Shapes: docs/formats/events.md
  bool operator==(const Event&) const = default;
};

// One JSON object per event, as `treadle run show --json` prints it.
std::string event_to_json(const Event& event);
Result<Event> event_from_json(std::string_view json);

// What an ASSET_MATERIALIZATION says beyond metadata; kept in its payload and in the
// latest-materialization projection.
struct Provenance {
  std::string code_version;  // given by the user or derived from the function; "" = unknown
  std::string data_version;  // for a kept output: the artifact's digest
  struct Input {
    AssetKey asset;
    std::string data_version;  // the version this materialization was computed from; "" = unknown
    bool operator==(const Input&) const = default;
  };
  std::vector<Input> inputs;
  // The artifact version that holds the value, "" when none does: "local/default/model:v3".
  std::string artifact;
  bool operator==(const Provenance&) const = default;
};

std::string provenance_to_json(const Provenance& provenance);
Result<Provenance> provenance_from_json(std::string_view json);
// Of an ASSET_MATERIALIZATION event: its payload's "provenance", empty when it says none.
Result<Provenance> provenance_of(const Event& materialization);
// Of an ASSET_OBSERVATION event: the data version that was seen; "" when it says none.
std::string observed_version(const Event& observation);

}  // namespace treadle
