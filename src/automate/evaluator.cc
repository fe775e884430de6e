#include "evaluator.h"

#include <treadle/automate/condition_context.h>

#include <algorithm>

namespace treadle::automate {

using Kind = AutomationCondition::Kind;

Evaluator::Evaluator(const Entities& entities, const Facts& facts, const Cursor& previous)
    : entities_(entities),
      facts_(facts),
      previous_(previous),
      requested_(entities.size()),
      cursors_(entities.size()) {
  for (const auto& [key, cursor] : previous.entities)
    if (const EntityId id = entities.find(key); id != kNoEntity) cursors_[id] = cursor.get();
}

Result<Slice> Evaluator::evaluate(EntityId entity, Explanation* explanation) {
  root_ = entity;
  root_cursor_ = cursor_of(entity);
  next_ = {};
  if (root_cursor_) next_.nodes.reserve(root_cursor_->nodes.size());
  hint_ = 0;
  error_.reset();
  hierarchy_.clear();
  Outcome outcome = eval(*entities_[entity].condition, entity, Slice::all(), explanation);
  if (error_)
    return fail(std::move(*error_).with_context("evaluating the automation condition of '" +
                                                std::string(entities_[entity].key) + "'"));
  next_.time = entities_.now();
  next_.last_event_id = facts_.last_event_id;
  next_.requested = outcome.holds;
  return outcome.holds;
}

void Evaluator::request(EntityId entity, const Slice& slice) {
  requested_[entity] = Slice::unite(requested_[entity], slice, size(entity));
}

EntityCursor Evaluator::take_cursor() {
  next_.partitions = remembered(root_);
  return std::move(next_);
}

Slice Evaluator::fail_with(Error error) {
  if (!error_) error_ = std::move(error);
  return Slice::none();
}

// --- evaluation -----------------------------------------------------------------------------

Outcome Evaluator::eval(const AutomationCondition& condition, EntityId entity,
                        const Slice& candidates, Explanation* explanation) {
  // Nothing to ask about and nothing to remember; an explanation shows every node.
  if (candidates.is_none() && !explanation && !condition.node().stateful) return {};
  if (!explanation) return eval_kind(condition, entity, candidates, nullptr);
  explanation->condition = condition;
  explanation->entity = entity;
  explanation->candidates = candidates;
  Outcome out = eval_kind(condition, entity, candidates, explanation);
  explanation->holds = out.holds;
  return out;
}

Outcome Evaluator::child(const AutomationCondition& condition, EntityId entity,
                         const Slice& candidates, Explanation* parent) {
  if (!parent) return eval(condition, entity, candidates, nullptr);
  Explanation explanation;
  Outcome out = eval(condition, entity, candidates, &explanation);
  parent->children.push_back(std::move(explanation));
  return out;
}

Outcome Evaluator::eval_kind(const AutomationCondition& condition, EntityId entity,
                             const Slice& candidates, Explanation* explanation) {
  const Node& node = condition.node();
  switch (node.kind) {
    case Kind::kAnd: {
      Slice holds = candidates;
      for (const AutomationCondition& operand : node.children)
        holds =
            Slice::intersect(holds, child(operand, entity, holds, explanation).holds, size(entity));
      return {std::move(holds), {}};
    }
    case Kind::kOr: {
      Slice holds;
      for (const AutomationCondition& operand : node.children)
        holds = Slice::unite(holds, child(operand, entity, candidates, explanation).holds,
                             size(entity));
      return {std::move(holds), {}};
    }
    case Kind::kNot:
      return {Slice::subtract(candidates,
                              child(node.children[0], entity, candidates, explanation).holds,
                              size(entity)),
              {}};
    case Kind::kSince:
      return since(condition, entity, explanation);
    case Kind::kNewlyTrue:
      return newly_true(condition, entity, candidates, explanation);
    case Kind::kAnyDeps:
      return over_entities(node.children[0], entity, candidates, dependencies(node, entity), true,
                           explanation);
    case Kind::kAllDeps:
      return over_entities(node.children[0], entity, candidates, dependencies(node, entity), false,
                           explanation);
    case Kind::kAnyChecks:
      return over_entities(node.children[0], entity, candidates, checks(node, entity), true,
                           explanation);
    case Kind::kAllChecks:
      return over_entities(node.children[0], entity, candidates, checks(node, entity), false,
                           explanation);
    case Kind::kAnyJobRoots:
      return over_entities(node.children[0], entity, candidates, entities_[entity].roots, true,
                           explanation);
    case Kind::kAllJobRoots:
      return over_entities(node.children[0], entity, candidates, entities_[entity].roots, false,
                           explanation);
    case Kind::kAssetMatches: {
      const EntityId target = entities_.find(node.key.text());
      if (target == kNoEntity)
        return {fail_with({Errc::kNotFound, "asset_matches names '" + node.key.text() +
                                                "', and these definitions have no such asset."}),
                {}};
      const bool down = target != entity && entities_.find_edge(target, entity) != nullptr;
      auto to = down ? entities_.downstream(entity, target, candidates)
                     : entities_.upstream(entity, target, candidates);
      if (!to) return {fail_with(to.error()), {}};
      Outcome out = child(node.children[0], target, *to, explanation);
      const auto back = [&](const Slice& slice) {
        auto mapped = down ? entities_.upstream(target, entity, slice)
                           : entities_.downstream(target, entity, slice);
        return mapped ? *mapped : fail_with(mapped.error());
      };
      out.holds = back(out.holds);
      for (auto& [time, slice] : out.times) slice = back(slice);
      return out;
    }
    case Kind::kAnyDownstreamConditions:
      return downstream_conditions(entity, candidates, explanation);
    case Kind::kCustom:
      return custom(condition, entity, candidates, explanation);
    default:
      return operand(condition, entity, candidates);
  }
}

// --- state ----------------------------------------------------------------------------------

const NodeState* Evaluator::previous_state(const Node& node, EntityId entity) {
  if (!root_cursor_) return nullptr;
  const auto& states = root_cursor_->nodes;
  const auto is_it = [&](const NodeState& state) {
    if (state.condition != node.identity) return false;
    if (state.target_key.empty()) return entity == root_ && state.target == kNoEntity;
    return state.target_key == entities_[entity].key;
  };
  // The same condition asks in the same order as last time.
  if (hint_ < states.size() && is_it(states[hint_])) return &states[hint_++];
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (!is_it(states[i])) continue;
    hint_ = i + 1;
    return &states[i];
  }
  return nullptr;
}

NodeState& Evaluator::new_state(const Node& node, EntityId entity) {
  NodeState state;
  state.condition = node.identity;
  if (entity != root_) {
    state.target = entity;
    state.target_key = std::string(entities_[entity].key);
  }
  next_.nodes.push_back(std::move(state));
  return next_.nodes.back();
}

RememberedPartitionsPtr Evaluator::remembered(EntityId entity) {
  const PartitionSet* set = entities_[entity].partitions;
  RememberedPartitionsPtr& known = remembered_[set];
  if (known) return known;
  auto made = std::make_shared<RememberedPartitions>();
  if (set) {
    made->kind = set->definition()->as_time() ? RememberedPartitions::Kind::kTime
                                              : RememberedPartitions::Kind::kKeys;
    made->fingerprint = set->definition()->fingerprint();
    made->size = set->size();
    made->set = *set;
  }
  known = std::move(made);
  return known;
}

bool Evaluator::numbered_alike(const RememberedPartitions& from, const PartitionSet& now) const {
  const auto [known, added] = alike_.try_emplace({&from, &now}, false);
  if (!added) return known->second;
  if (from.kind != RememberedPartitions::Kind::kKeys || from.size != now.size()) return false;
  const std::vector<std::string> keys = now.keys(now.all());
  if (from.set) {
    known->second = from.set->keys(from.set->all()) == keys;
  } else {
    known->second = from.keys && *from.keys == keys;
  }
  return known->second;
}

Slice Evaluator::translated(const Slice& slice, EntityId entity,
                            const RememberedPartitions* from) const {
  const PartitionSet* now = entities_[entity].partitions;
  if (slice.is_none() || !from) return slice;
  using PartitionsKind = RememberedPartitions::Kind;
  if (!now || from->kind == PartitionsKind::kNone)
    return (now != nullptr) == (from->kind != PartitionsKind::kNone) ? slice : Slice::none();
  if (now->definition()->as_time() && from->fingerprint == now->definition()->fingerprint())
    return Slice::of(slice.subset(from->size) & now->all(), now->size());
  if (numbered_alike(*from, *now)) return slice;
  std::vector<std::string> keys;
  const PartitionSubset subset = slice.subset(from->size);
  if (from->set) {
    keys = from->set->keys(subset);
  } else if (from->keys) {
    subset.for_each([&](std::int64_t i) {
      if (i < static_cast<std::int64_t>(from->keys->size()))
        keys.push_back((*from->keys)[static_cast<std::size_t>(i)]);
    });
  }
  std::vector<std::int64_t> numbers;
  for (const std::string& key : keys)
    if (const auto number = now->find(key)) numbers.push_back(*number);
  return Slice::of(PartitionSubset::of(std::move(numbers)), now->size());
}

}  // namespace treadle::automate
