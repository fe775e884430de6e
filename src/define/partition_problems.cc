#include "problem_finder.h"

namespace treadle {
namespace {

// The partitions that a step makes or checks; reports those that differ, unless it can be run for some of
// them only.
PartitionsPtr partitions_of(const StepDef& step, Findings& findings) {
  PartitionsPtr common;
  for (const OutputDef& output : step.outputs) {
    const PartitionsPtr& own = output.asset.partitions;
    if (!own) continue;
    if (!common) {
      common = own;
    } else if (!step.can_subset && !same_partitions(common, own)) {
      findings.add("different_partitions", output.asset.key.text(), step.place,
                   sentence_name(step) +
                       " makes assets with different partitions: " + common->description() +
                       ", and '" + output.asset.key.text() + "' has " + own->description() + ".",
                   "Give them the same partitions definition, make them in functions of their own, "
                   "or let it be run for some of them only (can_subset).");
    }
  }
  for (const CheckDef& check : step.checks) {
    if (!common) common = check.partitions;
  }
  return common;
}

// A check over partitions is over those of its asset.
void check_partitions_of_checks(const DefinitionIndex& index, const StepDef& step,
                                Findings& findings) {
  for (const CheckDef& check : step.checks) {
    if (!check.partitions) continue;
    const Maker* maker = index.find_maker(check.asset);
    if (maker == nullptr || maker->step == &step) continue;
    const PartitionsPtr& own = maker->step != nullptr
                                   ? maker->step->outputs[maker->output].asset.partitions
                                   : maker->source->asset.partitions;
    if (own && same_partitions(own, check.partitions)) continue;
    const std::string name = check.asset.text() + ":" + check.name;
    findings.add("different_partitions", name, step.place,
                 "Asset check '" + name + "' targets asset '" + check.asset.text() +
                     "' but has a different partitions definition. The check has " +
                     check.partitions->description() + ", the asset " +
                     (own ? own->description() : "none") + ".",
                 "Give the check the partitions definition of its asset, or none.");
  }
}

}  // namespace

void check_partitions(const DefinitionIndex& index, const StepDef& step, Findings& findings) {
  const PartitionsPtr own = partitions_of(step, findings);
  check_partitions_of_checks(index, step, findings);
  const auto makers = index.makers_of_inputs(step);
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const InputDef& input = step.inputs[i];
    const Maker* maker = makers[i];
    if (maker == nullptr) continue;
    const PartitionsPtr& upstream = maker->step != nullptr
                                        ? maker->step->outputs[maker->output].asset.partitions
                                        : maker->source->asset.partitions;
    if (!upstream) continue;
    const PartitionMapping mapping =
        input.partition_mapping ? *input.partition_mapping : infer_partition_mapping(own, upstream);
    const auto fits = check_partition_mapping(mapping, own, upstream);
    if (fits) continue;
    findings.add("partition_mapping", subject_of(step), step.place,
                 "Invalid partition mapping from " + subject_of(step) + " to " +
                     input.asset.text() + ": " + fits.error().message,
                 "Choose a partition mapping that fits, or other partitions.");
  }
  if (step.backfill_policy && step.backfill_policy->max_partitions_per_run &&
      *step.backfill_policy->max_partitions_per_run < 1) {
    findings.add("backfill_policy", subject_of(step), step.place,
                 sentence_name(step) + " takes " +
                     std::to_string(*step.backfill_policy->max_partitions_per_run) +
                     " partitions per run.",
                 "Take at least one.");
  }
}

}  // namespace treadle
