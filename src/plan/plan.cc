#include "assembly.h"
#include <treadle/base/suggest.h>

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace treadle::plan {
namespace {

void pick_checks(const AssetGraph& graph, const std::vector<bool>& selected, const CheckNames* only,
                 std::vector<Pick>& picks) {
  const std::vector<StepDef>& steps = graph.definitions().steps;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const StepDef& step = steps[s];
    if (step.checks.empty()) continue;
    // A graph of assets runs as a whole, for its assets, unless it can be subset.
    const bool stand_alone = !makes_assets(step) && (step.graph.empty() || step.can_subset);
    if (!stand_alone && !picks[s].any() && !(only && step.can_subset)) continue;
    bool any = false;
    for (std::uint32_t c = 0; c < step.checks.size(); ++c) {
      const CheckDef& check = step.checks[c];
      const NodeId node = graph.find(check.asset);
      const bool wanted =
          only ? only->contains({check.asset, check.name}) : node != kNoNode && selected[node];
      if (!wanted) continue;
      any = true;
      picks[s].checks.push_back(c);
    }
    if (any && !step.can_subset) {
      picks[s].checks.clear();
      for (std::uint32_t c = 0; c < step.checks.size(); ++c) picks[s].checks.push_back(c);
    }
  }
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 10) return text + " and " + std::to_string(names.size() - i) + " more";
    if (i > 0) text += ", ";
    text += "'" + names[i] + "'";
  }
  return text;
}

// The step makes all its assets or none, and only some are picked.
std::optional<Problem> check_subset(const StepDef& step, const Pick& pick) {
  if (step.can_subset || pick.outputs.empty() || !step.graph.empty()) return {};
  std::vector<std::string> missing, present;
  for (std::uint32_t o = 0; o < step.outputs.size(); ++o) {
    if (step.outputs[o].asset.key.empty()) continue;
    const bool picked = std::binary_search(pick.outputs.begin(), pick.outputs.end(), o);
    (picked ? present : missing).push_back(step.outputs[o].asset.key.text());
  }
  if (missing.empty()) return {};
  Problem problem;
  problem.code = "invalid_subset";
  problem.subject = step.name;
  problem.place = step.place;
  problem.message = "Step '" + step.name + "' makes all its assets at once, but only " +
                    quoted_list(present) + " of them " + (present.size() == 1 ? "is" : "are") +
                    " selected.";
  problem.cure =
      "Select " + quoted_list(missing) + " as well, or declare the step with can_subset.";
  return problem;
}

// The steps of one graph of assets.
struct GraphSteps {
  std::vector<std::size_t> steps;
  bool picked = false;
};

std::unordered_map<std::string_view, GraphSteps> graphs_of(const std::vector<StepDef>& steps) {
  std::unordered_map<std::string_view, GraphSteps> graphs;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (!steps[s].graph.empty()) graphs[steps[s].graph].steps.push_back(s);
  }
  return graphs;
}

// Of a graph of assets all steps run, or those that the picked assets need when it can be subset.
void pick_graphs(const std::vector<StepDef>& steps, std::vector<Pick>& picks,
                 std::vector<Problem>& problems) {
  for (auto& [name, graph] : graphs_of(steps)) {
    std::vector<std::size_t> needed;
    std::vector<std::string> present, missing;
    for (const std::size_t s : graph.steps) {
      if (picks[s].any()) needed.push_back(s);
      for (std::uint32_t o = 0; o < steps[s].outputs.size(); ++o) {
        if (steps[s].outputs[o].asset.key.empty()) continue;
        const bool picked = std::find(picks[s].outputs.begin(), picks[s].outputs.end(), o) !=
                            picks[s].outputs.end();
        (picked ? present : missing).push_back(steps[s].outputs[o].asset.key.text());
      }
    }
    if (needed.empty()) continue;
    const StepDef& first = steps[graph.steps.front()];
    if (!first.can_subset && !missing.empty()) {
      problems.push_back(
          {"invalid_subset", std::string(name), first.place,
           "Graph '" + std::string(name) + "' makes all its assets at once, but only " +
               quoted_list(present) + " of them " + (present.size() == 1 ? "is" : "are") +
               " selected.",
           "Select " + quoted_list(missing) + " as well, or declare the graph with can_subset."});
      continue;
    }
    if (!first.can_subset) needed = graph.steps;
    std::unordered_map<std::string_view, std::size_t> by_name;
    for (const std::size_t s : graph.steps) by_name.emplace(steps[s].name, s);
    std::unordered_map<std::size_t, bool> seen;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      const std::size_t s = needed[i];
      if (seen[s]) continue;
      seen[s] = true;
      picks[s].whole = true;
      for (const InputDef& input : steps[s].inputs) {
        for (const OutputRef& ref : input.from) {
          if (const auto at = by_name.find(ref.step); at != by_name.end()) {
            needed.push_back(at->second);
          }
        }
      }
    }
  }
}

// A function's outputs that are no assets are part of whatever of it runs.
void pick_plain_outputs(const StepDef& step, Pick& pick) {
  if (!pick.any()) return;
  for (std::uint32_t o = 0; o < step.outputs.size(); ++o) {
    if (step.outputs[o].asset.key.empty()) pick.outputs.push_back(o);
  }
  std::sort(pick.outputs.begin(), pick.outputs.end());
}

}  // namespace

std::vector<NodeId> complete_steps(const AssetGraph& graph, const std::vector<NodeId>& assets) {
  const StepDef* first = graph.definitions().steps.data();
  std::vector<bool> wanted(graph.nodes().size()), whole(graph.definitions().steps.size());
  std::unordered_map<std::string_view, GraphSteps> graphs = graphs_of(graph.definitions().steps);
  for (const NodeId id : assets) {
    const StepDef* step = graph.node(id).step;
    wanted[id] = true;
    if (!step || step->can_subset) continue;
    whole[step - first] = true;
    if (!step->graph.empty()) graphs[step->graph].picked = true;
  }
  for (const auto& [name, made_of] : graphs) {
    for (const std::size_t s : made_of.steps) whole[s] = whole[s] || made_of.picked;
  }
  std::vector<NodeId> complete;
  for (const NodeId id : graph.topological_order()) {
    const StepDef* step = graph.node(id).step;
    if (wanted[id] || (step && whole[step - first])) complete.push_back(id);
  }
  return complete;
}

tl::expected<Plan, std::vector<Problem>> make_plan(const AssetGraph& graph,
                                                   const std::vector<NodeId>& selected,
                                                   bool with_checks,
                                                   const CheckNames* only_checks) {
  const std::vector<StepDef>& steps = graph.definitions().steps;
  std::vector<bool> is_selected(graph.nodes().size());
  for (const NodeId id : selected) is_selected[id] = true;

  std::vector<Pick> picks(steps.size());
  for (NodeId id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.node(id);
    if (is_selected[id] && node.step) {
      picks[node.step - steps.data()].outputs.push_back(node.output);
    }
  }
  std::vector<Problem> problems;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (auto problem = check_subset(steps[s], picks[s])) problems.push_back(std::move(*problem));
  }
  pick_graphs(steps, picks, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  if (with_checks || only_checks) {
    pick_checks(graph, is_selected, only_checks, picks);
    // What the checks of a graph that can be subset need of it.
    pick_graphs(steps, picks, problems);
  }
  for (std::size_t s = 0; s < steps.size(); ++s) pick_plain_outputs(steps[s], picks[s]);
  for (const NodeId id : selected) {
    const StepDef* observer = graph.node(id).observer;
    if (observer) picks[observer - steps.data()] = whole(*observer);
  }
  return assemble(graph, std::move(picks));
}

Result<Plan> plan_for_steps(const AssetGraph& graph, const std::vector<std::string>& step_keys) {
  const std::vector<StepDef>& steps = graph.definitions().steps;
  std::unordered_map<std::string_view, std::size_t> by_name;
  by_name.reserve(steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s) by_name.try_emplace(steps[s].name, s);

  std::vector<Pick> picks(steps.size());
  for (const std::string& key : step_keys) {
    const auto found =
        by_name.find(key.ends_with("[?]") ? std::string_view(key).substr(0, key.size() - 3) : key);
    if (found == by_name.end()) {
      std::vector<std::string> names;
      for (const StepDef& step : steps) names.push_back(step.name);
      return fail(Errc::kNotFound, "The definitions have no step '" + key + "' any more." +
                                       did_you_mean(key, names) +
                                       " Restore the step, or start a new run instead of "
                                       "resuming this one.");
    }
    const StepDef& step = steps[found->second];
    picks[found->second] = whole(step);
  }
  return assemble(graph, std::move(picks));
}

}  // namespace treadle::plan
