// Plans of jobs of ops.
#include "assembly.h"
#include "op_selection.h"
#include <treadle/base/suggest.h>
#include <treadle/define/graph.h>

#include <algorithm>
#include <unordered_map>

namespace treadle::plan {
namespace {

struct Owned {
  explicit Owned(Definitions d) : definitions(std::move(d)), graph(definitions) {}
  const Definitions definitions;
  const AssetGraph graph;
};

Plan plan_of(std::shared_ptr<const Owned> owned, const std::vector<bool>& selected) {
  std::vector<Pick> picks(owned->definitions.steps.size());
  for (std::size_t s = 0; s < picks.size(); ++s) {
    if (selected[s]) picks[s] = whole(owned->definitions.steps[s]);
  }
  Plan plan = assemble(owned->graph, std::move(picks));
  plan.owner = std::move(owned);
  return plan;
}

// Inputs whose steps are not selected, and that have nothing else.
void check_inputs(const std::vector<StepDef>& steps, const std::vector<bool>& selected,
                  std::vector<Problem>& problems) {
  std::unordered_map<std::string_view, bool> is_selected;
  for (std::size_t s = 0; s < steps.size(); ++s) is_selected.emplace(steps[s].name, selected[s]);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (!selected[s]) continue;
    for (const InputDef& input : steps[s].inputs) {
      if (!input.loads_value || input.value || input.optional || input.from.empty()) continue;
      std::string missing;
      for (const OutputRef& ref : input.from) {
        if (!ref.step.empty() && !is_selected[ref.step]) missing = ref.step;
      }
      if (missing.empty()) continue;
      const std::string op = steps[s].name.substr(steps[s].name.rfind('.') + 1);
      problems.push_back({"unresolved_input", steps[s].name, steps[s].place,
                          "Input '" + input.name + "' of op '" + op +
                              "' has no way of being resolved: it comes from step '" + missing +
                              "', which is not selected.",
                          "Select '" + missing + "' as well, or give the input a value."});
    }
  }
}

}  // namespace

tl::expected<Plan, std::vector<Problem>> plan_job(const Definitions& definitions, const JobDef& job,
                                                  const std::vector<std::string>& selection) {
  auto owned = std::make_shared<const Owned>(definitions_of_job(definitions, job));
  const std::vector<StepDef>& steps = owned->definitions.steps;
  std::vector<bool> selected(steps.size(), true);
  if (!selection.empty()) {
    std::vector<Problem> problems;
    selected = select_ops(steps, selection, problems);
    check_inputs(steps, selected, problems);
    if (!problems.empty()) return tl::unexpected(std::move(problems));
  }
  return plan_of(std::move(owned), selected);
}

tl::expected<Plan, std::vector<Problem>> plan_job_again(const Definitions& definitions,
                                                        const JobDef& job,
                                                        const std::vector<std::string>& step_keys,
                                                        const std::vector<std::string>& selection) {
  auto plan = plan_job(definitions, job, selection);
  return plan ? plan_again(std::move(*plan), step_keys) : plan;
}

tl::expected<Plan, std::vector<Problem>> plan_again(Plan plan,
                                                    const std::vector<std::string>& step_keys) {
  if (step_keys.empty()) return plan;

  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    by_name.emplace(plan.steps[s].def->name, s);
    plan.steps[s].execute = false;
  }
  std::vector<bool> all_keys(plan.steps.size());
  std::vector<Problem> problems;
  for (const std::string& key : step_keys) {
    std::string_view name = key, mapping_key;
    if (const std::size_t bracket = key.find('['); bracket != std::string::npos) {
      name = std::string_view(key).substr(0, bracket);
      mapping_key = std::string_view(key).substr(bracket + 1);
      if (!mapping_key.empty()) mapping_key.remove_suffix(1);
    }
    const auto at = by_name.find(name);
    if (at == by_name.end()) {
      std::vector<std::string> names;
      for (const PlannedStep& step : plan.steps) names.push_back(step.def->name);
      std::string suggestion = did_you_mean(std::string(name), names);
      if (!suggestion.empty()) suggestion.erase(0, 1);
      problems.push_back({"unknown_step",
                          key,
                          {},
                          "Can not build subset plan from unknown step: '" + key + "'.",
                          std::move(suggestion)});
      continue;
    }
    PlannedStep& step = plan.steps[at->second];
    step.execute = true;
    if (step.mapped_over.step == kNoStep || mapping_key == "?" || mapping_key.empty()) {
      all_keys[at->second] = true;
    } else {
      step.mapping_keys.emplace_back(mapping_key);
    }
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    if (all_keys[s]) plan.steps[s].mapping_keys.clear();
  }
  return plan;
}

}  // namespace treadle::plan
