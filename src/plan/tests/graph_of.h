// Graphs for tests, tersely: define({"raw", "clean <- raw", "train test <- clean", "model <-
// train", "!csv", "!report <- model"}) declares an asset, one that reads it, a multi-asset, and source
// assets, one of which follows from an asset.
#pragma once

#include <treadle/plan/graph.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace treadle::plan {

inline std::string step_name_for(const std::string& key) {
  std::string name;
  for (const char c : key) name += c == '/' ? std::string("__") : std::string(1, c);
  return name;
}

inline StepDef step_of(const std::vector<std::string>& keys, const std::vector<std::string>& deps) {
  StepDef step;
  for (const std::string& key : keys) {
    if (!step.name.empty()) step.name += "_and_";
    step.name += step_name_for(key);
    OutputDef output;
    if (keys.size() > 1) output.name = step_name_for(key);
    output.asset.key = key;
    output.stores_value = false;
    step.outputs.push_back(output);
  }
  for (const std::string& dep : deps) {
    InputDef input;
    input.name = step_name_for(dep);
    input.asset = dep;
    step.inputs.push_back(input);
  }
  return step;
}

inline Definitions define(const std::vector<std::string>& lines) {
  Definitions definitions;
  for (const std::string& line : lines) {
    std::istringstream words(line);
    std::vector<std::string> keys, deps;
    bool after_arrow = false;
    for (std::string word; words >> word;) {
      if (word == "<-") {
        after_arrow = true;
      } else {
        (after_arrow ? deps : keys).push_back(word);
      }
    }
    if (keys.at(0).front() == '!') {
      SourceAssetDef source;
      source.asset.key = keys[0].substr(1);
      source.deps.assign(deps.begin(), deps.end());
      definitions.sources.push_back(source);
    } else {
      definitions.steps.push_back(step_of(keys, deps));
    }
  }
  return definitions;
}

// A check that runs as a step of its own and reads `asset`.
inline StepDef check_step(const std::string& name, const std::string& asset, bool blocking) {
  StepDef step = step_of({}, {asset});
  step.name = step_name_for(asset) + "_" + name;
  OutputDef result;
  result.stores_value = false;
  step.outputs.push_back(result);
  CheckDef check;
  check.name = name;
  check.asset = asset;
  check.blocking = blocking;
  step.checks.push_back(check);
  return step;
}

// Looks at source assets.
inline StepDef observing_step(const std::string& name, const std::vector<std::string>& sources) {
  StepDef step;
  step.name = name;
  for (const std::string& source : sources) {
    OutputDef& output = step.outputs.emplace_back();
    output.name = step_name_for(source);
    output.stores_value = false;
    step.observes.emplace_back(source);
  }
  return step;
}

inline std::string keys_of(const AssetGraph& graph, const std::vector<NodeId>& ids) {
  std::string text;
  for (const NodeId id : ids) {
    if (!text.empty()) text += ' ';
    text += graph.node(id).info->key.text();
  }
  return text;
}

}  // namespace treadle::plan
