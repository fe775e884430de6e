// From graphs to steps: names from the nesting, every input wired to the steps that make its value.
#include <treadle/base/digest.h>
#include <treadle/define/graph.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>

namespace treadle {
namespace {

// What an input gets, seen from inside its graph: outputs of steps, a value, or what the root graph's input gets.
struct Source {
  std::vector<OutputRef> from;
  InputUse use = InputUse::kValue;
  std::optional<Value> value;
  std::string root_input;
  AssetKey asset = {};
  bool wired() const { return !from.empty() || use != InputUse::kValue; }
};
using Sources = std::unordered_map<std::string, Source>;  // by input of a graph

const NodeDef* find_node(const GraphDef& graph, const std::string& name) {
  const auto at = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                               [&](const NodeDef& node) { return node.name == name; });
  return at == graph.nodes.end() ? nullptr : &*at;
}

void add_hooks(std::vector<HookDef>& hooks, const std::vector<HookDef>& more) {
  for (const HookDef& hook : more) {
    const bool known = std::any_of(hooks.begin(), hooks.end(), [&](const HookDef& h) {
      return h.name == hook.name && h.body == hook.body;
    });
    if (!known) hooks.push_back(hook);
  }
}

// The later ones win.
void merge_tags(Tags& tags, const Tags& more) {
  for (const auto& [name, value] : more) {
    const auto at =
        std::find_if(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == name; });
    if (at == tags.end()) {
      tags.emplace_back(name, value);
    } else {
      at->second = value;
    }
  }
}

// A graph's nodes and dependencies by name, so that wide graphs are wired in time proportional to them.
class GraphIndex {
 public:
  explicit GraphIndex(const GraphDef& graph) {
    for (const NodeDef& node : graph.nodes) nodes_.emplace(node.name, &node);
    for (const Dependency& d : graph.dependencies) {
      dependencies_.emplace(d.node + '\n' + d.input, &d);
    }
  }
  const NodeDef& node(const std::string& name) const { return *nodes_.at(name); }
  const Dependency* find_dependency(const std::string& node, const std::string& input) const {
    const auto at = dependencies_.find(node + '\n' + input);
    return at == dependencies_.end() ? nullptr : at->second;
  }

 private:
  std::unordered_map<std::string_view, const NodeDef*> nodes_;
  std::unordered_map<std::string, const Dependency*> dependencies_;
};

// The step and its output behind an output of a node.
OutputRef origin_of(const NodeDef& node, const std::string& prefix, const std::string& output) {
  const NodeDef* at = &node;
  std::string step = prefix + at->name;
  std::string name = output;
  while (at->graph) {
    const auto found = std::find_if(at->graph->outputs.begin(), at->graph->outputs.end(),
                                    [&](const GraphOutput& o) { return o.name == name; });
    name = found->from.output;
    at = find_node(*at->graph, found->from.node);
    step += "." + at->name;
  }
  return {.step = std::move(step), .output = std::move(name)};
}

class Flattening {
 public:
  explicit Flattening(FlatGraph& flat) : flat_(flat) {}

  void add(const GraphDef& graph, const std::string& prefix, const Sources& outer,
           const std::vector<HookDef>& hooks) {
    const GraphIndex index(graph);
    if (graph.config) {
      mappings_.emplace_back(prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1),
                             graph.config);
    }
    for (const NodeDef& node : graph.nodes) {
      std::vector<HookDef> all_hooks = hooks;
      add_hooks(all_hooks, node.hooks);
      if (node.op) {
        add_step(node, prefix, index, outer, all_hooks);
        continue;
      }
      Sources inner;
      for (const GraphInput& input : node.graph->inputs) {
        Source source = source_of(index, prefix, outer, node.name, input.name);
        if (!source.wired() && !source.value && source.asset.empty()) source.value = input.value;
        inner.emplace(input.name, std::move(source));
      }
      add(*node.graph, prefix + node.name + ".", inner, all_hooks);
    }
    if (graph.config) mappings_.pop_back();
  }

 private:
  static Source source_of(const GraphIndex& index, const std::string& prefix, const Sources& outer,
                          const std::string& node, const std::string& input) {
    const Dependency* dependency = index.find_dependency(node, input);
    if (dependency == nullptr) return {};
    const auto from_outside = [&](const NodeOutput& from) -> const Source& {
      return outer.at(from.output);
    };
    if (dependency->kind == Dependency::Kind::kAsset) {
      Source source;
      source.asset = dependency->asset;
      return source;
    }
    if (dependency->kind != Dependency::Kind::kFanIn) {
      const NodeOutput& from = dependency->from.front();
      Source source;
      if (from.node.empty()) {
        source = from_outside(from);
      } else {
        source.from.push_back(origin_of(index.node(from.node), prefix, from.output));
      }
      if (dependency->kind == Dependency::Kind::kCollect) source.use = InputUse::kCollect;
      return source;
    }
    Source list;
    list.use = InputUse::kList;
    for (const NodeOutput& from : dependency->from) {
      if (!from.node.empty()) {
        list.from.push_back(origin_of(index.node(from.node), prefix, from.output));
        continue;
      }
      const Source& source = from_outside(from);
      if (source.value && !source.wired()) list.from.push_back({.step = {}, .value = source.value});
      list.from.insert(list.from.end(), source.from.begin(), source.from.end());
    }
    return list;
  }

  void add_step(const NodeDef& node, const std::string& prefix, const GraphIndex& index,
                const Sources& outer, const std::vector<HookDef>& hooks) {
    const auto number = static_cast<std::uint32_t>(flat_.steps.size());
    StepDef& step = flat_.steps.emplace_back(*node.op);
    if (step.op_name.empty()) step.op_name = node.op->name;
    step.name = prefix + node.name;
    if (!node.place.file.empty()) step.place = node.place;
    if (node.retry_policy) step.retry_policy = node.retry_policy;
    step.config_mappings = mappings_;
    merge_tags(step.op_tags, node.tags);
    if (step.time_limit <= 0) step.time_limit = time_limit_of(step.op_tags);
    std::vector<HookDef> all_hooks = hooks;
    add_hooks(all_hooks, step.hooks);
    step.hooks = std::move(all_hooks);
    for (std::uint32_t i = 0; i < step.inputs.size(); ++i) {
      InputDef& input = step.inputs[i];
      Source source = source_of(index, prefix, outer, node.name, input.name);
      if (!source.root_input.empty()) {
        flat_.inputs.push_back({.name = source.root_input, .step = number, .input = i});
      }
      if (source.value) input.value = std::move(source.value);
      input.from = std::move(source.from);
      input.use = source.use;
      if (input.use != InputUse::kValue && input.element != nullptr) {
        input.type = input.element;
        input.codec = input.element_codec;
      }
      if (source.wired()) input.asset = AssetKey();
      if (!source.asset.empty()) input.asset = std::move(source.asset);
    }
  }

  FlatGraph& flat_;
  // Of the graphs around the one that is being added, and of it.
  std::vector<std::pair<std::string, std::shared_ptr<const ConfigMapping>>> mappings_;
};

}  // namespace

double time_limit_of(const Tags& op_tags) {
  for (const auto& [name, value] : op_tags) {
    if (name != "treadle/time_limit") continue;
    char* end = nullptr;
    const double seconds = std::strtod(value.c_str(), &end);
    if (end != value.c_str() && *end == '\0' && seconds > 0) return seconds;
  }
  return 0;
}

FlatGraph flatten(const GraphDef& graph, const std::string& prefix,
                  const std::map<std::string, Value>& input_values) {
  FlatGraph flat;
  Sources root;
  for (const GraphInput& input : graph.inputs) {
    const auto given = input_values.find(input.name);
    root[input.name] = {.from = {},
                        .value = given != input_values.end() ? given->second : input.value,
                        .root_input = input.name};
  }
  Flattening(flat).add(graph, prefix, root, {});
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  for (std::uint32_t i = 0; i < flat.steps.size(); ++i) by_name.emplace(flat.steps[i].name, i);
  for (const GraphOutput& output : graph.outputs) {
    const OutputRef from =
        origin_of(*find_node(graph, output.from.node), prefix, output.from.output);
    const std::uint32_t step = by_name.at(from.step);
    const std::vector<OutputDef>& outputs = flat.steps[step].outputs;
    const auto at = std::find_if(outputs.begin(), outputs.end(),
                                 [&](const OutputDef& o) { return o.name == from.output; });
    flat.outputs.push_back({.name = output.name,
                            .step = step,
                            .output = static_cast<std::uint32_t>(at - outputs.begin())});
  }
  return flat;
}

namespace {

// Assets that ops of a job read are made elsewhere, whoever makes them.
void add_read_assets(Definitions& job, const Definitions& definitions) {
  std::unordered_set<AssetKey> known;
  for (const SourceAssetDef& source : job.sources) known.insert(source.asset.key);
  const auto maker_of = [&](const AssetKey& key) -> const OutputDef* {
    for (const StepDef& step : definitions.steps) {
      for (const OutputDef& output : step.outputs) {
        if (output.asset.key == key) return &output;
      }
    }
    return nullptr;
  };
  for (const StepDef& step : job.steps) {
    for (const InputDef& input : step.inputs) {
      if (input.asset.empty() || !known.insert(input.asset).second) continue;
      SourceAssetDef& source = job.sources.emplace_back();
      source.asset.key = input.asset;
      if (const OutputDef* made = maker_of(input.asset)) {
        source.asset = made->asset;
        source.io_manager_key = made->io_manager_key;
      }
    }
  }
}

}  // namespace

Definitions definitions_of_job(const Definitions& definitions, const JobDef& job) {
  Definitions own;
  own.resources = job.resources;
  own.io_managers = job.io_managers;
  own.resources.insert(definitions.resources.begin(), definitions.resources.end());
  own.io_managers.insert(definitions.io_managers.begin(), definitions.io_managers.end());
  own.sources = definitions.sources;
  FlatGraph flat = flatten(*job.graph, {}, job.input_values);
  for (StepDef& step : flat.steps) {
    std::vector<HookDef> hooks = job.hooks;
    add_hooks(hooks, step.hooks);
    step.hooks = std::move(hooks);
    Tags tags = job.op_tags;
    merge_tags(tags, step.op_tags);
    step.op_tags = std::move(tags);
  }
  own.steps = std::move(flat.steps);
  add_read_assets(own, definitions);
  return own;
}

std::vector<StepDef> flatten(const GraphAssetDef& asset) {
  FlatGraph flat = flatten(*asset.graph, asset.name.empty() ? "" : asset.name + ".");
  std::vector<AssetKey> all_inputs;
  for (const auto& [name, input] : asset.inputs) all_inputs.push_back(input.asset);
  all_inputs.insert(all_inputs.end(), asset.deps.begin(), asset.deps.end());

  for (const FlatGraph::Input& wired : flat.inputs) {
    const auto given = asset.inputs.find(wired.name);
    if (given == asset.inputs.end()) continue;
    InputDef& input = flat.steps[wired.step].inputs[wired.input];
    input.asset = given->second.asset;
    if (!given->second.loads_value) input.loads_value = false;
    if (!given->second.io_manager_key.empty()) input.io_manager_key = given->second.io_manager_key;
    if (input.metadata.empty()) input.metadata = given->second.metadata;
    if (given->second.partition_mapping) input.partition_mapping = given->second.partition_mapping;
  }
  auto bodies = std::make_shared<std::vector<std::shared_ptr<StepBody>>>();
  for (const StepDef& step : flat.steps) bodies->push_back(step.body);
  for (StepDef& step : flat.steps) {
    step.graph = asset.name;
    step.graph_bodies = bodies;
    std::vector<HookDef> hooks = asset.hooks;
    add_hooks(hooks, step.hooks);
    step.hooks = std::move(hooks);
    Tags tags = asset.op_tags;
    merge_tags(tags, step.op_tags);
    step.op_tags = std::move(tags);
    if (!step.retry_policy) step.retry_policy = asset.retry_policy;
    step.can_subset = asset.can_subset;
    if (step.place.file.empty()) step.place = asset.place;
    const bool first = std::all_of(step.inputs.begin(), step.inputs.end(),
                                   [](const InputDef& input) { return input.from.empty(); });
    for (const AssetKey& dep : asset.deps) {
      if (!first) break;
      InputDef& input = step.inputs.emplace_back();
      input.asset = dep;
      input.loads_value = false;
    }
  }
  for (const FlatGraph::Output& mapped : flat.outputs) {
    StepDef& step = flat.steps[mapped.step];
    OutputDef& output = step.outputs[mapped.output];
    if (const auto check = asset.checks.find(mapped.name); check != asset.checks.end()) {
      step.checks.push_back(check->second);
      step.checks.back().output = output.name;
      output.stores_value = false;
      output.required = false;
      continue;
    }
    const auto given = asset.outputs.find(mapped.name);
    if (given == asset.outputs.end()) continue;
    output.asset = given->second.asset;
    if (given->second.io_manager_key != "io_manager") {
      output.io_manager_key = given->second.io_manager_key;
    }
    output.required = output.required && given->second.required;
    output.follows_from = given->second.follows_from ? given->second.follows_from : all_inputs;
  }
  return std::move(flat.steps);
}

std::string derived_code_version(const StepDef& step) {
  if (!step.graph_bodies) return step.body ? step.body->derived_code_version() : std::string();
  std::string all;
  for (const std::shared_ptr<StepBody>& body : *step.graph_bodies) {
    const std::string version = body ? body->derived_code_version() : std::string();
    if (version.empty()) return {};
    all += version + '\n';
  }
  return to_hex(sha256(all));
}

}  // namespace treadle
