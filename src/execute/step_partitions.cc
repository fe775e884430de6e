#include "step_partitions.h"

namespace treadle::execute {

std::vector<StoredPartition> known_partitions(const KnownVersion& version,
                                              const PartitionSlice& slice) {
  std::vector<StoredPartition> known;
  if (!version.partitions) return known;
  for (std::string& key : slice.keys()) {
    const auto at = version.partitions->find(key);
    if (at == version.partitions->end()) continue;
    known.push_back({std::move(key), at->second.data_version, at->second.artifact});
  }
  return known;
}

std::string version_of(const KnownVersion& version, const PartitionSlice& slice) {
  std::vector<std::pair<std::string, std::string>> versions;
  for (StoredPartition& known : known_partitions(version, slice)) {
    versions.emplace_back(std::move(known.key), std::move(known.data_version));
  }
  if (versions.empty()) return {};
  return plan::combined_version(versions);
}

KnownVersion only(const KnownVersion& version, const PartitionSlice& slice) {
  KnownVersion some{version.data_version, version.artifact, {}};
  auto partitions = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
  for (StoredPartition& known : known_partitions(version, slice)) {
    (*partitions)[std::move(known.key)] = {
        std::move(known.data_version), std::move(known.artifact), {}};
  }
  some.partitions = std::move(partitions);
  return some;
}

KnownVersion merged(KnownVersion known, const KnownVersion& made) {
  if (!made.partitions) return made;
  auto all = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
  if (known.partitions) *all = *known.partitions;
  for (const auto& [key, version] : *made.partitions) (*all)[key] = version;
  known.partitions = std::move(all);
  return known;
}

const plan::InputPartitions* find_input(const plan::PlannedStep& step, plan::NodeId asset) {
  if (!step.partitions) return nullptr;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i].node == asset && step.partitions->inputs[i]) {
      return &*step.partitions->inputs[i];
    }
  }
  return nullptr;
}

std::string input_version_for(const plan::InputPartitions& input, const PartitionSlice& own,
                              std::int64_t number, const KnownVersion& version) {
  if (own.subset.size() == 1) return version_of(version, input.slice);
  const PartitionSubset one = PartitionSubset::one(number);
  const auto read = plan::upstream_of(input.mapping, &own.set, &one, input.slice.set);
  if (!read) return {};
  return version_of(version, {input.slice.set, read->subset});
}

}  // namespace treadle::execute
