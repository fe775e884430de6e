#include <treadle/plan/staleness.h>

#include <optional>
#include <unordered_map>
#include <utility>

namespace treadle::plan {
namespace {

// The inputs that a materialization was computed from, by key. The record keeps them in the order of the parents, so that as a
// rule the next one is the one asked for.
class RecordedInputs {
 public:
  explicit RecordedInputs(const std::vector<Provenance::Input>& inputs)
      : inputs_(inputs), found_many_(inputs.size() > 64 ? inputs.size() : 0) {}

  const Provenance::Input* find(const AssetKey& key) {
    std::size_t at = next_;
    if (at >= inputs_.size() || inputs_[at].asset != key) {
      if (by_key_.empty()) {
        for (std::size_t i = 0; i < inputs_.size(); ++i) by_key_[inputs_[i].asset.text()] = i;
      }
      const auto it = by_key_.find(key.text());
      if (it == by_key_.end()) return nullptr;
      at = it->second;
    }
    next_ = at + 1;
    if (at < 64) {
      found_ |= std::uint64_t{1} << at;
    } else {
      found_many_[at] = true;
    }
    return &inputs_[at];
  }

  // Calls `report` for each input that was never asked for.
  template <class Report>
  void for_each_other(Report report) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const bool found = i < 64 ? (found_ >> i & 1) != 0 : found_many_[i];
      if (!found) report(inputs_[i]);
    }
  }

 private:
  const std::vector<Provenance::Input>& inputs_;
  std::uint64_t found_ = 0;       // the first 64
  std::vector<bool> found_many_;  // beyond
  std::unordered_map<std::string_view, std::size_t> by_key_;
  std::size_t next_ = 0;
};

class StaleFinder {
 public:
  StaleFinder(const AssetGraph& graph, const Facts& facts,
              const std::function<std::string(const Node&)>& code_version,
              const PartitionJudge* partitions)
      : graph_(graph),
        facts_(facts),
        code_version_(code_version),
        partitions_(partitions),
        derived_(graph.definitions().steps.size()),
        statuses_(graph.nodes().size()) {}

  std::vector<AssetStatus> run() {
    for (const NodeId id : graph_.topological_order()) {
      if (graph_.node(id).step) judge(id);
    }
    return std::move(statuses_);
  }

 private:
  void judge(NodeId id) {
    const Node& node = graph_.node(id);
    if (partitions_ && node.info->partitions) {
      if (auto judged = partitions_->judge(id, statuses_)) {
        statuses_[id] = std::move(*judged);
        return;
      }
    }
    const AssetFacts& facts = facts_of_latest_call(id);
    const bool own = &facts == &facts_[id];
    AssetStatus& status = statuses_[id];
    if (!facts.materialized) {
      status.staleness = Staleness::kMissing;
      status.reasons.push_back({StaleReason::Kind::kNeverMaterialized, kNoNode, {}, {}});
      return;
    }
    const auto add = [&](StaleReason::Kind kind, NodeId upstream, std::string from,
                         std::string to) {
      status.reasons.push_back({kind, upstream, std::move(from), std::move(to)});
    };
    if (facts.artifact_gone)
      add(StaleReason::Kind::kArtifactGone, kNoNode, facts.provenance.artifact, {});
    if (!facts.provenance.code_version.empty()) {
      const std::string& now = current_code_version(node);
      if (!now.empty() && now != facts.provenance.code_version) {
        add(StaleReason::Kind::kCodeChanged, kNoNode, facts.provenance.code_version, now);
      }
    }
    RecordedInputs recorded(facts.provenance.inputs);
    for (const NodeId parent : node.parents) {
      const Node& upstream = graph_.node(parent);
      const Provenance::Input* used = recorded.find(upstream.info->key);
      // Made together by one call of one function: nothing can have changed in between.
      if (upstream.step == node.step && facts_[parent].run_id == facts.run_id) continue;
      if (!used) {
        add(StaleReason::Kind::kDependencyAdded, parent, {}, {});
        continue;
      }
      // Versions of partitions are compared by partition: plan/partition_staleness.h.
      const bool partitioned = node.info->partitions || upstream.info->partitions;
      const std::string& now = partitioned ? facts.upstream_now(parent) : data_version(parent);
      if (!used->data_version.empty() && !now.empty() && used->data_version != now) {
        add(StaleReason::Kind::kUpstreamChanged, parent, used->data_version, now);
      } else if (is_stale(id, parent)) {
        add(StaleReason::Kind::kUpstreamStale, parent, {}, {});
      }
    }
    recorded.for_each_other([&](const Provenance::Input& input) {
      if (!own) return;
      const NodeId upstream = graph_.find(input.asset);
      add(StaleReason::Kind::kDependencyRemoved, upstream,
          upstream == kNoNode ? input.asset.text() : std::string(), {});
    });
    if (!status.reasons.empty()) status.staleness = Staleness::kStale;
  }

  bool is_stale(NodeId id, NodeId parent) const {
    if (statuses_[parent].staleness == Staleness::kFresh) return false;
    return !partitions_ || !graph_.node(parent).info->partitions ||
           partitions_->reads_stale(id, parent);
  }

  // An optional output may not have come out of the latest call of its function. Then that call is what counts, told by another
  // output of it; or else what is left out once would be stale for ever.
  const AssetFacts& facts_of_latest_call(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.step->outputs[node.output].required || node.step->can_subset) return facts_[id];
    if (latest_of_step_.empty()) find_latest_of_steps();
    const AssetFacts& latest =
        facts_[latest_of_step_[node.step - graph_.definitions().steps.data()]];
    const AssetFacts& own = facts_[id];
    const bool came_out =
        own.materialized && (own.run_id == latest.run_id || own.time >= latest.time);
    return came_out ? own : latest;
  }

  void find_latest_of_steps() {
    latest_of_step_.assign(graph_.definitions().steps.size(), kNoNode);
    for (NodeId id = 0; id < facts_.size(); ++id) {
      if (!graph_.node(id).step) continue;
      NodeId& latest = latest_of_step_[graph_.node(id).step - graph_.definitions().steps.data()];
      const auto rank = [&](NodeId n) { return std::pair(facts_[n].materialized, facts_[n].time); };
      if (latest == kNoNode || rank(latest) < rank(id)) latest = id;
    }
  }

  const std::string& data_version(NodeId id) const {
    const AssetFacts& facts = facts_[id];
    if (graph_.node(id).step || facts.source_version.empty()) return facts.provenance.data_version;
    return facts.source_version;
  }

  const std::string& current_code_version(const Node& node) {
    if (!node.info->code_version.empty()) return node.info->code_version;
    auto& derived = derived_[node.step - graph_.definitions().steps.data()];
    if (!derived) derived = code_version_ ? code_version_(node) : std::string();
    return *derived;
  }

  const AssetGraph& graph_;
  const Facts& facts_;
  const std::function<std::string(const Node&)>& code_version_;
  const PartitionJudge* partitions_;
  std::vector<std::optional<std::string>> derived_;  // by step
  std::vector<NodeId>
      latest_of_step_;  // the output of each step that was made last; empty until asked for
  std::vector<AssetStatus> statuses_;
};

// Long versions are cut, unless that would hide the difference.
std::string from_to(const std::string& from, const std::string& to) {
  constexpr std::size_t kLength = 12;
  const bool cut = from.compare(0, kLength, to, 0, kLength) != 0;
  const auto shown = [&](const std::string& version) {
    return cut ? version.substr(0, kLength) : version;
  };
  return "from " + shown(from) + " to " + shown(to);
}

}  // namespace

const std::string& AssetFacts::upstream_now(NodeId upstream) const {
  static const std::string unknown;
  for (const auto& [node, version] : read_now) {
    if (node == upstream) return version;
  }
  return unknown;
}

std::vector<AssetStatus> find_stale(const AssetGraph& graph, const Facts& facts,
                                    const std::function<std::string(const Node&)>& code_version,
                                    const PartitionJudge* partitions) {
  return StaleFinder(graph, facts, code_version, partitions).run();
}

std::string describe(const StaleReason& reason, const AssetGraph& graph) {
  const std::string upstream =
      "'" +
      (reason.upstream == kNoNode ? reason.from : graph.node(reason.upstream).info->key.text()) +
      "'";
  switch (reason.kind) {
    case StaleReason::Kind::kNeverMaterialized:
      return "never materialized";
    case StaleReason::Kind::kCodeChanged:
      return "code version changed " + from_to(reason.from, reason.to);
    case StaleReason::Kind::kUpstreamChanged:
      return "upstream " + upstream + " changed " + from_to(reason.from, reason.to);
    case StaleReason::Kind::kUpstreamStale:
      return "upstream " + upstream + " is stale";
    case StaleReason::Kind::kDependencyAdded:
      return "dependency on " + upstream + " added";
    case StaleReason::Kind::kDependencyRemoved:
      return "dependency on " + upstream + " removed";
    case StaleReason::Kind::kArtifactGone:
      return reason.from.empty() ? "its artifact is gone" : "artifact " + reason.from + " is gone";
  }
  return {};
}

}  // namespace treadle::plan
