#include <treadle/define/partition_mapping.h>
#include <treadle/define/time_grid.h>

#include <algorithm>
#include <unordered_set>

namespace treadle {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::string kind_of(const PartitionsPtr& partitions) {
  if (!partitions) return "no partitions";
  return "partitions of " + partitions->description();
}

tl::unexpected<Error> does_not_fit(const std::string& why) {
  return fail(Errc::kInvalidArgument, why);
}

// The dimension of `multi` that stands for `single`, or why none does.
Result<std::string> matching_dimension(const MultiPartitions& multi, const PartitionsPtr& single,
                                       const std::string& wanted) {
  std::vector<const PartitionDimension*> candidates, equal, timed;
  for (const PartitionDimension& d : multi.dimensions) {
    if (!wanted.empty() && d.name != wanted) continue;
    candidates.push_back(&d);
    if (same_partitions(d.partitions, single)) equal.push_back(&d);
    if (d.partitions->as_time()) timed.push_back(&d);
  }
  if (!wanted.empty() && candidates.empty()) {
    std::string names;
    for (const PartitionDimension& d : multi.dimensions) names += " '" + d.name + "'";
    return does_not_fit("Provided partition dimension name " + wanted +
                        " not found in the multi-partitions definition, whose dimensions are" +
                        names + ".");
  }
  if (equal.size() == 1) return equal.front()->name;
  if (equal.size() > 1) {
    return does_not_fit(
        "partition dimension name must be specified when multiple dimensions of the "
        "MultiPartitionsDefinition match the single dimension partitions def.");
  }
  if (timed.size() == 1 && single->as_time()) return timed.front()->name;
  return does_not_fit(
      "MultiToSingleDimensionPartitionMapping can only be used when: \n(a) The single dimensional "
      "partitions definition is a dimension of the MultiPartitionsDefinition.\n(b) The single "
      "dimensional partitions definition is a TimeWindowPartitionsDefinition and the "
      "MultiPartitionsDefinition has a single time dimension.");
}

Result<void> check_static(const StaticMapping& mapping, const PartitionsPtr& downstream,
                          const PartitionsPtr& upstream) {
  if (!upstream || !upstream->as_static()) {
    return does_not_fit(
        "Upstream partitions definition must be a StaticPartitionsDefinition; it has " +
        kind_of(upstream) + ".");
  }
  if (!downstream || !downstream->as_static()) {
    return does_not_fit(
        "Downstream partitions definition must be a StaticPartitionsDefinition; it has " +
        kind_of(downstream) + ".");
  }
  const auto& up = upstream->as_static()->keys;
  const auto& down = downstream->as_static()->keys;
  const std::unordered_set<std::string_view> ups(up.begin(), up.end());
  const std::unordered_set<std::string_view> downs(down.begin(), down.end());
  for (const auto& [from, to] : mapping.downstream_by_upstream) {
    if (!ups.contains(from)) {
      return does_not_fit(
          "mapping source partitions not in the upstream partitions definition: {'" + from + "'}");
    }
    for (const std::string& key : to) {
      if (downs.contains(key)) continue;
      return does_not_fit(
          "mapping target partitions not in the downstream partitions definition: {'" + key + "'}");
    }
  }
  return {};
}

Result<void> check_multi(const MultiMapping& mapping, const PartitionsPtr& downstream,
                         const PartitionsPtr& upstream) {
  if (!upstream || !downstream || !upstream->as_multi() || !downstream->as_multi()) {
    return does_not_fit(
        "Both partitions defs provided to a MultiPartitionMapping must be multi-partitioned; "
        "upstream has " +
        kind_of(upstream) + ", downstream " + kind_of(downstream) + ".");
  }
  const auto find = [](const MultiPartitions& multi, const std::string& name) {
    return std::find_if(multi.dimensions.begin(), multi.dimensions.end(),
                        [&](const PartitionDimension& d) { return d.name == name; });
  };
  std::unordered_set<std::string_view> up_seen, down_seen;
  for (const MultiMapping::Dimension& d : mapping.dimensions) {
    const auto up = find(*upstream->as_multi(), d.upstream);
    const auto down = find(*downstream->as_multi(), d.downstream);
    if (up == upstream->as_multi()->dimensions.end() || !up_seen.insert(d.upstream).second) {
      return does_not_fit(
          "Dimension mapping has an upstream dimension name that is not in the upstream partitions "
          "def: '" +
          d.upstream + "'.");
    }
    if (down == downstream->as_multi()->dimensions.end() ||
        !down_seen.insert(d.downstream).second) {
      return does_not_fit(
          "Dimension mapping has a downstream dimension name that is not in the downstream "
          "partitions def: '" +
          d.downstream + "'.");
    }
    TREADLE_CHECK(check_partition_mapping(*d.mapping, down->partitions, up->partitions));
  }
  return {};
}

}  // namespace

std::string PartitionMapping::name() const {
  return std::visit(
      Overloaded{
          [](const IdentityMapping&) { return "IdentityPartitionMapping"; },
          [](const AllMapping&) { return "AllPartitionMapping"; },
          [](const LastMapping&) { return "LastPartitionMapping"; },
          [](const SpecificMapping&) { return "SpecificPartitionsPartitionMapping"; },
          [](const StaticMapping&) { return "StaticPartitionMapping"; },
          [](const TimeWindowMapping&) { return "TimeWindowPartitionMapping"; },
          [](const MultiToSingleMapping&) { return "MultiToSingleDimensionPartitionMapping"; },
          [](const MultiMapping&) { return "MultiPartitionMapping"; },
          [](const std::shared_ptr<const CustomMapping>&) { return "PartitionMapping"; },
      },
      data);
}

PartitionMapping infer_partition_mapping(const PartitionsPtr& downstream,
                                         const PartitionsPtr& upstream) {
  if (!downstream || !upstream) return {AllMapping{}};
  const bool one_is_multi =
      (downstream->as_multi() == nullptr) != (upstream->as_multi() == nullptr);
  if (one_is_multi) {
    const PartitionsPtr& multi = downstream->as_multi() ? downstream : upstream;
    const PartitionsPtr& single = downstream->as_multi() ? upstream : downstream;
    if (matching_dimension(*multi->as_multi(), single, {})) return {MultiToSingleMapping{}};
  }
  if (downstream->as_time() && upstream->as_time()) return {TimeWindowMapping{}};
  return {IdentityMapping{}};
}

Result<void> check_partition_mapping(const PartitionMapping& mapping,
                                     const PartitionsPtr& downstream,
                                     const PartitionsPtr& upstream) {
  using Checked = Result<void>;
  return std::visit(
      Overloaded{
          [&](const IdentityMapping&) -> Checked {
            if (downstream && upstream && downstream->data().index() == upstream->data().index()) {
              return {};
            }
            return does_not_fit(
                "Upstream and downstream partitions definitions must match, or a different "
                "partition mapping must be provided. Upstream has " +
                kind_of(upstream) + ", downstream " + kind_of(downstream) + ".");
          },
          [](const AllMapping&) -> Checked { return {}; },
          [](const LastMapping&) -> Checked { return {}; },
          [](const SpecificMapping&) -> Checked { return {}; },
          [&](const StaticMapping& m) { return check_static(m, downstream, upstream); },
          [&](const TimeWindowMapping&) -> Checked {
            if (!downstream || !downstream->as_time()) {
              return does_not_fit(
                  "Downstream partitions definition must be a TimeWindowPartitionsDefinition; it "
                  "has " +
                  kind_of(downstream) + ".");
            }
            if (!upstream || !upstream->as_time()) {
              return does_not_fit(
                  "Upstream partitions definition must be a TimeWindowPartitionsDefinition; it "
                  "has " +
                  kind_of(upstream) + ".");
            }
            const std::string &up = upstream->as_time()->timezone,
                              &down = downstream->as_time()->timezone;
            if (up == down) return {};
            return does_not_fit("Timezones " + up + " and " + down + " don't match");
          },
          [&](const MultiToSingleMapping& m) -> Checked {
            if (!downstream || !upstream ||
                (downstream->as_multi() == nullptr) == (upstream->as_multi() == nullptr)) {
              return does_not_fit(
                  "Can only use MultiToSingleDimensionPartitionMapping when upstream asset is "
                  "multipartitioned and the downstream asset is single dimensional, or vice versa. "
                  "Upstream has " +
                  kind_of(upstream) + ", downstream " + kind_of(downstream) + ".");
            }
            const PartitionsPtr& multi = downstream->as_multi() ? downstream : upstream;
            const PartitionsPtr& single = downstream->as_multi() ? upstream : downstream;
            TREADLE_TRY(const std::string name,
                        matching_dimension(*multi->as_multi(), single, m.dimension));
            for (const PartitionDimension& d : multi->as_multi()->dimensions) {
              if (d.name != name || same_partitions(d.partitions, single)) continue;
              // Windows of one kind for windows of another.
              const bool down = downstream->as_multi() != nullptr;
              return check_partition_mapping({TimeWindowMapping{}}, down ? d.partitions : single,
                                             down ? single : d.partitions);
            }
            return {};
          },
          [&](const MultiMapping& m) { return check_multi(m, downstream, upstream); },
          [](const std::shared_ptr<const CustomMapping>&) -> Checked { return {}; },
      },
      mapping.data);
}

Result<std::string> multi_to_single_dimension(const MultiToSingleMapping& mapping,
                                              const PartitionsPtr& multi,
                                              const PartitionsPtr& single) {
  return matching_dimension(*multi->as_multi(), single, mapping.dimension);
}

}  // namespace treadle
