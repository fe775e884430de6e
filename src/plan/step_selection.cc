// Which steps of an earlier run a selection means, instances of mapped steps included.
#include "op_selection.h"
#include <treadle/base/suggest.h>
#include <treadle/plan/plan.h>

#include <unordered_map>

namespace treadle::plan {
namespace {

// The steps as a selection sees them: a mapped step is "work[?]", and "work[a]" for each key that is known.
class KeyGraph {
 public:
  KeyGraph(const Plan& job, const std::vector<KnownMappingKeys>& known) : job_(job), known_(known) {
    for (std::uint32_t s = 0; s < job.steps.size(); ++s) {
      first_.push_back(keys.size());
      add(step_key(job.steps[s]));
      for (const std::string& key : keys_of(s)) add(job.steps[s].def->name + "[" + key + "]");
    }
    up.resize(keys.size());
    down.resize(keys.size());
    for (std::uint32_t s = 0; s < job.steps.size(); ++s) {
      for (const std::uint32_t u : job.steps[s].upstream) connect(u, s);
    }
  }

  // The nodes of a text without its signs. A node that is a graph stands for all its steps.
  std::vector<std::size_t> named(const std::string& name) const {
    if (const auto at = by_key_.find(name); at != by_key_.end()) return {at->second};
    std::vector<std::size_t> found;
    for (std::uint32_t s = 0; s < job_.steps.size(); ++s) {
      const std::string& step = job_.steps[s].def->name;
      const bool inside =
          step.size() > name.size() && step.starts_with(name) && step[name.size()] == '.';
      if (step == name || inside) found.push_back(first_[s]);
    }
    return found;
  }

  // The step by itself, or all its instances; those by key follow it.
  std::size_t first(std::uint32_t step) const { return first_[step]; }
  std::size_t end(std::uint32_t step) const {
    return step + 1 < first_.size() ? first_[step + 1] : keys.size();
  }

  std::vector<std::string> keys;
  Neighbours up, down;

 private:
  void add(std::string key) {
    by_key_.emplace(key, keys.size());
    keys.push_back(std::move(key));
  }
  const std::vector<std::string>& keys_of(std::uint32_t step) const {
    static const std::vector<std::string> kNone;
    return known_[step] ? *known_[step] : kNone;
  }
  void edge(std::size_t from, std::size_t to) {
    down[from].push_back(to);
    up[to].push_back(from);
  }
  void connect(std::uint32_t from, std::uint32_t to) {
    const StepOutput& over = job_.steps[to].mapped_over;
    const bool by_key = over.step != kNoStep && job_.steps[from].mapped_over == over;
    for (std::size_t a = first(from); a < end(from); ++a) {
      for (std::size_t b = first(to); b < end(to); ++b) {
        if (!by_key || a - first(from) == b - first(to)) edge(a, b);
      }
    }
  }

  const Plan& job_;
  const std::vector<KnownMappingKeys>& known_;
  std::vector<std::size_t> first_;
  std::unordered_map<std::string, std::size_t> by_key_;
};

Problem unknown_steps(const char* begin, const std::vector<std::string>& unknown,
                      const std::vector<std::string>& known) {
  std::string message = std::string(begin) + (unknown.size() > 1 ? "s: " : ": ");
  for (std::size_t i = 0; i < unknown.size(); ++i) message += (i > 0 ? ", " : "") + unknown[i];
  std::string suggestion = did_you_mean(unknown.front(), known);
  if (!suggestion.empty()) suggestion.erase(0, 1);
  return {"unknown_step", unknown.front(), {}, std::move(message), std::move(suggestion)};
}

}  // namespace

tl::expected<std::vector<std::string>, Problem> select_steps_again(
    const Plan& job, const std::vector<KnownMappingKeys>& known,
    const std::vector<std::string>& selection) {
  const KeyGraph graph(job, known);
  std::vector<bool> selected(graph.keys.size());
  std::vector<std::string> unknown;
  for (const std::string& text : selection) {
    if (text == "*") {
      selected.assign(selected.size(), true);
      continue;
    }
    const OpClause clause = parse_op_clause(text);
    const std::vector<std::size_t> named = graph.named(clause.name);
    if (named.empty()) unknown.push_back(clause.name);
    for (const std::size_t node : named) selected[node] = true;
    spread(graph.up, named, clause.up, selected);
    spread(graph.down, named, clause.down, selected);
  }
  if (!unknown.empty()) {
    return tl::unexpected(
        unknown_steps("Step selection refers to unknown step", unknown, graph.keys));
  }

  std::vector<std::string> result;
  for (std::uint32_t s = 0; s < job.steps.size(); ++s) {
    const std::size_t whole = graph.first(s);
    const StepOutput& over = job.steps[s].mapped_over;
    const bool maps_anew = over.step != kNoStep && selected[graph.first(over.step)];
    if (selected[whole]) {
      if (over.step != kNoStep && !maps_anew && !known[s]) {
        return tl::unexpected(Problem{"unresolved_step",
                                      graph.keys[whole],
                                      {},
                                      "Unresolved ExecutionStep \"" + graph.keys[whole] +
                                          "\" is resolved by \"" + job.steps[over.step].def->name +
                                          "\" which is not part of the current step selection or "
                                          "known state from parent run.",
                                      "Select '" + job.steps[over.step].def->name + "' as well."});
      }
      result.push_back(graph.keys[whole]);
      continue;
    }
    for (std::size_t node = whole + 1; node < graph.end(s); ++node) {
      if (!selected[node]) continue;
      // Which keys there will be is not known before the step that makes them has run again.
      if (maps_anew) unknown.push_back(graph.keys[node]);
      result.push_back(graph.keys[node]);
    }
  }
  if (!unknown.empty()) {
    return tl::unexpected(
        unknown_steps("Can not build subset plan from unknown step", unknown, graph.keys));
  }
  return result;
}

}  // namespace treadle::plan
