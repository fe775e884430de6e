#include <treadle/app/partitions.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partitions.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

namespace treadle::app {
namespace {

// What has happened since a summary is written back into it once there is this much.
constexpr std::size_t kWorthSaving = 500;

// The number of a key, also of one that does not exist yet but whose number is known.
std::optional<std::int64_t> number_of(const PartitionSet& set, const std::string& key) {
  if (set.definition()->as_time()) return set.definition()->grid().find(key);
  return set.find(key);
}

// Whether a key that has no number may get one without another fingerprint.
bool may_come(const PartitionSet& set) {
  return !set.definition()->as_time() && !set.definition()->as_static();
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

// The latest materializations of an asset, by the numbers of its partitions.
class MaterializationReader {
 public:
  MaterializationReader(Home& home, AssetKey asset, PartitionSet set)
      : home_(home), asset_(std::move(asset)), set_(std::move(set)) {}

  const Provenance* find(std::int64_t number) {
    const auto at = known_.find(number);
    if (at != known_.end()) return &at->second;
    // A look at one costs as much as ten of all.
    const auto few = std::max<std::size_t>(300, static_cast<std::size_t>(set_.size()) / 10);
    if (all_ || known_.size() >= few) {
      if (!all_) read_all();
      const auto found = known_.find(number);
      return found == known_.end() ? nullptr : &found->second;
    }
    auto latest = home_.record().latest_materialization(asset_, set_.key(number));
    if (!latest || !*latest) return nullptr;
    return &known_.emplace(number, std::move((*latest)->provenance)).first->second;
  }

 private:
  void read_all() {
    all_ = true;
    auto latest = home_.record().latest_materializations(asset_);
    if (!latest) return;
    known_.reserve(latest->size());
    for (events::LatestMaterialization& m : *latest) {
      if (m.partition.empty()) continue;
      if (const auto number = set_.find(m.partition)) {
        known_.try_emplace(*number, std::move(m.provenance));
      }
    }
  }

  Home& home_;
  const AssetKey asset_;
  const PartitionSet set_;
  bool all_ = false;
  std::unordered_map<std::int64_t, Provenance> known_;
};

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

// Sizes matter where a dimension that grows is not the first;
// dynamic keys move up when one before them is removed.
std::string numbering_of(const PartitionSet& set) {
  std::string text = set.definition()->fingerprint();
  for (std::size_t d = 1; d < set.dimensions().size(); ++d) {
    text += ' ' + std::to_string(set.dimensions()[d].size());
  }
  const auto add_dynamic = [&](const PartitionSet& s) {
    if (!s.definition()->as_dynamic()) return;
    const PartitionKeys* keys = s.listed_keys();
    text += ' ' + (keys == nullptr ? std::string() : keys->numbering());
    if (keys != nullptr && keys->numbering().empty()) {
      std::size_t hash = 0;
      for (std::int64_t i = 0; i < keys->size(); ++i) {
        hash = hash * 31 + std::hash<std::string_view>()(keys->at(i));
      }
      text += std::to_string(keys->size()) + ' ' + std::to_string(hash);
    }
  };
  add_dynamic(set);
  for (const PartitionSet& d : set.dimensions()) add_dynamic(d);
  return text;
}

Result<std::vector<PartitionsKnown>> known_partitions(Home& home,
                                                      const std::vector<PartitionsAsked>& asked) {
  std::vector<events::Record::HistoryAsked> questions;
  std::unordered_map<const PartitionSet*, std::string> fingerprints;
  for (const PartitionsAsked& one : asked) {
    std::string& fingerprint = fingerprints[one.set];
    if (fingerprint.empty()) fingerprint = numbering_of(*one.set);
    questions.push_back({one.asset, fingerprint});
  }
  TREADLE_TRY(const std::vector<events::PartitionHistory> histories,
              home.record().partition_histories(questions));
  std::vector<PartitionsKnown> known(asked.size());
  std::vector<std::pair<AssetKey, events::PartitionSummary>> summaries;
  std::size_t read = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const PartitionSet& set = *asked[i].set;
    const events::PartitionHistory& history = histories[i];
    PartitionsKnown& partitions = known[i];
    std::int64_t event = 0;
    if (history.summary) {
      TREADLE_TRY(partitions.materialized, PartitionSubset::decode(history.summary->materialized));
      TREADLE_TRY(partitions.failed, PartitionSubset::decode(history.summary->failed));
      event = history.summary->event;
    }
    if (!history.since.empty()) {
      std::vector<std::int64_t> made, failed;
      bool complete = true;
      for (const events::PartitionFact& fact : history.since) {
        event = std::max({event, fact.materialized, fact.failed});
        const std::optional<std::int64_t> number = number_of(set, fact.partition);
        if (!number) {
          complete = complete && !may_come(set);
          continue;
        }
        if (fact.materialized > 0) made.push_back(*number);
        if (fact.failed > fact.materialized) failed.push_back(*number);
      }
      const PartitionSubset now_made = PartitionSubset::of(std::move(made));
      partitions.materialized = partitions.materialized | now_made;
      partitions.failed = (partitions.failed - now_made) | PartitionSubset::of(std::move(failed));
      read += history.since.size();
      if (complete) {
        summaries.emplace_back(asked[i].asset, events::PartitionSummary{
                                                   .fingerprint = questions[i].fingerprint,
                                                   .event = event,
                                                   .materialized = partitions.materialized.encode(),
                                                   .failed = partitions.failed.encode()});
      }
    }
    partitions.materialized = partitions.materialized & set.all();
    partitions.failed = partitions.failed & set.all();
  }
  if (read >= kWorthSaving) {
    // Derived and worth trying only: a home that cannot be written is read all the same.
    static_cast<void>(home.record().save_partition_summaries(summaries));
  }
  return known;
}

Result<PartitionStatus> partition_status(Home& home, const AssetKey& asset, PartitionSet set) {
  TREADLE_TRY(std::vector<PartitionsKnown> known, known_partitions(home, {{asset, &set}}));
  TREADLE_TRY(PartitionSubset running, in_progress(home, asset, set));
  return PartitionStatus{.set = std::move(set),
                         .materialized = std::move(known[0].materialized),
                         .failed = std::move(known[0].failed),
                         .in_progress = std::move(running)};
}

void remember_partitions(Home& home, const plan::Plan& plan) {
  std::vector<PartitionsAsked> asked;
  for (const plan::PlannedStep& step : plan.steps) {
    if (!step.execute || !step.partitions || !step.partitions->own) continue;
    if (static_cast<std::size_t>(step.partitions->own->subset.size()) < kWorthSaving) continue;
    for (const std::uint32_t output : step.outputs) {
      const AssetKey& asset = step.def->outputs[output].asset.key;
      if (!asset.empty()) asked.push_back({asset, &step.partitions->own->set});
    }
  }
  if (asked.empty()) return;
  static_cast<void>(known_partitions(home, asked));
  for (const PartitionsAsked& one : asked) {
    if (plan.graph->find(one.asset) == plan::kNoNode) continue;
    std::unordered_map<plan::NodeId, std::optional<plan::PartitionedFacts>> facts;
    const auto known = [&](plan::NodeId node) -> const plan::PartitionedFacts* {
      const auto [at, added] = facts.try_emplace(node);
      if (added) {
        if (auto read = partitioned_facts(home, *plan.graph, node)) at->second = std::move(*read);
      }
      return at->second ? &*at->second : nullptr;
    };
    static_cast<void>(stale_partitions(home, {.graph = *plan.graph,
                                              .node = plan.graph->find(one.asset),
                                              .facts = known,
                                              .version = [](plan::NodeId) { return std::string(); },
                                              .code_version = {}}));
  }
}

Result<std::optional<plan::PartitionedFacts>> partitioned_facts(Home& home,
                                                                const plan::AssetGraph& graph,
                                                                plan::NodeId node) {
  const AssetInfo& info = *graph.node(node).info;
  if (!info.partitions) return std::optional<plan::PartitionedFacts>();
  TREADLE_TRY(PartitionSet set,
              PartitionSet::at(info.partitions, system_clock().now(), &home.dynamic_keys()));
  TREADLE_TRY(std::vector<PartitionsKnown> known, known_partitions(home, {{info.key, &set}}));
  const auto read = std::make_shared<MaterializationReader>(home, info.key, set);
  return std::optional(
      plan::PartitionedFacts{.set = std::move(set),
                             .made = std::move(known[0].materialized),
                             .of = [read](std::int64_t number) { return read->find(number); }});
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
