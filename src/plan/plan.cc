#include <treadle/base/suggest.h>
#include <treadle/plan/plan.h>

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace treadle::plan {
namespace {

// What is to run of one step.
struct Pick {
  std::vector<std::uint32_t> outputs;
  std::vector<std::uint32_t> checks;
  bool any() const { return !outputs.empty() || !checks.empty(); }
};

bool makes_assets(const StepDef& step) {
  return std::any_of(step.outputs.begin(), step.outputs.end(),
                     [](const OutputDef& o) { return !o.asset.key.empty(); });
}

// Turns picks (one per step of the definitions) into a plan: where inputs come from, what waits for
// what, in which order.
class Assembly {
 public:
  Assembly(const AssetGraph& graph, std::vector<Pick> picks)
      : graph_(graph),
        first_(graph.definitions().steps.data()),
        picks_(std::move(picks)),
        planned_of_(picks_.size(), kNoStep),
        output_planned_(graph.nodes().size()) {}

  // Steps that wait for each other are left out; find_problems names such cycles before anything is
  // planned.
  Plan run() {
    add_steps();
    for (std::uint32_t i = 0; i < steps_.size(); ++i) connect(i);
    return sorted();
  }

 private:
  static constexpr std::uint32_t kNoStep = ~std::uint32_t{0};

  void add_steps() {
    for (std::size_t s = 0; s < picks_.size(); ++s) {
      if (!picks_[s].any()) continue;
      const auto index = static_cast<std::uint32_t>(steps_.size());
      planned_of_[s] = index;
      PlannedStep& planned = steps_.emplace_back();
      planned.def = first_ + s;
      planned.outputs = std::move(picks_[s].outputs);
      planned.checks = std::move(picks_[s].checks);
      for (const std::uint32_t c : planned.checks) {
        const CheckDef& check = planned.def->checks[c];
        if (const NodeId node = graph_.find(check.asset); check.blocking && node != kNoNode) {
          blocking_[node].push_back(index);
        }
      }
    }
    for (NodeId id = 0; id < graph_.nodes().size(); ++id) {
      const Node& node = graph_.node(id);
      if (!node.step) continue;
      const std::uint32_t planned = planned_of_[node.step - first_];
      if (planned == kNoStep) continue;
      const auto& outputs = steps_[planned].outputs;
      output_planned_[id] = std::binary_search(outputs.begin(), outputs.end(), node.output);
    }
    last_waiter_.assign(steps_.size(), kNoStep);
  }

  void connect(std::uint32_t index) {
    PlannedStep& planned = steps_[index];
    const bool consumer = makes_assets(*planned.def);
    planned.inputs.reserve(planned.def->inputs.size());
    for (const NodeId input : graph_.inputs(*planned.def)) {
      PlannedInput& from = planned.inputs.emplace_back();
      from.node = input;
      from.from = PlannedInput::From::kOutside;
      if (from.node == kNoNode) continue;
      if (const Node& node = graph_.node(from.node); node.step) {
        const std::uint32_t producer = planned_of_[node.step - first_];
        if (output_planned_[from.node] && producer != index) {
          from.from = PlannedInput::From::kStep;
          from.step = producer;
          wait(index, producer);
        } else {
          from.from = PlannedInput::From::kStored;
        }
      }
      // Other checks of an asset do not wait for a blocking one: only what is made from the asset
      // does.
      if (!consumer || blocking_.empty()) continue;
      if (const auto found = blocking_.find(from.node); found != blocking_.end()) {
        for (const std::uint32_t check : found->second) wait(index, check);
      }
    }
    for (const std::uint32_t c : planned.checks) {
      const NodeId node = graph_.find(planned.def->checks[c].asset);
      if (node != kNoNode && output_planned_[node]) {
        wait(index, planned_of_[graph_.node(node).step - first_]);
      }
    }
  }

  void wait(std::uint32_t waiter, std::uint32_t on) {
    if (waiter == on || last_waiter_[on] == waiter) return;
    last_waiter_[on] = waiter;
    steps_[waiter].upstream.push_back(on);
    steps_[on].downstream.push_back(waiter);
  }

  Plan sorted() {
    std::vector<std::uint32_t> order;
    order.reserve(steps_.size());
    std::vector<std::size_t> waiting(steps_.size());
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t i = 0; i < steps_.size(); ++i) {
      waiting[i] = steps_[i].upstream.size();
      if (waiting[i] == 0) ready.push(i);
    }
    std::vector<std::uint32_t> place(steps_.size(), kNoStep);
    while (!ready.empty()) {
      const std::uint32_t i = ready.top();
      ready.pop();
      place[i] = static_cast<std::uint32_t>(order.size());
      order.push_back(i);
      for (const std::uint32_t next : steps_[i].downstream) {
        if (--waiting[next] == 0) ready.push(next);
      }
    }
    Plan plan;
    plan.graph = &graph_;
    plan.steps.reserve(order.size());
    const auto renumber = [&](std::vector<std::uint32_t>& list) {
      std::erase_if(list, [&](std::uint32_t i) { return place[i] == kNoStep; });
      for (std::uint32_t& i : list) i = place[i];
      std::sort(list.begin(), list.end());
    };
    for (const std::uint32_t i : order) {
      PlannedStep& step = plan.steps.emplace_back(std::move(steps_[i]));
      renumber(step.upstream);
      renumber(step.downstream);
      for (PlannedInput& input : step.inputs) {
        if (input.from == PlannedInput::From::kStep) input.step = place[input.step];
      }
    }
    return plan;
  }

  const AssetGraph& graph_;
  const StepDef* first_;
  std::vector<Pick> picks_;
  std::vector<PlannedStep> steps_;
  std::vector<std::uint32_t> planned_of_;                            // by index in the definitions
  std::vector<bool> output_planned_;                                 // by node
  std::unordered_map<NodeId, std::vector<std::uint32_t>> blocking_;  // steps with blocking checks
  std::vector<std::uint32_t> last_waiter_;  // keeps `upstream` free of repetitions
};

void pick_checks(const AssetGraph& graph, const std::vector<bool>& selected,
                 std::vector<Pick>& picks) {
  const std::vector<StepDef>& steps = graph.definitions().steps;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const StepDef& step = steps[s];
    if (step.checks.empty()) continue;
    const bool stand_alone = !makes_assets(step);
    if (!stand_alone && picks[s].outputs.empty()) continue;
    bool any = false;
    for (std::uint32_t c = 0; c < step.checks.size(); ++c) {
      const NodeId node = graph.find(step.checks[c].asset);
      if (node == kNoNode || !selected[node]) continue;
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
  if (step.can_subset || pick.outputs.empty()) return {};
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
  for (const NodeId id : assets) {
    const StepDef* step = graph.node(id).step;
    wanted[id] = true;
    if (step && !step->can_subset) whole[step - first] = true;
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
                                                   bool with_checks) {
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
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  if (with_checks) pick_checks(graph, is_selected, picks);
  for (std::size_t s = 0; s < steps.size(); ++s) pick_plain_outputs(steps[s], picks[s]);
  return Assembly(graph, std::move(picks)).run();
}

Result<Plan> plan_for_steps(const AssetGraph& graph, const std::vector<std::string>& step_keys) {
  const std::vector<StepDef>& steps = graph.definitions().steps;
  std::unordered_map<std::string_view, std::size_t> by_name;
  by_name.reserve(steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s) by_name.try_emplace(steps[s].name, s);

  std::vector<Pick> picks(steps.size());
  for (const std::string& key : step_keys) {
    const auto found = by_name.find(key);
    if (found == by_name.end()) {
      std::vector<std::string> names;
      for (const StepDef& step : steps) names.push_back(step.name);
      return fail(Errc::kNotFound, "The definitions have no step '" + key + "' any more." +
                                       did_you_mean(key, names) +
                                       " Restore the step, or start a new run instead of "
                                       "resuming this one.");
    }
    const StepDef& step = steps[found->second];
    Pick& pick = picks[found->second];
    pick = {};
    for (std::uint32_t o = 0; o < step.outputs.size(); ++o) pick.outputs.push_back(o);
    for (std::uint32_t c = 0; c < step.checks.size(); ++c) pick.checks.push_back(c);
  }
  return Assembly(graph, std::move(picks)).run();
}

}  // namespace treadle::plan
