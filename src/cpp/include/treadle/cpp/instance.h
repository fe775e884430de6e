// What a home remembers, from inside a program: runs, events, what is known of assets.
//   auto instance = td::Instance::open();
//   for (const td::Run& run : *instance->runs({.statuses = {td::RunStatus::kFailure}, .limit = 10})) ...
//   auto made = instance->latest_materialization("model");
//   instance->add_dynamic_partitions("customers", {"ada", "grace"});
#pragma once

#include <treadle/cpp/events.h>
#include <treadle/cpp/partitions.h>
#include <treadle/cpp/values.h>
#include <treadle/define/partition_set.h>
#include <treadle/model/event.h>
#include <treadle/model/run.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

namespace app {
class Home;
}

struct RunsFilter {
  std::vector<RunStatus> statuses = {};  // none = any
  std::string job = {};                  // "" = any
  std::map<std::string, std::string> tags = {};
  int limit = 0;  // 0 = all; newest first
};

struct EventsFilter {
  std::string run_id = {};            // "" = every run
  AssetKey asset = {};                // empty = every asset
  std::vector<EventType> types = {};  // none = every type
  std::int64_t after = 0;             // only events with a greater id
  std::int64_t before = 0;            // only events with a smaller id; 0 = no limit
  int limit = 0;                      // 0 = all
  bool newest_first = false;
};

// An open home. Cheap to copy, thread-safe.
class Instance {
 public:
  // "" = as MaterializeOptions::home.
  static Result<Instance> open(const std::string& home = {});

  const std::string& path() const;
  Result<std::vector<Run>> runs(const RunsFilter& filter = {}) const;
  // The beginning of an id will do. kNotFound when there is none.
  Result<Run> run(const std::string& run_id) const;
  Result<void> add_run_tags(const std::string& run_id,
                            const std::map<std::string, std::string>& tags) const;
  Result<void> delete_run(const std::string& run_id) const;

  Result<std::vector<Event>> events(const EventsFilter& filter = {}) const;
  // Of an asset, or of one of its partitions; nothing: it was never made.
  Result<std::optional<Event>> latest_materialization(const AssetKey& asset,
                                                      const std::string& partition = {}) const;
  Result<std::optional<Event>> latest_observation(const AssetKey& asset) const;
  // Of all assets that were ever made or looked at.
  Result<std::vector<AssetKey>> asset_keys() const;
  // Facts that no run has made. Give back the event's id.
  Result<std::int64_t> report(const AssetMaterialization& fact) const;
  Result<std::int64_t> report(const AssetObservation& fact) const;
  // Forgets that it was ever made or looked at. What is kept of it stays in the store.
  Result<void> wipe(const AssetKey& asset) const;

  // The keys of dynamic partitions (td::dynamic_partitions("customers")), in the order in which they were added. Adding one that is
  // there, or removing one that is not, changes nothing. Give back how many were added, or removed.
  Result<std::int64_t> add_dynamic_partitions(const std::string& name,
                                              const std::vector<std::string>& keys) const;
  Result<std::int64_t> delete_dynamic_partitions(const std::string& name,
                                                 const std::vector<std::string>& keys) const;
  Result<std::vector<std::string>> dynamic_partitions(const std::string& name) const;
  Result<bool> has_dynamic_partition(const std::string& name, const std::string& key) const;

  // The partitions that there are now, with the dynamic keys of this home.
  Result<PartitionSet> partitions(const Partitions& definition) const;
  // Those of an asset that were made, failed (on their last attempt, made before or not) or are being made.
  struct PartitionsOf {
    PartitionSet set;
    PartitionSubset materialized, failed, in_progress;
    std::vector<std::string> keys(const PartitionSubset& subset) const { return set.keys(subset); }
    PartitionSubset missing() const { return set.all() - materialized - failed; }
  };
  Result<PartitionsOf> partitions_of(const AssetKey& asset, const Partitions& definition) const;

 private:
  explicit Instance(std::shared_ptr<app::Home> home) : home_(std::move(home)) {}
  std::shared_ptr<app::Home> home_;
};

}  // namespace treadle
