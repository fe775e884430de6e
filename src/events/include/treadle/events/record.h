// The record: what happened, append-only, and what can be read from it. Tables:
// docs/formats/record.md.
#pragma once

#include <treadle/base/result.h>
#include <treadle/db/database.h>
#include <treadle/model/event.h>
#include <treadle/model/run.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::events {

struct RunFilter {
  std::vector<RunStatus> statuses;          // empty = any
  std::string job_name;                     // "" = any
  std::map<std::string, std::string> tags;  // all must match
  int limit = 0;                            // 0 = all; newest first
};

// The latest materialization of an asset (or of one partition of it).
struct LatestMaterialization {
  AssetKey asset;
  std::string partition;  // "" when unpartitioned
  std::int64_t event_id = 0;
  std::string run_id;
  std::string step_key;
  Micros time = 0;
  Provenance provenance;
};

struct CheckResult {
  AssetKey asset;
  std::string check;
  std::int64_t event_id = 0;
  std::string run_id;
  Micros time = 0;
  bool passed = false;
  bool error_severity = true;
  bool blocking = false;
  std::string metadata;  // JSON as in model/metadata.h
  std::string description;
};

// When one partition was last made and last failed: ids of events, 0 = never.
struct PartitionFact {
  std::string partition;
  std::int64_t materialized = 0;
  std::int64_t failed = 0;
};

// What a reader has made of an asset's PartitionFacts up to an event, so that the next one reads only
// what came later. Derived: it may be dropped at any time.
struct PartitionSummary {
  std::string fingerprint;  // what the numbers in the bytes refer to
  std::int64_t event = 0;
  std::string materialized, failed;  // PartitionSubset::encode
};

// What is known of the partitions of one asset: its summary, and what happened after it.
struct PartitionHistory {
  std::optional<PartitionSummary> summary;
  std::vector<PartitionFact> since;
};

// When an asset without partitions was last materialized.
struct LatestUpdate {
  AssetKey asset;
  std::int64_t event_id = 0;
  std::string run_id;
  Micros time = 0;
};

// Events about assets, without their words: many at little cost.
struct AssetEvents {
  struct Row {
    std::int64_t id = 0;
    Micros time = 0;
    EventType type = EventType::kAssetMaterialization;
    std::string asset_key;
    std::string partition;
    std::string payload;    // of a plan: which partitions, which check; of others ""
    std::uint32_t run = 0;  // in run_ids
  };
  std::vector<std::string> run_ids;  // "" = outside of any run
  std::vector<Row> rows;             // in order of id
};

// Keys of dynamic partitions, in the order in which they were added.
struct DynamicPartitionsPage {
  std::vector<std::string> keys;
  std::int64_t last = 0;      // where the next page begins; 0: there is none, nor was any
  std::int64_t removals = 0;  // how often keys of this name were removed: until then numbers stay
};

// One evaluation of a schedule, a sensor, or the condition of an asset or check.
struct Tick {
  std::int64_t id = 0;  // given by the record
  std::string kind;     // "schedule", "sensor", "condition"
  std::string name;     // of the schedule or sensor; the asset, or "asset:check"
  Micros time = 0;      // the moment that was evaluated
  std::string status;   // "requested", "skipped", "failed"
  std::string detail;   // JSON: what was asked for and why; of a condition its explanation
};

struct TickFilter {
  std::int64_t id = 0;  // 0 = any
  std::string kind;     // "" = any
  std::string name;     // "" = any
  std::string status;   // "" = any
  int limit = 0;        // 0 = all; newest first
};

struct EventFilter {
  std::string run_id;            // "" = every run
  std::string asset_key;         // "" = every asset
  std::vector<EventType> types;  // empty = every type
  std::int64_t after_id = 0;     // only events with a greater id
  std::int64_t before_id = 0;    // only events with a smaller id; 0 = no limit
  int limit = 0;                 // 0 = all
  bool newest_first = false;
};

// Writes one run's events. append() queues and returns at once; a writer thread commits what has
// queued up in one transaction (group commit), so that a killed process loses at most what was
// appended during the last commit. Thread-safe. Destroying it commits what is queued.
class RunWriter {
 public:
  virtual ~RunWriter() = default;
  // Fills in run_id; `time` 0 becomes now.
  virtual void append(Event event) = 0;
  // Returns when everything appended so far is committed; the first error of any commit, from then
  // on.
  virtual Result<void> flush() = 0;
  // True once a commit has failed: nothing appended since is kept. Does not wait.
  virtual bool broken() const noexcept = 0;
  // Appends `last`, sets the run's status, commits all of it and, unless durability is off, syncs:
  // when this returns, a lost machine does not lose the run.
  virtual Result<void> finish(RunStatus status, Event last) = 0;
};

class Record {
 public:
  // Creates or migrates the tables. `lock_folder`: where the lock that says "this run is being
  // executed" lives (the home).
  static Result<std::unique_ptr<Record>> open(db::Database& database,
                                              const std::string& lock_folder);
  virtual ~Record() = default;

  // Adds a run (status kNotStarted unless given). kAlreadyExists when the id is taken.
  virtual Result<void> add_run(const Run& run) = 0;
  // Takes the run's execution lock (held until the writer is destroyed or the process dies) and
  // sets it kStarted. kBusy when another process is executing it, kNotFound when there is no such
  // run.
  virtual Result<std::unique_ptr<RunWriter>> execute_run(const std::string& run_id) = 0;
  // Appends one event outside of an executing run (a materialization reported by hand). Returns its
  // id.
  virtual Result<std::int64_t> report(Event event) = 0;

  virtual Result<std::optional<Run>> find_run(const std::string& run_id) = 0;
  // A run whose id starts with `prefix`: kNotFound, or kInvalidArgument when several do.
  virtual Result<Run> get_run_by_prefix(const std::string& prefix) = 0;
  virtual Result<std::vector<Run>> runs(const RunFilter& filter = {}) = 0;
  // True when the run is kStarted in the record and no living process executes it.
  virtual Result<bool> interrupted(const std::string& run_id) = 0;
  virtual Result<void> add_run_tags(const std::string& run_id,
                                    const std::map<std::string, std::string>& tags) = 0;

  // In order of id.
  virtual Result<std::vector<Event>> events(const EventFilter& filter) = 0;
  // One asset, or all when the key is empty. Fast: one projection row per asset and partition;
  // without `partitions` those of partitions are left out.
  virtual Result<std::vector<LatestMaterialization>> latest_materializations(
      const AssetKey& asset = {}, bool partitions = true) = 0;
  virtual Result<std::vector<CheckResult>> latest_checks(const AssetKey& asset = {}) = 0;
  // Of a partitioned check, by partition: as latest_checks, for one asset.
  virtual Result<std::vector<std::pair<std::string, CheckResult>>> latest_partition_checks(
      const AssetKey& asset) = 0;

  // The partitions of one asset that were made or failed after this event.
  virtual Result<std::vector<PartitionFact>> partition_facts(const AssetKey& asset,
                                                             std::int64_t after_event = 0) = 0;
  // One partition's latest materialization, or ("") that of any; nothing: never.
  virtual Result<std::optional<LatestMaterialization>> latest_materialization(
      const AssetKey& asset, const std::string& partition) = 0;
  // The latest materialization that was recorded with this memo (docs/concepts/staleness.md).
  virtual Result<std::optional<LatestMaterialization>> find_memo(const std::string& memo) = 0;
  // Of each of these assets; a summary counts when its numbers refer to the fingerprint.
  struct HistoryAsked {
    AssetKey asset;
    std::string fingerprint;
  };
  virtual Result<std::vector<PartitionHistory>> partition_histories(
      const std::vector<HistoryAsked>& asked) = 0;
  virtual Result<void> save_partition_summaries(
      const std::vector<std::pair<AssetKey, PartitionSummary>>& summaries) = 0;
  // Of all assets without partitions.
  virtual Result<std::vector<LatestUpdate>> latest_updates() = 0;
  // Those of `events` that are about an asset.
  virtual Result<AssetEvents> asset_events(const EventFilter& filter) = 0;

  // Keys of dynamic partitions, in the order in which they were added. How many were new.
  virtual Result<std::int64_t> add_dynamic_partitions(const std::string& name,
                                                      const std::vector<std::string>& keys) = 0;
  // How many of them there were.
  virtual Result<std::int64_t> delete_dynamic_partitions(const std::string& name,
                                                         const std::vector<std::string>& keys) = 0;
  virtual Result<std::vector<std::string>> dynamic_partitions(const std::string& name) = 0;
  // Those after `after`, the `last` of another page or 0, at most `limit` of them (0 = all).
  virtual Result<DynamicPartitionsPage> dynamic_partitions_page(const std::string& name,
                                                                std::int64_t after = 0,
                                                                int limit = 0) = 0;
  virtual Result<std::int64_t> count_dynamic_partitions(const std::string& name) = 0;
  virtual Result<std::vector<std::string>> dynamic_partition_names() = 0;
  virtual Result<bool> has_dynamic_partition(const std::string& name, const std::string& key) = 0;

  // Keys of all assets ever materialized or observed.
  virtual Result<std::vector<AssetKey>> asset_keys() = 0;

  // Forgets that the asset was ever materialized or observed, and what its checks said. What was kept of it
  // stays in the store.
  virtual Result<void> wipe_asset(const AssetKey& asset) = 0;
  // Forgets a run and all its events. kNotFound when there is no such run, kBusy while it is executed.
  virtual Result<void> delete_run(const std::string& run_id) = 0;

  virtual Result<void> add_ticks(const std::vector<Tick>& ticks) = 0;
  virtual Result<std::vector<Tick>> ticks(const TickFilter& filter) = 0;

  // Small texts that programs keep in the home, such as cursors.
  virtual Result<std::map<std::string, std::string>> values(
      const std::vector<std::string>& keys) = 0;
  // Those whose name begins so.
  virtual Result<std::map<std::string, std::string>> values_below(const std::string& prefix) = 0;
  virtual Result<void> set_values(const std::map<std::string, std::string>& values) = 0;
};

}  // namespace treadle::events
