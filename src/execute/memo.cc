#include "memo.h"

#include "step_partitions.h"
#include <treadle/base/digest.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>
#include <map>

namespace treadle::execute {

namespace {

std::string configured_of_step(const std::string& run_config, const StepDef& step) {
  if (run_config.empty()) return {};
  boost::json::value config;
  if (!parse_json_value(run_config, config) || !config.is_object()) return run_config;
  boost::json::object own;
  const auto take = [&](std::string_view part, const std::string& name) {
    const auto* all = config.get_object().if_contains(part);
    if (all == nullptr || !all->is_object()) return;
    const auto* one = all->get_object().if_contains(name);
    if (one != nullptr) own[std::string(part) + "/" + name] = *one;
  };
  take("ops", step.name);
  for (const std::string& key : step.required_resources) take("resources", key);
  for (const InputDef& input : step.inputs) {
    if (!input.io_manager_key.empty()) take("resources", input.io_manager_key);
  }
  for (const OutputDef& output : step.outputs) take("resources", output.io_manager_key);
  return own.empty() ? std::string() : boost::json::serialize(own);
}

void add_identities(const std::vector<std::string>& keys, const Definitions& definitions,
                    std::map<std::string, std::string>& known) {
  for (const std::string& key : keys) {
    const auto resource = definitions.resources.find(key);
    if (resource == definitions.resources.end() || known.contains(key)) continue;
    known[key] = resource->second->identity();
    add_identities(resource->second->required_resources(), definitions, known);
  }
}

}  // namespace

std::string config_of_step(const std::string& run_config, const StepDef& step,
                           const Definitions& definitions) {
  std::string out = configured_of_step(run_config, step);
  std::map<std::string, std::string> identities;
  add_identities(step.required_resources, definitions, identities);
  for (const auto& [key, identity] : identities)
    if (!identity.empty()) out += "\n" + key + "=" + identity;
  return out;
}

bool can_memoize(const plan::PlannedStep& step) {
  const StepDef& def = *step.def;
  if (!step.execute || step.outputs.empty() || !def.observes.empty() || !def.graph.empty() ||
      step.mapped_over.step != plan::kNoStep) {
    return false;
  }
  const auto is_asset = [&](std::uint32_t output) {
    const OutputDef& o = def.outputs[output];
    return !o.asset.key.empty() && !o.dynamic && o.required;
  };
  const auto reads_asset = [](const plan::PlannedInput& input) {
    return input.node != plan::kNoNode;
  };
  return std::all_of(step.outputs.begin(), step.outputs.end(), is_asset) &&
         std::all_of(step.inputs.begin(), step.inputs.end(), reads_asset);
}

std::string memo_of(const plan::Plan& plan, const plan::PlannedStep& step, std::uint32_t output,
                    const std::int64_t* number, const Versions& versions,
                    const std::string& code_version, const std::string& config) {
  const OutputDef& def = step.def->outputs[output];
  const std::string& code = def.asset.code_version.empty() ? code_version : def.asset.code_version;
  if (code.empty()) return {};
  std::string all = def.asset.key.text() + "\n";
  if (number != nullptr) all += step.partitions->own->set.key(*number);
  all += "\n" + code + "\n" + config;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const plan::NodeId node = step.inputs[i].node;
    const plan::InputPartitions* partitions = find_input(step, node);
    std::string version;
    if (partitions != nullptr && number != nullptr) {
      version = input_version_for(*partitions, *step.partitions->own, *number, versions[node]);
    } else if (partitions != nullptr) {
      version = version_of(versions[node], partitions->slice);
    } else {
      version = versions[node].data_version;
    }
    if (version.empty()) return {};
    all += "\n" + plan.graph->node(node).info->key.text() + "\t" + version;
  }
  return to_hex(sha256(all));
}

}  // namespace treadle::execute
