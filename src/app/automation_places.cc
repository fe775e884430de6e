#include "automation_places.h"

#include <treadle/base/json_parse.h>
#include <treadle/plan/partitions.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::app {

using automate::EntityId;
using automate::kNoEntity;

std::pair<EntityId, std::int64_t> AutomationPlaces::place(const std::string& key,
                                                          const std::string& partition) const {
  const EntityId id = entities_.find(key);
  if (id == kNoEntity) return {id, -1};
  return {id, number(id, partition)};
}

std::int64_t AutomationPlaces::number(EntityId id, const std::string& partition) const {
  const PartitionSet* set = entities_[id].partitions;
  if (!set) return partition.empty() ? 0 : -1;
  return set->find(partition).value_or(-1);
}

PartitionSubset AutomationPlaces::planned(EntityId id,
                                          const events::AssetEvents::Row& event) const {
  const PartitionSet* set = entities_[id].partitions;
  if (!set || !event.partition.empty()) {
    const std::int64_t n = number(id, event.partition);
    return n < 0 ? PartitionSubset() : PartitionSubset::one(n);
  }
  boost::json::value payload;
  if (!parse_json_value(event.payload, payload) || !payload.is_object()) return {};
  const auto* ranges = payload.get_object().if_contains("partitions");
  if (ranges == nullptr || !ranges->is_array()) return {};
  std::vector<PartitionSubset::Range> found;
  for (const auto& range : ranges->get_array()) {
    if (!range.is_array() || range.get_array().size() != 2) continue;
    const auto end_of = [&](std::size_t i) {
      const auto& key = range.get_array()[i];
      return key.is_string() ? set->find(std::string_view(key.get_string())) : std::nullopt;
    };
    const auto first = end_of(0), last = end_of(1);
    if (first && last && *first <= *last) found.push_back({*first, *last + 1});
  }
  return PartitionSubset::of_ranges(std::move(found));
}

PartitionSubset AutomationPlaces::of_run(EntityId id, const Run& run) const {
  const PartitionSet* set = entities_[id].partitions;
  if (!set) return PartitionSubset::one(0);
  const auto request = plan::request_of(run.tags);
  if (!request) return {};
  Result<PartitionSubset> subset = PartitionSubset();
  if (const auto* key = std::get_if<std::string>(&*request)) {
    const auto n = set->find(*key);
    if (n) subset = PartitionSubset::one(*n);
  } else if (const auto* range = std::get_if<PartitionKeyRange>(&*request)) {
    subset = set->range(*range);
  } else if (const auto* keys = std::get_if<std::vector<std::string>>(&*request)) {
    subset = set->subset(*keys);
  }
  return subset.value_or(PartitionSubset());
}

PartitionSubset AutomationPlaces::parse(EntityId id, const std::string& text) const {
  const PartitionSet* set = entities_[id].partitions;
  return set ? set->parse(text).value_or(PartitionSubset()) : PartitionSubset();
}

std::vector<EntityId> AutomationPlaces::targets(const Run& run) {
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

}  // namespace treadle::app
