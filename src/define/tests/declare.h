// Definitions for tests, tersely.
#pragma once

#include <treadle/define/definitions.h>

#include <string>
#include <vector>

namespace treadle {

inline InputDef reads(const std::string& key) {
  InputDef input;
  input.name = key;
  input.asset = key;
  return input;
}

inline InputDef follows(const std::string& key) {
  InputDef input = reads(key);
  input.name.clear();
  input.loads_value = false;
  return input;
}

inline StepDef asset(const std::string& key, std::vector<InputDef> inputs = {}) {
  StepDef step;
  step.name = key;
  step.inputs = std::move(inputs);
  step.outputs.emplace_back();
  step.outputs[0].asset.key = key;
  step.outputs[0].stores_value = false;
  return step;
}

inline StepDef multi_asset(const std::string& name, const std::vector<std::string>& keys,
                           std::vector<InputDef> inputs = {}) {
  StepDef step;
  step.name = name;
  step.inputs = std::move(inputs);
  for (const std::string& key : keys) {
    step.outputs.emplace_back();
    step.outputs.back().name = key;
    step.outputs.back().asset.key = key;
    step.outputs.back().stores_value = false;
  }
  return step;
}

inline StepDef check(const std::string& name, const std::string& of, std::vector<InputDef> inputs) {
  StepDef step;
  step.name = of + "_" + name;
  step.inputs = std::move(inputs);
  step.checks.emplace_back();
  step.checks[0].name = name;
  step.checks[0].asset = of;
  return step;
}

inline StepDef at(StepDef step, int line) {
  step.place = {"p.py", line};
  return step;
}

inline SourceAssetDef source(const std::string& key) {
  SourceAssetDef source;
  source.asset.key = key;
  return source;
}

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(problem.code + ": " + problem.text());
  return out;
}

inline std::vector<std::string> codes(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(problem.code);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace treadle
