#include "run_report.h"
#include <treadle/app/partitions.h>
#include <treadle/cpp/instance.h>

#include <map>
#include <mutex>

namespace treadle {

Result<std::shared_ptr<app::Home>> shared_home(const app::HomeOptions& options) {
  if (options.temporary) {
    TREADLE_TRY(std::shared_ptr<app::Home> own, app::Home::open(options));
    return own;
  }
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<app::Home>> open_homes;
  const std::string path = app::resolve_home(options);
  const std::lock_guard lock(mutex);
  std::weak_ptr<app::Home>& known = open_homes[path];
  // Not when its folder was taken away meanwhile.
  if (auto open = known.lock(); open && app::is_home(path)) return open;
  TREADLE_TRY(std::shared_ptr<app::Home> opened, app::Home::open(options));
  known = opened;
  return opened;
}

Result<Instance> Instance::open(const std::string& home) {
  TREADLE_TRY(std::shared_ptr<app::Home> opened, shared_home(home_options(home, false)));
  return Instance(std::move(opened));
}

const std::string& Instance::path() const {
  return home_->path();
}

Result<std::vector<Run>> Instance::runs(const RunsFilter& filter) const {
  return home_->record().runs({.statuses = filter.statuses,
                               .job_name = filter.job,
                               .tags = filter.tags,
                               .limit = filter.limit});
}

Result<Run> Instance::run(const std::string& run_id) const {
  return home_->record().get_run_by_prefix(run_id);
}

Result<void> Instance::add_run_tags(const std::string& run_id,
                                    const std::map<std::string, std::string>& tags) const {
  return home_->record().add_run_tags(run_id, tags);
}

Result<void> Instance::delete_run(const std::string& run_id) const {
  return home_->record().delete_run(run_id);
}

Result<std::vector<Event>> Instance::events(const EventsFilter& filter) const {
  return home_->record().events({.run_id = filter.run_id,
                                 .asset_key = filter.asset.text(),
                                 .types = filter.types,
                                 .after_id = filter.after,
                                 .before_id = filter.before,
                                 .limit = filter.limit,
                                 .newest_first = filter.newest_first});
}

namespace {

Result<std::optional<Event>> first(Result<std::vector<Event>> events) {
  if (!events) return fail(std::move(events).error());
  if (events->empty()) return std::optional<Event>();
  return std::optional<Event>(std::move(events->front()));
}

}  // namespace

Result<std::optional<Event>> Instance::latest_materialization(const AssetKey& asset,
                                                              const std::string& partition) const {
  EventsFilter filter{.asset = asset,
                      .types = {EventType::kAssetMaterialization},
                      .limit = 1,
                      .newest_first = true};
  if (partition.empty()) return first(events(filter));
  TREADLE_TRY(const auto latest, home_->record().latest_materialization(asset, partition));
  if (!latest) return std::optional<Event>();
  filter.after = latest->event_id - 1;
  filter.before = latest->event_id + 1;
  return first(events(filter));
}

Result<std::optional<Event>> Instance::latest_observation(const AssetKey& asset) const {
  return first(events(
      {.asset = asset, .types = {EventType::kAssetObservation}, .limit = 1, .newest_first = true}));
}

Result<std::vector<AssetKey>> Instance::asset_keys() const {
  return home_->record().asset_keys();
}

Result<std::int64_t> Instance::report(const AssetMaterialization& fact) const {
  return home_->record().report(cpp::event_of(fact));
}

Result<std::int64_t> Instance::report(const AssetObservation& fact) const {
  return home_->record().report(cpp::event_of(fact));
}

Result<std::int64_t> Instance::add_dynamic_partitions(const std::string& name,
                                                      const std::vector<std::string>& keys) const {
  return home_->record().add_dynamic_partitions(name, keys);
}

Result<std::int64_t> Instance::delete_dynamic_partitions(
    const std::string& name, const std::vector<std::string>& keys) const {
  return home_->record().delete_dynamic_partitions(name, keys);
}

Result<std::vector<std::string>> Instance::dynamic_partitions(const std::string& name) const {
  return home_->record().dynamic_partitions(name);
}

Result<bool> Instance::has_dynamic_partition(const std::string& name,
                                             const std::string& key) const {
  return home_->record().has_dynamic_partition(name, key);
}

Result<PartitionSet> Instance::partitions(const Partitions& definition) const {
  return PartitionSet::at(definition, system_clock().now(), &home_->dynamic_keys());
}

Result<Instance::PartitionsOf> Instance::partitions_of(const AssetKey& asset,
                                                       const Partitions& definition) const {
  TREADLE_TRY(PartitionSet set, partitions(definition));
  TREADLE_TRY(app::PartitionStatus status, app::partition_status(*home_, asset, std::move(set)));
  return PartitionsOf{.set = std::move(status.set),
                      .materialized = std::move(status.materialized),
                      .failed = std::move(status.failed),
                      .in_progress = std::move(status.in_progress)};
}

Result<void> Instance::wipe(const AssetKey& asset) const {
  return home_->record().wipe_asset(asset);
}

}  // namespace treadle
