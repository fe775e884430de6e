#include "resume.h"

#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <string_view>
#include <unordered_map>
#include <utility>

namespace treadle::execute {
namespace {

// What the current attempt at a step has made so far.
struct InProgress {
  std::vector<std::uint32_t> outputs;
  std::vector<std::pair<plan::NodeId, KnownVersion>> versions;
};

Result<boost::json::object> payload_of(const Event& event) {
  boost::json::value value;
  if (!parse_json_value(event.payload, value) || !value.is_object()) {
    return fail(Errc::kCorrupt, "Event " + std::to_string(event.id) + " of run " + event.run_id +
                                    " cannot be read: its payload is not a JSON object.");
  }
  return std::move(value.get_object());
}

std::string_view text_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

}  // namespace

std::vector<EventType> resume_event_types() {
  return {EventType::kRunStart,   EventType::kStepStart,   EventType::kStepRestarted,
          EventType::kStepOutput, EventType::kStepSuccess, EventType::kAssetMaterialization};
}

Result<Earlier> read_earlier(const plan::Plan& plan, const std::vector<Event>& events) {
  Earlier earlier;
  earlier.attempts.assign(plan.steps.size(), 0);
  std::unordered_map<std::string_view, std::uint32_t> steps;
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) steps.emplace(plan.steps[i].def->name, i);
  std::vector<InProgress> progress(plan.steps.size());

  for (const Event& event : events) {
    if (event.type == EventType::kRunStart) earlier.started = true;
    const auto at = steps.find(event.step_key);
    if (at == steps.end()) continue;
    const std::uint32_t step = at->second;
    const StepDef& def = *plan.steps[step].def;
    InProgress& current = progress[step];
    if (event.type == EventType::kStepStart || event.type == EventType::kStepRestarted) {
      ++earlier.attempts[step];
      current = {};
    } else if (event.type == EventType::kStepOutput) {
      TREADLE_TRY(const boost::json::object payload, payload_of(event));
      const std::string_view name = text_at(payload, "output");
      for (std::uint32_t i = 0; i < def.outputs.size(); ++i) {
        if (def.outputs[i].name == name) current.outputs.push_back(i);
      }
    } else if (event.type == EventType::kAssetMaterialization) {
      TREADLE_TRY(const boost::json::object payload, payload_of(event));
      const auto* provenance = payload.if_contains("provenance");
      const plan::NodeId node = plan.graph->find(AssetKey(event.asset_key));
      // What user code reports beside the step's outputs has no "output".
      if (provenance == nullptr || node == plan::kNoNode || text_at(payload, "output").empty()) {
        continue;
      }
      TREADLE_TRY(Provenance p, provenance_from_json(json_value_text(*provenance)));
      current.versions.emplace_back(node,
                                    KnownVersion{std::move(p.data_version), std::move(p.artifact)});
    } else if (event.type == EventType::kStepSuccess) {
      earlier.done.push_back({step, std::move(current.outputs)});
      for (auto& version : current.versions) earlier.versions.push_back(std::move(version));
      current = {};
    }
  }
  return earlier;
}

}  // namespace treadle::execute
