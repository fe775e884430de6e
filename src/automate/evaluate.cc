#include "evaluator.h"
#include <treadle/automate/evaluate.h>

#include <algorithm>
#include <limits>

namespace treadle::automate {

std::int64_t Evaluation::total(const Entities& entities) const {
  std::int64_t out = 0;
  for (const Requested& result : results) out += result.slice.count(entities[result.entity].size);
  return out;
}

const Slice* Evaluation::find_requested(EntityId entity) const {
  for (const Requested& request : requested)
    if (request.entity == entity) return &request.slice;
  return nullptr;
}

std::int64_t Cursor::since() const {
  if (entities.empty()) return std::numeric_limits<std::int64_t>::max();
  std::int64_t out = std::numeric_limits<std::int64_t>::max();
  for (const auto& [key, entity] : entities) out = std::min(out, entity->last_event_id);
  return out;
}

Result<Evaluation> evaluate(const Entities& entities, const Facts& facts, const Cursor& previous,
                            const std::vector<EntityId>& only) {
  Evaluation out;
  out.cursor.evaluation_id = previous.evaluation_id + 1;
  out.cursor.entities.reserve(std::max(previous.entities.size(), entities.size()));
  // What is not in these definitions any more, or not made by them, is remembered: it may come back.
  for (const auto& [key, cursor] : previous.entities) {
    const EntityId id = entities.find(key);
    if (id == kNoEntity || !entities[id].step) out.cursor.entities.emplace(key, cursor);
  }
  std::vector<bool> wanted(entities.size(), only.empty());
  for (EntityId id : only) wanted[id] = true;

  Evaluator evaluator(entities, facts, previous);
  for (EntityId id : entities.order()) {
    if (!wanted[id] || !entities[id].condition) continue;
    TREADLE_TRY(Slice slice, evaluator.evaluate(id));
    auto cursor = std::make_shared<EntityCursor>(evaluator.take_cursor());
    for (const NodeState& state : cursor->nodes)
      if (state.target != kNoEntity && entities[state.target].partitions)
        out.cursor.partitions.try_emplace(state.target_key, evaluator.remembered(state.target));
    out.cursor.entities.insert_or_assign(std::string(entities[id].key), std::move(cursor));
    evaluator.request(id, slice);
    if (!slice.is_none() && !entities[id].check) {
      for (EntityId other : entities.executed_together(id)) {
        if (other == id) continue;
        TREADLE_TRY(const Slice mapped, entities.upstream(id, other, slice));
        evaluator.request(other, mapped);
      }
    }
    out.results.push_back({id, std::move(slice)});
  }
  for (EntityId id : entities.order())
    if (!evaluator.requested(id).is_none()) out.requested.push_back({id, evaluator.requested(id)});
  return out;
}

Result<Explanation> explain(const Entities& entities, const Facts& facts, const Cursor& previous,
                            const Evaluation& evaluation, EntityId entity) {
  if (!entities[entity].condition)
    return fail(Errc::kInvalidArgument,
                "'" + std::string(entities[entity].key) + "' has no automation condition.");
  Evaluator evaluator(entities, facts, previous);
  // What had been requested when its turn came.
  for (const Requested& result : evaluation.results) {
    if (result.entity == entity) break;
    evaluator.request(result.entity, result.slice);
    if (result.slice.is_none() || entities[result.entity].check) continue;
    for (EntityId other : entities.executed_together(result.entity)) {
      TREADLE_TRY(const Slice mapped, entities.upstream(result.entity, other, result.slice));
      evaluator.request(other, mapped);
    }
  }
  Explanation out;
  TREADLE_CHECK(evaluator.evaluate(entity, &out));
  return out;
}

}  // namespace treadle::automate
