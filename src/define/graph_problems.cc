// What can be wrong with a graph of ops. Messages are Dagster's where it has one.
#include "problem_finder.h"
#include <treadle/base/suggest.h>
#include <treadle/define/graph.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace treadle {
namespace {

std::string list_text(const std::vector<std::string>& names) {
  std::string text = "[";
  for (const std::string& name : names) text += (text.size() > 1 ? ", '" : "'") + name + "'";
  return text + "]";
}

std::string near_name(const std::string& name, const std::vector<std::string>& names) {
  std::string suggestion = did_you_mean(name, names);
  if (!suggestion.empty()) suggestion.erase(0, 1);
  return suggestion;
}

std::vector<std::string> inputs_of(const NodeDef& node) {
  std::vector<std::string> names;
  if (node.op) {
    for (const InputDef& input : node.op->inputs) names.push_back(input.name);
  } else {
    for (const GraphInput& input : node.graph->inputs) names.push_back(input.name);
  }
  return names;
}

std::vector<std::string> outputs_of(const NodeDef& node) {
  std::vector<std::string> names;
  if (node.op) {
    for (const OutputDef& output : node.op->outputs) names.push_back(output.name);
  } else {
    for (const GraphOutput& output : node.graph->outputs) names.push_back(output.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string node_type(const NodeDef& node) {
  return node.op ? "op" : "graph";
}
std::string describe(const NodeDef& node) {
  return node_type(node) + " '" + node.name + "'";
}
std::string describe(const NodeOutput& output) {
  return output.node + ":" + output.output;
}

// One graph, with what has to be known of it by the graph around it.
class GraphCheck {
 public:
  GraphCheck(const GraphDef& graph, std::string kind, std::vector<Problem>& problems)
      : graph_(graph), kind_(std::move(kind)), problems_(problems) {}

  // What the graphs inside it found is not looked at twice.
  void run(const std::unordered_map<const GraphDef*, const GraphCheck*>& inner) {
    inner_ = &inner;
    check_nodes();
    check_dependencies();
    check_outputs();
    check_graph_inputs();
    if (wired_ && sort()) check_dynamic();
  }

  bool output_is_dynamic(const std::string& output) const {
    return dynamic_outputs_.contains(output);
  }
  // Whether what is wired to this input may run once for each value of a dynamic output.
  bool input_may_be_mapped(const std::string& input) const {
    for (const Dependency& d : graph_.dependencies) {
      for (const NodeOutput& from : d.from) {
        if (!from.node.empty() || from.output != input) continue;
        if (over_.contains(d.node)) return false;
        for (const auto& [node, over] : over_) {
          if (over.node == d.node) return false;
        }
      }
    }
    return true;
  }

 private:
  std::string self() const { return kind_ + " '" + graph_.name + "'"; }
  void add(std::string code, const std::string& subject, const Place& place, std::string message,
           std::string cure) {
    problems_.push_back({std::move(code), subject, place.file.empty() ? graph_.place : place,
                         std::move(message), std::move(cure)});
  }
  const NodeDef* find_node(const std::string& name) const {
    const auto at = nodes_.find(name);
    return at == nodes_.end() ? nullptr : at->second;
  }
  std::vector<std::string> node_names() const {
    std::vector<std::string> names;
    for (const NodeDef& node : graph_.nodes) names.push_back(node.name);
    return names;
  }

  void check_nodes() {
    for (const NodeDef& node : graph_.nodes) {
      if (!node.op == !node.graph) {
        add("bad_node", node.name, node.place,
            "Node '" + node.name + "' of " + self() + " must be either an op or a graph.",
            "Give it exactly one of them.");
        wired_ = false;
      }
      if (nodes_.emplace(node.name, &node).second) continue;
      add("duplicate_node", node.name, node.place,
          kind_ + " " + graph_.name + " invoked the same node (" + node.name +
              ") twice without aliasing.",
          "Give one of them another name with an alias.");
    }
  }

  void check_dependencies() {
    std::unordered_set<std::string> seen;
    std::vector<std::string> names;
    for (const Dependency& d : graph_.dependencies) {
      const NodeDef* node = find_node(d.node);
      if (node == nullptr) {
        names = node_names();
        add("unknown_node", d.node, graph_.place,
            "Invalid dependencies: node \"" + d.node +
                "\" in dependency dictionary not found in node list.",
            near_name(d.node, names) +
                (names.empty() ? "" : " Nodes are: " + list_text(names) + "."));
        wired_ = false;
        continue;
      }
      if (const auto inputs = inputs_of(*node); !contains(inputs, d.input)) {
        add("unknown_input", d.node, node->place,
            "Invalid dependencies: " + node_type(*node) + " \"" + d.node +
                "\" does not have input \"" + d.input +
                "\". Available inputs: " + list_text(inputs) + ".",
            near_name(d.input, inputs));
        wired_ = false;
        continue;
      }
      if (!seen.insert(d.node + '\n' + d.input).second) {
        add("duplicate_dependency", d.node, node->place,
            node_type(*node) + " " + d.node + " got multiple values for argument '" + d.input + "'",
            "Wire it once, or pass a list.");
        wired_ = false;
      }
      const bool one_source =
          d.kind != Dependency::Kind::kFanIn && d.kind != Dependency::Kind::kAsset;
      if (one_source && d.from.size() != 1) {
        add("bad_dependency", d.node, node->place,
            "Input '" + d.input + "' of " + describe(*node) + " is wired to " +
                std::to_string(d.from.size()) + " outputs.",
            "Wire it to one, or make it a fan-in.");
        wired_ = false;
      }
      check_sources(d, *node);
    }
  }

  void check_sources(const Dependency& d, const NodeDef& node) {
    std::unordered_set<std::string> seen;
    for (const NodeOutput& from : d.from) {
      const std::string listed =
          "Listed as dependency for node \"" + d.node + "\" input \"" + d.input + "\".";
      if (d.kind == Dependency::Kind::kFanIn && !from.node.empty() &&
          !seen.insert(describe(from)).second) {
        add("duplicate_dependency", d.node, node.place,
            "Duplicate dependencies on node \"" + from.node + "\" output \"" + from.output +
                "\" used in the same MultiDependencyDefinition.",
            "List it once.");
      }
      if (from.node.empty()) {
        std::vector<std::string> inputs;
        for (const GraphInput& input : graph_.inputs) inputs.push_back(input.name);
        if (contains(inputs, from.output)) continue;
        add("unknown_graph_input", d.node, node.place,
            "In " + self() + ", input '" + d.input + "' of " + describe(node) +
                " is mapped from input '" + from.output + "', which the graph does not have.",
            near_name(from.output, inputs));
        wired_ = false;
        continue;
      }
      const NodeDef* source = find_node(from.node);
      if (source == nullptr) {
        add("unknown_node", from.node, node.place,
            "Invalid dependencies: node \"" + from.node + "\" not found in node list. " + listed,
            near_name(from.node, node_names()));
        wired_ = false;
      } else if (const auto outputs = outputs_of(*source); !contains(outputs, from.output)) {
        add("unknown_output", from.node, node.place,
            "Invalid dependencies: node \"" + from.node + "\" does not have output \"" +
                from.output + "\". " + listed,
            near_name(from.output, outputs));
        wired_ = false;
      } else if (source == &node) {
        add("cycle", d.node, node.place,
            "Invalid dependencies: circular reference detected in node \"" + d.node +
                "\" input \"" + d.input + "\".",
            "An op cannot read its own output.");
        wired_ = false;
      }
    }
  }

  void check_outputs() {
    std::unordered_set<std::string_view> names;
    for (const GraphOutput& output : graph_.outputs) {
      if (!names.insert(output.name).second) {
        add("duplicate_output", graph_.name, graph_.place,
            "In " + self() + " two outputs are called '" + output.name + "'.",
            "Give each output a name of its own.");
      }
      if (output.from.node.empty()) {
        add("unmapped_output", graph_.name, graph_.place,
            self() + " has unmapped output '" + output.name + "'.",
            "Remove it or return a value from the appropriate op/graph invocation.");
        wired_ = false;
        continue;
      }
      const NodeDef* node = find_node(output.from.node);
      if (node == nullptr) {
        add("unknown_node", graph_.name, graph_.place,
            "In " + self() + ", output mapping references node '" + output.from.node +
                "' which it does not contain.",
            near_name(output.from.node, node_names()));
        wired_ = false;
      } else if (const auto outputs = outputs_of(*node); !contains(outputs, output.from.output)) {
        add("unknown_output", graph_.name, graph_.place,
            "In " + self() + ", output mapping from " + describe(*node) + " references output '" +
                output.from.output + "', which the node does not contain.",
            near_name(output.from.output, outputs));
        wired_ = false;
      }
    }
  }

  void check_graph_inputs() {
    std::unordered_set<std::string_view> used, names;
    for (const Dependency& d : graph_.dependencies) {
      for (const NodeOutput& from : d.from) {
        if (from.node.empty()) used.insert(from.output);
      }
    }
    for (const GraphInput& input : graph_.inputs) {
      if (!names.insert(input.name).second) {
        add("duplicate_input", graph_.name, graph_.place,
            "In " + self() + " two inputs are called '" + input.name + "'.",
            "Give each input a name of its own.");
      } else if (!used.contains(input.name)) {
        add("unmapped_input", graph_.name, graph_.place,
            self() + " has unmapped input '" + input.name + "'.",
            "Remove it or pass it to the appropriate op/graph invocation.");
      }
    }
  }

  // Nodes after what they read; false with a problem when they read each other.
  bool sort() {
    std::unordered_map<std::string_view, std::vector<std::string_view>> readers;
    std::unordered_map<std::string_view, int> waiting;
    for (const Dependency& d : graph_.dependencies) {
      for (const NodeOutput& from : d.from) {
        if (from.node.empty()) continue;
        readers[from.node].push_back(d.node);
        ++waiting[d.node];
      }
    }
    std::deque<std::string_view> ready;
    for (const NodeDef& node : graph_.nodes) {
      if (waiting[node.name] == 0) ready.push_back(node.name);
    }
    while (!ready.empty()) {
      const std::string_view name = ready.front();
      ready.pop_front();
      order_.push_back(name);
      for (const std::string_view reader : readers[name]) {
        if (--waiting[reader] == 0) ready.push_back(reader);
      }
    }
    if (order_.size() >= nodes_.size()) return true;
    report_cycle(waiting);
    return false;
  }

  void report_cycle(std::unordered_map<std::string_view, int>& waiting) {
    // Against the flow from any node that waits: it must come back to where it was.
    std::unordered_map<std::string_view, std::string_view> reads;
    for (const Dependency& d : graph_.dependencies) {
      for (const NodeOutput& from : d.from) {
        if (!from.node.empty() && waiting[from.node] > 0) reads[d.node] = from.node;
      }
    }
    std::string_view at;
    for (const NodeDef& node : graph_.nodes) {
      if (waiting[node.name] > 0) {
        at = node.name;
        break;
      }
    }
    std::unordered_set<std::string_view> seen;
    while (seen.insert(at).second) at = reads[at];
    std::string circle(at);
    std::string_view step = reads[at];
    for (int i = 0; step != at && i < 100; ++i, step = reads[step]) {
      circle.insert(0, std::string(step) + " -> ");
    }
    circle.insert(0, std::string(at) + " -> ");
    add("cycle", std::string(at), graph_.place,
        "In " + self() + " nodes depend on each other in a circle: " + circle + ".",
        "Remove one of these dependencies.");
  }

  bool is_dynamic(const NodeOutput& output) const {
    const NodeDef& node = *find_node(output.node);
    if (node.graph) return inner_->at(node.graph.get())->output_is_dynamic(output.output);
    for (const OutputDef& def : node.op->outputs) {
      if (def.name == output.output) return def.dynamic;
    }
    return false;
  }

  const NodeOutput* over(const std::string& node) const {
    const auto at = over_.find(node);
    return at == over_.end() ? nullptr : &at->second;
  }

  void two_dynamic(const NodeDef& node, const NodeOutput& a, const NodeOutput& b) {
    add("nested_dynamic", node.name, node.place,
        describe(node) +
            " cannot be downstream of more than one dynamic output. It is downstream "
            "of both \"" +
            describe(a) + "\" and \"" + describe(b) + "\".",
        "Collect the first one before the second.");
  }

  void map(const Dependency& d, const NodeOutput& output) {
    const NodeDef& node = *find_node(d.node);
    if (node.graph && !inner_->at(node.graph.get())->input_may_be_mapped(d.input)) {
      add("nested_dynamic", node.name, node.place,
          describe(node) + " cannot be downstream of dynamic output \"" + describe(output) +
              "\" since input \"" + d.input +
              "\" maps to a node that is already downstream of another dynamic output. Nodes "
              "cannot be downstream of more than one dynamic output.",
          "Collect the one before the other.");
      return;
    }
    if (const auto collects = collects_.find(d.node); collects != collects_.end()) {
      add("map_and_collect", node.name, node.place,
          describe(node) + " cannot be both downstream of dynamic output " + describe(output) +
              " and collect over dynamic output " + describe(collects->second) + ".",
          "Collect in a node of its own.");
      return;
    }
    const auto [at, is_new] = over_.try_emplace(d.node, output);
    if (!is_new && !(at->second == output)) two_dynamic(node, output, at->second);
  }

  void collect(const Dependency& d) {
    const NodeDef& node = *find_node(d.node);
    const NodeOutput& from = d.from.front();
    const NodeOutput* upstream = from.node.empty() ? nullptr : over(from.node);
    const bool dynamic = !from.node.empty() && is_dynamic(from);
    if (!dynamic && upstream == nullptr) {
      add("collect_without_dynamic", node.name, node.place,
          "Input '" + d.input + "' of " + describe(node) + " collects " +
              (from.node.empty() ? "input '" + from.output + "' of the graph"
                                 : "\"" + describe(from) + "\"") +
              ", which is neither a dynamic output nor downstream of one.",
          "Pass the value without collect().");
      return;
    }
    const NodeOutput& output = dynamic ? from : *upstream;
    if (const NodeOutput* mapped = over(d.node)) {
      add("map_and_collect", node.name, node.place,
          describe(node) + " cannot both collect over dynamic output " + describe(output) +
              " and be downstream of the dynamic output " + describe(*mapped) + ".",
          "Collect in a node of its own.");
      return;
    }
    collects_.try_emplace(d.node, output);
    if (dynamic && upstream != nullptr) two_dynamic(node, output, *upstream);
  }

  void check_fan_in(const Dependency& d) {
    for (const NodeOutput& from : d.from) {
      if (from.node.empty()) continue;
      const NodeOutput* upstream = over(from.node);
      const bool dynamic = is_dynamic(from);
      if (!dynamic && upstream == nullptr) continue;
      add("dynamic_in_fan_in", d.node, find_node(d.node)->place,
          std::string("Currently, items in a fan-in dependency cannot be downstream of dynamic "
                      "outputs. Problematic dependency on ") +
              (dynamic ? "dynamic output \"" + describe(from) + "\"."
                       : "output \"" + describe(from) + "\", downstream of \"" +
                             describe(*upstream) + "\"."),
          "Collect it in a node of its own first.");
    }
  }

  void check_dynamic() {
    std::unordered_map<std::string_view, std::vector<const Dependency*>> reads;
    for (const Dependency& d : graph_.dependencies) reads[d.node].push_back(&d);
    for (const std::string_view name : order_) {
      for (const Dependency* d : reads[name]) {
        if (d->kind == Dependency::Kind::kFanIn) {
          check_fan_in(*d);
        } else if (d->kind == Dependency::Kind::kCollect) {
          collect(*d);
        } else if (d->kind == Dependency::Kind::kAsset) {
          continue;
        } else if (const NodeOutput& from = d->from.front(); !from.node.empty()) {
          if (is_dynamic(from)) map(*d, from);
          if (const NodeOutput* upstream = over(from.node)) map(*d, NodeOutput(*upstream));
        }
      }
    }
    for (const GraphOutput& output : graph_.outputs) {
      if (is_dynamic(output.from) || over(output.from.node) != nullptr) {
        dynamic_outputs_.insert(output.name);
      }
    }
  }

  const GraphDef& graph_;
  const std::string kind_;
  std::vector<Problem>& problems_;
  const std::unordered_map<const GraphDef*, const GraphCheck*>* inner_ = nullptr;
  std::unordered_map<std::string_view, const NodeDef*> nodes_;
  std::vector<std::string_view> order_;
  bool wired_ = true;  // every name is known: the wiring can be followed
  std::unordered_map<std::string, NodeOutput> over_;      // nodes that are mapped, and over what
  std::unordered_map<std::string, NodeOutput> collects_;  // nodes that collect, and one of these
  std::unordered_set<std::string> dynamic_outputs_;
};

// Inside before outside, each graph once.
void check(const GraphDef& graph, const std::string& kind,
           std::vector<std::unique_ptr<GraphCheck>>& checks,
           std::unordered_map<const GraphDef*, const GraphCheck*>& by_graph,
           std::vector<Problem>& problems) {
  for (const NodeDef& node : graph.nodes) {
    if (!node.graph || by_graph.contains(node.graph.get())) continue;
    check(*node.graph, "@graph", checks, by_graph, problems);
  }
  checks.push_back(std::make_unique<GraphCheck>(graph, kind, problems));
  checks.back()->run(by_graph);
  by_graph.emplace(&graph, checks.back().get());
}

void check_unresolved(const GraphDef& graph, std::vector<Problem>& problems) {
  const FlatGraph flat = flatten(graph);
  std::unordered_set<std::uint64_t> root;
  const auto id = [](std::uint32_t step, std::uint32_t input) {
    return std::uint64_t{step} << 32 | input;
  };
  for (const FlatGraph::Input& input : flat.inputs) root.insert(id(input.step, input.input));
  for (std::uint32_t s = 0; s < flat.steps.size(); ++s) {
    const StepDef& step = flat.steps[s];
    for (std::uint32_t i = 0; i < step.inputs.size(); ++i) {
      const InputDef& input = step.inputs[i];
      if (!input.from.empty() || input.use != InputUse::kValue || input.value || input.optional ||
          !input.loads_value || !input.asset.empty() || !input.io_manager_key.empty() ||
          root.contains(id(s, i))) {
        continue;
      }
      const std::string name = step.name.substr(step.name.rfind('.') + 1);
      problems.push_back(
          {"unresolved_input", step.name, step.place,
           "Input '" + input.name + "' of op '" + name + "' has no way of being resolved.",
           "Must provide a resolution to this input via another op/graph, or via a "
           "direct input value mapped from the top-level graph."});
    }
  }
}

}  // namespace

std::vector<Problem> find_problems(const GraphDef& graph, const std::string& kind,
                                   bool needs_all_inputs) {
  std::vector<Problem> problems;
  std::vector<std::unique_ptr<GraphCheck>> checks;
  std::unordered_map<const GraphDef*, const GraphCheck*> by_graph;
  check(graph, kind, checks, by_graph, problems);
  if (problems.empty() && needs_all_inputs) check_unresolved(graph, problems);
  return problems;
}

}  // namespace treadle
