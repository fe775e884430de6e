#include <treadle/plan/partition_mapping.h>
#include <treadle/plan/partition_staleness.h>
#include <treadle/plan/partitions.h>

#include <algorithm>

namespace treadle::plan {
namespace {

// Of what is made of the partitions, as a run records it.
std::string version_of(const PartitionedFacts& facts, const PartitionSubset& subset) {
  std::vector<std::pair<std::string, std::string>> versions;
  subset.for_each([&](std::int64_t number) {
    const auto made = facts.made.find(number);
    if (made == facts.made.end()) return;
    versions.emplace_back(facts.set.key(number), made->second.data_version);
  });
  return versions.empty() ? std::string() : combined_version(versions);
}

const InputDef* input_for(const AssetGraph& graph, NodeId node, NodeId upstream) {
  const StepDef& step = *graph.node(node).step;
  const auto inputs = graph.inputs(step);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == upstream) return &step.inputs[i];
  }
  return nullptr;
}

PartitionMapping mapping_between(const AssetGraph& graph, NodeId node, NodeId upstream) {
  const InputDef* input = input_for(graph, node, upstream);
  if (input != nullptr && input->partition_mapping) return *input->partition_mapping;
  return infer_partition_mapping(graph.node(node).info->partitions,
                                 graph.node(upstream).info->partitions);
}

class Reasons {
 public:
  void add(std::int64_t number, StaleReason reason) {
    for (auto& [known, numbers] : reasons_) {
      if (known.kind != reason.kind || known.upstream != reason.upstream) continue;
      numbers.push_back(number);
      return;
    }
    reasons_.emplace_back(std::move(reason), std::vector<std::int64_t>{number});
  }
  void give(PartitionStaleness& result) && {
    for (auto& [reason, numbers] : reasons_) {
      PartitionSubset subset = PartitionSubset::of(std::move(numbers));
      result.stale = result.stale | subset;
      result.reasons.emplace_back(std::move(reason), std::move(subset));
    }
  }

 private:
  std::vector<std::pair<StaleReason, std::vector<std::int64_t>>> reasons_;
};

// The partitions that are made from stale ones of an upstream asset.
PartitionSubset stale_below(const PartitionQuestion& question, NodeId upstream,
                            const PartitionMapping& mapping, const PartitionedFacts& own,
                            const PartitionedFacts* read) {
  const PartitionSubset stale = question.stale ? question.stale(upstream) : PartitionSubset();
  if (stale.empty()) return stale;
  if (read == nullptr) return own.set.all();
  return downstream_of(mapping, read->set, stale, own.set).value_or(PartitionSubset());
}

}  // namespace

PartitionStaleness find_stale_partitions(const PartitionQuestion& question) {
  PartitionStaleness result;
  const PartitionedFacts* own = question.facts(question.node);
  if (own == nullptr) return result;
  const Node& node = question.graph.node(question.node);
  std::vector<std::int64_t> made;
  for (const auto& [number, provenance] : own->made) made.push_back(number);
  std::sort(made.begin(), made.end());
  result.missing = own->set.all() - PartitionSubset::of(made);

  Reasons reasons;
  for (const std::int64_t number : made) {
    const std::string& was = own->made.at(number).code_version;
    if (was.empty() || question.code_version.empty() || was == question.code_version) continue;
    reasons.add(number, {StaleReason::Kind::kCodeChanged, kNoNode, was, question.code_version});
  }
  for (const NodeId upstream : node.parents) {
    const Node& parent = question.graph.node(upstream);
    if (parent.step == node.step) continue;
    const PartitionedFacts* read = question.facts(upstream);
    const PartitionMapping mapping = mapping_between(question.graph, question.node, upstream);
    const std::string whole = read == nullptr ? question.version(upstream) : std::string();
    PartitionSubset upstream_stale = stale_below(question, upstream, mapping, *own, read);
    for (const std::int64_t number : made) {
      const std::vector<Provenance::Input>& inputs = own->made.at(number).inputs;
      const auto used = std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) {
        return input.asset == parent.info->key;
      });
      if (used == inputs.end()) {
        reasons.add(number, {StaleReason::Kind::kDependencyAdded, upstream, {}, {}});
        continue;
      }
      std::string now = whole;
      if (read != nullptr) {
        const PartitionSubset one = PartitionSubset::one(number);
        const auto mapped = upstream_of(mapping, &own->set, &one, read->set);
        if (!mapped) continue;
        now = version_of(*read, mapped->subset);
      }
      if (!used->data_version.empty() && !now.empty() && used->data_version != now) {
        reasons.add(number,
                    {StaleReason::Kind::kUpstreamChanged, upstream, used->data_version, now});
      } else if (upstream_stale.contains(number)) {
        reasons.add(number, {StaleReason::Kind::kUpstreamStale, upstream, {}, {}});
      }
    }
  }
  std::move(reasons).give(result);
  return result;
}

bool reads_any(const PartitionQuestion& question, NodeId upstream, const PartitionSubset& subset) {
  const PartitionedFacts* read = question.facts(upstream);
  if (read == nullptr) return false;
  const auto mapped = upstream_of(mapping_between(question.graph, question.node, upstream), nullptr,
                                  nullptr, read->set);
  return mapped && mapped->subset.intersects(subset);
}

std::string version_read_now(const PartitionQuestion& question, NodeId upstream) {
  const PartitionedFacts* read = question.facts(upstream);
  if (read == nullptr) return question.version(upstream);
  const PartitionMapping mapping = mapping_between(question.graph, question.node, upstream);
  const auto mapped = upstream_of(mapping, nullptr, nullptr, read->set);
  return mapped ? version_of(*read, mapped->subset) : std::string();
}

}  // namespace treadle::plan
