// Steps that wait for each other: through what they read, and through blocking checks.
#include "problem_finder.h"

#include <algorithm>
#include <deque>

namespace treadle {
namespace {

using StepIndex = std::uint32_t;
constexpr StepIndex kNone = ~StepIndex{0};

// `to` cannot start before `from` is done, because of `label`: the asset, or the blocking check, in
// between.
struct Edge {
  StepIndex to;
  std::string_view asset;
  std::string_view check;  // "" = the asset itself
  std::string label() const {
    return check.empty() ? std::string(asset)
                         : "check '" + std::string(check) + "' of " + std::string(asset);
  }
};

using Edges = std::vector<std::vector<Edge>>;

bool reads_earlier(const PartitionMapping& mapping) {
  if (const auto* windows = std::get_if<TimeWindowMapping>(&mapping.data)) {
    return windows->start_offset < 0 && windows->end_offset < 0;
  }
  const auto* multi = std::get_if<MultiMapping>(&mapping.data);
  return multi != nullptr && std::any_of(multi->dimensions.begin(), multi->dimensions.end(),
                                         [](const MultiMapping::Dimension& dimension) {
                                           return dimension.upstream == dimension.downstream &&
                                                  reads_earlier(*dimension.mapping);
                                         });
}

// An asset of time windows may be made from its own earlier ones.
bool reads_earlier_partitions(const InputDef& input) {
  return input.partition_mapping && reads_earlier(*input.partition_mapping);
}

Edges waiting_edges(const DefinitionIndex& index, Findings& findings) {
  const std::vector<StepDef>& steps = index.definitions.steps;
  Edges edges(steps.size());
  std::unordered_map<std::string_view, std::vector<std::pair<StepIndex, const CheckDef*>>> blocking;
  for (StepIndex s = 0; s < steps.size(); ++s) {
    for (const CheckDef& check : steps[s].checks) {
      if (check.blocking) blocking[check.asset.text()].emplace_back(s, &check);
    }
  }
  for (StepIndex s = 0; s < steps.size(); ++s) {
    const StepDef& step = steps[s];
    bool told_self = false;
    const auto wait_for = [&](const Maker* maker, const AssetKey& key) {
      if (!maker || !maker->step) return;
      const auto producer = static_cast<StepIndex>(index.index_of(*maker->step));
      if (producer != s) edges[producer].push_back({s, key.text(), {}});
    };
    const auto makers = index.makers_of_inputs(step);
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const InputDef& input = step.inputs[i];
      const Maker* maker = makers[i];
      if (maker && maker->step == &step && !told_self && !reads_earlier_partitions(input)) {
        told_self = true;
        findings.at_step(s);
        findings.add("self_dependency", input.asset.text(), step.place,
                     sentence_name(step) + " depends on itself: it reads '" + input.asset.text() +
                         "', which it makes.",
                     "Remove this input, read another asset, or of time partitions earlier windows "
                     "(TimeWindowPartitionMapping with offsets below zero).");
      }
      wait_for(maker, input.asset);
      for (const OutputRef& ref : input.from) {
        if (const StepDef* from = index.find_step(ref.step)) {
          edges[index.index_of(*from)].push_back({s, from->name, {}});
        }
      }
    }
    for (const CheckDef& check : step.checks) {
      // Within a graph of assets a check may come before the asset: it waits as the graph wires it.
      if (check.output.empty()) wait_for(index.find_maker(check.asset), check.asset);
    }
    const bool makes_assets = std::any_of(step.outputs.begin(), step.outputs.end(),
                                          [](const auto& o) { return !o.asset.key.empty(); });
    if (!makes_assets || blocking.empty()) continue;
    for (const InputDef& input : step.inputs) {
      const auto found = blocking.find(input.asset.text());
      if (found == blocking.end()) continue;
      for (const auto& [by, check] : found->second) {
        if (by != s) edges[by].push_back({s, check->asset.text(), check->name});
      }
    }
  }
  return edges;
}

// Strongly connected components of more than one step (Tarjan's algorithm without recursion), each
// sorted.
std::vector<std::vector<StepIndex>> knots(const Edges& edges) {
  const std::size_t n = edges.size();
  std::vector<StepIndex> number(n, kNone), low(n), open;
  std::vector<bool> is_open(n);
  struct Frame {
    StepIndex step;
    std::size_t next;
  };
  std::vector<Frame> path;
  std::vector<std::vector<StepIndex>> found;
  StepIndex count = 0;
  const auto enter = [&](StepIndex s) {
    number[s] = low[s] = count++;
    open.push_back(s);
    is_open[s] = true;
    path.push_back({s, 0});
  };
  for (StepIndex root = 0; root < n; ++root) {
    if (number[root] != kNone) continue;
    enter(root);
    while (!path.empty()) {
      const StepIndex s = path.back().step;
      if (path.back().next < edges[s].size()) {
        const StepIndex to = edges[s][path.back().next++].to;
        if (number[to] == kNone) {
          enter(to);
        } else if (is_open[to]) {
          low[s] = std::min(low[s], number[to]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back().step] = std::min(low[path.back().step], low[s]);
      if (low[s] != number[s]) continue;
      std::vector<StepIndex> members;
      StepIndex member;
      do {
        member = open.back();
        open.pop_back();
        is_open[member] = false;
        members.push_back(member);
      } while (member != s);
      if (members.size() < 2) continue;
      std::sort(members.begin(), members.end());
      found.push_back(std::move(members));
    }
  }
  return found;
}

// A shortest way from the first member back to itself; `inside` marks the members.
std::vector<const Edge*> shortest_circle(const Edges& edges, StepIndex start,
                                         const std::vector<bool>& inside,
                                         std::vector<std::pair<StepIndex, const Edge*>>& came_by) {
  std::deque<StepIndex> queue{start};
  while (!queue.empty()) {
    const StepIndex s = queue.front();
    queue.pop_front();
    for (const Edge& edge : edges[s]) {
      if (edge.to == start) {
        std::vector<const Edge*> circle{&edge};
        for (StepIndex at = s; at != start; at = came_by[at].first) {
          circle.push_back(came_by[at].second);
        }
        std::reverse(circle.begin(), circle.end());
        return circle;
      }
      if (!inside[edge.to] || came_by[edge.to].second) continue;
      came_by[edge.to] = {s, &edge};
      queue.push_back(edge.to);
    }
  }
  return {};
}

std::string circle_text(const std::vector<const Edge*>& circle) {
  constexpr std::size_t kMost = 100;
  std::string text;
  for (std::size_t i = 0; i < circle.size() && i < kMost; ++i) text += circle[i]->label() + " -> ";
  if (circle.size() > kMost) text += "... (" + std::to_string(circle.size() - kMost) + " more) -> ";
  return text + circle.front()->label();
}

void report(const DefinitionIndex& index, const std::vector<const Edge*>& circle, StepIndex first,
            Findings& findings) {
  const std::vector<StepDef>& steps = index.definitions.steps;
  std::string reads;
  for (std::size_t i = 0; i < circle.size() && i < 5; ++i) {
    const StepDef& reader = steps[circle[i]->to];
    std::string who = sentence_name(reader);
    who[0] = static_cast<char>(who[0] - 'A' + 'a');
    reads += (i == 0 ? "" : ", ") + who + (circle[i]->check.empty() ? " reads " : " waits for ") +
             circle[i]->label() + in_place(reader.place);
  }
  if (circle.size() > 5) reads += ", ...";
  findings.at_step(first);
  findings.add("cycle", subject_of(steps[first]), steps[first].place,
               "These depend on each other in a circle: " + circle_text(circle) + ".",
               "Remove one of the dependencies: " + reads + ".");
}

// Outputs of one step that follow from each other.
void check_outputs_of(const StepDef& step, Findings& findings) {
  std::unordered_map<std::string_view, const OutputDef*> by_key;
  for (const OutputDef& output : step.outputs) {
    if (output.follows_from) by_key.try_emplace(output.asset.key.text(), &output);
  }
  std::unordered_map<const OutputDef*, int> state;  // 1 = on the path, 2 = done
  struct Frame {
    const OutputDef* output;
    std::size_t next;
  };
  for (const OutputDef& root : step.outputs) {
    if (!root.follows_from || state[&root] != 0) continue;
    std::vector<Frame> path{{&root, 0}};
    state[&root] = 1;
    while (!path.empty()) {
      Frame& frame = path.back();
      if (frame.next == frame.output->follows_from->size()) {
        state[frame.output] = 2;
        path.pop_back();
        continue;
      }
      const auto found = by_key.find((*frame.output->follows_from)[frame.next++].text());
      if (found == by_key.end() || state[found->second] == 2) continue;
      if (state[found->second] == 0) {
        state[found->second] = 1;
        path.push_back({found->second, 0});
        continue;
      }
      // The path runs against the flow of data: written backwards.
      std::string circle = found->second->asset.key.text();
      for (std::size_t i = path.size(); i-- > 0;) {
        circle += " -> " + path[i].output->asset.key.text();
        if (path[i].output == found->second) break;
      }
      findings.add(
          "cycle", found->second->asset.key.text(), step.place,
          "Outputs of '" + step.name + "' follow from each other in a circle: " + circle + ".",
          "Remove one of these dependencies between its outputs.");
    }
  }
}

// Whether every step comes after all that it waits for: then nothing can be circular, which is how most programs are written.
bool declared_in_order(const DefinitionIndex& index) {
  for (const StepDef& step : index.definitions.steps) {
    for (const CheckDef& check : step.checks) {
      const Maker* maker = index.find_maker(check.asset);
      if (check.blocking || (maker && maker->step && maker->step > &step)) return false;
    }
    for (const Maker* maker : index.makers_of_inputs(step)) {
      if (maker && maker->step && maker->step >= &step) return false;
    }
    for (const InputDef& input : step.inputs) {
      for (const OutputRef& ref : input.from) {
        const StepDef* from = index.find_step(ref.step);
        if (from && from >= &step) return false;
      }
    }
  }
  return true;
}

}  // namespace

void check_cycles(const DefinitionIndex& index, Findings& findings) {
  const std::vector<StepDef>& steps = index.definitions.steps;
  for (StepIndex s = 0; s < steps.size(); ++s) {
    findings.at_step(s);
    if (steps[s].outputs.size() > 1) check_outputs_of(steps[s], findings);
  }
  if (declared_in_order(index)) return;
  const Edges edges = waiting_edges(index, findings);
  const auto found = knots(edges);
  if (found.empty()) return;
  std::vector<bool> inside(edges.size());
  std::vector<std::pair<StepIndex, const Edge*>> came_by(edges.size());
  for (const std::vector<StepIndex>& members : found) {
    for (const StepIndex member : members) inside[member] = true;
    report(index, shortest_circle(edges, members.front(), inside, came_by), members.front(),
           findings);
    for (const StepIndex member : members) inside[member] = false;
  }
}

}  // namespace treadle
