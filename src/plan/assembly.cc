// From what is to run of each step to a plan: where inputs come from, what waits for what, in which order.
#include "assembly.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace treadle::plan {

bool makes_assets(const StepDef& step) {
  return std::any_of(step.outputs.begin(), step.outputs.end(),
                     [](const OutputDef& o) { return !o.asset.key.empty(); });
}

Pick whole(const StepDef& step) {
  Pick pick;
  pick.whole = true;
  for (std::uint32_t o = 0; o < step.outputs.size(); ++o) pick.outputs.push_back(o);
  for (std::uint32_t c = 0; c < step.checks.size(); ++c) pick.checks.push_back(c);
  return pick;
}

namespace {

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
    const bool consumer = makes_assets(*planned.def) || !planned.def->graph.empty();
    planned.inputs.reserve(planned.def->inputs.size());
    for (const NodeId input : graph_.inputs(*planned.def)) {
      const InputDef& def = planned.def->inputs[planned.inputs.size()];
      PlannedInput& from = planned.inputs.emplace_back();
      from.node = input;
      from.from = PlannedInput::From::kOutside;
      if (from.node == kNoNode) {
        connect_op(index, def, from);
        continue;
      }
      if (const Node& node = graph_.node(from.node); node.step) {
        const std::uint32_t producer = planned_of_[node.step - first_];
        if (output_planned_[from.node] && producer != index) {
          from.from = PlannedInput::From::kStep;
          from.step = producer;
          wait(index, producer);
        } else {
          from.from = PlannedInput::From::kStored;
        }
      } else if (node.observer && planned_of_[node.observer - first_] != kNoStep) {
        wait(index, planned_of_[node.observer - first_]);
      }
      // Other checks of an asset do not wait for a blocking one: only what is made from the asset
      // does.
      if (!consumer || blocking_.empty()) continue;
      if (const auto found = blocking_.find(from.node); found != blocking_.end()) {
        for (const std::uint32_t check : found->second) wait(index, check);
      }
    }
    for (const std::uint32_t c : planned.checks) {
      if (!planned.def->checks[c].output.empty()) continue;  // waits as its graph wires it
      const NodeId node = graph_.find(planned.def->checks[c].asset);
      if (node != kNoNode && output_planned_[node]) {
        wait(index, planned_of_[graph_.node(node).step - first_]);
      }
    }
  }

  // An input that reads no asset.
  void connect_op(std::uint32_t index, const InputDef& def, PlannedInput& from) {
    from.from = PlannedInput::From::kValue;
    if (def.from.empty() && def.use == InputUse::kValue) return;
    from.outputs.reserve(def.from.size());
    for (const OutputRef& ref : def.from) {
      StepOutput& output = from.outputs.emplace_back();
      if (ref.step.empty()) continue;
      const std::size_t maker = find_step(ref.step);
      if (maker == kNoStep || planned_of_[maker] == kNoStep) {
        from.outputs.pop_back();
        if (def.use == InputUse::kValue) return;
        continue;
      }
      const std::vector<OutputDef>& outputs = first_[maker].outputs;
      const auto at = std::find_if(outputs.begin(), outputs.end(),
                                   [&](const OutputDef& o) { return o.name == ref.output; });
      output.step = planned_of_[maker];
      output.output = static_cast<std::uint32_t>(at - outputs.begin());
      wait(index, output.step);
    }
    from.from = PlannedInput::From::kOutputs;
  }

  std::size_t find_step(const std::string& name) {
    if (by_name_.empty()) {
      for (std::size_t s = 0; s < planned_of_.size(); ++s) by_name_.emplace(first_[s].name, s);
    }
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? kNoStep : at->second;
  }

  // What runs once for each value of a dynamic output: what reads it, and what reads from that. `plan` has all before it.
  static void map(const Plan& plan, PlannedStep& step) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const PlannedInput& input = step.inputs[i];
      if (input.from != PlannedInput::From::kOutputs ||
          step.def->inputs[i].use != InputUse::kValue) {
        continue;
      }
      const StepOutput& source = input.outputs.front();
      if (source.step == kNoStep) continue;
      const PlannedStep& maker = plan.steps[source.step];
      if (maker.def->outputs[source.output].dynamic) {
        step.mapped_over = source;
      } else if (maker.mapped_over.step != kNoStep) {
        step.mapped_over = maker.mapped_over;
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
        for (StepOutput& output : input.outputs) {
          if (output.step != kNoStep) output.step = place[output.step];
        }
      }
      map(plan, step);
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
  std::unordered_map<std::string_view, std::size_t> by_name_;        // made when first asked for
  std::vector<std::uint32_t> last_waiter_;  // keeps `upstream` free of repetitions
};

}  // namespace

Plan assemble(const AssetGraph& graph, std::vector<Pick> picks) {
  return Assembly(graph, std::move(picks)).run();
}

std::string step_key(const PlannedStep& step) {
  return step.mapped_over.step == kNoStep ? step.def->name : step.def->name + "[?]";
}

}  // namespace treadle::plan
