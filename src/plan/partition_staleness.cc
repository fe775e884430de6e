#include <treadle/plan/partition_mapping.h>
#include <treadle/plan/partition_staleness.h>
#include <treadle/plan/partitions.h>

#include <algorithm>
#include <unordered_map>

namespace treadle::plan {
namespace {

using ByVersion = PartitionJudgement::ByVersion;

// Of what is made of the partitions, as a run records it.
std::string version_of(const PartitionedFacts& facts, const PartitionSubset& subset) {
  std::vector<std::pair<std::string, std::string>> versions;
  (subset & facts.made).for_each([&](std::int64_t number) {
    const Provenance* made = facts.of(number);
    if (made != nullptr) versions.emplace_back(facts.set.key(number), made->data_version);
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

// Partitions by something that was recorded of each.
class Groups {
 public:
  void add(const std::string& version, std::int64_t number) {
    if (last_ == nullptr || last_->first != version) {
      last_ = &*groups_.try_emplace(version).first;
    }
    last_->second.push_back(number);
  }
  // Into `known`, which says nothing of these partitions any more.
  void merge_into(ByVersion& known) && {
    for (auto& [version, numbers] : groups_) {
      PartitionSubset subset = PartitionSubset::of(std::move(numbers));
      const auto at = std::find_if(known.begin(), known.end(),
                                   [&](const auto& one) { return one.first == version; });
      if (at == known.end()) {
        known.emplace_back(version, std::move(subset));
      } else {
        at->second = at->second | subset;
      }
    }
  }

 private:
  std::unordered_map<std::string, std::vector<std::int64_t>> groups_;
  std::pair<const std::string, std::vector<std::int64_t>>* last_ = nullptr;
};

void forget(ByVersion& known, const PartitionSubset& which) {
  for (auto& [version, subset] : known) subset = subset - which;
  std::erase_if(known, [](const auto& one) { return one.second.empty(); });
}

bool same_keys(const PartitionMapping& mapping) {
  const auto* windows = std::get_if<TimeWindowMapping>(&mapping.data);
  return windows != nullptr ? windows->start_offset == 0 && windows->end_offset == 0
                            : std::holds_alternative<IdentityMapping>(mapping.data);
}

// The version now of what a partition reads of another asset. Neighbours often read the same.
class VersionNow {
 public:
  VersionNow(const PartitionMapping& mapping, const PartitionedFacts& own,
             const PartitionedFacts& read)
      : mapping_(mapping),
        own_(own),
        read_(read),
        same_numbers_(same_keys(mapping) && own.set.definition()->fingerprint() ==
                                                read.set.definition()->fingerprint()) {}

  // Null: the mapping does not say.
  const std::string* at(std::int64_t number) {
    if (same_numbers_) {
      const Provenance* made = read_.made.contains(number) ? read_.of(number) : nullptr;
      version_ = made == nullptr ? std::string() : made->data_version;
      return &version_;
    }
    const PartitionSubset one = PartitionSubset::one(number);
    auto mapped = upstream_of(mapping_, &own_.set, &one, read_.set);
    if (!mapped) return nullptr;
    if (!last_ || !(mapped->subset == *last_)) {
      last_ = std::move(mapped->subset);
      version_ = version_of(read_, *last_);
    }
    return &version_;
  }

 private:
  const PartitionMapping& mapping_;
  const PartitionedFacts& own_;
  const PartitionedFacts& read_;
  const bool same_numbers_;
  std::optional<PartitionSubset> last_;
  std::string version_;
};

void judge_read(const PartitionQuestion& question, const PartitionedFacts& own,
                const PartitionSubset& which, PartitionJudgement::Read& read) {
  const AssetKey& asset = question.graph.node(read.upstream).info->key;
  const PartitionedFacts* upstream = question.facts(read.upstream);
  const PartitionMapping mapping = mapping_between(question.graph, question.node, read.upstream);
  std::optional<VersionNow> now;
  if (upstream != nullptr) now.emplace(mapping, own, *upstream);
  read.unread = read.unread - which;
  read.changed = read.changed - which;
  forget(read.used, which);
  std::vector<std::int64_t> unread, changed;
  Groups used_versions;
  which.for_each([&](std::int64_t number) {
    const Provenance* made = own.of(number);
    if (made == nullptr) return;
    const auto used = std::find_if(made->inputs.begin(), made->inputs.end(),
                                   [&](const auto& input) { return input.asset == asset; });
    if (used == made->inputs.end()) {
      unread.push_back(number);
    } else if (used->data_version.empty()) {
      return;
    } else if (!now) {
      used_versions.add(used->data_version, number);
    } else {
      const std::string* is = now->at(number);
      if (is != nullptr && !is->empty() && *is != used->data_version) changed.push_back(number);
    }
  });
  read.unread = read.unread | PartitionSubset::of(std::move(unread));
  read.changed = read.changed | PartitionSubset::of(std::move(changed));
  std::move(used_versions).merge_into(read.used);
}

// The partitions that are made from stale ones of an upstream asset.
PartitionSubset stale_below(const PartitionQuestion& question, NodeId upstream,
                            const PartitionedFacts& own) {
  const PartitionSubset stale = question.stale ? question.stale(upstream) : PartitionSubset();
  if (stale.empty()) return stale;
  const PartitionedFacts* read = question.facts(upstream);
  if (read == nullptr) return own.set.all();
  return downstream_of(mapping_between(question.graph, question.node, upstream), read->set, stale,
                       own.set)
      .value_or(PartitionSubset());
}

// From which version the first of them was made, and which there is now.
StaleReason changed_reason(const PartitionQuestion& question, const PartitionedFacts& own,
                           NodeId upstream, std::int64_t first) {
  StaleReason reason{StaleReason::Kind::kUpstreamChanged, upstream, {}, {}};
  const PartitionedFacts* read = question.facts(upstream);
  const AssetKey& asset = question.graph.node(upstream).info->key;
  if (const Provenance* made = own.of(first)) {
    for (const auto& input : made->inputs) {
      if (input.asset == asset) reason.from = input.data_version;
    }
  }
  if (read != nullptr) {
    const PartitionMapping mapping = mapping_between(question.graph, question.node, upstream);
    VersionNow now(mapping, own, *read);
    if (const std::string* version = now.at(first)) reason.to = *version;
  }
  return reason;
}

}  // namespace

PartitionMapping mapping_between(const AssetGraph& graph, NodeId node, NodeId upstream) {
  const InputDef* input = input_for(graph, node, upstream);
  if (input != nullptr && input->partition_mapping) return *input->partition_mapping;
  return infer_partition_mapping(graph.node(node).info->partitions,
                                 graph.node(upstream).info->partitions);
}

bool keeps(const PartitionMapping& mapping) {
  if (std::holds_alternative<LastMapping>(mapping.data) ||
      std::holds_alternative<std::shared_ptr<const CustomMapping>>(mapping.data)) {
    return false;
  }
  const auto* multi = std::get_if<MultiMapping>(&mapping.data);
  return multi == nullptr ||
         std::all_of(multi->dimensions.begin(), multi->dimensions.end(),
                     [](const auto& d) { return !d.mapping || keeps(*d.mapping); });
}

void judge(const PartitionQuestion& question, const PartitionSubset& which,
           PartitionJudgement& judgement) {
  const PartitionedFacts* own = question.facts(question.node);
  if (own == nullptr) return;
  const PartitionSubset made = which & own->made;
  forget(judgement.code_versions, which);
  Groups code_versions;
  made.for_each([&](std::int64_t number) {
    const Provenance* provenance = own->of(number);
    if (provenance == nullptr || provenance->code_version.empty()) return;
    code_versions.add(provenance->code_version, number);
  });
  std::move(code_versions).merge_into(judgement.code_versions);

  const Node& node = question.graph.node(question.node);
  std::vector<PartitionJudgement::Read> reads;
  for (const NodeId upstream : node.parents) {
    if (question.graph.node(upstream).step == node.step) continue;
    const auto known = std::find_if(judgement.reads.begin(), judgement.reads.end(),
                                    [&](const auto& read) { return read.upstream == upstream; });
    PartitionJudgement::Read& read = reads.emplace_back();
    if (known != judgement.reads.end()) read = std::move(*known);
    read.upstream = upstream;
    judge_read(question, *own, made, read);
  }
  judgement.reads = std::move(reads);
}

PartitionStaleness stale_by(const PartitionQuestion& question,
                            const PartitionJudgement& judgement) {
  PartitionStaleness result;
  const PartitionedFacts* own = question.facts(question.node);
  if (own == nullptr) return result;
  result.missing = own->set.all() - own->made;
  const auto add = [&](StaleReason reason, PartitionSubset subset) {
    if (subset.empty()) return;
    result.stale = result.stale | subset;
    result.reasons.emplace_back(std::move(reason), std::move(subset));
  };

  StaleReason code{StaleReason::Kind::kCodeChanged, kNoNode, {}, question.code_version};
  PartitionSubset of_other_code;
  for (const auto& [was, subset] : judgement.code_versions) {
    if (question.code_version.empty() || was == question.code_version) continue;
    if (of_other_code.empty() || subset.first() < of_other_code.first()) code.from = was;
    of_other_code = of_other_code | subset;
  }
  add(std::move(code), std::move(of_other_code));

  for (const PartitionJudgement::Read& read : judgement.reads) {
    add({StaleReason::Kind::kDependencyAdded, read.upstream, {}, {}}, read.unread);
    PartitionSubset changed = read.changed;
    StaleReason reason{StaleReason::Kind::kUpstreamChanged, read.upstream, {}, {}};
    if (!changed.empty()) {
      reason = changed_reason(question, *own, read.upstream, changed.first());
    } else if (!read.used.empty()) {
      reason.to = question.version(read.upstream);
      for (const auto& [was, subset] : read.used) {
        if (reason.to.empty() || was == reason.to) continue;
        if (changed.empty() || subset.first() < changed.first()) reason.from = was;
        changed = changed | subset;
      }
    }
    PartitionSubset below = stale_below(question, read.upstream, *own) & own->made;
    below = below - read.unread - changed;
    add(std::move(reason), std::move(changed));
    add({StaleReason::Kind::kUpstreamStale, read.upstream, {}, {}}, std::move(below));
  }
  return result;
}

PartitionStaleness find_stale_partitions(const PartitionQuestion& question) {
  PartitionJudgement judgement;
  if (const PartitionedFacts* own = question.facts(question.node)) {
    judge(question, own->made, judgement);
  }
  return stale_by(question, judgement);
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
