// Conditions that ask the facts.
#include "evaluator.h"
#include <treadle/automate/condition_context.h>

#include <algorithm>

namespace treadle::automate {

using Kind = AutomationCondition::Kind;

namespace {

bool asks_no_facts(Kind kind) {
  return kind == Kind::kInitialEvaluation || kind == Kind::kCronTickPassed ||
         kind == Kind::kInLatestTimeWindow || kind == Kind::kNewlyRequested;
}

}  // namespace

Outcome Evaluator::operand(const AutomationCondition& condition, EntityId entity,
                           const Slice& candidates) {
  const Node& node = condition.node();
  const Entity& e = entities_[entity];
  // A job has no executions of its own.
  if (e.job && !asks_no_facts(node.kind)) return {};
  if (node.kind == Kind::kCodeVersionChanged) return code_version(node, entity, candidates);
  if (candidates.is_none()) return {};
  const AssetFacts* asset = e.check || e.job ? nullptr : &facts_.assets[entity];
  const CheckFacts* check = e.check ? &facts_.checks[entity - entities_.asset_count()] : nullptr;
  const auto slice = [&](const PartitionSubset& subset) { return Slice::of(subset, e.size); };
  switch (node.kind) {
    case Kind::kMissing:
      return {missing(entity, candidates), {}};
    case Kind::kRunInProgress:
      return {slice(asset ? asset->running : check->running), {}};
    case Kind::kBackfillInProgress:
      return {asset ? slice(asset->backfilling) : Slice::none(), {}};
    case Kind::kExecutionFailed:
      return {slice(asset ? asset->failed : check->execution_failed), {}};
    case Kind::kWillBeRequested:
      return {will_be_requested(entity), {}};
    case Kind::kNewlyRequested: {
      const EntityCursor* cursor = cursor_of(entity);
      if (!cursor || cursor->requested.is_none()) return {};
      Outcome out{translated(cursor->requested, entity, cursor->partitions.get()), {}};
      if (root_cursor_ && !out.holds.is_none()) out.times = {{root_cursor_->time, out.holds}};
      return out;
    }
    case Kind::kNewlyUpdated:
      return newly_updated(entity);
    case Kind::kDataVersionChanged: {
      if (!root_cursor_ || !asset) return {};
      std::vector<std::int64_t> partitions;
      for (std::uint32_t i : asset->new_data_versions)
        if (asset->updates[i].event_id > root_cursor_->last_event_id)
          partitions.push_back(asset->updates[i].partition);
      return {slice(PartitionSubset::of(std::move(partitions))), {}};
    }
    case Kind::kInitialEvaluation:
      return {is_initial() ? candidates : Slice::none(), {}};
    case Kind::kCronTickPassed:
      return cron_tick(node, candidates);
    case Kind::kInLatestTimeWindow:
      return {latest_window(node, entity), {}};
    case Kind::kCheckResult:
      return {check ? slice(node.flag ? check->passed : check->failed) : Slice::none(), {}};
    case Kind::kFreshness:
      return {Slice::all_if(asset && asset->freshness == node.freshness), {}};
    case Kind::kExecutedWithRootTarget:
      // An asset that depends on itself: its partition and the root's are never the same.
      if (entity == root_) return {};
      return {latest_run_matches(entity, candidates,
                                 [&](const RunFacts& run) {
                                   return std::binary_search(run.targets.begin(), run.targets.end(),
                                                             root_);
                                 }),
              {}};
    case Kind::kExecutedWithTags:
      return {latest_run_matches(entity, candidates,
                                 [&](const RunFacts& run) { return node.tags.matches(run.tags); }),
              {}};
    case Kind::kAnyNewUpdateHasTags:
      return {updates_with_tags(node, entity, false), {}};
    case Kind::kAllNewUpdatesHaveTags:
      return {updates_with_tags(node, entity, true), {}};
    default:
      return {};
  }
}

Slice Evaluator::missing(EntityId entity, const Slice& candidates) const {
  const Entity& e = entities_[entity];
  if (!e.check)
    return Slice::subtract(candidates, Slice::of(facts_.assets[entity].present, e.size), e.size);
  const CheckFacts& check = facts_.checks[entity - entities_.asset_count()];
  return Slice::subtract(candidates,
                         Slice::of(check.passed | check.failed | check.running |
                                       check.execution_failed | check.left_out,
                                   e.size),
                         e.size);
}

Outcome Evaluator::newly_updated(EntityId entity) const {
  if (!root_cursor_) return {};
  const Entity& e = entities_[entity];
  if (e.check)
    return {Slice::all_if(facts_.checks[entity - entities_.asset_count()].evaluated >=
                              root_cursor_->time &&
                          facts_.checks[entity - entities_.asset_count()].evaluated != 0),
            {}};
  const auto& updates = facts_.assets[entity].updates;
  const auto first =
      std::upper_bound(updates.begin(), updates.end(), root_cursor_->last_event_id,
                       [](std::int64_t id, const Update& update) { return id < update.event_id; });
  if (first == updates.end()) return {};
  if (!e.partitions) return {Slice::all(), {{updates.back().time, Slice::all()}}};
  // The latest time of each partition.
  std::map<std::int64_t, Micros> latest;
  for (auto update = first; update != updates.end(); ++update)
    latest[update->partition] = update->time;
  std::map<Micros, std::vector<std::int64_t>> by_time;
  std::vector<std::int64_t> all;
  for (const auto& [partition, time] : latest) {
    by_time[time].push_back(partition);
    all.push_back(partition);
  }
  Outcome out{Slice::of(PartitionSubset::of(std::move(all)), e.size), {}};
  for (auto& [time, partitions] : by_time)
    out.times.emplace_back(time, Slice::of(PartitionSubset::of(std::move(partitions)), e.size));
  return out;
}

Outcome Evaluator::cron_tick(const Node& node, const Slice& candidates) {
  auto [known, added] = cron_ticks_.try_emplace({node.cron, node.timezone});
  if (added) {
    // Checked when the condition was made.
    const auto schedule = CronSchedule::parse(node.cron, node.timezone);
    if (!schedule) return {fail_with(schedule.error()), {}};
    known->second = schedule->at_or_before(entities_.now());
  }
  const std::optional<Micros>& tick = known->second;
  if (!root_cursor_ || !tick || *tick < root_cursor_->time) return {};
  return {candidates, {{*tick, candidates}}};
}

Slice Evaluator::latest_window(const Node& node, EntityId entity) const {
  const Entity& e = entities_[entity];
  if (!e.partitions || !e.partitions->has_windows()) return Slice::all();
  return Slice::of(e.partitions->latest_window(node.lookback), e.size);
}

Slice Evaluator::will_be_requested(EntityId entity) const {
  const Slice& slice = requested_[entity];
  if (slice.is_none()) return slice;
  const Entity& e = entities_[entity];
  if (!e.check && !e.step) return Slice::none();
  if (entity != root_ && !entities_.edge(root_, entity).same_run) return Slice::none();
  return slice;
}

Slice Evaluator::latest_run_matches(EntityId entity, const Slice& candidates,
                                    const std::function<bool(const RunFacts&)>& matches) const {
  const Entity& e = entities_[entity];
  if (e.check) {
    const CheckFacts& check = facts_.checks[entity - entities_.asset_count()];
    return check.run && matches(facts_.runs[*check.run]) ? candidates : Slice::none();
  }
  const std::optional<Update>& latest = facts_.assets[entity].latest;
  if (!latest || !candidates.contains(latest->partition) || !matches(facts_.runs[latest->run]))
    return Slice::none();
  return Slice::of(PartitionSubset::one(latest->partition), e.size);
}

Slice Evaluator::updates_with_tags(const Node& node, EntityId entity, bool all) const {
  if (!root_cursor_ || root_cursor_->last_event_id == 0 || entities_[entity].check) return {};
  std::map<std::int64_t, bool> by_partition;
  for (const Update& update : facts_.assets[entity].updates) {
    if (update.event_id <= root_cursor_->last_event_id) continue;
    const bool matches = node.tags.matches(facts_.runs[update.run].tags);
    const auto [known, added] = by_partition.try_emplace(update.partition, matches);
    if (!added) known->second = all ? known->second && matches : known->second || matches;
  }
  std::vector<std::int64_t> partitions;
  for (const auto& [partition, matches] : by_partition)
    if (matches) partitions.push_back(partition);
  return Slice::of(PartitionSubset::of(std::move(partitions)), size(entity));
}

Outcome Evaluator::code_version(const Node& node, EntityId entity, const Slice& candidates) {
  const NodeState* before = previous_state(node, entity);
  const std::string now =
      entities_[entity].check ? std::string() : facts_.assets[entity].code_version;
  const bool changed = before && before->text && *before->text != now;
  // Nobody knows the version: nothing to compare the next one with.
  if (!now.empty()) new_state(node, entity).text = now;
  return {changed ? candidates : Slice::none(), {}};
}

bool Evaluator::is_initial() const {
  if (!root_cursor_) return true;
  using PartitionsKind = RememberedPartitions::Kind;
  const PartitionSet* now = entities_[root_].partitions;
  const PartitionsKind kind = !now                           ? PartitionsKind::kNone
                              : now->definition()->as_time() ? PartitionsKind::kTime
                                                             : PartitionsKind::kKeys;
  return root_cursor_->partitions && root_cursor_->partitions->kind != kind;
}

Outcome Evaluator::custom(const AutomationCondition& condition, EntityId entity,
                          const Slice& candidates, Explanation* explanation) {
  const Node& node = condition.node();
  const NodeState* before = previous_state(node, entity);
  ConditionContext context;
  context.entity = entity;
  context.root = root_;
  context.entities = &entities_;
  context.facts = &facts_;
  context.candidates = candidates;
  if (root_cursor_) {
    context.previous_time = root_cursor_->time;
    context.previous_event_id = root_cursor_->last_event_id;
  }
  if (before) {
    context.previous_true = previous_slice(before->true_slice, entity);
    context.cursor = before->text;
  }
  context.evaluate = [&](const AutomationCondition& other, EntityId target,
                         const Slice& slice) -> Result<Slice> {
    Slice holds = child(other, target, slice, explanation).holds;
    if (error_) return fail(*error_);
    return holds;
  };
  auto result = node.custom->evaluate(context);
  if (!result) return {fail_with(std::move(result).error()), {}};
  const Slice holds = Slice::of(std::move(result->true_subset), size(entity));
  NodeState& state = new_state(node, entity);
  state.true_slice = holds;
  state.text = std::move(result->cursor);
  return {holds, {}};
}

}  // namespace treadle::automate
