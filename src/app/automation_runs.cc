#include "automation_runs.h"

#include <treadle/app/partition_runs.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

namespace treadle::app {
namespace {

using automate::EntityId;
using automate::kNoEntity;

// What a run was to make and has not made.
Result<std::map<EntityId, PartitionSubset>> outstanding(events::Record& record,
                                                        AutomationPlaces& places, const Run& run) {
  TREADLE_TRY(const auto events,
              record.asset_events({.run_id = run.run_id,
                                   .types = {EventType::kAssetMaterializationPlanned,
                                             EventType::kAssetMaterialization}}));
  std::map<EntityId, PartitionSubset> out;
  std::map<EntityId, std::vector<std::int64_t>> made;
  bool planned = false;
  for (const auto& event : events.rows) {
    const EntityId id = places.entities().find(event.asset_key);
    planned = planned || event.type == EventType::kAssetMaterializationPlanned;
    if (id == kNoEntity) continue;
    if (event.type == EventType::kAssetMaterializationPlanned) {
      out[id] = out[id] | places.planned(id, event);
    } else if (const std::int64_t n = places.number(id, event.partition); n >= 0) {
      made[id].push_back(n);
    }
  }
  if (!planned) {
    // Queued, not started: nothing is planned in the record yet.
    for (const EntityId id : places.targets(run))
      if (!places.entities()[id].check) out[id] = places.of_run(id, run);
  }
  for (auto& [id, numbers] : made) {
    const auto wanted = out.find(id);
    if (wanted != out.end())
      wanted->second = wanted->second - PartitionSubset::of(std::move(numbers));
  }
  return out;
}

bool has_ended(RunStatus status) {
  return status == RunStatus::kSuccess || status == RunStatus::kFailure ||
         status == RunStatus::kCanceled;
}

std::string check_in(const std::string& payload) {
  boost::json::value value;
  if (!parse_json_value(payload, value) || !value.is_object()) return {};
  const auto* name = value.get_object().if_contains("check");
  return name != nullptr && name->is_string() ? std::string(name->get_string()) : std::string();
}

// Runs by their id, each read once.
class Runs {
 public:
  explicit Runs(events::Record& record) : record_(record) {}
  Result<const std::optional<Run>*> find(const std::string& id) {
    const auto [known, added] = known_.try_emplace(id);
    if (added && !id.empty()) {
      TREADLE_TRY(known->second, record_.find_run(id));
    }
    return &known->second;
  }

 private:
  events::Record& record_;
  std::map<std::string, std::optional<Run>> known_;
};

// When the checks of an asset were last evaluated: by check and partition, ids of events.
using Evaluated = std::unordered_map<EntityId, std::unordered_map<std::int64_t, std::int64_t>>;

// What became of the latest run that was to evaluate a check and has not.
Result<void> read_planned_checks(events::Record& record, AutomationPlaces& places, EntityId asset,
                                 const LatestMade& made, const Evaluated& evaluated, Runs& runs,
                                 automate::Facts& facts) {
  const automate::Entities& entities = places.entities();
  const std::string key(entities[asset].key);
  // A run that was to evaluate all of them before each of them was evaluated says nothing.
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const EntityId id : entities[asset].checks) {
    const auto at = evaluated.find(id);
    const bool known = at != evaluated.end() && !entities[id].partitions;
    first = std::min(first, known ? at->second.at(0) : 0);
  }
  TREADLE_TRY(const auto events,
              record.asset_events({.asset_key = key,
                                   .types = {EventType::kAssetCheckEvaluationPlanned},
                                   .after_id = first}));
  for (const auto& event : events.rows) {
    const EntityId id = entities.find(key + ":" + check_in(event.payload));
    if (id == kNoEntity) continue;
    TREADLE_TRY(const std::optional<Run>* run, runs.find(events.run_ids[event.run]));
    PartitionSubset subset = *run ? places.of_run(id, **run) : PartitionSubset::one(0);
    if (const auto at = evaluated.find(id); at != evaluated.end()) {
      std::vector<std::int64_t> later;
      for (const auto& [partition, when] : at->second)
        if (when > event.id) later.push_back(partition);
      subset = subset - PartitionSubset::of(std::move(later));
    }
    if (subset.empty()) continue;
    automate::CheckFacts& check = facts.checks[id - entities.asset_count()];
    for (PartitionSubset* state :
         {&check.passed, &check.failed, &check.running, &check.execution_failed, &check.left_out})
      *state = *state - subset;
    bool running = *run && !has_ended((*run)->status);
    if (running) {
      TREADLE_TRY(const bool interrupted, record.interrupted((*run)->run_id));
      running = !interrupted;
    }
    // Of what was made again since nothing is known.
    const bool outdated = made.event_id > event.id && made.run_id != events.run_ids[event.run];
    if (running) {
      check.running = check.running | subset;
    } else if (!entities[id].partitions && outdated) {
      continue;
    } else if (*run && (*run)->status == RunStatus::kFailure) {
      check.execution_failed = check.execution_failed | subset;
    } else {
      check.left_out = check.left_out | subset;
    }
  }
  return {};
}

}  // namespace

Result<void> read_running(events::Record& record, AutomationPlaces& places,
                          automate::Facts& facts) {
  TREADLE_TRY(const auto runs, record.runs({.statuses = {RunStatus::kQueued, RunStatus::kNotStarted,
                                                         RunStatus::kStarting, RunStatus::kStarted,
                                                         RunStatus::kCanceling}}));
  const std::string backfill(kBackfillTag), rest_of_backfill(kBackfillRestTag);
  for (const Run& run : runs) {
    TREADLE_TRY(const bool interrupted, record.interrupted(run.run_id));
    if (interrupted) continue;
    TREADLE_TRY(const auto wanted, outstanding(record, places, run));
    for (const auto& [id, subset] : wanted) {
      automate::AssetFacts& asset = facts.assets[id];
      asset.running = asset.running | subset;
      if (!run.tags.contains(backfill)) continue;
      asset.backfilling = asset.backfilling | subset;
      if (const auto rest = run.tags.find(rest_of_backfill); rest != run.tags.end()) {
        asset.backfilling =
            asset.backfilling | (places.parse(id, rest->second) - places.of_run(id, run));
      }
    }
  }
  return {};
}

Result<void> read_failed(events::Record& record, AutomationPlaces& places, automate::Facts& facts) {
  TREADLE_TRY(const auto failed_runs, record.runs({.statuses = {RunStatus::kFailure}}));
  Runs runs(record);
  for (const Run& run : failed_runs) {
    TREADLE_TRY(const auto events,
                record.asset_events(
                    {.run_id = run.run_id, .types = {EventType::kAssetMaterializationPlanned}}));
    for (const auto& event : events.rows) {
      const EntityId id = places.entities().find(event.asset_key);
      if (id == kNoEntity) continue;
      PartitionSubset failed = places.planned(id, event) - facts.assets[id].failed;
      if (failed.empty()) continue;
      // What happened to it later counts: made, or part of another run that has ended.
      TREADLE_TRY(const auto later,
                  record.asset_events({.asset_key = event.asset_key,
                                       .types = {EventType::kAssetMaterialization,
                                                 EventType::kAssetMaterializationPlanned},
                                       .after_id = event.id}));
      std::vector<std::int64_t> made;
      for (const auto& other : later.rows) {
        if (other.type == EventType::kAssetMaterialization) {
          if (const std::int64_t n = places.number(id, other.partition); n >= 0) made.push_back(n);
          continue;
        }
        TREADLE_TRY(const std::optional<Run>* by, runs.find(later.run_ids[other.run]));
        if (*by && has_ended((*by)->status)) failed = failed - places.planned(id, other);
      }
      failed = failed - PartitionSubset::of(std::move(made));
      facts.assets[id].failed = facts.assets[id].failed | failed;
    }
  }
  return {};
}

Result<void> read_checks(events::Record& record, AutomationPlaces& places,
                         const std::vector<LatestMade>& made,
                         const std::function<Result<std::uint32_t>(const std::string&)>& run_of,
                         automate::Facts& facts) {
  const automate::Entities& entities = places.entities();
  const auto set = [&](automate::CheckFacts& check, const events::CheckResult& result,
                       const PartitionSubset& subset) {
    (result.passed ? check.passed : check.failed) =
        (result.passed ? check.passed : check.failed) | subset;
  };
  Evaluated evaluated;
  TREADLE_TRY(const auto latest, record.latest_checks());
  for (const events::CheckResult& result : latest) {
    const EntityId id = entities.find(result.asset.text() + ":" + result.check);
    if (id == kNoEntity) continue;
    automate::CheckFacts& check = facts.checks[id - entities.asset_count()];
    check.evaluated = result.time;
    TREADLE_TRY(check.run, run_of(result.run_id));
    if (entities[id].partitions) continue;
    evaluated[id][0] = result.event_id;
    const LatestMade& last = made[entities[id].asset];
    if (result.event_id < last.event_id && result.run_id != last.run_id) continue;
    set(check, result, PartitionSubset::one(0));
  }
  Runs runs(record);
  for (EntityId asset = 0; asset < entities.asset_count(); ++asset) {
    const auto& checks = entities[asset].checks;
    if (checks.empty()) continue;
    const AssetKey key{std::string(entities[asset].key)};
    if (std::any_of(checks.begin(), checks.end(),
                    [&](EntityId id) { return entities[id].partitions != nullptr; })) {
      std::unordered_map<std::string, std::int64_t> made_at;
      TREADLE_TRY(const auto facts_of_asset, record.partition_facts(key));
      for (const events::PartitionFact& fact : facts_of_asset)
        made_at[fact.partition] = fact.materialized;
      TREADLE_TRY(const auto results, record.latest_partition_checks(key));
      for (const auto& [partition, result] : results) {
        const EntityId id = entities.find(key.text() + ":" + result.check);
        if (id == kNoEntity || !entities[id].partitions) continue;
        const std::int64_t n = places.number(id, partition);
        const auto at = made_at.find(partition);
        if (n < 0) continue;
        evaluated[id][n] = result.event_id;
        if (at != made_at.end() && result.event_id < at->second) {
          TREADLE_TRY(const auto by, record.latest_materialization(key, partition));
          if (by && by->run_id != result.run_id) continue;
        }
        set(facts.checks[id - entities.asset_count()], result, PartitionSubset::one(n));
      }
    }
    TREADLE_CHECK(read_planned_checks(record, places, asset, made[asset], evaluated, runs, facts));
  }
  return {};
}

}  // namespace treadle::app
