#include <treadle/automate/entities.h>
#include <treadle/plan/partition_mapping.h>
#include <treadle/plan/partitions.h>
#include <treadle/plan/selection.h>

#include <algorithm>
#include <set>

namespace treadle::automate {
namespace {

const PartitionsPtr& partitions_of(const plan::AssetGraph& graph, const Entity& entity) {
  static const PartitionsPtr none;
  if (entity.job) return entity.partitions ? entity.partitions->definition() : none;
  return entity.check ? entity.check->partitions : graph.node(entity.asset).info->partitions;
}

// The mapping that the user gave for reading `parent` in the step that makes the child.
PartitionMappingPtr given_mapping(const plan::AssetGraph& graph, const StepDef* step,
                                  EntityId parent) {
  if (!step) return nullptr;
  for (const InputDef& input : step->inputs)
    if (input.partition_mapping && graph.find(input.asset) == parent)
      return input.partition_mapping;
  return nullptr;
}

// One of its own earlier partitions, say.
bool depends_on_itself(const plan::AssetGraph& graph, plan::NodeId id) {
  const plan::Node& node = graph.node(id);
  if (!node.step) return false;
  if (const auto& follows = node.step->outputs[node.output].follows_from)
    return std::any_of(follows->begin(), follows->end(),
                       [&](const AssetKey& key) { return key == node.info->key; });
  const auto inputs = graph.inputs(*node.step);
  return std::find(inputs.begin(), inputs.end(), id) != inputs.end();
}

bool is_identity(const PartitionMapping& mapping) {
  if (std::holds_alternative<IdentityMapping>(mapping.data)) return true;
  const auto* window = std::get_if<TimeWindowMapping>(&mapping.data);
  return window && window->start_offset == 0 && window->end_offset == 0;
}

bool keeps_windows(const PartitionMapping& mapping) {
  return std::holds_alternative<IdentityMapping>(mapping.data) ||
         std::holds_alternative<TimeWindowMapping>(mapping.data);
}

}  // namespace

Result<const PartitionSet*> Entities::set_of(const PartitionsPtr& definition,
                                             const DynamicKeys* dynamic) {
  if (!definition) return nullptr;
  if (const auto found = by_definition_.find(definition.get()); found != by_definition_.end())
    return found->second;
  auto& set = by_fingerprint_[definition->fingerprint()];
  if (!set) {
    TREADLE_TRY(auto made, PartitionSet::at(definition, now_, dynamic));
    set = std::make_unique<PartitionSet>(std::move(made));
  }
  by_definition_.emplace(definition.get(), set.get());
  return set.get();
}

Result<std::unique_ptr<Entities>> Entities::at(const plan::AssetGraph& graph, Micros now,
                                               const DynamicKeys* dynamic,
                                               const AutomationCondition& otherwise) {
  std::unique_ptr<Entities> out(new Entities(graph, now));
  out->otherwise_ = otherwise;
  const AutomationCondition* rest = otherwise ? &out->otherwise_ : nullptr;
  auto& entities = out->entities_;
  entities.resize(graph.nodes().size());
  for (plan::NodeId id = 0; id < graph.nodes().size(); ++id) {
    const plan::Node& node = graph.node(id);
    Entity& entity = entities[id];
    entity.key = node.info->key.text();
    entity.asset = id;
    entity.step = node.step;
    if (node.info->automation_condition) entity.condition = &node.info->automation_condition;
    if (!entity.condition && node.step) entity.condition = rest;
    entity.children = node.children;
  }
  for (const StepDef& step : graph.definitions().steps) {
    for (const CheckDef& check : step.checks) {
      const plan::NodeId asset = graph.find(check.asset);
      if (asset == plan::kNoNode) continue;
      Entity entity;
      out->own_keys_.push_back(
          std::make_unique<std::string>(check.asset.text() + ":" + check.name));
      entity.key = *out->own_keys_.back();
      entity.check = &check;
      entity.asset = asset;
      entity.step = &step;
      entity.condition = check.automation_condition ? &check.automation_condition : rest;
      entities[asset].checks.push_back(static_cast<EntityId>(entities.size()));
      entities.push_back(std::move(entity));
    }
  }
  TREADLE_CHECK(out->add_jobs(dynamic));
  for (EntityId id = 0; id < entities.size(); ++id) {
    Entity& entity = entities[id];
    out->by_key_.emplace(entity.key, id);
    if (!entity.job) {
      TREADLE_TRY(entity.partitions, out->set_of(partitions_of(graph, entity), dynamic));
    }
    if (entity.partitions) entity.size = entity.partitions->size();
  }
  const auto by_key = [&](EntityId a, EntityId b) { return entities[a].key < entities[b].key; };
  for (EntityId id = 0; id < entities.size(); ++id) {
    Entity& entity = entities[id];
    std::vector<EntityId> parents = entity.job     ? std::vector<EntityId>()
                                    : entity.check ? std::vector<EntityId>{entity.asset}
                                                   : graph.node(id).parents;
    if (entity.check && entity.step)
      for (plan::NodeId input : graph.inputs(*entity.step))
        if (input != plan::kNoNode && entity.step->outputs.empty()) parents.push_back(input);
    if (!entity.check && !entity.job && depends_on_itself(graph, id)) parents.push_back(id);
    std::sort(parents.begin(), parents.end(), by_key);
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    entity.parents.reserve(parents.size());
    for (EntityId parent : parents) entity.parents.push_back(out->make_edge(id, parent));
    std::sort(entity.checks.begin(), entity.checks.end(), by_key);
  }
  out->sort_by_level();
  return out;
}

// What is further down sees what is requested above it. A job stands beside the assets that depend on
// nothing: what is requested further down is not made when its run begins.
void Entities::sort_by_level() {
  std::vector<std::uint32_t> level(entities_.size(), 0);
  const auto place = [&](EntityId id) {
    for (const Edge& edge : entities_[id].parents)
      if (edge.parent != id) level[id] = std::max(level[id], level[edge.parent] + 1);
  };
  for (const plan::NodeId id : graph_.topological_order()) place(id);
  for (EntityId id = 0; id < entities_.size(); ++id)
    if (entities_[id].check) place(id);
  order_.assign(graph_.topological_order().begin(), graph_.topological_order().end());
  for (EntityId id = 0; id < entities_.size(); ++id)
    if (entities_[id].check) order_.push_back(id);
  for (EntityId id = 0; id < entities_.size(); ++id)
    if (entities_[id].job) order_.push_back(id);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](EntityId a, EntityId b) { return level[a] < level[b]; });
}

Result<void> Entities::add_jobs(const DynamicKeys* dynamic) {
  for (const JobDef& job : graph_.definitions().jobs) {
    if (!job.automation_condition) continue;
    Entity entity;
    own_keys_.push_back(std::make_unique<std::string>(job.name + " (job)"));
    entity.key = *own_keys_.back();
    entity.job = &job;
    entity.condition = &job.automation_condition;
    std::vector<plan::NodeId> selected;
    const bool all = job.selection.empty() || job.selection == "*";
    TREADLE_TRY(const auto selection, plan::parse_selection(all ? "*" : job.selection));
    TREADLE_TRY(selected, plan::select(selection, graph_));
    // The partitions that all of them have.
    if (const auto common = plan::partitions_of(graph_, selected); common && *common) {
      TREADLE_TRY(entity.partitions, set_of(*common, dynamic));
    }
    const std::set<EntityId> assets(selected.begin(), selected.end());
    for (const EntityId id : selected) {
      const auto& parents = graph_.node(id).parents;
      if (graph_.node(id).step && std::none_of(parents.begin(), parents.end(), [&](EntityId p) {
            return assets.contains(p) && graph_.node(p).step != nullptr;
          }))
        entity.roots.push_back(id);
    }
    std::sort(entity.roots.begin(), entity.roots.end(),
              [&](EntityId a, EntityId b) { return entities_[a].key < entities_[b].key; });
    entities_.push_back(std::move(entity));
  }
  return {};
}

Edge Entities::make_edge(EntityId child, EntityId parent) const {
  const Entity &c = entities_[child], &p = entities_[parent];
  Edge edge;
  edge.parent = parent;
  if (!p.partitions && !c.partitions) {
    edge.same_run = true;
    return edge;
  }
  const PartitionsPtr& down = partitions_of(graph_, c);
  const PartitionsPtr& up = partitions_of(graph_, p);
  const bool checked = c.check != nullptr && c.asset == parent;
  PartitionMappingPtr given = checked ? nullptr : given_mapping(graph_, c.step, parent);
  const PartitionMapping mapping = given ? *given : infer_partition_mapping(down, up);
  const bool same = c.partitions && p.partitions && same_partitions(down, up);
  edge.same_run = same && keeps_windows(mapping);
  if (c.partitions && p.partitions)
    edge.kind = same && is_identity(mapping) ? Edge::Kind::kIdentity : Edge::Kind::kMapped;
  if (edge.kind != Edge::Kind::kIdentity && p.partitions)
    edge.mapping = given ? given : std::make_shared<const PartitionMapping>(mapping);
  return edge;
}

EntityId Entities::find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? kNoEntity : found->second;
}

std::vector<EntityId> Entities::executed_together(EntityId id) const {
  const Entity& entity = entities_[id];
  if (!entity.step || entity.check || entity.step->can_subset) return {id};
  if (entity.step->outputs.size() == 1 && entity.step->checks.empty()) return {id};
  std::vector<EntityId> out;
  for (const OutputDef& output : entity.step->outputs) {
    const plan::NodeId node = graph_.find(output.asset.key);
    if (node != plan::kNoNode) out.push_back(node);
  }
  for (const CheckDef& check : entity.step->checks)
    if (const EntityId made = find(check.asset.text() + ":" + check.name); made != kNoEntity)
      out.push_back(made);
  std::sort(out.begin(), out.end());
  return out;
}

const Edge* Entities::find_edge(EntityId child, EntityId parent) const {
  for (const Edge& edge : entities_[child].parents)
    if (edge.parent == parent) return &edge;
  return nullptr;
}

Edge Entities::edge(EntityId child, EntityId parent) const {
  const Edge* found = find_edge(child, parent);
  return found ? *found : make_edge(child, parent);
}

Result<Slice> Entities::upstream(EntityId child, EntityId parent, const Slice& slice) const {
  const Entity &c = entities_[child], &p = entities_[parent];
  if (slice.is_none()) return slice;
  if (!p.partitions) return Slice::all();
  const Edge* found = find_edge(child, parent);
  Edge made;
  if (!found) {
    made = make_edge(child, parent);
    found = &made;
  }
  if (found->kind == Edge::Kind::kIdentity) return slice;
  const PartitionSubset subset = slice.subset(c.size);
  TREADLE_TRY(auto mapped, plan::upstream_of(*found->mapping, c.partitions,
                                             c.partitions ? &subset : nullptr, *p.partitions));
  return Slice::of(std::move(mapped.subset), p.size);
}

Result<Slice> Entities::downstream(EntityId parent, EntityId child, const Slice& slice) const {
  const Entity &c = entities_[child], &p = entities_[parent];
  if (slice.is_none()) return slice;
  if (!c.partitions || !p.partitions) return Slice::all();
  const Edge* found = find_edge(child, parent);
  Edge made;
  if (!found) {
    made = make_edge(child, parent);
    found = &made;
  }
  if (found->kind == Edge::Kind::kIdentity) return slice;
  TREADLE_TRY(auto mapped, plan::downstream_of(*found->mapping, *p.partitions, slice.subset(p.size),
                                               *c.partitions));
  return Slice::of(std::move(mapped), c.size);
}

std::vector<std::string> Entities::keys(EntityId id, const Slice& slice) const {
  const Entity& entity = entities_[id];
  if (!entity.partitions) return {};
  return entity.partitions->keys(slice.subset(entity.size));
}

}  // namespace treadle::automate
