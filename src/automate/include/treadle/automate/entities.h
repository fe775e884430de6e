// Assets and checks with their partitions at one moment: what conditions are evaluated over. Borrows
// the graph, which must outlive it. Immutable; thread-safe.
#pragma once

#include <treadle/automate/slice.h>
#include <treadle/define/partition_set.h>
#include <treadle/plan/graph.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace treadle::automate {

// An asset has its NodeId; checks come after all assets, then jobs with a condition.
using EntityId = std::uint32_t;
inline constexpr EntityId kNoEntity = ~EntityId{0};

// How a child's partitions and a parent's belong together.
struct Edge {
  enum class Kind : std::uint8_t {
    kWhole,     // one of the two has no partitions: any means all
    kIdentity,  // the same numbers
    kMapped,
  };
  EntityId parent = kNoEntity;
  Kind kind = Kind::kWhole;
  PartitionMappingPtr mapping;  // of kMapped; of kWhole when the parent is partitioned
  // Whether one run may make both: a requested parent counts as updated for the child.
  bool same_run = false;
};

struct Entity {
  std::string_view key;  // "raw/iris"; of a check "raw/iris:not_empty", of a job "nightly (job)"
  const JobDef* job = nullptr;                     // null: an asset or a check
  const CheckDef* check = nullptr;                 // null: an asset
  EntityId asset = kNoEntity;                      // itself, or what is checked
  const StepDef* step = nullptr;                   // what makes it; null: a source
  const AutomationCondition* condition = nullptr;  // null: none
  const PartitionSet* partitions = nullptr;        // null: unpartitioned
  std::int64_t size = 1;                           // of partitions
  std::vector<Edge> parents;                       // in order of key
  std::vector<EntityId> children;
  std::vector<EntityId> checks;  // of an asset, in order of name
  std::vector<EntityId> roots;   // of a job: its assets that read no other of them, by key
};

class Entities {
 public:
  // `dynamic` null: dynamic partitions have no keys. `otherwise`: the condition of what is made here
  // and checked, and has none of its own.
  static Result<std::unique_ptr<Entities>> at(const plan::AssetGraph& graph, Micros now,
                                              const DynamicKeys* dynamic = nullptr,
                                              const AutomationCondition& otherwise = {});

  const plan::AssetGraph& graph() const { return graph_; }
  Micros now() const { return now_; }
  std::size_t size() const { return entities_.size(); }
  std::size_t asset_count() const { return graph_.nodes().size(); }
  const Entity& operator[](EntityId id) const { return entities_[id]; }
  EntityId find(std::string_view key) const;
  // Parents before children, level by level; jobs with the assets that depend on nothing.
  const std::vector<EntityId>& order() const { return order_; }
  // What must be executed with it: the outputs and checks of a step that cannot be subset. In order of id.
  std::vector<EntityId> executed_together(EntityId id) const;

  // The parent's partitions that a slice of the child is made from, and the other way round. Of any
  // two entities: without an edge between them by the mapping that their definitions suggest.
  Result<Slice> upstream(EntityId child, EntityId parent, const Slice& slice) const;
  Result<Slice> downstream(EntityId parent, EntityId child, const Slice& slice) const;
  const Edge* find_edge(EntityId child, EntityId parent) const;
  Edge edge(EntityId child, EntityId parent) const;

  // The partitions an entity has, or a set with number 0 only.
  std::vector<std::string> keys(EntityId id, const Slice& slice) const;

 private:
  Entities(const plan::AssetGraph& graph, Micros now) : graph_(graph), now_(now) {}
  Result<const PartitionSet*> set_of(const PartitionsPtr& definition, const DynamicKeys* dynamic);
  Edge make_edge(EntityId child, EntityId parent) const;
  Result<void> add_jobs(const DynamicKeys* dynamic);
  void sort_by_level();

  const plan::AssetGraph& graph_;
  Micros now_;
  AutomationCondition otherwise_;
  std::vector<Entity> entities_;
  std::vector<std::unique_ptr<std::string>> own_keys_;
  std::vector<EntityId> order_;
  std::unordered_map<const void*, const PartitionSet*> by_definition_;
  std::unordered_map<std::string, std::unique_ptr<PartitionSet>> by_fingerprint_;
  std::unordered_map<std::string_view, EntityId> by_key_;
};

}  // namespace treadle::automate
