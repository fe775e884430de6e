// What the record knows that conditions ask about, at one moment. Plain values: the record's reader
// fills them in, a test writes them down. Partitions are numbers of the entity's PartitionSet; an
// unpartitioned entity has the number 0.
#pragma once

#include <treadle/automate/entities.h>
#include <treadle/define/automation_condition.h>
#include <treadle/define/partition_subset.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace treadle::automate {

// A materialization; of an asset that is only observed: an observation.
struct Update {
  std::int64_t event_id = 0;
  Micros time = 0;
  std::int64_t partition = 0;
  std::uint32_t run = 0;  // index into Facts::runs
};

struct AssetFacts {
  PartitionSubset present;  // ever materialized, or observed
  PartitionSubset running;  // in an unfinished run that has not made them yet
  PartitionSubset backfilling;
  PartitionSubset failed;  // the latest run that was to make them failed and did not
  // In order of event id: all later than Facts::since.
  std::vector<Update> updates;
  // Of `updates`, those whose partition's data version is not what it was before; indices.
  std::vector<std::uint32_t> new_data_versions;
  std::optional<Update> latest;  // of all partitions together
  std::string code_version;
  FreshnessState freshness = FreshnessState::kNotApplicable;
};

// Evaluations that are older than the latest materialization of their asset do not count.
struct CheckFacts {
  PartitionSubset passed, failed, running, execution_failed;
  PartitionSubset left_out;          // a run that has ended was to evaluate them, and did not
  Micros evaluated = 0;              // the latest evaluation; 0 = never
  std::optional<std::uint32_t> run;  // of the latest evaluation
};

struct RunFacts {
  std::map<std::string, std::string> tags;
  std::vector<EntityId> targets;  // sorted: what it was to execute
};

struct Facts {
  std::int64_t since = 0;          // events up to this one are not in `updates`
  std::int64_t last_event_id = 0;  // the latest event seen
  std::vector<AssetFacts> assets;  // by EntityId
  std::vector<CheckFacts> checks;  // by EntityId - assets.size()
  std::vector<RunFacts> runs;
};

}  // namespace treadle::automate
