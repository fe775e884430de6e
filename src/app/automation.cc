#include <treadle/app/automation.h>
#include <treadle/automate/freshness.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace treadle::app {
namespace {

using automate::EntityId;
using automate::kNoEntity;
using Kind = AutomationCondition::Kind;

bool asks(const AutomationCondition& condition, const std::set<Kind>& kinds) {
  const auto& node = condition.node();
  return kinds.contains(node.kind) ||
         std::any_of(node.children.begin(), node.children.end(),
                     [&](const AutomationCondition& child) { return asks(child, kinds); });
}

class Reader {
 public:
  Reader(Home& home, const automate::Entities& entities, const automate::Cursor& cursor)
      : record_(home.record()), entities_(entities) {
    facts_.since = cursor.since();
    facts_.assets.resize(entities.asset_count());
    facts_.checks.resize(entities.size() - entities.asset_count());
    latest_event_.resize(entities.asset_count());
    latest_time_.resize(entities.asset_count());
    std::set<const void*> seen;
    for (EntityId id = 0; id < entities.size(); ++id)
      if (entities[id].condition && seen.insert(&entities[id].condition->node()).second)
        conditions_.push_back(entities[id].condition);
  }

  Result<automate::Facts> read() {
    TREADLE_CHECK(read_last_event());
    TREADLE_CHECK(read_latest());
    TREADLE_CHECK(read_observations());
    TREADLE_CHECK(read_updates());
    TREADLE_CHECK(read_unfinished());
    TREADLE_CHECK(read_checks());
    if (any_asks({Kind::kExecutionFailed})) TREADLE_CHECK(read_failed());
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      const plan::Node& node = entities_.graph().node(id);
      automate::AssetFacts& asset = facts_.assets[id];
      if (node.info->freshness_policy)
        asset.freshness = automate::evaluate_freshness(*node.info->freshness_policy,
                                                       latest_time_[id], entities_.now());
      asset.code_version = node.info->code_version;
      if (asset.code_version.empty() && node.step && versions_asked_)
        asset.code_version = derived_code_version(*node.step);
    }
    return std::move(facts_);
  }

 private:
  bool any_asks(const std::set<Kind>& kinds) const {
    return std::any_of(conditions_.begin(), conditions_.end(),
                       [&](const AutomationCondition* c) { return asks(*c, kinds); });
  }

  // kNoEntity for what these definitions do not have; a partition that is gone is -1.
  std::pair<EntityId, std::int64_t> place(const std::string& key,
                                          const std::string& partition) const {
    const EntityId id = entities_.find(key);
    if (id == kNoEntity) return {id, -1};
    return {id, number(id, partition)};
  }
  std::int64_t number(EntityId id, const std::string& partition) const {
    const PartitionSet* set = entities_[id].partitions;
    if (!set) return partition.empty() ? 0 : -1;
    return set->find(partition).value_or(-1);
  }

  Result<void> read_last_event() {
    versions_asked_ = any_asks({Kind::kCodeVersionChanged});
    TREADLE_TRY(const auto last, record_.events({.limit = 1, .newest_first = true}));
    if (!last.empty()) facts_.last_event_id = last.front().id;
    return {};
  }

  Result<void> read_latest() {
    TREADLE_TRY(const auto latest, record_.latest_materializations());
    std::vector<std::vector<std::int64_t>> present(entities_.asset_count());
    const bool asks_runs = any_asks({Kind::kExecutedWithRootTarget, Kind::kExecutedWithTags});
    std::vector<const events::LatestMaterialization*> last(entities_.asset_count());
    for (const events::LatestMaterialization& m : latest) {
      const auto [id, partition] = place(m.asset.text(), m.partition);
      if (id == kNoEntity || partition < 0) continue;
      present[id].push_back(partition);
      made_by_[{id, partition}] = m.run_id;
      if (!last[id] || last[id]->event_id < m.event_id) last[id] = &m;
    }
    for (EntityId id = 0; id < present.size(); ++id) {
      facts_.assets[id].present = PartitionSubset::of(std::move(present[id]));
      if (!last[id]) continue;
      latest_event_[id] = {last[id]->event_id, last[id]->run_id};
      latest_time_[id] = last[id]->time;
      // Only what is new can matter: the run of an older one has been asked about before.
      if (!asks_runs) continue;
      automate::Update update{last[id]->event_id, last[id]->time, number(id, last[id]->partition),
                              0};
      if (update.event_id <= facts_.since && !any_asks({Kind::kExecutedWithTags})) continue;
      TREADLE_TRY(update.run, run(last[id]->run_id));
      facts_.assets[id].latest = update;
    }
    return {};
  }

  // Of assets made elsewhere an observation says as much as a materialization.
  Result<void> read_observations() {
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      if (entities_[id].step) continue;
      TREADLE_TRY(const auto observed, record_.events({.asset_key = std::string(entities_[id].key),
                                                       .types = {EventType::kAssetObservation},
                                                       .limit = entities_[id].partitions ? 0 : 1,
                                                       .newest_first = true}));
      std::vector<std::int64_t> numbers;
      for (const Event& event : observed)
        if (const std::int64_t n = number(id, event.partition); n >= 0) numbers.push_back(n);
      facts_.assets[id].present =
          facts_.assets[id].present | PartitionSubset::of(std::move(numbers));
    }
    return {};
  }

  Result<void> read_updates() {
    if (facts_.since >= facts_.last_event_id) return {};
    TREADLE_TRY(
        const auto events,
        record_.events({.types = {EventType::kAssetMaterialization, EventType::kAssetObservation},
                        .after_id = facts_.since}));
    const bool asks_tags = any_asks({Kind::kAnyNewUpdateHasTags, Kind::kAllNewUpdatesHaveTags});
    const bool asks_data = any_asks({Kind::kDataVersionChanged});
    for (const Event& event : events) {
      const auto [id, partition] = place(event.asset_key, event.partition);
      if (id == kNoEntity || partition < 0) continue;
      const bool observed = event.type == EventType::kAssetObservation;
      if (observed && entities_[id].step) continue;
      automate::Update update{event.id, event.time, partition, 0};
      if (asks_tags) {
        TREADLE_TRY(update.run, run(event.run_id));
      }
      automate::AssetFacts& asset = facts_.assets[id];
      if (asks_data || observed) {
        TREADLE_TRY(const bool changed, is_new_version(event));
        // An observation of what was there before is no update.
        if (observed && !changed) continue;
        if (changed)
          asset.new_data_versions.push_back(static_cast<std::uint32_t>(asset.updates.size()));
      }
      asset.updates.push_back(update);
    }
    return {};
  }

  // Whether the event gives its partition another data version than the one before it did.
  Result<bool> is_new_version(const Event& event) {
    TREADLE_TRY(const Provenance now, provenance_of(event));
    constexpr int kPage = 100;
    std::int64_t before = event.id;
    while (true) {
      TREADLE_TRY(
          const auto earlier,
          record_.events({.asset_key = event.asset_key,
                          .types = {EventType::kAssetMaterialization, EventType::kAssetObservation},
                          .before_id = before,
                          .limit = kPage,
                          .newest_first = true}));
      for (const Event& other : earlier) {
        if (other.partition != event.partition) continue;
        TREADLE_TRY(const Provenance then, provenance_of(other));
        return now.data_version.empty() || now.data_version != then.data_version;
      }
      if (earlier.size() < kPage) return true;
      before = earlier.back().id;
    }
  }

  Result<std::uint32_t> run(const std::string& run_id) {
    const auto [known, added] =
        runs_.try_emplace(run_id, static_cast<std::uint32_t>(facts_.runs.size()));
    if (!added) return known->second;
    automate::RunFacts facts;
    if (!run_id.empty()) {
      TREADLE_TRY(const auto found, record_.find_run(run_id));
      if (found) {
        facts.tags = found->tags;
        facts.targets = targets(*found);
      }
    }
    facts_.runs.push_back(std::move(facts));
    return known->second;
  }

  std::vector<EntityId> targets(const Run& run) {
    if (by_step_.empty())
      for (EntityId id = 0; id < entities_.size(); ++id)
        if (entities_[id].step) by_step_[entities_[id].step->name].push_back(id);
    std::vector<EntityId> out;
    for (const std::string& key : run.step_keys)
      if (const auto found = by_step_.find(key); found != by_step_.end())
        out.insert(out.end(), found->second.begin(), found->second.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  struct Planned {
    EntityId entity;
    std::int64_t partition;
  };
  // What a run said it would make.
  Result<std::vector<Planned>> planned(const Run& run) {
    TREADLE_TRY(
        const auto events,
        record_.events({.run_id = run.run_id, .types = {EventType::kAssetMaterializationPlanned}}));
    std::vector<Planned> out;
    for (const Event& event : events) {
      const auto [id, partition] = place(event.asset_key, event.partition);
      if (id != kNoEntity && partition >= 0) out.push_back({id, partition});
    }
    if (!events.empty()) return out;
    // Queued, not started: nothing is planned in the record yet.
    const auto partition = run.tags.find("dagster/partition");
    for (EntityId id : targets(run)) {
      if (entities_[id].check) continue;
      const std::int64_t n =
          number(id, partition == run.tags.end() ? std::string() : partition->second);
      if (n >= 0) out.push_back({id, n});
    }
    return out;
  }

  Result<void> read_unfinished() {
    TREADLE_TRY(
        const auto runs,
        record_.runs({.statuses = {RunStatus::kQueued, RunStatus::kNotStarted, RunStatus::kStarting,
                                   RunStatus::kStarted, RunStatus::kCanceling}}));
    std::map<EntityId, std::vector<std::int64_t>> running;
    for (const Run& run : runs) {
      TREADLE_TRY(const bool interrupted, record_.interrupted(run.run_id));
      if (interrupted) continue;
      TREADLE_TRY(const auto plan, planned(run));
      for (const Planned& p : plan) {
        const auto made = made_by_.find({p.entity, p.partition});
        if (made != made_by_.end() && made->second == run.run_id) continue;
        running[p.entity].push_back(p.partition);
      }
    }
    for (auto& [id, numbers] : running)
      facts_.assets[id].running = PartitionSubset::of(std::move(numbers));
    return {};
  }

  // The latest run that was to make a partition decides, newest first.
  Result<void> read_failed() {
    TREADLE_TRY(const auto runs,
                record_.runs({.statuses = {RunStatus::kFailure, RunStatus::kSuccess,
                                           RunStatus::kCanceled}}));
    std::set<std::pair<EntityId, std::int64_t>> decided;
    std::map<EntityId, std::vector<std::int64_t>> failed;
    for (const Run& run : runs) {
      TREADLE_TRY(const auto plan, planned(run));
      for (const Planned& p : plan) {
        if (!decided.insert({p.entity, p.partition}).second) continue;
        const auto made = made_by_.find({p.entity, p.partition});
        if (run.status == RunStatus::kFailure &&
            (made == made_by_.end() || made->second != run.run_id))
          failed[p.entity].push_back(p.partition);
      }
    }
    for (auto& [id, numbers] : failed)
      facts_.assets[id].failed = PartitionSubset::of(std::move(numbers));
    return {};
  }

  Result<void> read_checks() {
    if (facts_.checks.empty()) return {};
    TREADLE_TRY(const auto latest, record_.latest_checks());
    for (const events::CheckResult& result : latest) {
      const EntityId id = entities_.find(result.asset.text() + ":" + result.check);
      if (id == kNoEntity) continue;
      automate::CheckFacts& check = facts_.checks[id - entities_.asset_count()];
      check.evaluated = result.time;
      TREADLE_TRY(const std::uint32_t run_index, run(result.run_id));
      check.run = run_index;
      const auto& [made, made_by] = latest_event_[entities_[id].asset];
      if (result.event_id < made && result.run_id != made_by) continue;
      (result.passed ? check.passed : check.failed) = PartitionSubset::range(0, entities_[id].size);
    }
    return {};
  }

  events::Record& record_;
  const automate::Entities& entities_;
  automate::Facts facts_;
  std::vector<const AutomationCondition*> conditions_;
  std::vector<std::pair<std::int64_t, std::string>> latest_event_;  // by asset: event and run
  std::vector<std::optional<Micros>> latest_time_;
  std::map<std::pair<EntityId, std::int64_t>, std::string> made_by_;
  std::unordered_map<std::string, std::uint32_t> runs_;
  std::unordered_map<std::string, std::vector<EntityId>> by_step_;
  bool versions_asked_ = false;
};

}  // namespace

Result<AutomationMoment> automation_moment(Home& home, const plan::AssetGraph& graph, Micros now,
                                           const automate::Cursor& cursor,
                                           const DynamicKeys* dynamic) {
  AutomationMoment out;
  TREADLE_TRY(out.entities,
              automate::Entities::at(graph, now, dynamic ? dynamic : &home.dynamic_keys()));
  TREADLE_TRY(out.facts, Reader(home, *out.entities, cursor).read());
  return out;
}

}  // namespace treadle::app
