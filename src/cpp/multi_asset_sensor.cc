#include <treadle/base/json.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/multi_asset_sensor.h>
#include <treadle/plan/graph.h>
#include <treadle/plan/partition_mapping.h>
#include <treadle/plan/selection.h>

#include <algorithm>
#include <set>

namespace treadle {
namespace {

constexpr std::size_t kMostTrailing = 25;

const std::vector<EventType> kMade = {EventType::kAssetMaterialization};

// {"orders": ["2026-01-05", 17, {"2026-01-04": 12}]}. A cursor of another kind of sensor is none: it starts anew.
std::map<AssetKey, AssetCursor> cursors_in(const std::string& text) {
  std::map<AssetKey, AssetCursor> cursors;
  const auto parsed = Json::parse(text.empty() ? "{}" : text);
  if (!parsed || parsed->kind() != JsonRef::Kind::kObject) return cursors;
  for (std::size_t i = 0; i < parsed->size(); ++i) {
    const JsonRef told = (*parsed)[i];
    if (told.kind() != JsonRef::Kind::kArray || told.size() != 3) return {};
    AssetCursor cursor{.partition = std::string(told[0].as_string().value_or("")),
                       .event = told[1].as_int().value_or(0)};
    for (std::size_t t = 0; t < told[2].size(); ++t) {
      cursor.trailing.emplace(told[2].field_name(t), told[2][t].as_int().value_or(0));
    }
    cursors.emplace(AssetKey(parsed->field_name(i)), std::move(cursor));
  }
  return cursors;
}

std::string text_of_cursors(const std::map<AssetKey, AssetCursor>& cursors) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [asset, cursor] : cursors) {
    json.key(asset.text()).begin_array().value(cursor.partition).value(cursor.event);
    json.begin_object();
    for (const auto& [partition, event] : cursor.trailing) json.field(partition, event);
    json.end_object().end_array();
  }
  return std::move(json.end_object()).str();
}

std::string quoted_keys(const std::vector<AssetKey>& keys) {
  std::string text;
  for (const AssetKey& key : keys) text += (text.empty() ? "'" : ", '") + key.text() + "'";
  return text;
}

Result<std::vector<AssetKey>> monitored(const MonitoredAssets& assets,
                                        const Definitions& definitions) {
  std::vector<AssetKey> keys = assets.keys;
  if (assets.selection.empty()) return keys;
  const plan::AssetGraph graph(definitions);
  TREADLE_TRY(const plan::Selection selection, plan::parse_selection(assets.selection));
  TREADLE_TRY(const auto selected, plan::select(selection, graph));
  for (const plan::NodeId node : selected) keys.push_back(graph.node(node).info->key);
  return keys;
}

}  // namespace

AssetsTick::AssetsTick(TickContext& tick, std::vector<AssetKey> assets)
    : tick_(tick), assets_(std::move(assets)), cursors_(cursors_in(tick.cursor())) {}

const AssetCursor& AssetsTick::cursor(const AssetKey& asset) const {
  static const AssetCursor nothing;
  const auto at = cursors_.find(asset);
  return at == cursors_.end() ? nothing : at->second;
}

Result<void> AssetsTick::check(const AssetKey& asset) const {
  if (std::find(assets_.begin(), assets_.end(), asset) != assets_.end()) return {};
  return fail(Errc::kInvalidArgument, "Sensor '" + tick_.name() + "' does not look at '" +
                                          asset.text() + "', but at " + quoted_keys(assets_) + ".");
}

Result<PartitionsPtr> AssetsTick::partitions_of(const AssetKey& asset) const {
  const plan::AssetGraph graph(tick_.definitions());
  const plan::NodeId node = graph.find(asset);
  if (node != plan::kNoNode && graph.node(node).info->partitions)
    return graph.node(node).info->partitions;
  return fail(Errc::kInvalidArgument, "'" + asset.text() + "' has no partitions.");
}

Result<std::map<AssetKey, Event>> AssetsTick::latest_materializations() {
  std::map<AssetKey, Event> latest;
  for (const AssetKey& asset : assets_) {
    TREADLE_TRY(auto found, tick_.events({.asset = asset,
                                          .types = kMade,
                                          .after = cursor(asset).event,
                                          .limit = 1,
                                          .newest_first = true}));
    if (!found.empty()) latest.emplace(asset, std::move(found.front()));
  }
  return latest;
}

Result<std::vector<Event>> AssetsTick::materializations(const AssetKey& asset, int limit) {
  TREADLE_CHECK(check(asset));
  return tick_.events(
      {.asset = asset, .types = kMade, .after = cursor(asset).event, .limit = limit});
}

Result<std::vector<Event>> AssetsTick::trailing(const AssetKey& asset) {
  TREADLE_CHECK(check(asset));
  std::set<std::int64_t> ids;
  for (const auto& [partition, id] : cursor(asset).trailing) ids.insert(id);
  std::vector<Event> events;
  for (const std::int64_t id : ids) {
    TREADLE_TRY(auto found,
                tick_.events({.asset = asset, .types = kMade, .after = id - 1, .before = id + 1}));
    std::move(found.begin(), found.end(), std::back_inserter(events));
  }
  return events;
}

Result<std::vector<Event>> AssetsTick::latest_by_partition(const AssetKey& asset,
                                                           bool after_cursor) {
  TREADLE_TRY(const PartitionsPtr definition, partitions_of(asset));
  TREADLE_TRY(const PartitionSet set, tick_.partitions(definition));
  std::int64_t first = 0;
  if (const std::string& last = cursor(asset).partition; after_cursor && !last.empty()) {
    TREADLE_TRY(const std::int64_t number, set.index_of(last));
    first = number + 1;
  }
  TREADLE_TRY(std::vector<Event> all, trailing(asset));
  TREADLE_TRY(std::vector<Event> later, materializations(asset));
  std::move(later.begin(), later.end(), std::back_inserter(all));
  std::map<std::string, std::int64_t> latest;
  for (const Event& event : all) latest[event.partition] = event.id;
  std::erase_if(all, [&](const Event& event) {
    const auto number = event.partition.empty() ? std::nullopt : set.find(event.partition);
    return !number || *number < first || latest[event.partition] != event.id;
  });
  return all;
}

Result<std::map<std::string, std::map<AssetKey, Event>>>
AssetsTick::latest_by_partition_and_asset() {
  std::map<std::string, std::map<AssetKey, Event>> all;
  PartitionsPtr shared;
  for (const AssetKey& asset : assets_) {
    TREADLE_TRY(const PartitionsPtr own, partitions_of(asset));
    if (shared && !same_partitions(shared, own)) {
      return fail(Errc::kInvalidArgument,
                  "The assets of sensor '" + tick_.name() + "' have different partitions: " +
                      shared->description() + " and " + own->description() + ".");
    }
    shared = own;
    TREADLE_TRY(std::vector<Event> events, latest_by_partition(asset));
    for (Event& event : events) all[event.partition].emplace(asset, std::move(event));
  }
  return all;
}

Result<bool> AssetsTick::all_partitions_materialized(const AssetKey& asset,
                                                     const std::vector<std::string>& partitions) {
  TREADLE_TRY(const PartitionsPtr definition, partitions_of(asset));
  TREADLE_TRY(const PartitionSet set, tick_.partitions(definition));
  std::set<std::string> missing(partitions.begin(), partitions.end());
  if (partitions.empty()) {
    for (std::string& key : set.keys(set.all())) missing.insert(std::move(key));
  }
  TREADLE_TRY(const std::vector<Event> made, tick_.events({.asset = asset, .types = kMade}));
  for (const Event& event : made) missing.erase(event.partition);
  return missing.empty();
}

Result<std::vector<std::string>> AssetsTick::downstream_partition_keys(const std::string& partition,
                                                                       const AssetKey& from,
                                                                       const AssetKey& to) {
  TREADLE_TRY(const PartitionsPtr of_from, partitions_of(from));
  TREADLE_TRY(const PartitionsPtr of_to, partitions_of(to));
  PartitionMappingPtr given;
  for (const StepDef& step : tick_.definitions().steps) {
    const bool makes = std::any_of(step.outputs.begin(), step.outputs.end(),
                                   [&](const OutputDef& o) { return o.asset.key == to; });
    if (!makes) continue;
    for (const InputDef& input : step.inputs) {
      if (input.asset == from) given = input.partition_mapping;
    }
  }
  TREADLE_TRY(const PartitionSet upstream, tick_.partitions(of_from));
  TREADLE_TRY(const PartitionSet downstream, tick_.partitions(of_to));
  TREADLE_TRY(const PartitionSubset one, upstream.subset(std::vector{partition}));
  const PartitionMapping mapping = given ? *given : infer_partition_mapping(of_to, of_from);
  TREADLE_TRY(const PartitionSubset made, plan::downstream_of(mapping, upstream, one, downstream));
  return downstream.keys(made);
}

void AssetsTick::advance(const Event& event) {
  consumed_[AssetKey(event.asset_key)].emplace(event.id, event.partition);
}

void AssetsTick::advance(const std::map<AssetKey, Event>& events) {
  for (const auto& [asset, event] : events) advance(event);
}

Result<void> AssetsTick::advance_all() {
  TREADLE_TRY(const auto latest, latest_materializations());
  advance(latest);
  all_consumed_ = true;
  return {};
}

// What lies before the latest that was consumed and was not itself trails behind, by partition.
Result<AssetCursor> AssetsTick::advanced(const AssetKey& asset,
                                         const std::map<std::int64_t, std::string>& consumed) {
  AssetCursor next = cursor(asset);
  if (consumed.empty()) return next;
  const auto& [last, partition] = *consumed.rbegin();
  TREADLE_TRY(std::vector<Event> passed, trailing(asset));
  if (last > next.event) {
    TREADLE_TRY(
        auto between,
        tick_.events({.asset = asset, .types = kMade, .after = next.event, .before = last}));
    std::move(between.begin(), between.end(), std::back_inserter(passed));
  }
  for (const Event& event : passed) {
    if (event.partition.empty()) continue;
    if (consumed.contains(event.id)) {
      next.trailing.erase(event.partition);
    } else {
      next.trailing[event.partition] = event.id;
    }
  }
  next.trailing.erase(partition);
  if (next.trailing.size() >= kMostTrailing) {
    return fail(Errc::kInvalidArgument,
                "Sensor '" + tick_.name() + "' has left " + std::to_string(next.trailing.size()) +
                    " partitions of '" + asset.text() +
                    "' behind, the most that it can. Consume them (trailing, then advance), or "
                    "everything with advance_all.");
  }
  if (last > next.event) {
    next.event = last;
    next.partition = partition;
  }
  return next;
}

Result<std::optional<std::string>> AssetsTick::next_cursor() {
  if (consumed_.empty() && !all_consumed_) return std::nullopt;
  for (const auto& [asset, events] : consumed_) TREADLE_CHECK(check(asset));
  std::map<AssetKey, AssetCursor> next;
  for (const AssetKey& asset : assets_) {
    const auto& consumed = consumed_[asset];
    if (all_consumed_) {
      AssetCursor at = cursor(asset);
      at.trailing.clear();
      if (!consumed.empty()) {
        at.event = consumed.rbegin()->first;
        at.partition = consumed.rbegin()->second;
      }
      next.emplace(asset, std::move(at));
    } else {
      TREADLE_TRY(AssetCursor at, advanced(asset, consumed));
      next.emplace(asset, std::move(at));
    }
  }
  return text_of_cursors(next);
}

namespace cpp {

TickFunction for_each_tick_of(MonitoredAssets assets,
                              std::function<Result<TickResult>(AssetsTick&)> fn) {
  return [assets = std::move(assets), fn = std::move(fn)](TickContext& c) -> Result<TickResult> {
    TREADLE_TRY(std::vector<AssetKey> keys, monitored(assets, c.definitions()));
    AssetsTick tick(c, std::move(keys));
    TREADLE_TRY(TickResult told, fn(tick));
    if (told.cursor) {
      return fail(Errc::kInvalidArgument,
                  "The cursor of multi-asset sensor '" + c.name() +
                      "' is kept by itself: say what was consumed with advance() instead.");
    }
    TREADLE_TRY(told.cursor, tick.next_cursor());
    if (!told.requests.empty() && !told.cursor) {
      return fail(Errc::kInvalidArgument,
                  "Sensor '" + c.name() +
                      "' asks for runs and has consumed nothing: its next tick would see the same "
                      "materializations. Call advance() or advance_all().");
    }
    return told;
  };
}

}  // namespace cpp
}  // namespace treadle
