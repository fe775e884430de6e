// The evaluation of one condition after the other; private to the room.
#pragma once

#include <treadle/automate/evaluate.h>
#include <treadle/base/cron.h>

#include <functional>
#include <map>
#include <optional>

namespace treadle::automate {

// Where a condition holds, and since when, for conditions that can tell.
struct Outcome {
  Slice holds;
  std::vector<std::pair<Micros, Slice>> times;
};

class Evaluator {
 public:
  Evaluator(const Entities& entities, const Facts& facts, const Cursor& previous);

  // Evaluates the entity's condition; what is requested so far counts as "will be requested".
  Result<Slice> evaluate(EntityId entity, Explanation* explanation = nullptr);
  void request(EntityId entity, const Slice& slice);
  const Slice& requested(EntityId entity) const { return requested_[entity]; }
  // What evaluate() has remembered of the entity it was called with last.
  EntityCursor take_cursor();
  RememberedPartitionsPtr remembered(EntityId entity);

 private:
  using Node = AutomationCondition::Node;

  Outcome eval(const AutomationCondition& condition, EntityId entity, const Slice& candidates,
               Explanation* explanation);
  Outcome eval_kind(const AutomationCondition& condition, EntityId entity, const Slice& candidates,
                    Explanation* explanation);
  Outcome child(const AutomationCondition& condition, EntityId entity, const Slice& candidates,
                Explanation* parent);

  // operands.cc
  Outcome operand(const AutomationCondition& condition, EntityId entity, const Slice& candidates);
  Slice missing(EntityId entity, const Slice& candidates) const;
  Outcome newly_updated(EntityId entity) const;
  Outcome cron_tick(const Node& node, const Slice& candidates);
  Slice latest_window(const Node& node, EntityId entity) const;
  Slice check_result(EntityId entity, bool passed) const;
  Slice will_be_requested(EntityId entity) const;
  Slice latest_run_matches(EntityId entity, const Slice& candidates,
                           const std::function<bool(const RunFacts&)>& matches) const;
  Slice updates_with_tags(const Node& node, EntityId entity, bool all) const;
  Outcome code_version(const Node& node, EntityId entity, const Slice& candidates);
  Outcome custom(const AutomationCondition& condition, EntityId entity, const Slice& candidates,
                 Explanation* explanation);
  bool is_initial() const;

  // operators.cc
  Outcome since(const AutomationCondition& condition, EntityId entity, Explanation* explanation);
  Outcome newly_true(const AutomationCondition& condition, EntityId entity, const Slice& candidates,
                     Explanation* explanation);
  Outcome over_entities(const AutomationCondition& condition, EntityId entity,
                        const Slice& candidates, const std::vector<EntityId>& targets, bool any,
                        Explanation* explanation);
  Outcome matches(const AutomationCondition& operand, EntityId target, EntityId entity,
                  const Slice& candidates, Explanation* parent);
  Outcome downstream_conditions(EntityId entity, const Slice& candidates, Explanation* explanation);
  std::vector<EntityId> dependencies(const Node& node, EntityId entity);
  std::vector<EntityId> checks(const Node& node, EntityId entity);
  const std::vector<bool>& selected(const std::string& selection);

  // State of nodes.
  const NodeState* previous_state(const Node& node, EntityId entity);
  NodeState& new_state(const Node& node, EntityId entity);
  Slice translated(const Slice& slice, EntityId entity, const RememberedPartitions* from) const;
  bool numbered_alike(const RememberedPartitions& from, const PartitionSet& now) const;
  Slice previous_slice(const Slice& slice, EntityId entity) const;
  const EntityCursor* cursor_of(EntityId entity) const { return cursors_[entity]; }
  std::int64_t size(EntityId entity) const { return entities_[entity].size; }
  Slice fail_with(Error error);

  const Entities& entities_;
  const Facts& facts_;
  const Cursor& previous_;
  std::vector<Slice> requested_;
  std::vector<const EntityCursor*> cursors_;
  std::map<std::string, std::vector<bool>> selections_;
  std::map<std::pair<std::string, std::string>, std::optional<Micros>> cron_ticks_;
  std::unordered_map<const void*, RememberedPartitionsPtr> remembered_;
  mutable std::map<std::pair<const void*, const void*>, bool> alike_;
  std::vector<const AutomationCondition*> hierarchy_;  // of downstream conditions

  EntityId root_ = kNoEntity;
  const EntityCursor* root_cursor_ = nullptr;  // null: first evaluation
  EntityCursor next_;
  std::size_t hint_ = 0;  // where in root_cursor_->nodes the next state is expected
  std::optional<Error> error_;
};

}  // namespace treadle::automate
