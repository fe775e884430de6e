// What a condition of the user's own may ask while it is evaluated (define/custom_condition.h).
#pragma once

#include <treadle/automate/evaluate.h>
#include <treadle/define/custom_condition.h>

#include <functional>

namespace treadle::automate {

// Valid during the call only.
class ConditionContext {
 public:
  EntityId entity = kNoEntity;  // what it is evaluated for
  EntityId root = kNoEntity;    // whose condition it is part of
  const Entities* entities = nullptr;
  const Facts* facts = nullptr;
  Slice candidates;
  // Of the previous evaluation; nothing when there was none.
  std::optional<Micros> previous_time;
  std::optional<std::int64_t> previous_event_id;
  std::optional<Slice> previous_true;
  std::optional<std::string> cursor;
  // Where another condition holds for these candidates.
  std::function<Result<Slice>(const AutomationCondition&, EntityId, const Slice&)> evaluate;
};

}  // namespace treadle::automate
