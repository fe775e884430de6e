#include "automation_runs.h"
#include <treadle/app/automation.h>
#include <treadle/app/partitions.h>
#include <treadle/automate/freshness.h>

#include <algorithm>
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
      : home_(home), record_(home.record()), entities_(entities), places_(entities) {
    facts_.since = cursor.since();
    facts_.assets.resize(entities.asset_count());
    facts_.checks.resize(entities.size() - entities.asset_count());
    latest_.resize(entities.asset_count());
    std::set<const void*> seen;
    for (EntityId id = 0; id < entities.size(); ++id) {
      if (!entities[id].condition) continue;
      checks_asked_ = checks_asked_ || entities[id].check != nullptr;
      if (seen.insert(&entities[id].condition->node()).second)
        conditions_.push_back(entities[id].condition);
    }
    checks_asked_ = checks_asked_ || any_asks({Kind::kAnyChecks, Kind::kAllChecks, Kind::kCustom});
  }

  Result<automate::Facts> read() {
    TREADLE_CHECK(read_last_event());
    TREADLE_CHECK(read_latest());
    TREADLE_CHECK(read_partitions());
    TREADLE_CHECK(read_observations());
    TREADLE_CHECK(read_updates());
    TREADLE_CHECK(read_running(record_, places_, facts_));
    if (checks_asked_ && !facts_.checks.empty()) {
      std::vector<LatestMade> made(latest_.size());
      for (std::size_t i = 0; i < made.size(); ++i)
        if (latest_[i]) made[i] = {latest_[i]->event_id, latest_[i]->run_id};
      TREADLE_CHECK(read_checks(
          record_, places_, made, [this](const std::string& id) { return run(id); }, facts_));
    }
    if (any_asks({Kind::kExecutionFailed}))
      TREADLE_CHECK(app::read_failed(record_, places_, facts_));
    const bool versions_asked = any_asks({Kind::kCodeVersionChanged});
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      const plan::Node& node = entities_.graph().node(id);
      automate::AssetFacts& asset = facts_.assets[id];
      if (node.info->freshness_policy) {
        const auto made = latest_[id] ? std::optional(latest_[id]->time) : std::nullopt;
        asset.freshness =
            automate::evaluate_freshness(*node.info->freshness_policy, made, entities_.now());
      }
      asset.code_version = node.info->code_version;
      if (asset.code_version.empty() && node.step && versions_asked)
        asset.code_version = derived_code_version(*node.step);
    }
    return std::move(facts_);
  }

 private:
  struct Latest {
    std::int64_t event_id = 0;
    std::string run_id;
    Micros time = 0;
    std::string partition;
  };

  bool any_asks(const std::set<Kind>& kinds) const {
    return std::any_of(conditions_.begin(), conditions_.end(),
                       [&](const AutomationCondition* c) { return asks(*c, kinds); });
  }

  Result<void> read_last_event() {
    TREADLE_TRY(const auto last, record_.events({.limit = 1, .newest_first = true}));
    if (!last.empty()) facts_.last_event_id = last.front().id;
    return {};
  }

  Result<void> read_latest() {
    const bool asks_runs =
        any_asks({Kind::kExecutedWithRootTarget, Kind::kExecutedWithTags, Kind::kCustom});
    TREADLE_TRY(auto whole, record_.latest_updates());
    for (events::LatestUpdate& update : whole) {
      const EntityId id = entities_.find(update.asset.text());
      if (id >= entities_.asset_count()) continue;
      if (!entities_[id].partitions) facts_.assets[id].present = PartitionSubset::one(0);
      latest_[id] = Latest{update.event_id, std::move(update.run_id), update.time, {}};
    }
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      const plan::Node& node = entities_.graph().node(id);
      // Of whichever partition was made last; only where it is asked for.
      if (entities_[id].partitions &&
          (asks_runs || node.info->freshness_policy || !entities_[id].checks.empty())) {
        TREADLE_TRY(auto last, record_.latest_materialization(node.info->key, ""));
        if (last)
          latest_[id] = Latest{last->event_id, std::move(last->run_id), last->time,
                               std::move(last->partition)};
      }
      if (!asks_runs || !latest_[id]) continue;
      // Only what is new can matter: the run of an older one has been asked about before.
      if (latest_[id]->event_id <= facts_.since &&
          !any_asks({Kind::kExecutedWithTags, Kind::kCustom}))
        continue;
      automate::Update update{latest_[id]->event_id, latest_[id]->time,
                              places_.number(id, latest_[id]->partition), 0};
      if (update.partition < 0) continue;
      TREADLE_TRY(update.run, run(latest_[id]->run_id));
      facts_.assets[id].latest = update;
    }
    return {};
  }

  Result<void> read_partitions() {
    std::vector<PartitionsAsked> asked;
    std::vector<EntityId> ids;
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      if (!entities_[id].partitions) continue;
      asked.push_back({entities_.graph().node(id).info->key, entities_[id].partitions});
      ids.push_back(id);
    }
    if (asked.empty()) return {};
    TREADLE_TRY(auto known, known_partitions(home_, asked));
    for (std::size_t i = 0; i < ids.size(); ++i)
      facts_.assets[ids[i]].present = std::move(known[i].materialized);
    return {};
  }

  // Of assets made elsewhere an observation says as much as a materialization.
  Result<void> read_observations() {
    for (EntityId id = 0; id < entities_.asset_count(); ++id) {
      if (entities_[id].step) continue;
      TREADLE_TRY(const auto observed,
                  record_.asset_events({.asset_key = std::string(entities_[id].key),
                                        .types = {EventType::kAssetObservation},
                                        .limit = entities_[id].partitions ? 0 : 1,
                                        .newest_first = true}));
      std::vector<std::int64_t> numbers;
      for (const auto& event : observed.rows)
        if (const std::int64_t n = places_.number(id, event.partition); n >= 0)
          numbers.push_back(n);
      facts_.assets[id].present =
          facts_.assets[id].present | PartitionSubset::of(std::move(numbers));
    }
    return {};
  }

  Result<void> read_updates() {
    if (facts_.since >= facts_.last_event_id) return {};
    TREADLE_TRY(const auto events, record_.asset_events({.types = {EventType::kAssetMaterialization,
                                                                   EventType::kAssetObservation},
                                                         .after_id = facts_.since}));
    const bool asks_tags =
        any_asks({Kind::kAnyNewUpdateHasTags, Kind::kAllNewUpdatesHaveTags, Kind::kCustom});
    const bool asks_data = any_asks({Kind::kDataVersionChanged, Kind::kCustom});
    for (const auto& event : events.rows) {
      const auto [id, partition] = places_.place(event.asset_key, event.partition);
      if (id == kNoEntity || partition < 0) continue;
      const bool observed = event.type == EventType::kAssetObservation;
      if (observed && entities_[id].step) continue;
      automate::Update update{event.id, event.time, partition, 0};
      if (asks_tags) {
        TREADLE_TRY(update.run, run(events.run_ids[event.run]));
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
  Result<bool> is_new_version(const events::AssetEvents::Row& event) {
    constexpr int kPage = 100;
    std::optional<std::string> now;
    std::int64_t before = event.id + 1;
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
        std::string then = observed_version(other);
        if (other.type == EventType::kAssetMaterialization) {
          TREADLE_TRY(Provenance made, provenance_of(other));
          then = std::move(made.data_version);
        }
        if (now) return now->empty() || *now != then;
        now = std::move(then);
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
        facts.targets = places_.targets(*found);
      }
    }
    facts_.runs.push_back(std::move(facts));
    return known->second;
  }

  Home& home_;
  events::Record& record_;
  const automate::Entities& entities_;
  AutomationPlaces places_;
  automate::Facts facts_;
  std::vector<const AutomationCondition*> conditions_;
  std::vector<std::optional<Latest>> latest_;  // by asset
  std::unordered_map<std::string, std::uint32_t> runs_;
  bool checks_asked_ = false;
};

}  // namespace

Result<AutomationMoment> automation_moment(Home& home, const plan::AssetGraph& graph, Micros now,
                                           const automate::Cursor& cursor,
                                           const DynamicKeys* dynamic,
                                           const AutomationCondition& otherwise) {
  AutomationMoment out;
  TREADLE_TRY(out.entities, automate::Entities::at(
                                graph, now, dynamic ? dynamic : &home.dynamic_keys(), otherwise));
  TREADLE_TRY(out.facts, Reader(home, *out.entities, cursor).read());
  return out;
}

}  // namespace treadle::app
