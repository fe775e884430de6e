// Facts that a function tells beside what it makes: td::Context::report. Values.
//   context.report(td::AssetObservation{.asset = "raw/orders", .metadata = {{"rows", 150}}});
#pragma once

#include <treadle/define/definitions.h>
#include <treadle/model/event.h>

#include <string>

namespace treadle {

// Something was written that is no output of the step.
struct AssetMaterialization {
  AssetKey asset;
  std::string description = {};
  Metadata metadata = {};
  std::string partition = {};
  std::string data_version = {};  // "" = unknown
  Tags tags = {};
};

// Something was looked at and is as it is.
struct AssetObservation {
  AssetKey asset;
  std::string description = {};
  Metadata metadata = {};
  std::string partition = {};
  std::string data_version = {};
  Tags tags = {};
};

// What was expected of data inside of an op, and whether it was so. Stops nothing.
struct ExpectationResult {
  bool success = false;
  std::string label = "result";
  std::string description = {};
  Metadata metadata = {};
};

// The metadata of an event, such as Instance::latest_materialization gives; empty when it has none. What it was made from:
// provenance_of, observed_version (model/event.h).
Result<Metadata> metadata_of(const Event& event);

namespace cpp {

Event event_of(const AssetMaterialization& fact);
Event event_of(const AssetObservation& fact);
Event event_of(const ExpectationResult& fact);

}  // namespace cpp
}  // namespace treadle
