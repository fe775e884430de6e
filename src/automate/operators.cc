// Conditions over other conditions and other entities.
#include "evaluator.h"
#include <treadle/plan/selection.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::automate {
namespace {

// Where the first has held later than the second.
Slice later(const Outcome& a, const Outcome& b, std::int64_t size) {
  Slice out;
  for (const auto& [time, slice] : a.times) {
    Slice left = slice;
    for (const auto& [other_time, other] : b.times)
      if (other_time >= time) left = Slice::subtract(left, other, size);
    out = Slice::unite(out, left, size);
  }
  return out;
}

void add_times(std::vector<std::pair<Micros, Slice>>& to,
               const std::vector<std::pair<Micros, Slice>>& from, std::int64_t size) {
  for (const auto& [time, slice] : from) {
    const auto known =
        std::find_if(to.begin(), to.end(), [&](const auto& entry) { return entry.first == time; });
    if (known == to.end()) {
      to.emplace_back(time, slice);
    } else {
      known->second = Slice::unite(known->second, slice, size);
    }
  }
}

using Kind = AutomationCondition::Kind;

// A downstream condition without any_downstream_conditions() of its own: what lies further down is
// asked directly. Nothing: there is no more to it than that.
AutomationCondition stripped(const AutomationCondition& condition) {
  const AutomationCondition::Node& node = condition.node();
  if (node.label) return condition;
  if (node.kind == Kind::kAnyDownstreamConditions) return {};
  if (node.kind != Kind::kAnd && node.kind != Kind::kOr) return condition;
  std::vector<AutomationCondition> kept;
  for (const AutomationCondition& operand : node.children) {
    AutomationCondition simple = stripped(operand);
    if (simple) {
      kept.push_back(std::move(simple));
    } else if (node.kind == Kind::kAnd) {
      return {};
    }
  }
  if (kept.empty()) return {};
  if (kept.size() == 1) return kept[0];
  return node.kind == Kind::kAnd ? AutomationCondition::all_of(std::move(kept))
                                 : AutomationCondition::any_of(std::move(kept));
}

}  // namespace

Slice Evaluator::previous_slice(const Slice& slice, EntityId entity) const {
  const RememberedPartitions* from = nullptr;
  if (entity == root_) {
    from = root_cursor_ ? root_cursor_->partitions.get() : nullptr;
  } else if (entities_[entity].partitions) {
    const auto found = previous_.partitions.find(std::string(entities_[entity].key));
    if (found != previous_.partitions.end()) from = found->second.get();
  }
  return translated(slice, entity, from);
}

Outcome Evaluator::since(const AutomationCondition& condition, EntityId entity,
                         Explanation* explanation) {
  const Node& node = condition.node();
  const NodeState* before = previous_state(node, entity);
  // Over everything, whatever is asked about: no change must be missed.
  const Outcome trigger = child(node.children[0], entity, Slice::all(), explanation);
  const Outcome reset = child(node.children[1], entity, Slice::all(), explanation);
  const std::int64_t n = size(entity);

  Slice holds = before ? previous_slice(before->true_slice, entity) : Slice::none();
  holds = Slice::unite(holds, trigger.holds, n);
  holds = Slice::subtract(holds, reset.holds, n);
  // Both at once: the later one counts, where the times are known.
  const Slice both = Slice::intersect(trigger.holds, reset.holds, n);
  if (!both.is_none() && !trigger.times.empty() && !reset.times.empty())
    holds = Slice::unite(holds, Slice::intersect(later(trigger, reset, n), both, n), n);

  NodeState& state = new_state(node, entity);
  if (before) {
    state.trigger_evaluation = before->trigger_evaluation;
    state.trigger_time = before->trigger_time;
    state.reset_evaluation = before->reset_evaluation;
    state.reset_time = before->reset_time;
  }
  if (!trigger.holds.is_none()) {
    state.trigger_evaluation = previous_.evaluation_id;
    state.trigger_time = entities_.now();
  }
  if (!reset.holds.is_none()) {
    state.reset_evaluation = previous_.evaluation_id;
    state.reset_time = entities_.now();
  }
  state.true_slice = holds;
  if (explanation) {
    const auto say = [&](const char* what, std::int64_t evaluation, Micros time) {
      if (evaluation < 0) return;
      explanation->metadata.emplace_back(fmt::format("{}_evaluation_id", what),
                                         std::to_string(evaluation));
      explanation->metadata.emplace_back(fmt::format("{}_timestamp", what), format_utc(time));
    };
    say("trigger", state.trigger_evaluation, state.trigger_time);
    say("reset", state.reset_evaluation, state.reset_time);
  }
  return {std::move(holds), trigger.times};
}

Outcome Evaluator::newly_true(const AutomationCondition& condition, EntityId entity,
                              const Slice& candidates, Explanation* explanation) {
  const Node& node = condition.node();
  const NodeState* before = previous_state(node, entity);
  Slice now = child(node.children[0], entity, Slice::all(), explanation).holds;
  Slice holds = now;
  if (before)
    holds = Slice::subtract(holds, previous_slice(before->true_slice, entity), size(entity));
  new_state(node, entity).true_slice = std::move(now);
  return {Slice::intersect(candidates, holds, size(entity)), {}};
}

Outcome Evaluator::over_entities(const AutomationCondition& condition, EntityId entity,
                                 const Slice& candidates, const std::vector<EntityId>& targets,
                                 bool any, Explanation* explanation) {
  const std::int64_t n = size(entity);
  Outcome out{any ? Slice::none() : candidates, {}};
  for (EntityId target : targets) {
    Outcome one = matches(condition, target, entity, candidates, explanation);
    out.holds =
        any ? Slice::unite(out.holds, one.holds, n) : Slice::intersect(out.holds, one.holds, n);
    if (any) add_times(out.times, one.times, n);
  }
  if (any) out.holds = Slice::intersect(candidates, out.holds, n);
  return out;
}

// Where a condition holds for what these partitions are made from.
Outcome Evaluator::matches(const AutomationCondition& operand, EntityId target, EntityId entity,
                           const Slice& candidates, Explanation* parent) {
  const bool is_check = entities_[target].check != nullptr;
  const bool down = is_check && entities_[target].asset == entity;
  auto to = down ? entities_.downstream(entity, target, candidates)
                 : entities_.upstream(entity, target, candidates);
  if (!to) return {fail_with(to.error()), {}};
  Explanation own;
  Explanation* explanation = nullptr;
  if (parent) {
    explanation = &own;
    own.condition =
        AutomationCondition::asset_matches(AssetKey(std::string(entities_[target].key)), operand);
    own.entity = entity;
    own.candidates = candidates;
  }
  Outcome out = child(operand, target, *to, explanation);
  const auto back = [&](const Slice& slice) {
    auto mapped = down ? entities_.upstream(target, entity, slice)
                       : entities_.downstream(target, entity, slice);
    return mapped ? *mapped : fail_with(mapped.error());
  };
  out.holds = back(out.holds);
  for (auto& [time, slice] : out.times) slice = back(slice);
  if (parent) {
    own.holds = out.holds;
    parent->children.push_back(std::move(own));
  }
  return out;
}

const std::vector<bool>& Evaluator::selected(const std::string& selection) {
  const auto [known, added] = selections_.try_emplace(selection);
  if (!added) return known->second;
  known->second.assign(entities_.asset_count(), false);
  const auto parsed = plan::parse_selection(selection);
  if (!parsed) {
    fail_with(parsed.error());
    return known->second;
  }
  // A key that no asset has selects nothing: the selection may be meant for many definitions.
  if (const auto found = plan::select(*parsed, entities_.graph()))
    for (plan::NodeId id : *found) known->second[id] = true;
  return known->second;
}

std::vector<EntityId> Evaluator::dependencies(const Node& node, EntityId entity) {
  std::vector<EntityId> out;
  for (const Edge& edge : entities_[entity].parents) {
    if (node.allow && !selected(*node.allow)[edge.parent]) continue;
    if (node.ignore && selected(*node.ignore)[edge.parent]) continue;
    out.push_back(edge.parent);
  }
  return out;
}

std::vector<EntityId> Evaluator::checks(const Node& node, EntityId entity) {
  std::vector<EntityId> out;
  for (EntityId check : entities_[entity].checks) {
    if (node.flag && !entities_[check].check->blocking) continue;
    if (node.allow && !selected(*node.allow)[entity]) continue;
    if (node.ignore && selected(*node.ignore)[entity]) continue;
    out.push_back(check);
  }
  return out;
}

Outcome Evaluator::downstream_conditions(EntityId entity, const Slice& candidates,
                                         Explanation* explanation) {
  // All assets further down, each once.
  std::vector<bool> seen(entities_.asset_count(), false);
  std::vector<EntityId> open = entities_[entity].children;
  std::vector<std::pair<AutomationCondition, std::vector<std::string>>> found;
  while (!open.empty()) {
    const EntityId id = open.back();
    open.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    open.insert(open.end(), entities_[id].children.begin(), entities_[id].children.end());
    if (!entities_[id].condition) continue;
    const AutomationCondition condition = stripped(*entities_[id].condition);
    if (!condition) continue;
    auto known = std::find_if(found.begin(), found.end(),
                              [&](const auto& entry) { return entry.first == condition; });
    if (known == found.end()) {
      found.push_back({condition, {}});
      known = found.end() - 1;
    }
    known->second.emplace_back(entities_[id].key);
  }
  for (auto& [condition, keys] : found) std::sort(keys.begin(), keys.end());
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  Slice holds;
  const AutomationCondition& own = *entities_[root_].condition;
  for (const auto& [condition, keys] : found) {
    // What is being expanded already says the same.
    const auto same = [&](const AutomationCondition* c) { return *c == condition; };
    if (condition == own || std::any_of(hierarchy_.begin(), hierarchy_.end(), same)) continue;
    hierarchy_.push_back(&condition);
    Explanation own;
    const Slice found_here =
        child(condition, entity, candidates, explanation ? &own : nullptr).holds;
    holds = Slice::unite(holds, found_here, size(entity));
    hierarchy_.pop_back();
    if (!explanation) continue;
    own.condition = AutomationCondition::asset_matches(
        AssetKey(fmt::to_string(fmt::join(keys, ", "))), condition);
    own.entity = entity;
    own.candidates = candidates;
    own.holds = found_here;
    explanation->children.push_back(std::move(own));
  }
  return {std::move(holds), {}};
}

}  // namespace treadle::automate
