#include <treadle/app/partition_runs.h>
#include <treadle/app/status.h>
#include <treadle/base/random.h>

#include <fmt/format.h>

namespace treadle::app {
namespace {

plan::PartitionRequest request_for(const PartitionSet& set, const PartitionSubset& subset) {
  if (subset.size() == 1) return set.key(subset.first());
  PartitionKeyRange range{set.key(subset.first()), set.key(subset.last())};
  const auto whole = set.range(range);
  if (whole && *whole == subset) return range;
  return set.keys(subset);
}

// Tags are read with every run.
constexpr std::size_t kMostRanges = 100;

// Eight letters, as Dagster has them.
std::string backfill_id() {
  std::string id = random_bytes(8);
  for (char& c : id) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
  return id;
}

bool is_state(const std::string& text) {
  return text == "missing" || text == "failed" || text == "stale";
}

// The partitions of any of the assets in this state.
Result<PartitionSubset> in_state(Home* home, const plan::AssetGraph& graph,
                                 const std::vector<plan::NodeId>& selected, const PartitionSet& set,
                                 const std::string& state) {
  PartitionSubset subset;
  if (!home) return state == "failed" ? subset : set.all();
  std::vector<plan::NodeId> partitioned;
  for (const plan::NodeId id : selected) {
    if (graph.node(id).step && graph.node(id).info->partitions) partitioned.push_back(id);
  }
  if (state == "stale") {
    TREADLE_TRY(const Status status, Status::read(home, graph, partitioned, {.now = set.now()}));
    for (const AssetReport& asset : status.assets()) {
      const PartitionStatus& p = *asset.partitions;
      subset = subset | asset.stale.stale | p.missing() | p.failed;
    }
    return subset;
  }
  for (const plan::NodeId id : partitioned) {
    TREADLE_TRY(const PartitionStatus status,
                partition_status(*home, graph.node(id).info->key, set));
    subset = subset | (state == "failed" ? status.failed : status.missing());
  }
  return subset;
}

bool names_a_state(const PartitionChoice& choice, const PartitionSet& set) {
  return choice.partition.empty() && choice.keys.empty() && is_state(choice.partitions) &&
         !set.find(choice.partitions);
}

Result<PartitionSubset> named_subset(const PartitionChoice& choice, const PartitionSet& set) {
  if (!choice.partition.empty()) {
    TREADLE_TRY(const std::int64_t number, set.index_of(choice.partition));
    return PartitionSubset::one(number);
  }
  if (!choice.keys.empty()) return set.subset(choice.keys);
  return set.parse(choice.partitions);
}

void add_runs(PartitionRuns& chosen, const PartitionSet& set, const PartitionSubset& subset,
              const std::vector<PartitionSubset>& runs, bool is_backfill) {
  const std::string backfill = is_backfill ? backfill_id() : std::string();
  PartitionSubset rest = subset;
  for (const PartitionSubset& run : runs) {
    chosen.runs.push_back(request_for(set, run));
    chosen.texts.push_back(set.text(run, 5));
    auto tags = plan::tags_of(chosen.runs.back());
    auto& all = chosen.tags.emplace_back(tags.begin(), tags.end());
    if (!backfill.empty()) {
      all.emplace(kBackfillTag, backfill);
      if (rest.size() > run.size() && rest.ranges().size() <= kMostRanges) {
        all.emplace(kBackfillRestTag, set.text(rest, kMostRanges));
      }
    }
    rest = rest - run;
  }
}

}  // namespace

Result<PartitionRuns> choose_partitions(Home* home, const plan::AssetGraph& graph,
                                        const std::vector<plan::NodeId>& selected,
                                        const PartitionChoice& choice, Micros now) {
  PartitionRuns chosen;
  const auto common = plan::partitions_of(graph, selected);
  if (!common) {
    return fail(Errc::kInvalidArgument, common.error().message + " " + common.error().cure);
  }
  chosen.definition = *common;
  if (!chosen.definition) {
    if (!choice.given()) return chosen;
    return fail(Errc::kInvalidArgument,
                fmt::format("Nothing that is selected is partitioned: leave {} and {} out.",
                            choice.partition_word, choice.partitions_word));
  }
  TREADLE_TRY(const PartitionSet set,
              PartitionSet::at(chosen.definition, now, home ? &home->dynamic_keys() : nullptr));
  if (!choice.given()) {
    std::string example = set.empty() ? "KEY" : set.key(set.size() - 1);
    return fail(Errc::kInvalidArgument,
                fmt::format("The selection has partitions ({}): say which to materialize, as in "
                            "{} '{}', {} 'FIRST...LAST', or {} missing, failed, stale or all.",
                            chosen.definition->description(), choice.partition_word, example,
                            choice.partitions_word, choice.partitions_word));
  }
  TREADLE_TRY(const PartitionSubset subset,
              names_a_state(choice, set) ? in_state(home, graph, selected, set, choice.partitions)
                                         : named_subset(choice, set));
  std::vector<const StepDef*> steps;
  for (const plan::NodeId id : selected) {
    if (graph.node(id).step) steps.push_back(graph.node(id).step);
  }
  add_runs(chosen, set, subset, plan::split_into_runs(subset, steps), choice.partition.empty());
  return chosen;
}

Result<PartitionRuns> choose_partitions(Home* home, const JobDef& job,
                                        const PartitionChoice& choice, Micros now) {
  PartitionRuns chosen;
  if (!choice.given()) return chosen;
  if (!job.partitions) {
    return fail(Errc::kInvalidArgument,
                fmt::format("Job '{}' is not partitioned: leave {} and {} out.", job.name,
                            choice.partition_word, choice.partitions_word));
  }
  chosen.definition = job.partitions;
  TREADLE_TRY(const PartitionSet set,
              PartitionSet::at(job.partitions, now, home ? &home->dynamic_keys() : nullptr));
  if (names_a_state(choice, set)) {
    return fail(
        Errc::kInvalidArgument,
        fmt::format("Job '{}' is of ops, which keep no partitions that could be {}: give {} "
                    "all, or keys and ranges.",
                    job.name, choice.partitions, choice.partitions_word));
  }
  TREADLE_TRY(const PartitionSubset subset, named_subset(choice, set));
  std::vector<PartitionSubset> runs;
  subset.for_each([&](std::int64_t number) { runs.push_back(PartitionSubset::one(number)); });
  add_runs(chosen, set, subset, runs, choice.partition.empty());
  return chosen;
}

}  // namespace treadle::app
