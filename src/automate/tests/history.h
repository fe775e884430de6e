// A small world for tests: assets in a graph, and a history of what happens to them.
#pragma once

#include <treadle/automate/evaluate.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace treadle::automate {

inline constexpr Micros kHour = 3'600'000'000;
inline constexpr Micros kDay = 24 * kHour;

class History {
 public:
  // An asset; its condition and partitions may be none.
  History& asset(const std::string& key, std::vector<std::string> deps = {},
                 AutomationCondition condition = {}, PartitionsPtr partitions = {}) {
    StepDef step;
    step.name = key;
    for (const std::string& dep : deps)
      step.inputs.push_back({.name = "", .asset = AssetKey(dep), .loads_value = false});
    OutputDef output;
    output.asset.key = AssetKey(key);
    output.asset.automation_condition = std::move(condition);
    output.asset.partitions = std::move(partitions);
    step.outputs.push_back(std::move(output));
    definitions.steps.push_back(std::move(step));
    return *this;
  }
  History& check(const std::string& asset, const std::string& name, bool blocking = false,
                 const AutomationCondition& condition = {}) {
    for (StepDef& step : definitions.steps)
      if (step.name == asset) {
        CheckDef check;
        check.name = name;
        check.asset = AssetKey(asset);
        check.blocking = blocking;
        check.automation_condition = condition;
        step.checks.push_back(std::move(check));
      }
    return *this;
  }

  struct Made {
    std::string key, partition;
    std::size_t run;
    std::int64_t event;
    Micros time;
  };

  // One run that makes all of these: "asset" or "asset@partition".
  void run(const std::vector<std::string>& what, std::map<std::string, std::string> tags = {}) {
    runs.push_back({std::move(tags), what});
    for (const std::string& one : what) {
      const auto at = one.find('@');
      made.push_back({one.substr(0, at), at == std::string::npos ? "" : one.substr(at + 1),
                      runs.size() - 1, ++last_event, now += 1'000'000});
    }
  }

  // Evaluates at `now`; returns what is requested, "asset" or "asset@partition", sorted.
  std::vector<std::string> tick() {
    graph = std::make_unique<plan::AssetGraph>(definitions);
    entities = take(Entities::at(*graph, now, nullptr, otherwise));
    facts = read_facts();
    before = cursor;
    evaluation = take(evaluate(*entities, facts, cursor));
    cursor = evaluation.cursor;
    std::vector<std::string> out;
    for (const Requested& r : evaluation.requested) {
      const std::string key((*entities)[r.entity].key);
      if (!(*entities)[r.entity].partitions) out.push_back(key);
      for (const std::string& p : entities->keys(r.entity, r.slice)) out.push_back(key + "@" + p);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  Explanation why(const std::string& key) {
    return take(explain(*entities, facts, before, evaluation, entities->find(key)));
  }

  Facts read_facts() const {
    Facts out;
    out.last_event_id = last_event;
    out.since = cursor.since();
    out.assets.resize(entities->asset_count());
    out.checks.resize(entities->size() - entities->asset_count());
    for (const auto& [tags, what] : runs) {
      RunFacts run{tags, {}};
      for (const std::string& one : what)
        run.targets.push_back(entities->find(one.substr(0, one.find('@'))));
      std::sort(run.targets.begin(), run.targets.end());
      out.runs.push_back(std::move(run));
    }
    for (const Made& m : made) {
      const EntityId id = entities->find(m.key);
      const PartitionSet* set = (*entities)[id].partitions;
      const std::int64_t number = set ? set->find(m.partition).value() : 0;
      AssetFacts& asset = out.assets[id];
      asset.present = asset.present | PartitionSubset::one(number);
      asset.latest = Update{m.event, m.time, number, static_cast<std::uint32_t>(m.run)};
      if (m.event > out.since) {
        asset.new_data_versions.push_back(static_cast<std::uint32_t>(asset.updates.size()));
        asset.updates.push_back(*asset.latest);
      }
    }
    for (const auto& [key, version] : code_versions)
      out.assets[entities->find(key)].code_version = version;
    for (const auto& [key, subset] : running) out.assets[entities->find(key)].running = subset;
    for (const auto& [key, subset] : failed) out.assets[entities->find(key)].failed = subset;
    for (const auto& [key, subset] : backfilling)
      out.assets[entities->find(key)].backfilling = subset;
    for (const auto& [key, passed] : check_results) {
      const EntityId id = entities->find(key);
      (passed ? out.checks[id - entities->asset_count()].passed
              : out.checks[id - entities->asset_count()].failed) = PartitionSubset::one(0);
    }
    return out;
  }

  template <class T>
  static T take(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }

  Definitions definitions;
  AutomationCondition otherwise;
  Micros now = 1'767'225'600'000'000 + 5 * kDay;  // 2026-01-06
  std::int64_t last_event = 0;
  std::vector<Made> made;
  std::vector<std::pair<std::map<std::string, std::string>, std::vector<std::string>>> runs;
  std::map<std::string, std::string> code_versions;
  std::map<std::string, PartitionSubset> running, failed, backfilling;
  std::map<std::string, bool> check_results;

  std::unique_ptr<plan::AssetGraph> graph;
  std::unique_ptr<Entities> entities;
  Facts facts;
  Cursor before, cursor;
  Evaluation evaluation;
};

}  // namespace treadle::automate
