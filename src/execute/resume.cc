#include "resume.h"

#include "step_partitions.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace treadle::execute {
namespace {

// What the current attempt at a step has made so far.
struct InProgress {
  std::vector<ProducedOutput> outputs;
  std::vector<std::pair<plan::NodeId, KnownVersion>> versions;
};

// Where a step key belongs: the step of the plan, and the mapping key of an instance.
struct KeyOf {
  std::uint32_t step = 0;
  std::string mapping_key;
};

class StepKeys {
 public:
  explicit StepKeys(const plan::Plan& plan) : plan_(plan) {
    for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
      steps_.emplace(plan.steps[i].def->name, i);
    }
  }
  std::optional<KeyOf> find(std::string_view key) const {
    if (const auto at = steps_.find(key); at != steps_.end()) return KeyOf{at->second, {}};
    const std::size_t bracket = key.find('[');
    if (bracket == std::string_view::npos || key.back() != ']') return std::nullopt;
    const auto at = steps_.find(key.substr(0, bracket));
    if (at == steps_.end() || plan_.steps[at->second].mapped_over.step == plan::kNoStep) {
      return std::nullopt;
    }
    return KeyOf{at->second, std::string(key.substr(bracket + 1, key.size() - bracket - 2))};
  }

 private:
  const plan::Plan& plan_;
  std::unordered_map<std::string_view, std::uint32_t> steps_;
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
  return {
      EventType::kRunStart,           EventType::kStepStart,     EventType::kStepRestarted,
      EventType::kStepOutput,         EventType::kHandledOutput, EventType::kStepSuccess,
      EventType::kStepFailure,        EventType::kStepSkipped,   EventType::kAssetMaterialization,
      EventType::kResourceInitFailure};
}

Result<Earlier> read_earlier(const plan::Plan& plan, const std::vector<Event>& events) {
  Earlier earlier;
  const StepKeys keys(plan);
  std::unordered_map<std::string_view, InProgress> progress;

  for (const Event& event : events) {
    if (event.type == EventType::kRunStart) earlier.started = true;
    if (event.step_key.empty()) continue;
    const std::optional<KeyOf> key = keys.find(event.step_key);
    if (!key) continue;
    const StepDef& def = *plan.steps[key->step].def;
    InProgress& current = progress[event.step_key];
    if (event.type == EventType::kStepStart || event.type == EventType::kStepRestarted) {
      ++earlier.attempts[event.step_key];
      current = {};
    } else if (event.type == EventType::kStepOutput) {
      TREADLE_TRY(const boost::json::object payload, payload_of(event));
      const std::string_view name = text_at(payload, "output");
      for (std::uint32_t i = 0; i < def.outputs.size(); ++i) {
        if (def.outputs[i].name != name) continue;
        current.outputs.push_back({.output = i,
                                   .version = {},
                                   .mapping_key = std::string(text_at(payload, "mapping_key"))});
      }
    } else if (event.type == EventType::kHandledOutput) {
      TREADLE_TRY(const boost::json::object payload, payload_of(event));
      const std::string_view name = text_at(payload, "output");
      const std::string_view mapping_key = text_at(payload, "mapping_key");
      for (ProducedOutput& output : current.outputs) {
        if (def.outputs[output.output].name != name || output.mapping_key != mapping_key) continue;
        output.version = {std::string(text_at(payload, "data_version")),
                          std::string(text_at(payload, "artifact"))};
      }
    } else if (event.type == EventType::kAssetMaterialization) {
      TREADLE_TRY(const boost::json::object payload, payload_of(event));
      const auto* provenance = payload.if_contains("provenance");
      const plan::NodeId node = plan.graph->find(AssetKey(event.asset_key));
      // What user code reports beside the step's outputs has no "output".
      const std::string_view name = text_at(payload, "output");
      if (provenance == nullptr || node == plan::kNoNode || name.empty()) continue;
      TREADLE_TRY(Provenance p, provenance_from_json(boost::json::serialize(*provenance)));
      KnownVersion version{std::move(p.data_version), std::move(p.artifact), {}};
      if (!event.partition.empty()) {
        auto one = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
        one->emplace(event.partition, std::move(version));
        version = {.data_version = {}, .artifact = {}, .partitions = std::move(one)};
      }
      for (ProducedOutput& output : current.outputs) {
        if (def.outputs[output.output].name != name) continue;
        output.version = merged(std::move(output.version), version);
      }
      current.versions.emplace_back(node, version);
    } else if (event.type == EventType::kStepSkipped) {
      earlier.skipped.push_back({.step = key->step, .mapping_key = key->mapping_key});
    } else if (event.type == EventType::kStepSuccess) {
      earlier.done.push_back({.step = key->step,
                              .mapping_key = key->mapping_key,
                              .outputs = std::move(current.outputs)});
      for (auto& version : current.versions) earlier.versions.push_back(std::move(version));
      current = {};
    }
  }
  return earlier;
}

Result<std::vector<Earlier::Step>> read_ancestors(const plan::Plan& plan,
                                                  const std::vector<Ancestor>& ancestors) {
  std::vector<Earlier::Step> steps;
  std::set<std::pair<std::uint32_t, std::string>> known;
  for (const Ancestor& ancestor : ancestors) {
    TREADLE_TRY(Earlier earlier, read_earlier(plan, ancestor.events));
    // What was skipped is done as well: it has made nothing.
    std::move(earlier.skipped.begin(), earlier.skipped.end(), std::back_inserter(earlier.done));
    for (Earlier::Step& step : earlier.done) {
      const plan::PlannedStep& planned = plan.steps[step.step];
      const bool runs_now =
          planned.execute && (planned.mapping_keys.empty() ||
                              std::find(planned.mapping_keys.begin(), planned.mapping_keys.end(),
                                        step.mapping_key) != planned.mapping_keys.end());
      if (runs_now || !known.emplace(step.step, step.mapping_key).second) continue;
      step.of_this_run = false;
      for (ProducedOutput& output : step.outputs) output.run_id = ancestor.run_id;
      steps.push_back(std::move(step));
    }
  }
  return steps;
}

Result<std::vector<plan::KnownMappingKeys>> known_mapping_keys(
    const plan::Plan& job, const std::vector<Ancestor>& ancestors) {
  std::vector<plan::KnownMappingKeys> known(job.steps.size());
  for (const Ancestor& ancestor : ancestors) {
    TREADLE_TRY(const Earlier earlier, read_earlier(job, ancestor.events));
    for (std::uint32_t i = 0; i < job.steps.size(); ++i) {
      const plan::StepOutput& over = job.steps[i].mapped_over;
      if (known[i] || over.step == plan::kNoStep) continue;
      const auto source = std::find_if(earlier.done.begin(), earlier.done.end(),
                                       [&](const auto& step) { return step.step == over.step; });
      if (source == earlier.done.end()) continue;
      known[i].emplace();
      for (const ProducedOutput& output : source->outputs) {
        if (output.output == over.output) known[i]->push_back(output.mapping_key);
      }
    }
  }
  return known;
}

Result<std::vector<std::string>> steps_to_retry(const plan::Plan& job,
                                                const std::vector<std::string>& planned_keys,
                                                const std::vector<Event>& events) {
  const StepKeys keys(job);
  // By step of the plan; a mapped step has one entry for each of its instances, others one without a mapping key.
  struct Seen {
    std::set<std::string> all, succeeded, failed, skipped;
  };
  std::vector<Seen> seen(job.steps.size());
  for (const Event& event : events) {
    if (event.step_key.empty()) continue;
    const std::optional<KeyOf> key = keys.find(event.step_key);
    if (!key) continue;
    Seen& s = seen[key->step];
    s.all.insert(key->mapping_key);
    if (event.type == EventType::kStepSuccess) {
      s.succeeded.insert(key->mapping_key);
      s.failed.erase(key->mapping_key);
    }
    if (event.type == EventType::kStepFailure || event.type == EventType::kResourceInitFailure) {
      s.failed.insert(key->mapping_key);
    }
    if (event.type == EventType::kStepSkipped) s.skipped.insert(key->mapping_key);
  }
  std::set<std::string_view> planned(planned_keys.begin(), planned_keys.end());
  for (const std::string& key : planned_keys) {
    if (const std::size_t bracket = key.find('['); bracket != std::string::npos) {
      planned.insert(std::string_view(key).substr(0, bracket));
    }
  }

  // "" in the set of a mapped step: all of it, whatever its instances will be.
  std::vector<std::set<std::string>> retry(job.steps.size());
  for (std::uint32_t i = 0; i < job.steps.size(); ++i) {
    const plan::PlannedStep& step = job.steps[i];
    const bool mapped = step.mapped_over.step != plan::kNoStep;
    if (!planned.empty() && !planned.contains(plan::step_key(step)) &&
        !planned.contains(step.def->name)) {
      continue;
    }
    const Seen& s = seen[i];
    if (!mapped && s.skipped.contains("")) continue;
    for (const std::string& key : s.all) {
      if (!s.succeeded.contains(key) && !s.skipped.contains(key)) retry[i].insert(key);
    }
    const bool upstream_ended =
        std::any_of(step.upstream.begin(), step.upstream.end(), [&](std::uint32_t u) {
          return seen[u].succeeded.contains("") || seen[u].skipped.contains("");
        });
    if (s.all.empty() && !(mapped && upstream_ended)) retry[i].insert("");
    for (const std::uint32_t u : step.upstream) {
      if (retry[u].empty()) continue;
      const bool by_key =
          mapped && job.steps[u].mapped_over == step.mapped_over && !retry[u].contains("");
      if (by_key) {
        retry[i].insert(retry[u].begin(), retry[u].end());
      } else {
        retry[i].insert("");
      }
    }
  }
  std::vector<std::string> result;
  for (std::uint32_t i = 0; i < job.steps.size(); ++i) {
    const plan::PlannedStep& step = job.steps[i];
    if (retry[i].contains("")) {
      result.push_back(plan::step_key(step));
      continue;
    }
    for (const std::string& key : retry[i]) result.push_back(step.def->name + "[" + key + "]");
  }
  return result;
}

}  // namespace treadle::execute
