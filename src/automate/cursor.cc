// Cursors as text: docs/formats/automation-cursor.md.
#include <treadle/automate/cursor.h>
#include <treadle/base/json.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace treadle::automate {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;

// 0: none, 1: all, else [[begin, end], ...].
void write_slice(JsonWriter& w, const Slice& slice) {
  if (slice.is_none() || slice.is_all()) {
    w.value(slice.is_all() ? 1 : 0);
    return;
  }
  w.begin_array();
  const PartitionSubset subset = slice.subset(0);
  for (const PartitionSubset::Range& range : subset.ranges())
    w.begin_array().value(range.begin).value(range.end).end_array();
  w.end_array();
}

Slice read_slice(const json::value& value) {
  if (value.is_int64()) return Slice::all_if(value.get_int64() == 1);
  std::vector<PartitionSubset::Range> ranges;
  std::int64_t end = 0;
  for (const json::value& range : value.as_array()) {
    ranges.push_back({range.at(0).as_int64(), range.at(1).as_int64()});
    end = std::max(end, ranges.back().end);
  }
  // One more than there are: not to be taken for all.
  return Slice::of(PartitionSubset::of_ranges(std::move(ranges)), end + 1);
}

std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

// Sets are written once each and named by their place.
class Sets {
 public:
  std::size_t place(const RememberedPartitionsPtr& set) {
    const auto [known, added] = places_.try_emplace(set.get(), sets_.size());
    if (added) sets_.push_back(set.get());
    return known->second;
  }
  void write(JsonWriter& w) const {
    w.begin_array();
    for (const RememberedPartitions* set : sets_) {
      w.begin_object().field("kind", static_cast<int>(set->kind));
      w.field("fingerprint", set->fingerprint).field("size", set->size);
      if (set->kind == RememberedPartitions::Kind::kKeys) {
        w.key("keys").begin_array();
        const auto keys = set->set    ? set->set->keys(set->set->all())
                          : set->keys ? *set->keys
                                      : std::vector<std::string>{};
        for (const std::string& key : keys) w.value(key);
        w.end_array();
      }
      w.end_object();
    }
    w.end_array();
  }

 private:
  std::map<const RememberedPartitions*, std::size_t> places_;
  std::vector<const RememberedPartitions*> sets_;
};

RememberedPartitionsPtr read_set(const json::value& value) {
  auto out = std::make_shared<RememberedPartitions>();
  const std::int64_t kind = value.at("kind").as_int64();
  if (kind < 0 || kind > 2) throw std::out_of_range("kind");
  out->kind = static_cast<RememberedPartitions::Kind>(kind);
  out->fingerprint = text_of(value.at("fingerprint"));
  out->size = value.at("size").as_int64();
  if (out->kind == RememberedPartitions::Kind::kKeys) {
    std::vector<std::string> keys;
    for (const json::value& key : value.at("keys").as_array()) keys.push_back(text_of(key));
    out->keys = std::make_shared<const std::vector<std::string>>(std::move(keys));
  }
  return out;
}

void write_node(JsonWriter& w, const NodeState& state) {
  w.begin_array().value(fmt::format("{:016x}", state.condition)).value(state.target_key);
  write_slice(w, state.true_slice);
  if (state.text) {
    w.value(*state.text);
  } else {
    w.null();
  }
  if (state.trigger_evaluation >= 0 || state.reset_evaluation >= 0) {
    w.value(state.trigger_evaluation).value(state.trigger_time);
    w.value(state.reset_evaluation).value(state.reset_time);
  }
  w.end_array();
}

NodeState read_node(const json::value& value) {
  const json::array& items = value.as_array();
  NodeState out;
  out.condition = std::stoull(text_of(items.at(0)), nullptr, 16);
  out.target_key = text_of(items.at(1));
  out.true_slice = read_slice(items.at(2));
  if (!items.at(3).is_null()) out.text = text_of(items.at(3));
  if (items.size() > 4) {
    out.trigger_evaluation = items.at(4).as_int64();
    out.trigger_time = items.at(5).as_int64();
    out.reset_evaluation = items.at(6).as_int64();
    out.reset_time = items.at(7).as_int64();
  }
  return out;
}

}  // namespace

std::string Cursor::to_json() const {
  Sets sets;
  JsonWriter w;
  w.begin_object().field("format", kFormat).field("evaluation_id", evaluation_id);
  w.key("entities").begin_object();
  // Sorted, so that equal cursors are equal texts.
  std::map<std::string_view, const EntityCursor*> sorted;
  for (const auto& [key, cursor] : entities) sorted.emplace(key, cursor.get());
  for (const auto& [key, cursor] : sorted) {
    w.key(key).begin_object().field("time", cursor->time);
    w.field("event", cursor->last_event_id).key("requested");
    write_slice(w, cursor->requested);
    if (cursor->partitions) w.field("partitions", sets.place(cursor->partitions));
    w.key("nodes").begin_array();
    for (const NodeState& state : cursor->nodes) write_node(w, state);
    w.end_array().end_object();
  }
  w.end_object().key("targets").begin_object();
  std::map<std::string_view, const RememberedPartitionsPtr*> targets;
  for (const auto& [key, set] : partitions) targets.emplace(key, &set);
  for (const auto& [key, set] : targets) w.field(key, sets.place(*set));
  w.end_object().key("partitions");
  sets.write(w);
  w.end_object();
  return std::move(w).str();
}

Result<Cursor> Cursor::from_json(std::string_view text) {
  try {
    const json::value document = json::parse(text);
    if (document.at("format").as_int64() != kFormat)
      return fail(Errc::kUnsupported,
                  "The automation cursor is of another version of Treadle. Evaluate without one: "
                  "what was handled is then taken from the record alone.");
    std::vector<RememberedPartitionsPtr> sets;
    for (const json::value& set : document.at("partitions").as_array())
      sets.push_back(read_set(set));
    Cursor out;
    out.evaluation_id = document.at("evaluation_id").as_int64();
    for (const auto& [key, value] : document.at("entities").as_object()) {
      auto cursor = std::make_shared<EntityCursor>();
      cursor->time = value.at("time").as_int64();
      cursor->last_event_id = value.at("event").as_int64();
      cursor->requested = read_slice(value.at("requested"));
      if (const json::value* place = value.as_object().if_contains("partitions"))
        cursor->partitions = sets.at(static_cast<std::size_t>(place->as_int64()));
      for (const json::value& node : value.at("nodes").as_array())
        cursor->nodes.push_back(read_node(node));
      out.entities.emplace(std::string(key), std::move(cursor));
    }
    for (const auto& [key, place] : document.at("targets").as_object())
      out.partitions.emplace(std::string(key), sets.at(static_cast<std::size_t>(place.as_int64())));
    return out;
  } catch (const std::exception& error) {
    return fail(Errc::kCorrupt,
                fmt::format("The text is not an automation cursor: {}. Hand back the "
                            "cursor of an evaluation as it is.",
                            error.what()));
  }
}

}  // namespace treadle::automate
