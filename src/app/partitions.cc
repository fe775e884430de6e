#include <treadle/app/partitions.h>
#include <treadle/plan/partitions.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace treadle::app {
namespace {

// What has happened since a summary is written back into it once there is this much.
constexpr std::size_t kWorthSaving = 500;

// What the numbers of a summary refer to. Sizes matter where a dimension that grows is not the first;
// dynamic keys move up when one before them is deleted.
std::string fingerprint_of(const PartitionSet& set) {
  std::string text = set.definition()->fingerprint();
  for (std::size_t d = 1; d < set.dimensions().size(); ++d) {
    text += ' ' + std::to_string(set.dimensions()[d].size());
  }
  const auto add_dynamic = [&](const PartitionSet& s) {
    if (!s.definition()->as_dynamic() || s.empty()) return;
    text += ' ' + std::to_string(s.size()) + ' ' + s.key(s.size() - 1);
  };
  add_dynamic(set);
  for (const PartitionSet& d : set.dimensions()) add_dynamic(d);
  return text;
}

Result<PartitionSubset> in_progress(Home& home, const AssetKey& asset, const PartitionSet& set) {
  events::RunFilter filter;
  filter.statuses = {RunStatus::kQueued, RunStatus::kStarting, RunStatus::kStarted};
  TREADLE_TRY(const std::vector<Run> runs, home.record().runs(filter));
  PartitionSubset running;
  for (const Run& run : runs) {
    TREADLE_TRY(const plan::PartitionRequest request, plan::request_of(run.tags));
    if (std::holds_alternative<std::monostate>(request)) continue;
    TREADLE_TRY(const bool interrupted, home.record().interrupted(run.run_id));
    if (interrupted) continue;
    TREADLE_TRY(const std::vector<Event> planned,
                home.record().events({.run_id = run.run_id,
                                      .asset_key = asset.text(),
                                      .types = {EventType::kAssetMaterializationPlanned},
                                      .limit = 1}));
    if (planned.empty()) continue;
    Result<PartitionSubset> subset = PartitionSubset();
    if (const auto* key = std::get_if<std::string>(&request)) {
      if (const auto number = set.find(*key)) subset = PartitionSubset::one(*number);
    } else if (const auto* range = std::get_if<PartitionKeyRange>(&request)) {
      subset = set.range(*range);
    } else {
      subset = set.subset(std::get<std::vector<std::string>>(request));
    }
    if (subset) running = running | *subset;
  }
  return running;
}

std::string sentences_of(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

// The latest versions of some partitions of an asset.
Result<void> add_versions(Home& home, const AssetKey& asset, const PartitionSlice& slice,
                          std::unordered_map<std::string, execute::KnownVersion>& versions) {
  const auto add = [&](events::LatestMaterialization& m) {
    versions[m.partition] = {m.provenance.data_version, m.provenance.artifact, {}};
  };
  constexpr std::int64_t kFewEnough = 200;
  if (slice.subset.size() > kFewEnough) {
    TREADLE_TRY(auto all, home.record().latest_materializations(asset));
    for (events::LatestMaterialization& m : all) {
      if (!m.partition.empty()) add(m);
    }
    return {};
  }
  for (const std::string& key : slice.keys()) {
    if (versions.contains(key)) continue;
    TREADLE_TRY(auto latest, home.record().latest_materialization(asset, key));
    if (latest) add(*latest);
  }
  return {};
}

}  // namespace

Result<PartitionStatus> partition_status(Home& home, const AssetKey& asset, PartitionSet set) {
  PartitionStatus status{
      .set = std::move(set), .materialized = {}, .failed = {}, .in_progress = {}};
  const std::string fingerprint = fingerprint_of(status.set);
  TREADLE_TRY(auto summary, home.record().find_partition_summary(asset));
  std::int64_t event = 0;
  if (summary && summary->fingerprint == fingerprint) {
    auto materialized = PartitionSubset::decode(summary->materialized);
    auto failed = PartitionSubset::decode(summary->failed);
    if (materialized && failed) {
      status.materialized = std::move(*materialized);
      status.failed = std::move(*failed);
      event = summary->event;
    }
  }
  TREADLE_TRY(const std::vector<events::PartitionFact> facts,
              home.record().partition_facts(asset, event));
  std::vector<std::int64_t> made, failed;
  // A partition that is not there now, but may be later: then its fact must be read again.
  bool left_out = false;
  for (const events::PartitionFact& fact : facts) {
    event = std::max({event, fact.materialized, fact.failed});
    const std::optional<std::int64_t> number = status.set.find(fact.partition);
    if (!number) {
      left_out = true;
      continue;
    }
    if (fact.materialized > 0) made.push_back(*number);
    if (fact.failed > fact.materialized) failed.push_back(*number);
  }
  const PartitionSubset now_made = PartitionSubset::of(std::move(made));
  status.materialized = status.materialized | now_made;
  status.failed = (status.failed - now_made) | PartitionSubset::of(std::move(failed));
  if (facts.size() >= kWorthSaving && !left_out) {
    // Derived and worth trying only: a home that cannot be written is read all the same.
    static_cast<void>(
        home.record().save_partition_summary(asset, {.fingerprint = fingerprint,
                                                     .event = event,
                                                     .materialized = status.materialized.encode(),
                                                     .failed = status.failed.encode()}));
  }
  TREADLE_TRY(status.in_progress, in_progress(home, asset, status.set));
  return status;
}

Result<std::optional<plan::PartitionedFacts>> partitioned_facts(Home& home,
                                                                const plan::AssetGraph& graph,
                                                                plan::NodeId node) {
  const AssetInfo& info = *graph.node(node).info;
  if (!info.partitions) return std::optional<plan::PartitionedFacts>();
  TREADLE_TRY(PartitionSet set,
              PartitionSet::at(info.partitions, system_clock().now(), &home.dynamic_keys()));
  plan::PartitionedFacts facts{.set = std::move(set), .made = {}};
  TREADLE_TRY(auto latest, home.record().latest_materializations(info.key));
  for (events::LatestMaterialization& m : latest) {
    if (m.partition.empty()) continue;
    if (const auto number = facts.set.find(m.partition)) {
      facts.made.insert_or_assign(*number, std::move(m.provenance));
    }
  }
  return std::optional<plan::PartitionedFacts>(std::move(facts));
}

Result<void> add_partitions(Home& home, plan::Plan& plan, execute::RunOptions& options,
                            const PartitionsPtr& job) {
  TREADLE_TRY(const plan::PartitionRequest request, plan::request_of(options.tags));
  const std::vector<Problem> problems =
      plan::add_partitions(plan, request, system_clock().now(), &home.dynamic_keys(), job);
  if (!problems.empty()) return fail(Errc::kInvalidArgument, sentences_of(problems));

  std::unordered_map<plan::NodeId, std::unordered_map<std::string, execute::KnownVersion>> versions;
  for (const plan::PlannedStep& step : plan.steps) {
    if (!step.partitions) continue;
    if (step.partitions->own) {
      for (auto& [name, value] : plan::tags_of(request, &step.partitions->own->set)) {
        options.tags.insert_or_assign(std::move(name), std::move(value));
      }
    }
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const auto& read = step.partitions->inputs[i];
      if (!read) continue;
      const plan::NodeId node = step.inputs[i].node;
      TREADLE_CHECK(
          add_versions(home, plan.graph->node(node).info->key, read->slice, versions[node]));
    }
  }
  for (auto& [node, known] : versions) {
    options.known_versions[plan.graph->node(node).info->key] = {
        .data_version = {},
        .artifact = {},
        .partitions =
            std::make_shared<const std::unordered_map<std::string, execute::KnownVersion>>(
                std::move(known))};
  }
  return {};
}

}  // namespace treadle::app
