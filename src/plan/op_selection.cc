#include "op_selection.h"

#include <treadle/base/suggest.h>

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace treadle::plan {
namespace {

constexpr std::size_t kAll = ~std::size_t{0};

// '*' is everything, each '+' one step away.
std::size_t distance(std::string_view signs) {
  return signs.find('*') != std::string_view::npos ? kAll : signs.size();
}

}  // namespace

OpClause parse_op_clause(const std::string& text) {
  const std::size_t first = text.find_first_not_of("*+");
  if (first == std::string::npos) return {.name = text};
  const std::size_t last = text.find_last_not_of("*+");
  OpClause clause;
  clause.name = text.substr(first, last - first + 1);
  clause.up = distance(std::string_view(text).substr(0, first));
  clause.down = distance(std::string_view(text).substr(last + 1));
  return clause;
}

void spread(const Neighbours& next, const std::vector<std::size_t>& from, std::size_t steps,
            std::vector<bool>& selected) {
  std::vector<bool> seen(next.size());
  std::vector<std::size_t> front = from;
  for (const std::size_t s : front) seen[s] = true;
  for (; steps > 0 && !front.empty(); steps -= steps == kAll ? 0 : 1) {
    std::vector<std::size_t> reached;
    for (const std::size_t s : front) {
      for (const std::size_t n : next[s]) {
        if (seen[n]) continue;
        seen[n] = true;
        selected[n] = true;
        reached.push_back(n);
      }
    }
    front = std::move(reached);
  }
}

std::vector<bool> select_ops(const std::vector<StepDef>& steps,
                             const std::vector<std::string>& selection,
                             std::vector<Problem>& problems) {
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t s = 0; s < steps.size(); ++s) by_name.emplace(steps[s].name, s);
  Neighbours up(steps.size()), down(steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s) {
    for (const InputDef& input : steps[s].inputs) {
      for (const OutputRef& ref : input.from) {
        const auto at = by_name.find(ref.step);
        if (at == by_name.end()) continue;
        up[s].push_back(at->second);
        down[at->second].push_back(s);
      }
    }
  }
  std::vector<bool> selected(steps.size());
  for (const std::string& text : selection) {
    if (text == "*") return std::vector<bool>(steps.size(), true);
    OpClause clause = parse_op_clause(text);
    if (clause.name.ends_with("[?]")) clause.name.resize(clause.name.size() - 3);
    std::vector<std::size_t> named;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const std::string& name = steps[s].name;
      // A node that is a graph stands for all its steps.
      if (name == clause.name ||
          (name.starts_with(clause.name) && name.size() > clause.name.size() &&
           name[clause.name.size()] == '.')) {
        named.push_back(s);
      }
    }
    if (named.empty()) {
      std::vector<std::string> names;
      for (const StepDef& step : steps) names.push_back(step.name);
      std::string suggestion = did_you_mean(clause.name, names);
      if (!suggestion.empty()) suggestion.erase(0, 1);
      problems.push_back({"empty_selection",
                          text,
                          {},
                          "No qualified ops to execute found for op_selection=['" + text + "'].",
                          std::move(suggestion)});
      continue;
    }
    for (const std::size_t s : named) selected[s] = true;
    spread(up, named, clause.up, selected);
    spread(down, named, clause.down, selected);
  }
  return selected;
}

}  // namespace treadle::plan
