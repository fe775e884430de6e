#include "json_read.h"
#include <treadle/base/json.h>
#include <treadle/model/event.h>

#include <boost/json.hpp>

#include <array>

namespace treadle {
namespace {

// Indexed by the stored number.
constexpr std::array<std::string_view, 31> kEventNames = {
    "LOG",
    "RUN_START",
    "RUN_SUCCESS",
    "RUN_FAILURE",
    "RUN_CANCELING",
    "RUN_CANCELED",
    "ENGINE_EVENT",
    "RESOURCE_INIT_STARTED",
    "RESOURCE_INIT_SUCCESS",
    "RESOURCE_INIT_FAILURE",
    "LOGS_CAPTURED",
    "STEP_START",
    "STEP_INPUT",
    "LOADED_INPUT",
    "STEP_OUTPUT",
    "HANDLED_OUTPUT",
    "STEP_SUCCESS",
    "STEP_FAILURE",
    "STEP_SKIPPED",
    "STEP_UP_FOR_RETRY",
    "STEP_RESTARTED",
    "ASSET_MATERIALIZATION_PLANNED",
    "ASSET_MATERIALIZATION",
    "ASSET_OBSERVATION",
    "ASSET_CHECK_EVALUATION_PLANNED",
    "ASSET_CHECK_EVALUATION",
    "ASSET_FAILED_TO_MATERIALIZE",
    "STEP_EXPECTATION_RESULT",
    "HOOK_COMPLETED",
    "HOOK_ERRORED",
    "HOOK_SKIPPED",
};

void write_provenance(JsonWriter& w, const Provenance& p) {
  w.begin_object();
  if (!p.code_version.empty()) w.field("code_version", p.code_version);
  if (!p.data_version.empty()) w.field("data_version", p.data_version);
  if (!p.artifact.empty()) w.field("artifact", p.artifact);
  if (!p.inputs.empty()) {
    w.key("inputs").begin_array();
    for (const Provenance::Input& input : p.inputs) {
      w.begin_object().field("asset", input.asset.text()).field("data_version", input.data_version);
      w.end_object();
    }
    w.end_array();
  }
  w.end_object();
}

}  // namespace

std::string_view to_string(EventType type) {
  const auto index = static_cast<std::size_t>(type);
  return index < kEventNames.size() ? kEventNames[index] : "UNKNOWN";
}

std::optional<EventType> event_type_from(std::string_view name) {
  for (std::size_t i = 0; i < kEventNames.size(); ++i) {
    if (kEventNames[i] == name) return static_cast<EventType>(i);
  }
  return std::nullopt;
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kCritical:
      return "CRITICAL";
  }
  return "DEBUG";
}

std::string event_to_json(const Event& event) {
  JsonWriter w;
  w.begin_object();
  w.field("id", event.id).field("run_id", event.run_id).field("type", to_string(event.type));
  w.field("level", static_cast<int>(event.level));
  w.field("time", event.time).field("timestamp", format_utc(event.time));
  const auto optional = [&](std::string_view name, const std::string& value) {
    w.key(name);
    if (value.empty()) {
      w.null();
    } else {
      w.value(value);
    }
  };
  optional("step_key", event.step_key);
  optional("asset_key", event.asset_key);
  optional("partition", event.partition);
  w.field("message", event.message);
  w.key("payload").raw(event.payload.empty() ? "{}" : event.payload);
  w.end_object();
  return std::move(w).str();
}

Result<Event> event_from_json(std::string_view json) {
  TREADLE_TRY(const boost::json::value document, parse_json(json, "event"));
  const auto* object = document.if_object();
  if (object == nullptr) return fail(Errc::kCorrupt, "an event is a JSON object");
  const auto type = event_type_from(string_at(*object, "type"));
  if (!type) {
    return fail(Errc::kCorrupt, "unknown event type '" + string_at(*object, "type") + "'");
  }
  Event event;
  event.type = *type;
  event.id = integer_at(*object, "id");
  event.run_id = string_at(*object, "run_id");
  const std::int64_t level = integer_at(*object, "level");
  event.level = level >= 50   ? LogLevel::kCritical
                : level >= 40 ? LogLevel::kError
                : level >= 30 ? LogLevel::kWarning
                : level >= 20 ? LogLevel::kInfo
                              : LogLevel::kDebug;
  event.time = integer_at(*object, "time");
  event.step_key = string_at(*object, "step_key");
  event.asset_key = string_at(*object, "asset_key");
  event.partition = string_at(*object, "partition");
  event.message = string_at(*object, "message");
  if (const auto* payload = object->if_contains("payload");
      payload != nullptr && payload->is_object() && !payload->get_object().empty()) {
    event.payload = json_text(*payload);
  }
  return event;
}

std::string provenance_to_json(const Provenance& provenance) {
  JsonWriter w;
  write_provenance(w, provenance);
  return std::move(w).str();
}

namespace {

Provenance read_provenance(const boost::json::object& object) {
  Provenance p;
  p.code_version = string_at(object, "code_version");
  p.data_version = string_at(object, "data_version");
  p.artifact = string_at(object, "artifact");
  if (const auto* inputs = object.if_contains("inputs"); inputs != nullptr && inputs->is_array()) {
    for (const auto& item : inputs->get_array()) {
      if (const auto* input = item.if_object()) {
        p.inputs.push_back(
            {AssetKey(string_at(*input, "asset")), string_at(*input, "data_version")});
      }
    }
  }
  return p;
}

}  // namespace

Result<Provenance> provenance_from_json(std::string_view json) {
  if (json.empty() || json == "{}") return Provenance{};
  TREADLE_TRY(const boost::json::value document, parse_json(json, "provenance"));
  const auto* object = document.if_object();
  if (object == nullptr) return fail(Errc::kCorrupt, "provenance is a JSON object");
  return read_provenance(*object);
}

Result<Provenance> provenance_of(const Event& materialization) {
  if (materialization.payload.empty()) return Provenance{};
  TREADLE_TRY(const boost::json::value document,
              parse_json(materialization.payload, "event payload"));
  const auto* object = document.if_object();
  const auto* provenance = object != nullptr ? object->if_contains("provenance") : nullptr;
  if (provenance == nullptr || !provenance->is_object()) return Provenance{};
  return read_provenance(provenance->get_object());
}

std::string observed_version(const Event& observation) {
  if (observation.payload.empty()) return {};
  const auto document = parse_json(observation.payload, "event payload");
  const auto* object = document ? document->if_object() : nullptr;
  return object != nullptr ? string_at(*object, "data_version") : std::string();
}

}  // namespace treadle
