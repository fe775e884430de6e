// One name, one thing: assets, steps, checks, jobs.
#include "problem_finder.h"

namespace treadle {
namespace {

std::string maker_text(const Maker& maker) {
  if (maker.source) return "as a source asset" + in_place(maker.source->place);
  return "by step '" + maker.step->name + "'" + in_place(maker.step->place);
}

void duplicate_asset(const AssetKey& key, const Maker& first, const Maker& second,
                     Findings& findings) {
  const Place& place = second.source ? second.source->place : second.step->place;
  const bool one_is_source = (first.source == nullptr) != (second.source == nullptr);
  findings.add("duplicate_key", key.text(), place,
               "Asset '" + key.text() + "' is declared twice: " + maker_text(first) + " and " +
                   maker_text(second) + ".",
               one_is_source ? "Remove the source asset, or give the one that is made another key."
                             : "Remove one of them, or give it another key.");
}

}  // namespace

void check_duplicates(const DefinitionIndex& index, Findings& findings) {
  const Definitions& d = index.definitions;
  NameTable by_name(d.steps.size());
  // By asset and check name; the pair as one text, which '\n' cannot be part of.
  std::unordered_map<std::string, const StepDef*> checks;
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    const StepDef& step = d.steps[i];
    findings.at_step(i);
    const StepDef* same_asset_in = nullptr;
    for (std::uint32_t o = 0; o < step.outputs.size(); ++o) {
      const AssetKey& key = step.outputs[o].asset.key;
      if (key.empty()) continue;
      const Maker& first = *index.find_maker(key);
      if (first.step == &step && first.output == o) continue;
      duplicate_asset(key, first, {&step, o, nullptr}, findings);
      same_asset_in = first.step;
    }
    const StepDef& named = d.steps[by_name.add(step.name, static_cast<std::uint32_t>(i))];
    // Two declarations of one asset have one step name too: one mistake, said once.
    if (&named != &step && &named != same_asset_in) {
      findings.add("duplicate_step", step.name, step.place,
                   "Two steps are called '" + step.name + "': " + sentence_name(named) +
                       in_place(named.place) + " and " + sentence_name(step) +
                       in_place(step.place) + ".",
                   "Give one of them another name.");
    }
    for (const CheckDef& check : step.checks) {
      const auto [seen, first_time] =
          checks.try_emplace(check.asset.text() + '\n' + check.name, &step);
      if (first_time) continue;
      findings.add("duplicate_check", check.name, step.place,
                   "Asset '" + check.asset.text() + "' has two checks called '" + check.name +
                       "': in step '" + seen->second->name + "'" + in_place(seen->second->place) +
                       " and in step '" + step.name + "'" + in_place(step.place) + ".",
                   "Give one of them another name.");
    }
  }
  for (std::size_t i = 0; i < d.sources.size(); ++i) {
    const Maker& first = *index.find_maker(d.sources[i].asset.key);
    if (first.source == &d.sources[i]) continue;
    findings.at_source(i);
    duplicate_asset(d.sources[i].asset.key, first, {nullptr, 0, &d.sources[i]}, findings);
  }
  findings.at_end();
  std::unordered_map<std::string_view, const JobDef*> jobs;
  for (const JobDef& job : d.jobs) {
    const auto [seen, is_new] = jobs.try_emplace(job.name, &job);
    if (is_new) continue;
    findings.add("duplicate_job", job.name, job.place,
                 "Two jobs are called '" + job.name + "'" + in_place(seen->second->place) + ".",
                 "Give one of them another name.");
  }
}

}  // namespace treadle
