// Sensors on several assets: what has been materialized since the sensor last consumed it, by asset and partition.
//
//   defs.multi_asset_sensor({.name = "both", .job = "report"}, {orders, customers},
//       [](td::AssetsTick& tick) -> td::Result<td::TickResult> {
//         TREADLE_TRY(const auto latest, tick.latest_materializations());
//         if (latest.size() < 2) return td::TickResult(td::SkipReason{"one of them has nothing new"});
//         TREADLE_CHECK(tick.advance_all());
//         return td::TickResult(td::RunRequest{});
//       });
//
// The function says what it has consumed, by advance() or advance_all(); the sensor's cursor is kept by itself, one place for
// each asset. What happened to other partitions before what was consumed stays available until it is consumed, too.
#pragma once

#include <treadle/cpp/automation.h>
#include <treadle/cpp/selection.h>
#include <treadle/define/instigator.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

// How far a sensor has come with one asset.
struct AssetCursor {
  std::string partition = {};  // of the latest event that was consumed
  std::int64_t event = 0;      // its id; 0: nothing was consumed
  // By partition, the latest event before it that was not consumed.
  std::map<std::string, std::int64_t> trailing = {};
};

// What the function of a multi-asset sensor asks. Valid during the call only; not thread-safe.
class AssetsTick {
 public:
  AssetsTick(TickContext& tick, std::vector<AssetKey> assets);
  AssetsTick(const AssetsTick&) = delete;

  TickContext& tick() { return tick_; }  // its name, the time, runs, partitions
  const std::vector<AssetKey>& assets() const { return assets_; }
  const AssetCursor& cursor(const AssetKey& asset) const;

  // The latest materialization of each asset after what was consumed; assets without one are left out.
  Result<std::map<AssetKey, Event>> latest_materializations();
  // Those of one asset after what was consumed, oldest first; limit 0: all.
  Result<std::vector<Event>> materializations(const AssetKey& asset, int limit = 0);
  // The events before the latest consumed one that were not consumed, oldest first.
  Result<std::vector<Event>> trailing(const AssetKey& asset);
  // The latest unconsumed materialization of each partition, in the order in which they happened (Event::partition);
  // with `after_cursor` only of partitions that come after the cursor's.
  Result<std::vector<Event>> latest_by_partition(const AssetKey& asset, bool after_cursor = false);
  // By partition and asset. The assets must share their partitions.
  Result<std::map<std::string, std::map<AssetKey, Event>>> latest_by_partition_and_asset();
  // Whether these partitions (none: all there are) were ever materialized, consumed or not.
  Result<bool> all_partitions_materialized(const AssetKey& asset,
                                           const std::vector<std::string>& partitions = {});
  // The partitions of an asset that are made from a partition of another, by the mapping between the two.
  Result<std::vector<std::string>> downstream_partition_keys(const std::string& partition,
                                                             const AssetKey& from,
                                                             const AssetKey& to);

  // This event has been consumed, and what came before it of the same partition.
  void advance(const Event& event);
  void advance(const std::map<AssetKey, Event>& events);
  // Everything there is now has been consumed, what trails behind included.
  Result<void> advance_all();

  // The cursor once what was consumed is; nothing: nothing was.
  Result<std::optional<std::string>> next_cursor();

 private:
  Result<void> check(const AssetKey& asset) const;
  Result<PartitionsPtr> partitions_of(const AssetKey& asset) const;
  Result<AssetCursor> advanced(const AssetKey& asset,
                               const std::map<std::int64_t, std::string>& consumed);

  TickContext& tick_;
  std::vector<AssetKey> assets_;
  std::map<AssetKey, AssetCursor> cursors_;
  std::map<AssetKey, std::map<std::int64_t, std::string>> consumed_;  // partitions by event
  bool all_consumed_ = false;
};

// Which assets a sensor looks at: keys, or a selection (td::group("raw"), "kind:table") that is made at each tick.
struct MonitoredAssets {
  // NOLINTBEGIN(google-explicit-constructor): as users write them
  MonitoredAssets(std::initializer_list<AssetKey> some) : keys(some) {}
  MonitoredAssets(std::vector<AssetKey> some) : keys(std::move(some)) {}
  MonitoredAssets(const AssetSelection& some) : selection(some.text()) {}
  // NOLINTEND(google-explicit-constructor)
  std::vector<AssetKey> keys;
  std::string selection;
};

namespace cpp {

TickFunction for_each_tick_of(MonitoredAssets assets,
                              std::function<Result<TickResult>(AssetsTick&)> fn);

}  // namespace cpp
}  // namespace treadle
