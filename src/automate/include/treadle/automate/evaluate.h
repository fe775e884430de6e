// Evaluates automation conditions: what is to be executed at a moment, and why. Pure: the entities
// with their partitions, the facts and what the previous evaluation remembered in; what is requested
// and what to remember out.
//
//   TREADLE_TRY(auto entities, Entities::at(graph, now));
//   TREADLE_TRY(auto tick, evaluate(*entities, facts, cursor));
//   for (const Requested& r : tick.requested) ...   // entities->keys(r.entity, r.slice)
//   cursor = tick.cursor;
//   explain(*entities, facts, before, tick, entity)->text();   // which part held for what
#pragma once

#include <treadle/automate/cursor.h>
#include <treadle/automate/facts.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace treadle::automate {

struct Requested {
  EntityId entity = kNoEntity;
  Slice slice;
};

struct Evaluation {
  // Of every entity that was evaluated, in the order of evaluation: where its condition held.
  std::vector<Requested> results;
  // What is to be executed: not none; with what can only be executed together with it.
  std::vector<Requested> requested;
  Cursor cursor;
  // How many partitions the conditions held for.
  std::int64_t total(const Entities& entities) const;
  const Slice* find_requested(EntityId entity) const;
};

// `only`: the entities to evaluate, empty: all with a condition. What the cursor remembers of
// entities that have gone is kept.
Result<Evaluation> evaluate(const Entities& entities, const Facts& facts, const Cursor& previous,
                            const std::vector<EntityId>& only = {});

// One node of a condition in an evaluation.
struct Explanation {
  AutomationCondition condition;
  EntityId entity = kNoEntity;  // whose partitions the slices are
  Slice candidates;             // what was asked about
  Slice holds;                  // where it is true; of a kSince possibly beyond the candidates
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<Explanation> children;

  // A tree for people, a line a node: "✓ newly_missing  2026-01-05"; with `only_true` without what
  // held nowhere.
  std::string text(const Entities& entities) const;
  std::string to_json(const Entities& entities) const;
};

// The explanation of one entity in an evaluation that began with `previous`; evaluates it again.
Result<Explanation> explain(const Entities& entities, const Facts& facts, const Cursor& previous,
                            const Evaluation& evaluation, EntityId entity);

}  // namespace treadle::automate
