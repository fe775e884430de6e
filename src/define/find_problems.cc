#include "problem_finder.h"
#include <treadle/base/suggest.h>
#include <treadle/define/graph.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace treadle {

DefinitionIndex::DefinitionIndex(const Definitions& d) : definitions(d) {
  std::size_t outputs = d.sources.size(), inputs = 0;
  for (const StepDef& step : d.steps) {
    outputs += step.outputs.size();
    inputs += step.inputs.size();
  }
  makers_.reserve(outputs);
  by_key_ = NameTable(outputs);
  const auto add = [this](const AssetKey& key, Maker maker) {
    const auto number = static_cast<std::uint32_t>(makers_.size());
    if (by_key_.add(key.text(), number) == number) makers_.push_back(maker);
  };
  for (const StepDef& step : d.steps) {
    for (std::uint32_t o = 0; o < step.outputs.size(); ++o) {
      const AssetKey& key = step.outputs[o].asset.key;
      if (!key.empty()) add(key, {&step, o, nullptr});
    }
  }
  for (const SourceAssetDef& source : d.sources) add(source.asset.key, {nullptr, 0, &source});

  input_makers_.reserve(inputs);
  first_input_.reserve(d.steps.size());
  for (const StepDef& step : d.steps) {
    first_input_.push_back(input_makers_.size());
    for (const InputDef& input : step.inputs) input_makers_.push_back(find_maker(input.asset));
  }
}

const StepDef* DefinitionIndex::find_step(const std::string& name) const {
  if (steps_by_name_.empty()) {
    for (const StepDef& step : definitions.steps) steps_by_name_.emplace(step.name, &step);
  }
  const auto found = steps_by_name_.find(name);
  return found == steps_by_name_.end() ? nullptr : found->second;
}

std::string DefinitionIndex::suggest_asset(const AssetKey& key) const {
  if (suggestions_left_-- <= 0) return {};
  std::vector<std::string> names;
  names.reserve(makers_.size());
  for (const SourceAssetDef& source : definitions.sources) names.push_back(source.asset.key.text());
  for (const StepDef& step : definitions.steps) {
    for (const OutputDef& output : step.outputs) names.push_back(output.asset.key.text());
  }
  std::string suggestion = did_you_mean(key.text(), names);
  if (!suggestion.empty()) suggestion.erase(0, 1);
  return suggestion;
}

std::vector<Problem> Findings::sorted() && {
  std::sort(found_.begin(), found_.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Problem> problems;
  problems.reserve(found_.size());
  // What is wrong with resources is wrong for each job that has them.
  std::set<std::string> said;
  for (auto& [rank, problem] : found_) {
    if (said.insert(problem.text()).second) problems.push_back(std::move(problem));
  }
  return problems;
}

std::string sentence_name(const StepDef& step) {
  const OutputDef* asset = nullptr;
  std::size_t assets = 0;
  for (const OutputDef& output : step.outputs) {
    if (output.asset.key.empty()) continue;
    asset = &output;
    ++assets;
  }
  if (assets == 1) return "Asset '" + asset->asset.key.text() + "'";
  if (assets > 1) return "Multi-asset '" + step.name + "'";
  if (step.checks.size() == 1) {
    return "Check '" + step.checks[0].name + "' of '" + step.checks[0].asset.text() + "'";
  }
  return "Step '" + step.name + "'";
}

std::string subject_of(const StepDef& step) {
  std::string subject;
  for (const OutputDef& output : step.outputs) {
    if (output.asset.key.empty()) continue;
    if (!subject.empty()) return step.name;
    subject = output.asset.key.text();
  }
  return subject.empty() ? step.name : subject;
}

std::string in_place(const Place& place) {
  const std::string text = place.text();
  return text.empty() ? "" : " (" + text + ")";
}

void check_retry_policy(const RetryPolicy& policy, const std::string& who,
                        const std::string& subject, const Place& place, Findings& findings) {
  if (policy.max_retries < 0) {
    findings.add(
        "bad_retry_policy", subject, place,
        who + " has a retry policy with max_retries " + std::to_string(policy.max_retries) + ".",
        "Give the number of retries after the first attempt: 0 or more.");
  }
  if (!(policy.delay >= 0) || !std::isfinite(policy.delay)) {
    std::string delay = std::to_string(policy.delay);
    if (delay.find('.') != std::string::npos) {
      delay.erase(std::max(delay.find_last_not_of('0'), delay.find('.') + 1) + 1);
    }
    findings.add("bad_retry_policy", subject, place,
                 who + " has a retry policy with a delay of " + delay + " seconds.",
                 "Give the seconds to wait before a retry: 0 or more.");
  }
}

// A job of ops: its graph, and what its ops need of its own resources and those around it.
void check_job(const Definitions& definitions, const JobDef& job, Findings& findings) {
  std::vector<Problem> problems = find_problems(*job.graph, "@job", true);
  for (Problem& problem : problems) {
    if (problem.place.file.empty()) problem.place = job.place;
    findings.add(std::move(problem));
  }
  for (const auto& [name, value] : job.input_values) {
    const auto& inputs = job.graph->inputs;
    if (std::any_of(inputs.begin(), inputs.end(), [&](const auto& i) { return i.name == name; })) {
      continue;
    }
    findings.add("unknown_input", job.name, job.place,
                 "Error when constructing JobDefinition '" + job.name +
                     "': Input value provided for key '" + name +
                     "', but job has no top-level input with that name.",
                 "Remove the value, or add the input to the graph.");
  }
  if (!problems.empty()) return;
  const Definitions own = definitions_of_job(definitions, job);
  const DefinitionIndex index(own);
  for (const StepDef& step : own.steps)
    check_op(index, step, " in job '" + job.name + "'", findings);
  check_resource_needs(index, findings);
}

std::vector<Problem> find_problems(const Definitions& definitions) {
  const DefinitionIndex index(definitions);
  Findings findings;
  check_duplicates(index, findings);
  for (std::size_t i = 0; i < definitions.sources.size(); ++i) {
    const SourceAssetDef& source = definitions.sources[i];
    findings.at_source(i);
    check_naming(source.asset, source.place, findings);
    check_io_manager(index, source.io_manager_key, "source asset '" + source.asset.key.text() + "'",
                     source.asset.key.text(), source.place, findings);
  }
  for (std::size_t i = 0; i < definitions.steps.size(); ++i) {
    const StepDef& step = definitions.steps[i];
    findings.at_step(i);
    for (const OutputDef& output : step.outputs) {
      if (!output.asset.key.empty()) check_naming(output.asset, step.place, findings);
    }
    check_step_wiring(index, step, findings);
    check_partitions(index, step, findings);
    if (step.retry_policy) {
      check_retry_policy(*step.retry_policy, sentence_name(step), subject_of(step), step.place,
                         findings);
    }
  }
  check_cycles(index, findings);
  findings.at_end();
  check_resource_needs(index, findings);
  for (const JobDef& job : definitions.jobs) {
    if (job.retry_policy) {
      check_retry_policy(*job.retry_policy, "Job '" + job.name + "'", job.name, job.place,
                         findings);
    }
    if (job.graph) check_job(definitions, job, findings);
  }
  check_instigators(definitions, findings);
  return std::move(findings).sorted();
}

}  // namespace treadle
