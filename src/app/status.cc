#include <treadle/app/status.h>
#include <treadle/artifact/store.h>
#include <treadle/base/json.h>
#include <treadle/base/time_zone.h>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace treadle::app {
namespace {

using ReasonKind = plan::StaleReason::Kind;

// The collection of "local/default/model:v3".
std::string collection_of(const std::string& artifact) {
  return artifact.substr(0, artifact.rfind(':'));
}

// "26 days", "3 hours".
std::string duration_text(Micros elapsed) {
  const auto count = [](Micros n, const char* unit) {
    return fmt::format("{} {}{}", n, unit, n == 1 ? "" : "s");
  };
  const Micros hours = elapsed / 3'600'000'000;
  if (hours >= 48) return count(hours / 24, "day");
  if (hours >= 1) return count(hours, "hour");
  return count(std::max<Micros>(elapsed / 60'000'000, 0), "minute");
}

class Reading {
 public:
  Reading(Home* home, const plan::AssetGraph& graph, const StatusOptions& options)
      : home_(home), graph_(graph), options_(options) {}

  Result<void> read_all(const std::vector<plan::NodeId>& selected,
                        std::vector<plan::AssetStatus>& statuses) {
    facts_.resize(graph_.nodes().size());
    if (home_) {
      TREADLE_TRY(facts_, load_facts(*home_, graph_));
      TREADLE_TRY(const auto checks, home_->record().latest_checks());
      for (const events::CheckResult& check : checks) {
        checked_.insert(check.asset.text());
        if (!check.passed) failed_checks_[check.asset.text()].push_back(check.check);
      }
      TREADLE_TRY(last_uses_, home_->store().last_uses());
    }
    find_needed(selected);
    const plan::PartitionJudge judge{
        .judge = [this](plan::NodeId id, const std::vector<plan::AssetStatus>& so_far)
            -> std::optional<plan::AssetStatus> {
          if (!home_ || !needed_[id] || failure_) return std::nullopt;
          return judge_partitions(id, so_far);
        },
        .reads_stale =
            [this](plan::NodeId id, plan::NodeId parent) {
              const auto found = stale_.find(parent);
              return found == stale_.end() ||
                     plan::reads_any(question(id), parent, found->second.stale);
            }};
    statuses = plan::find_stale(graph_, facts_, code_version_of, &judge);
    if (failure_) return fail(std::move(*failure_));
    return {};
  }

  Result<AssetReport> report(plan::NodeId id, const plan::AssetStatus& status) {
    AssetReport report{.node = id};
    const plan::Node& node = graph_.node(id);
    if (const auto failed = failed_checks_.find(node.info->key.text());
        failed != failed_checks_.end()) {
      report.failed_checks = failed->second;
    }
    if (facts_[id].materialized) report.made = facts_[id].time;
    note_use(report, facts_[id].provenance.artifact);
    if (node.info->partitions) TREADLE_CHECK(read_partitions(report));
    report.unneeded =
        node.step && node.children.empty() && facts_[id].materialized &&
        options_.unneeded_after > 0 &&
        options_.now - std::max(report.made, report.consumed) > options_.unneeded_after;
    report.word = word(node, report, status);
    return report;
  }

 private:
  void note_use(AssetReport& report, const std::string& artifact) const {
    if (artifact.empty() || last_uses_.empty()) return;
    const auto used = last_uses_.find(collection_of(artifact));
    if (used != last_uses_.end()) report.consumed = std::max(report.consumed, used->second);
  }

  // Partitions are kept side by side, each in a collection that is named after it.
  void note_uses(AssetReport& report, const plan::PartitionedFacts& own) const {
    if (last_uses_.empty() || own.made.empty()) return;
    const Provenance* first = own.of(own.made.first());
    const Provenance* last = own.of(own.made.last());
    if (first == nullptr || last == nullptr || first->artifact.empty()) return;
    const std::string one = collection_of(first->artifact), other = collection_of(last->artifact);
    const auto differ = std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first;
    const std::size_t dot = one.rfind('.', static_cast<std::size_t>(differ - one.begin()));
    const bool apart = one != other || own.made.size() == 1;
    const std::string side = apart && dot != std::string::npos ? one.substr(0, dot + 1) : one;
    for (auto used = last_uses_.lower_bound(side);
         used != last_uses_.end() && used->first.starts_with(side); ++used) {
      report.consumed = std::max(report.consumed, used->second);
    }
  }

  // What is selected, and everything upstream of it.
  void find_needed(const std::vector<plan::NodeId>& selected) {
    needed_.assign(graph_.nodes().size(), false);
    std::vector<plan::NodeId> open = selected;
    while (!open.empty()) {
      const plan::NodeId id = open.back();
      open.pop_back();
      if (needed_[id]) continue;
      needed_[id] = true;
      const auto& parents = graph_.node(id).parents;
      open.insert(open.end(), parents.begin(), parents.end());
    }
  }

  const plan::PartitionedFacts* known(plan::NodeId id) {
    const auto [at, added] = known_.try_emplace(id);
    if (added && home_) {
      auto facts = partitioned_facts(*home_, graph_, id);
      if (facts) {
        at->second = std::move(*facts);
      } else {
        failure_ = std::move(facts).error();
      }
    }
    return at->second ? &*at->second : nullptr;
  }

  plan::PartitionQuestion question(plan::NodeId id) {
    return {.graph = graph_,
            .node = id,
            .facts = [this](plan::NodeId n) { return known(n); },
            .version =
                [this](plan::NodeId n) {
                  const plan::AssetFacts& f = facts_[n];
                  return f.source_version.empty() ? f.provenance.data_version : f.source_version;
                },
            .code_version = {},
            .stale = {}};
  }

  std::optional<plan::AssetStatus> judge_partitions(plan::NodeId id,
                                                    const std::vector<plan::AssetStatus>& so_far) {
    plan::PartitionQuestion asked = question(id);
    asked.code_version = code_version_of(graph_.node(id));
    asked.stale = [&](plan::NodeId upstream) {
      if (const auto found = stale_.find(upstream); found != stale_.end()) {
        return found->second.stale;
      }
      const bool stale = so_far[upstream].staleness != plan::Staleness::kFresh;
      return stale ? PartitionSubset::one(0) : PartitionSubset();
    };
    plan::AssetStatus status;
    auto found = stale_partitions(*home_, asked);
    if (!found) {
      failure_ = std::move(found).error();
      return status;
    }
    plan::PartitionStaleness& stale = stale_[id] = std::move(*found);
    const plan::PartitionedFacts* own = known(id);
    if (own == nullptr || own->made.empty()) {
      status.staleness = plan::Staleness::kMissing;
      status.reasons.push_back({ReasonKind::kNeverMaterialized, plan::kNoNode, {}, {}});
      return status;
    }
    if (!stale.stale.empty()) status.staleness = plan::Staleness::kStale;
    for (const auto& [reason, subset] : stale.reasons) status.reasons.push_back(reason);
    return status;
  }

  // A check that passed last may have failed for another partition.
  Result<void> read_partition_checks(AssetReport& report) {
    const AssetKey& key = graph_.node(report.node).info->key;
    if (!checked_.contains(key.text())) return {};
    TREADLE_TRY(const auto results, home_->record().latest_partition_checks(key));
    std::map<std::string, std::vector<std::int64_t>> failed;
    for (const auto& [partition, result] : results) {
      const auto number = report.partitions->set.find(partition);
      if (number && !result.passed) failed[result.check].push_back(*number);
    }
    for (auto& [check, numbers] : failed) {
      auto& names = report.failed_checks;
      if (std::find(names.begin(), names.end(), check) == names.end()) names.push_back(check);
      report.failed_check_partitions.emplace_back(check, PartitionSubset::of(std::move(numbers)));
    }
    return {};
  }

  Result<void> read_partitions(AssetReport& report) {
    const plan::Node& node = graph_.node(report.node);
    TREADLE_TRY(PartitionSet set, PartitionSet::at(node.info->partitions, options_.now,
                                                   home_ ? &home_->dynamic_keys() : nullptr));
    if (!home_) {
      report.partitions = PartitionStatus{std::move(set), {}, {}, {}};
      return {};
    }
    TREADLE_TRY(report.partitions, partition_status(*home_, node.info->key, std::move(set)));
    TREADLE_CHECK(read_partition_checks(report));
    if (!node.step) return {};
    if (node.children.empty()) {
      if (const plan::PartitionedFacts* own = known(report.node)) {
        note_uses(report, *own);
      }
    }
    report.stale = std::move(stale_[report.node]);
    return {};
  }

  static std::string_view word(const plan::Node& node, const AssetReport& report,
                               const plan::AssetStatus& status) {
    if (!node.step) return "source";
    if (report.partitions) {
      if (!report.partitions->failed.empty()) return "failed";
      if (report.partitions->materialized.empty()) return "missing";
      if (!report.stale.stale.empty()) return "stale";
      if (!report.partitions->missing().empty()) return "partial";
    } else if (status.staleness != plan::Staleness::kFresh) {
      return status.staleness == plan::Staleness::kMissing ? "missing" : "stale";
    }
    if (!report.failed_checks.empty()) return "check failed";
    return report.unneeded ? "unneeded" : "fresh";
  }

  Home* home_;
  const plan::AssetGraph& graph_;
  const StatusOptions& options_;
  plan::Facts facts_;
  std::map<std::string, std::vector<std::string>> failed_checks_;
  std::set<std::string> checked_;  // assets
  std::map<std::string, Micros> last_uses_;
  std::unordered_map<plan::NodeId, std::optional<plan::PartitionedFacts>> known_;
  std::unordered_map<plan::NodeId, plan::PartitionStaleness> stale_;
  std::vector<bool> needed_;  // by node
  std::optional<Error> failure_;
};

std::string_view name_of(ReasonKind kind) {
  switch (kind) {
    case ReasonKind::kNeverMaterialized:
      return "never_materialized";
    case ReasonKind::kCodeChanged:
      return "code_changed";
    case ReasonKind::kUpstreamChanged:
      return "upstream_changed";
    case ReasonKind::kUpstreamStale:
      return "upstream_stale";
    case ReasonKind::kDependencyAdded:
      return "dependency_added";
    case ReasonKind::kDependencyRemoved:
      return "dependency_removed";
    case ReasonKind::kArtifactGone:
      break;
  }
  return "artifact_gone";
}

void write_ranges(JsonWriter& w, std::string_view name, const PartitionSet& set,
                  const PartitionSubset& subset) {
  w.key(name).begin_array();
  for (const PartitionSubset::Range& r : subset.ranges()) {
    w.begin_array().value(set.key(r.begin)).value(set.key(r.end - 1)).end_array();
  }
  w.end_array();
}

void write_partitions(JsonWriter& w, const AssetReport& asset, const plan::AssetGraph& graph) {
  const PartitionStatus& p = *asset.partitions;
  w.begin_object().field("count", p.set.size());
  write_ranges(w, "materialized", p.set, p.materialized);
  write_ranges(w, "missing", p.set, p.missing());
  write_ranges(w, "failed", p.set, p.failed);
  write_ranges(w, "stale", p.set, asset.stale.stale);
  w.key("failed_checks").begin_array();
  for (const auto& [check, subset] : asset.failed_check_partitions) {
    w.begin_object().field("check", check);
    write_ranges(w, "partitions", p.set, subset);
    w.end_object();
  }
  w.end_array();
  w.key("reasons").begin_array();
  for (const auto& [reason, subset] : asset.stale.reasons) {
    w.begin_object();
    write_reason_fields(w, reason, graph);
    write_ranges(w, "partitions", p.set, subset);
    w.end_object();
  }
  w.end_array().end_object();
}

void write_branches(JsonWriter& w, const std::vector<Status::Branch>& branches) {
  w.begin_array();
  for (const Status::Branch& branch : branches) {
    w.begin_object().field("text", branch.text).key("because");
    write_branches(w, branch.because);
    w.end_object();
  }
  w.end_array();
}

void write_time(JsonWriter& w, std::string_view name, Micros time) {
  if (time == 0) {
    w.key(name).null();
  } else {
    w.field(name, format_utc(time));
  }
}

}  // namespace

void write_reason_fields(JsonWriter& w, const plan::StaleReason& reason,
                         const plan::AssetGraph& graph) {
  const auto text_or_null = [&](std::string_view name, const std::string& text) {
    w.key(name);
    text.empty() ? w.null() : w.value(text);
  };
  w.field("kind", name_of(reason.kind)).field("text", plan::describe(reason, graph));
  text_or_null("upstream", reason.upstream == plan::kNoNode
                               ? std::string()
                               : graph.node(reason.upstream).info->key.text());
  text_or_null("from", reason.from);
  text_or_null("to", reason.to);
}

std::string code_version_of(const plan::Node& node) {
  if (!node.info->code_version.empty()) return node.info->code_version;
  return node.step != nullptr ? derived_code_version(*node.step) : "";
}

Result<Status> Status::read(Home* home, const plan::AssetGraph& graph,
                            const std::vector<plan::NodeId>& selected,
                            const StatusOptions& options) {
  Status status(graph);
  status.now_ = options.now;
  Reading reading(home, graph, options);
  TREADLE_CHECK(reading.read_all(selected, status.statuses_));
  status.assets_.reserve(selected.size());
  for (const plan::NodeId id : selected) {
    TREADLE_TRY(AssetReport report, reading.report(id, status.statuses_[id]));
    status.assets_.push_back(std::move(report));
  }
  return status;
}

std::vector<std::string> Status::reasons(const AssetReport& asset) const {
  std::vector<std::string> why;
  if (asset.word == "source") return why;
  if (asset.partitions) {
    const PartitionStatus& p = *asset.partitions;
    const auto part = [&](const std::string& what, const PartitionSubset& subset) {
      if (!subset.empty()) why.push_back(what + ": " + p.set.text(subset, 3));
    };
    part("missing", p.missing());
    part("failed", p.failed);
    for (const auto& [reason, subset] : asset.stale.reasons) {
      part(plan::describe(reason, *graph_), subset);
    }
  } else {
    for (const plan::StaleReason& reason : statuses_[asset.node].reasons) {
      why.push_back(plan::describe(reason, *graph_));
    }
  }
  for (const std::string& check : asset.failed_checks) {
    std::string& text = why.emplace_back("check '" + check + "' failed");
    for (const auto& [name, subset] : asset.failed_check_partitions) {
      if (name == check) text += ": " + asset.partitions->set.text(subset, 3);
    }
  }
  if (asset.unneeded) {
    why.push_back(asset.consumed > asset.made
                      ? "nothing here reads it, and it was last consumed " +
                            duration_text(now_ - asset.consumed) + " ago"
                      : "nothing here reads it, and it was not consumed since it was made " +
                            duration_text(now_ - asset.made) + " ago");
  }
  return why;
}

void Status::branch(plan::NodeId node, int depth, std::vector<bool>& seen,
                    std::vector<Branch>& into) const {
  constexpr int kDeepest = 100;
  if (seen[node]) return;
  seen[node] = true;
  if (depth > kDeepest) {
    into.push_back({graph_->node(node).info->key.text() + ": and so on, further upstream", {}});
    return;
  }
  for (const plan::StaleReason& reason : statuses_[node].reasons) {
    Branch& branch_of_reason = into.emplace_back();
    branch_of_reason.text =
        graph_->node(node).info->key.text() + ": " + plan::describe(reason, *graph_);
    if (reason.kind == ReasonKind::kUpstreamStale) {
      branch(reason.upstream, depth + 1, seen, branch_of_reason.because);
    }
  }
}

std::vector<Status::Branch> Status::why(const AssetReport& asset) const {
  std::vector<Branch> tree;
  for (std::string& text : reasons(asset)) tree.push_back({std::move(text), {}});
  if (asset.partitions || asset.word == "source") return tree;
  std::vector<bool> seen(graph_->nodes().size());
  seen[asset.node] = true;
  const auto& own = statuses_[asset.node].reasons;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i].kind == ReasonKind::kUpstreamStale)
      branch(own[i].upstream, 1, seen, tree[i].because);
  }
  return tree;
}

std::string Status::json(bool with_why) const {
  JsonWriter w;
  w.begin_object().key("assets").begin_array();
  for (const AssetReport& asset : assets_) {
    w.begin_object().field("asset", graph_->node(asset.node).info->key.text());
    w.field("status", asset.word).field("unneeded", asset.unneeded);
    write_time(w, "made", asset.made);
    write_time(w, "consumed", asset.consumed);
    w.key("failed_checks").begin_array();
    for (const std::string& check : asset.failed_checks) w.value(check);
    w.end_array().key("reasons").begin_array();
    if (!asset.partitions && asset.word != "source") {
      for (const plan::StaleReason& reason : statuses_[asset.node].reasons) {
        w.begin_object();
        write_reason_fields(w, reason, *graph_);
        w.end_object();
      }
    }
    w.end_array().key("partitions");
    if (asset.partitions) {
      write_partitions(w, asset, *graph_);
    } else {
      w.null();
    }
    if (with_why) {
      w.key("why");
      write_branches(w, why(asset));
    }
    w.end_object();
  }
  return std::move(w.end_array().end_object()).str();
}

}  // namespace treadle::app
