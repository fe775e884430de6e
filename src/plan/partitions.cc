#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/plan/partitions.h>
#include <treadle/plan/plan.h>

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace treadle::plan {
namespace {

constexpr std::string_view kPartitionTag = "dagster/partition";
constexpr std::string_view kRangeStartTag = "dagster/asset_partition_range_start";
constexpr std::string_view kRangeEndTag = "dagster/asset_partition_range_end";
constexpr std::string_view kKeysTag = "treadle/partitions";

std::string subject_of(const StepDef& step) {
  for (const OutputDef& output : step.outputs) {
    if (!output.asset.key.empty()) return output.asset.key.text();
  }
  return step.name;
}

PartitionsPtr checked_partitions(const StepDef& step) {
  for (const CheckDef& check : step.checks) {
    if (check.partitions) return check.partitions;
  }
  return nullptr;
}

std::string different(const AssetInfo& one, const AssetInfo& other) {
  return "Selected assets must have the same partitions definitions, but the selected assets have "
         "different ones: '" +
         one.key.text() + "' has " + one.partitions->description() + " and '" + other.key.text() +
         "' has " + other.partitions->description() + ".";
}

class Adder {
 public:
  Adder(Plan& plan, const PartitionRequest& request, Micros now, const DynamicKeys* dynamic)
      : plan_(plan), request_(request), now_(now), dynamic_(dynamic) {}

  std::vector<Problem> run(const PartitionsPtr& job) {
    bool any = false;
    // The steps of one graph of assets are partitioned together.
    std::unordered_map<std::string_view, PartitionsPtr> by_graph;
    for (const PlannedStep& step : plan_.steps) {
      if (step.def->graph.empty()) continue;
      PartitionsPtr& of_graph = by_graph[step.def->graph];
      if (!of_graph) of_graph = partitions_of(*step.def);
    }
    for (PlannedStep& step : plan_.steps) {
      const auto selected = selected_partitions(step);
      if (!selected) {
        problems_.push_back(selected.error());
        continue;
      }
      PartitionsPtr own = *selected;
      if (!own && !step.def->graph.empty()) own = by_graph[step.def->graph];
      if (!own && job && !reads_or_makes_assets(*step.def)) own = job;
      if (own) any = true;
      add(step, own);
    }
    if (!any && problems_.empty() && !std::holds_alternative<std::monostate>(request_)) {
      problems_.push_back({.code = "not_partitioned",
                           .subject = "",
                           .place = {},
                           .message = "The run was given partitions, but nothing in it is "
                                      "partitioned.",
                           .cure = "Leave the partition out, or declare partitions_def."});
    }
    return std::move(problems_);
  }

 private:
  // Of the outputs that are made this time, which may have others than the rest.
  tl::expected<PartitionsPtr, Problem> selected_partitions(const PlannedStep& step) {
    const OutputDef* first = nullptr;
    for (const std::uint32_t i : step.outputs) {
      const OutputDef& output = step.def->outputs[i];
      if (!output.asset.partitions) continue;
      if (first == nullptr) {
        first = &output;
      } else if (!same_partitions(first->asset.partitions, output.asset.partitions)) {
        return tl::unexpected(Problem{.code = "different_partitions",
                                      .subject = output.asset.key.text(),
                                      .place = step.def->place,
                                      .message = different(first->asset, output.asset),
                                      .cure = "Materialize them one after the other."});
      }
    }
    return first != nullptr ? first->asset.partitions : checked_partitions(*step.def);
  }

  static bool reads_or_makes_assets(const StepDef& step) {
    return std::any_of(step.outputs.begin(), step.outputs.end(),
                       [](const OutputDef& o) { return !o.asset.key.empty(); }) ||
           !step.checks.empty();
  }

  void problem(const StepDef& step, std::string code, std::string message, std::string cure) {
    problems_.push_back(
        {std::move(code), subject_of(step), step.place, std::move(message), std::move(cure)});
  }

  // Nothing: the problem is noted.
  const PartitionSet* set_of(const PartitionsPtr& definition, const StepDef& step) {
    const auto known = sets_.find(definition->fingerprint());
    if (known != sets_.end()) return &known->second;
    Result<PartitionSet> set = PartitionSet::at(definition, now_, dynamic_);
    if (!set) {
      problem(step, "partitions", set.error().message, "");
      return nullptr;
    }
    return &sets_.emplace(definition->fingerprint(), std::move(*set)).first->second;
  }

  Result<PartitionSubset> requested(const PartitionSet& set) const {
    if (const auto* key = std::get_if<std::string>(&request_)) {
      TREADLE_TRY(const std::int64_t number, set.index_of(*key));
      return PartitionSubset::one(number);
    }
    if (const auto* range = std::get_if<PartitionKeyRange>(&request_)) return set.range(*range);
    return set.subset(std::get<std::vector<std::string>>(request_));
  }

  void add(PlannedStep& step, const PartitionsPtr& own) {
    StepPartitions partitions;
    if (own && !std::holds_alternative<std::monostate>(request_)) {
      const PartitionSet* set = set_of(own, *step.def);
      if (!set) return;
      Result<PartitionSubset> subset = requested(*set);
      if (!subset) {
        problem(*step.def, "unknown_partition",
                "'" + subject_of(*step.def) + "': " + subset.error().message, "");
        return;
      }
      partitions.own = PartitionSlice{*set, std::move(*subset)};
    }
    partitions.inputs.resize(step.def->inputs.size());
    bool any = partitions.own.has_value();
    // A step that could be partitioned and is not reads whole assets only.
    const bool whole = own && !partitions.own;
    for (std::size_t i = 0; i < step.def->inputs.size() && !whole; ++i) {
      add_input(step, i, own, partitions);
      any = any || partitions.inputs[i];
    }
    if (any) step.partitions = std::make_shared<const StepPartitions>(std::move(partitions));
  }

  void add_input(const PlannedStep& step, std::size_t i, const PartitionsPtr& own,
                 StepPartitions& partitions) {
    const NodeId node = step.inputs[i].node;
    if (node == kNoNode) return;
    const PartitionsPtr& definition = plan_.graph->node(node).info->partitions;
    if (!definition) return;
    const InputDef& input = step.def->inputs[i];
    const PartitionSet* upstream = set_of(definition, *step.def);
    if (!upstream) return;
    PartitionMapping mapping = input.partition_mapping ? *input.partition_mapping
                                                       : infer_partition_mapping(own, definition);
    const PartitionSlice* slice = partitions.own ? &*partitions.own : nullptr;
    Result<Upstream> read = upstream_of(mapping, slice ? &slice->set : nullptr,
                                        slice ? &slice->subset : nullptr, *upstream);
    const std::string asset = input.asset.text();
    if (!read) {
      problem(*step.def, "partition_mapping",
              "Invalid partition mapping from " + subject_of(*step.def) + " to " + asset + ": " +
                  read.error().message,
              "");
      return;
    }
    if (!read->nonexistent.empty() && input.loads_value) {
      problem(*step.def, "nonexistent_upstream_partitions",
              "Partition key range " + (slice ? slice->set.text(slice->subset, 3) : std::string()) +
                  " in " + step.def->name + " depends on invalid partitions " +
                  keys_text(read->nonexistent) + " in upstream asset " + asset + ".",
              "Choose partitions for which they exist, or map them otherwise "
              "(allow_nonexistent_upstream_partitions=True leaves out windows that do not).");
      return;
    }
    partitions.inputs[i] =
        InputPartitions{PartitionSlice{*upstream, std::move(read->subset)}, std::move(mapping)};
  }

  static std::string keys_text(const std::vector<std::string>& keys) {
    std::string text = "[";
    for (std::size_t i = 0; i < keys.size() && i < 10; ++i) {
      text += (i > 0 ? ", '" : "'") + keys[i] + "'";
    }
    return text + (keys.size() > 10 ? ", ...]" : "]");
  }

  Plan& plan_;
  const PartitionRequest& request_;
  const Micros now_;
  const DynamicKeys* dynamic_;
  std::unordered_map<std::string, PartitionSet> sets_;  // by fingerprint
  std::vector<Problem> problems_;
};

}  // namespace

PartitionsPtr partitions_of(const StepDef& step) {
  for (const OutputDef& output : step.outputs) {
    if (output.asset.partitions) return output.asset.partitions;
  }
  return checked_partitions(step);
}

tl::expected<PartitionsPtr, Problem> partitions_of(const AssetGraph& graph,
                                                   const std::vector<NodeId>& assets) {
  PartitionsPtr common;
  const AssetInfo* first = nullptr;
  for (const NodeId id : assets) {
    const Node& node = graph.node(id);
    if (!node.step || !node.info->partitions) continue;
    if (!common) {
      common = node.info->partitions;
      first = node.info;
    } else if (!same_partitions(common, node.info->partitions)) {
      return tl::unexpected(Problem{.code = "different_partitions",
                                    .subject = node.info->key.text(),
                                    .place = node.step->place,
                                    .message = different(*first, *node.info),
                                    .cure = "Materialize them one after the other."});
    }
  }
  return common;
}

std::vector<Problem> add_partitions(Plan& plan, const PartitionRequest& request, Micros now,
                                    const DynamicKeys* dynamic, const PartitionsPtr& job) {
  return Adder(plan, request, now, dynamic).run(job);
}

std::vector<PartitionSubset> split_into_runs(const PartitionSubset& subset,
                                             const std::vector<const StepDef*>& steps) {
  std::optional<int> at_once;  // nothing: all
  for (const StepDef* step : steps) {
    if (!partitions_of(*step)) continue;
    const BackfillPolicy policy = step->backfill_policy.value_or(BackfillPolicy::multi_run(1));
    if (!policy.max_partitions_per_run) continue;
    at_once =
        std::min(at_once.value_or(*policy.max_partitions_per_run), *policy.max_partitions_per_run);
  }
  if (subset.empty()) return {};
  if (!at_once) return {subset};
  std::vector<PartitionSubset> runs;
  PartitionSubset run;
  const auto most = std::max(1, *at_once);
  for (PartitionSubset::Range range : subset.ranges()) {
    while (range.begin < range.end) {
      const std::int64_t take = std::min(range.size(), most - run.size());
      run = run | PartitionSubset::range(range.begin, range.begin + take);
      range.begin += take;
      if (run.size() == most) {
        runs.push_back(std::move(run));
        run = {};
      }
    }
  }
  if (!run.empty()) runs.push_back(std::move(run));
  return runs;
}

std::string combined_version(const std::vector<std::pair<std::string, std::string>>& versions) {
  if (versions.size() == 1) return versions.front().second;
  std::string all;
  for (const auto& [key, version] : versions) {
    if (version.empty()) return {};
    all += key + '\t' + version + '\n';
  }
  return "partitions:" + to_hex(sha256(all));
}

std::vector<std::pair<std::string, std::string>> tags_of(const PartitionRequest& request,
                                                         const PartitionSet* set) {
  std::vector<std::pair<std::string, std::string>> tags;
  if (const auto* key = std::get_if<std::string>(&request)) {
    tags.emplace_back(kPartitionTag, *key);
    if (set && !set->dimensions().empty()) {
      if (const auto number = set->find(*key)) {
        const std::vector<std::int64_t> numbers = set->split(*number);
        const auto& dimensions = set->definition()->as_multi()->dimensions;
        for (std::size_t d = 0; d < numbers.size(); ++d) {
          tags.emplace_back(std::string(kPartitionTag) + "/" + dimensions[d].name,
                            set->dimensions()[d].key(numbers[d]));
        }
      }
    }
  } else if (const auto* range = std::get_if<PartitionKeyRange>(&request)) {
    tags.emplace_back(kRangeStartTag, range->start);
    tags.emplace_back(kRangeEndTag, range->end);
  } else if (const auto* keys = std::get_if<std::vector<std::string>>(&request)) {
    JsonWriter w;
    w.begin_array();
    for (const std::string& key : *keys) w.value(key);
    w.end_array();
    tags.emplace_back(kKeysTag, std::move(w).str());
  }
  return tags;
}

Result<PartitionRequest> request_of(const std::map<std::string, std::string>& tags) {
  const auto tag = [&](std::string_view name) -> const std::string* {
    const auto at = tags.find(std::string(name));
    return at == tags.end() ? nullptr : &at->second;
  };
  if (const std::string* key = tag(kPartitionTag)) return PartitionRequest(*key);
  const std::string *start = tag(kRangeStartTag), *end = tag(kRangeEndTag);
  if (start && end) return PartitionRequest(PartitionKeyRange{*start, *end});
  if (start || end) {
    return fail(Errc::kInvalidArgument, "A run over a range of partitions needs both tags, " +
                                            std::string(kRangeStartTag) + " and " +
                                            std::string(kRangeEndTag) + ".");
  }
  const std::string* text = tag(kKeysTag);
  if (!text) return PartitionRequest();
  boost::json::value value;
  std::vector<std::string> keys;
  if (!parse_json_value(*text, value) || !value.is_array()) {
    return fail(Errc::kInvalidArgument,
                "The tag " + std::string(kKeysTag) + " must be a JSON list of keys.");
  }
  for (const auto& key : value.get_array()) {
    if (key.is_string()) keys.emplace_back(key.get_string());
  }
  return PartitionRequest(std::move(keys));
}

}  // namespace treadle::plan
