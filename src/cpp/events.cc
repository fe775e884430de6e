#include <treadle/base/json.h>
#include <treadle/cpp/events.h>
#include <treadle/cpp/json.h>

namespace treadle {

Result<Metadata> metadata_of(const Event& event) {
  if (event.payload.empty()) return Metadata();
  TREADLE_TRY(const Json payload, Json::parse(event.payload));
  const JsonRef metadata = payload["metadata"];
  if (!metadata) return Metadata();
  return metadata_from_json(metadata.dump());
}

}  // namespace treadle

namespace treadle::cpp {
namespace {

void write_facts(JsonWriter& json, const Metadata& metadata, const Tags& tags) {
  if (!metadata.empty()) json.key("metadata").raw(metadata_to_json(metadata));
  if (tags.empty()) return;
  json.key("tags").begin_object();
  for (const auto& [name, value] : tags) json.field(name, value);
  json.end_object();
}

template <class Fact>
Event event_about(const Fact& fact, EventType type, const char* verb, JsonWriter payload) {
  Event event;
  event.type = type;
  event.asset_key = fact.asset.text();
  event.partition = fact.partition;
  event.message = fact.description.empty() ? verb + fact.asset.text() + "." : fact.description;
  event.payload = std::move(payload).str();
  return event;
}

}  // namespace

Event event_of(const AssetMaterialization& fact) {
  JsonWriter json;
  json.begin_object();
  if (!fact.data_version.empty()) {
    Provenance provenance;
    provenance.data_version = fact.data_version;
    json.key("provenance").raw(provenance_to_json(provenance));
  }
  write_facts(json, fact.metadata, fact.tags);
  json.end_object();
  return event_about(fact, EventType::kAssetMaterialization, "Materialized value ",
                     std::move(json));
}

Event event_of(const AssetObservation& fact) {
  JsonWriter json;
  json.begin_object();
  if (!fact.data_version.empty()) json.field("data_version", fact.data_version);
  write_facts(json, fact.metadata, fact.tags);
  json.end_object();
  return event_about(fact, EventType::kAssetObservation, "Observed ", std::move(json));
}

Event event_of(const ExpectationResult& fact) {
  JsonWriter json;
  json.begin_object().field("success", fact.success).field("label", fact.label);
  json.key("description");
  if (fact.description.empty()) {
    json.raw("null");
  } else {
    json.value(fact.description);
  }
  write_facts(json, fact.metadata, {});
  json.end_object();
  Event event;
  event.type = EventType::kStepExpectationResult;
  event.message = !fact.description.empty()
                      ? fact.description
                      : "Expectation " + fact.label + (fact.success ? " passed" : " failed");
  event.payload = std::move(json).str();
  return event;
}

}  // namespace treadle::cpp
