// What evaluations of conditions remember from one to the next. Value; goes through text unchanged.
// Partitions may be added, removed and redefined in between: what is remembered follows the keys.
#pragma once

#include <treadle/automate/entities.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace treadle::automate {

// The partitions that remembered slices are about. Time windows are numbered alike for ever, so that
// only the definition is kept; of others their keys are.
struct RememberedPartitions {
  enum class Kind : std::uint8_t { kNone, kTime, kKeys };
  Kind kind = Kind::kNone;
  std::string fingerprint;
  std::int64_t size = 1;
  std::shared_ptr<const std::vector<std::string>>
      keys;                         // of kKeys; of kTime when it came from text: none
  std::optional<PartitionSet> set;  // when remembered in this process
};
using RememberedPartitionsPtr = std::shared_ptr<const RememberedPartitions>;

// Of one node of a condition, evaluated for one entity.
struct NodeState {
  std::uint64_t condition = 0;  // AutomationCondition::Node::identity
  EntityId target =
      kNoEntity;           // the entity it was evaluated for; kNoEntity: the one the cursor is of
  std::string target_key;  // of another entity, from text
  Slice true_slice;        // kSince: true; kNewlyTrue: the operand's; kCustom: true
  std::optional<std::string> text;  // kCodeVersionChanged: the version; kCustom: its cursor
  std::int64_t trigger_evaluation = -1, reset_evaluation = -1;  // kSince; -1 = never
  Micros trigger_time = 0, reset_time = 0;
};

struct EntityCursor {
  Micros time = 0;                 // of the evaluation
  std::int64_t last_event_id = 0;  // seen by it
  Slice requested;                 // by it
  RememberedPartitionsPtr partitions;
  std::vector<NodeState> nodes;  // in order of evaluation
};

struct Cursor {
  std::int64_t evaluation_id = 0;
  std::unordered_map<std::string, std::shared_ptr<const EntityCursor>> entities;
  // The partitions of other entities that states are about, by key.
  std::unordered_map<std::string, RememberedPartitionsPtr> partitions;

  // The event after which an evaluation with this cursor looks for updates.
  std::int64_t since() const;

  std::string to_json() const;
  static Result<Cursor> from_json(std::string_view text);
};

}  // namespace treadle::automate
