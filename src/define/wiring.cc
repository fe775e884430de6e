// What a step is connected to: the assets it reads, the IO managers and resources it needs, the
// assets it checks.
#include "problem_finder.h"
#include <treadle/base/suggest.h>
#include <treadle/define/type_name.h>

#include <unordered_set>

namespace treadle {
namespace {

// Calls `report` for each name that came before. Steps have few inputs and outputs as a rule; then a set would cost more than
// it saves.
template <class Items, class Report>
void for_each_repeated_name(const Items& items, Report report) {
  if (items.size() <= 8) {
    for (std::size_t i = 1; i < items.size(); ++i) {
      for (std::size_t j = 0; j < i && !items[i].name.empty(); ++j) {
        if (items[i].name != items[j].name) continue;
        report(items[i].name);
        break;
      }
    }
    return;
  }
  std::unordered_set<std::string_view> seen;
  for (const auto& item : items) {
    if (!item.name.empty() && !seen.insert(item.name).second) report(item.name);
  }
}

// The start of a cure: the near name if there is one.
std::string meant(std::string_view name, const std::vector<std::string>& candidates) {
  std::string suggestion = did_you_mean(name, candidates);
  if (suggestion.empty()) return {};
  return suggestion.substr(1) + " ";
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

std::string op_of(const StepDef& step) {
  const std::string& name = step.op_name.empty() ? step.name : step.op_name;
  return "op '" + name.substr(name.rfind('.') + 1) + "'";
}

// With the quotation mark too many that Dagster's message has.
std::string output_of(const StepDef& step, const OutputDef& output) {
  return "output '" + output.name + "' of " + op_of(step) + "'";
}

std::string input_of(const StepDef& step, const InputDef& input) {
  return "input '" + (input.name.empty() ? input.asset.text() : input.name) + "' of " + op_of(step);
}

void check_resource(const DefinitionIndex& index, const std::string& key, const std::string& who,
                    const std::string& subject, const Place& place, Findings& findings) {
  const Definitions& d = index.definitions;
  if (d.resources.contains(key) || d.io_managers.contains(key) || key == "io_manager") return;
  findings.add("missing_resource", subject, place,
               "resource with key '" + key + "' required by " + who + " was not provided.",
               meant(key, names_of(d.resources)) + "Add '" + key +
                   "' to the resources of the definitions, or remove the requirement.");
}

void check_types(const StepDef& step, const InputDef& input, const Maker& maker,
                 Findings& findings) {
  const OutputDef* output = maker.step ? &maker.step->outputs[maker.output] : nullptr;
  const std::type_info* made = output ? output->type : maker.source->type;
  const std::string& stored_with = output ? output->io_manager_key : maker.source->io_manager_key;
  // Another IO manager may well give another type than the one that was stored.
  if (!input.io_manager_key.empty() && input.io_manager_key != stored_with) return;
  if (!input.loads_value || !input.type || !made || *input.type == *made) return;
  const Place& place = maker.step ? maker.step->place : maker.source->place;
  findings.add("type_mismatch", subject_of(step), step.place,
               sentence_name(step) + " reads '" + input.asset.text() + "' as " +
                   type_name(*input.type) +
                   (input.name.empty() ? "" : " (parameter '" + input.name + "')") +
                   ", but it is declared as " + type_name(*made) + in_place(place) + ".",
               "Change one of the two types so that they are the same.");
}

void check_inputs(const DefinitionIndex& index, const StepDef& step, Findings& findings) {
  for_each_repeated_name(step.inputs, [&](const std::string& name) {
    findings.add("duplicate_input", subject_of(step), step.place,
                 sentence_name(step) + " has two inputs called '" + name + "'.",
                 "Give each parameter a name of its own.");
  });
  const auto makers = index.makers_of_inputs(step);
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const InputDef& input = step.inputs[i];
    if (input.asset.empty() && !step.graph.empty()) continue;  // of an op inside a graph of assets
    if (!input.io_manager_key.empty()) {
      check_io_manager(index, input.io_manager_key, input_of(step, input), subject_of(step),
                       step.place, findings);
    }
    if (const Maker* maker = makers[i]) {
      check_types(step, input, *maker, findings);
      continue;
    }
    if (const Result<void> checked = input.asset.check(); !checked) {
      findings.add(
          "bad_key", subject_of(step), step.place,
          sentence_name(step) + " names a dependency that cannot be: " + checked.error().message,
          "");
    } else if (input.loads_value) {
      // Without a value it is only order and lineage: then an asset that others make need not be
      // declared.
      const std::string suggestion = index.suggest_asset(input.asset);
      const std::string declare =
          "eclare '" + input.asset.text() +
          "' as an asset or as a source asset, or depend on it without loading its value.";
      findings.add("unknown_dep", subject_of(step), step.place,
                   sentence_name(step) + " reads '" + input.asset.text() + "'" +
                       (input.name.empty() || input.name == input.asset.text()
                            ? ""
                            : " (parameter '" + input.name + "')") +
                       ", but nothing in these definitions makes or declares it.",
                   suggestion.empty() ? "D" + declare : suggestion + " Otherwise d" + declare);
    }
  }
}

void check_follows_from(const StepDef& step, const OutputDef& output, Findings& findings) {
  // Of a graph of assets, the inputs belong to its other steps.
  if (!output.follows_from || !step.graph.empty()) return;
  std::unordered_set<std::string_view> known;
  for (const InputDef& input : step.inputs) known.insert(input.asset.text());
  for (const OutputDef& other : step.outputs) known.insert(other.asset.key.text());
  for (const AssetKey& key : *output.follows_from) {
    if (known.contains(key.text())) continue;
    const std::vector<std::string> candidates(known.begin(), known.end());
    findings.add("unknown_follows_from", output.asset.key.text(), step.place,
                 "Asset '" + output.asset.key.text() + "' follows from '" + key.text() +
                     "', which is neither an input nor another asset of '" + step.name + "'.",
                 meant(key.text(), candidates) + "Add '" + key.text() + "' to the inputs of '" +
                     step.name + "', or remove it here.");
  }
}

void check_outputs(const DefinitionIndex& index, const StepDef& step, Findings& findings) {
  const bool own_default = index.definitions.io_managers.contains("io_manager");
  for_each_repeated_name(step.outputs, [&](const std::string& name) {
    findings.add("duplicate_output", subject_of(step), step.place,
                 sentence_name(step) + " has two outputs called '" + name + "'.",
                 "Give each output a name of its own.");
  });
  for (const OutputDef& output : step.outputs) {
    if (output.asset.key.empty()) continue;
    check_follows_from(step, output, findings);
    if (!output.stores_value) continue;
    check_io_manager(index, output.io_manager_key, output_of(step, output), output.asset.key.text(),
                     step.place, findings);
    if (!output.codec && output.io_manager_key == "io_manager" && !own_default) {
      findings.add("missing_codec", output.asset.key.text(), step.place,
                   "Asset '" + output.asset.key.text() +
                       "' has a value to keep, but nothing says how to write it" +
                       (output.type ? " (its type is " + type_name(*output.type) + ")." : "."),
                   "Give its type a codec, choose another IO manager, or return nothing.");
    }
  }
}

// The asset itself may be unknown here: other definitions may make it.
void check_checks(const StepDef& step, Findings& findings) {
  for (const CheckDef& check : step.checks) {
    if (check.name.empty()) {
      findings.add("bad_check_name", subject_of(step), step.place,
                   "A check of asset '" + check.asset.text() + "' has no name.",
                   "Give it one: it is how results are found.");
    }
  }
}

}  // namespace

void check_io_manager(const DefinitionIndex& index, const std::string& key, const std::string& who,
                      const std::string& subject, const Place& place, Findings& findings) {
  const Definitions& d = index.definitions;
  if (key == "io_manager" || d.io_managers.contains(key)) return;
  std::vector<std::string> names = names_of(d.io_managers);
  names.push_back("io_manager");
  findings.add("missing_io_manager", subject, place,
               std::string(who.starts_with("input") ? "input" : "io") + " manager with key '" +
                   key + "' required by " + who + " was not provided.",
               meant(key, names) + "Add '" + key + "' to the definitions.");
}

void check_step_wiring(const DefinitionIndex& index, const StepDef& step, Findings& findings) {
  if (step.name.empty()) {
    findings.add("bad_step_name", subject_of(step), step.place, "A step has no name.",
                 "Give it one: it is how runs and logs name it.");
  }
  check_inputs(index, step, findings);
  check_outputs(index, step, findings);
  check_checks(step, findings);
  for (const std::string& key : step.required_resources) {
    check_resource(index, key, op_of(step), subject_of(step), step.place, findings);
  }
  check_hooks(index, step, findings);
}

void check_hooks(const DefinitionIndex& index, const StepDef& step, Findings& findings) {
  for (const HookDef& hook : step.hooks) {
    for (const std::string& key : hook.required_resources) {
      check_resource(index, key, "hook '" + hook.name + "' attached to " + op_of(step), hook.name,
                     step.place, findings);
    }
  }
}

void check_op(const DefinitionIndex& index, const StepDef& step, const std::string& in_job,
              Findings& findings) {
  const std::string who = "Op '" + step.name + "'" + in_job;
  const bool own_default = index.definitions.io_managers.contains("io_manager");
  for_each_repeated_name(step.inputs, [&](const std::string& name) {
    findings.add("duplicate_input", step.name, step.place,
                 who + " has two inputs called '" + name + "'.",
                 "Give each parameter a name of its own.");
  });
  for_each_repeated_name(step.outputs, [&](const std::string& name) {
    findings.add("duplicate_output", step.name, step.place,
                 who + " has two outputs called '" + name + "'.",
                 "Give each output a name of its own.");
  });
  for (const InputDef& input : step.inputs) {
    if (input.io_manager_key.empty()) continue;
    check_io_manager(index, input.io_manager_key, input_of(step, input), step.name, step.place,
                     findings);
  }
  for (const OutputDef& output : step.outputs) {
    if (!output.stores_value) continue;
    check_io_manager(index, output.io_manager_key, output_of(step, output), step.name, step.place,
                     findings);
    if (!output.codec && output.io_manager_key == "io_manager" && !own_default) {
      findings.add("missing_codec", step.name, step.place,
                   who + ": output '" + output.name +
                       "' has a value to keep, but nothing says how to write it" +
                       (output.type ? " (its type is " + type_name(*output.type) + ")." : "."),
                   "Give its type a codec, choose another IO manager, or return nothing.");
    }
  }
  for (const std::string& key : step.required_resources) {
    check_resource(index, key, op_of(step), step.name, step.place, findings);
  }
  check_hooks(index, step, findings);
  if (step.retry_policy) {
    check_retry_policy(*step.retry_policy, who, step.name, step.place, findings);
  }
}

void check_resource_needs(const DefinitionIndex& index, Findings& findings) {
  const Definitions& d = index.definitions;
  for (const auto& [name, manager] : d.io_managers) {
    if (!manager) continue;
    for (const std::string& key : manager->required_resources()) {
      check_resource(index, key, "resource with key '" + name + "'", name, {}, findings);
    }
  }
  for (const auto& [name, resource] : d.resources) {
    if (!resource) continue;
    for (const std::string& key : resource->required_resources()) {
      check_resource(index, key, "resource with key '" + name + "'", name, {}, findings);
    }
  }
  // Resources that need each other: each is visited once; `path` is what led here.
  std::unordered_map<std::string_view, int> state;  // 1 = on the path, 2 = done
  struct Frame {
    std::string_view name;
    std::vector<std::string> needs;
    std::size_t next = 0;
  };
  std::vector<Frame> path;
  const auto enter = [&](std::string_view name, const std::shared_ptr<Resource>& resource) {
    state[name] = 1;
    path.push_back({name, resource ? resource->required_resources() : std::vector<std::string>{}});
  };
  for (const auto& [root, root_resource] : d.resources) {
    if (state[root] != 0) continue;
    enter(root, root_resource);
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next == frame.needs.size()) {
        state[frame.name] = 2;
        path.pop_back();
        continue;
      }
      const auto needed = d.resources.find(frame.needs[frame.next++]);
      if (needed == d.resources.end() || state[needed->first] == 2) continue;
      if (state[needed->first] == 0) {
        enter(needed->first, needed->second);
        continue;
      }
      std::string circle;
      bool inside = false;
      for (const Frame& step : path) {
        inside |= step.name == needed->first;
        if (inside) circle += std::string(step.name) + " -> ";
      }
      findings.add("resource_cycle", needed->first, {},
                   "Resources need each other: " + circle + needed->first + ".",
                   "Remove one of these requirements.");
    }
  }
}

}  // namespace treadle
