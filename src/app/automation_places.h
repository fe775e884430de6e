// Private to the room: where what the record says belongs among the entities of a moment.
#pragma once

#include <treadle/automate/facts.h>
#include <treadle/events/record.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace treadle::app {

class AutomationPlaces {
 public:
  explicit AutomationPlaces(const automate::Entities& entities) : entities_(entities) {}

  const automate::Entities& entities() const { return entities_; }
  // kNoEntity for what these definitions do not have; a partition that is gone is -1.
  std::pair<automate::EntityId, std::int64_t> place(const std::string& key,
                                                    const std::string& partition) const;
  std::int64_t number(automate::EntityId id, const std::string& partition) const;
  // The partitions of an entity that an event about a plan names.
  PartitionSubset planned(automate::EntityId id, const events::AssetEvents::Row& event) const;
  // Those that a run is over by its tags.
  PartitionSubset of_run(automate::EntityId id, const Run& run) const;
  // Those that a text names, as PartitionSet::parse reads it; none when it names others, too.
  PartitionSubset parse(automate::EntityId id, const std::string& text) const;
  // What the steps of a run make and check; sorted.
  std::vector<automate::EntityId> targets(const Run& run);

 private:
  const automate::Entities& entities_;
  std::unordered_map<std::string, std::vector<automate::EntityId>> by_step_;
};

}  // namespace treadle::app
