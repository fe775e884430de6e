// Graphs of ops for tests, tersely.
#pragma once

#include <treadle/define/graph.h>

#include <string>
#include <vector>

namespace treadle {

// "name a b -> x y*": an op with inputs a and b and outputs x and the dynamic y; without "->" one output "result".
inline std::shared_ptr<StepDef> op(const std::string& text) {
  auto step = std::make_shared<StepDef>();
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  bool outputs = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0) {
      step->name = words[i];
    } else if (words[i] == "->") {
      outputs = true;
    } else if (outputs) {
      OutputDef& output = step->outputs.emplace_back();
      output.dynamic = words[i].back() == '*';
      output.name = words[i].substr(0, words[i].size() - (output.dynamic ? 1 : 0));
    } else {
      step->inputs.emplace_back().name = words[i];
    }
  }
  if (!outputs) step->outputs.emplace_back();
  return step;
}

inline NodeDef node(std::shared_ptr<const StepDef> op, std::string alias = {}) {
  NodeDef n;
  n.name = alias.empty() ? op->name : std::move(alias);
  n.op = std::move(op);
  return n;
}

inline NodeDef node(std::shared_ptr<const GraphDef> graph, std::string alias = {}) {
  NodeDef n;
  n.name = alias.empty() ? graph->name : std::move(alias);
  n.graph = std::move(graph);
  return n;
}

// "a", "a.x", or ".in": an output of a node, or an input of the graph.
inline NodeOutput from(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return {.node = text, .output = "result"};
  return {.node = text.substr(0, dot), .output = text.substr(dot + 1)};
}

// "node.input" from one source, or from a list.
inline Dependency wire(const std::string& to, const std::string& source,
                       Dependency::Kind kind = Dependency::Kind::kDirect) {
  const NodeOutput target = from(to);
  return {.node = target.node, .input = target.output, .kind = kind, .from = {from(source)}};
}

inline Dependency fan_in(const std::string& to, const std::vector<std::string>& sources) {
  const NodeOutput target = from(to);
  Dependency d{
      .node = target.node, .input = target.output, .kind = Dependency::Kind::kFanIn, .from = {}};
  for (const std::string& source : sources) d.from.push_back(from(source));
  return d;
}

inline Dependency collect(const std::string& to, const std::string& source) {
  return wire(to, source, Dependency::Kind::kCollect);
}

}  // namespace treadle
