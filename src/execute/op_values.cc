#include "op_values.h"

#include <algorithm>

namespace treadle::execute {

OpValues::OpValues(const plan::Plan& plan, const Readiness& readiness)
    : plan_(plan), readiness_(readiness) {
  for (const plan::PlannedStep& step : plan.steps) {
    wired_ = wired_ || std::any_of(step.inputs.begin(), step.inputs.end(), [](const auto& input) {
               return input.from == plan::PlannedInput::From::kOutputs;
             });
  }
}

void OpValues::add(std::uint32_t id, const std::vector<ProducedOutput>& outputs) {
  if (!wired_) return;
  const StepDef& def = *plan_.steps[readiness_.step_of(id)].def;
  for (const ProducedOutput& output : outputs) {
    if (def.outputs[output.output].dynamic) {
      dynamic_[id_of(id, output.output)].push_back(output);
    } else {
      made_[id_of(id, output.output)] = output;
    }
  }
}

std::vector<Readiness::Values> OpValues::count(std::uint32_t step,
                                               const std::vector<ProducedOutput>& outputs) const {
  std::vector<Readiness::Values> counts;
  const std::vector<OutputDef>& defs = plan_.steps[step].def->outputs;
  for (std::uint32_t o = 0; o < defs.size(); ++o) {
    if (!defs[o].dynamic) continue;
    const auto n = std::count_if(outputs.begin(), outputs.end(),
                                 [&](const ProducedOutput& p) { return p.output == o; });
    counts.push_back({.output = o, .count = static_cast<std::uint32_t>(n)});
  }
  return counts;
}

std::vector<std::uint32_t> OpValues::made(std::uint32_t step,
                                          const std::vector<ProducedOutput>& outputs) const {
  std::vector<std::uint32_t> made;
  made.reserve(outputs.size());
  for (const ProducedOutput& output : outputs) {
    if (made.empty() || made.back() != output.output) made.push_back(output.output);
  }
  const std::vector<OutputDef>& defs = plan_.steps[step].def->outputs;
  for (std::uint32_t o = 0; o < defs.size(); ++o) {
    if (defs[o].dynamic && defs[o].required) made.push_back(o);
  }
  return made;
}

std::uint32_t OpValues::index_of(std::uint32_t id) const {
  return id - readiness_.find_instances(readiness_.step_of(id))->first;
}

const std::string& OpValues::mapping_key(std::uint32_t id) const {
  static const std::string kNone;
  const std::uint32_t step = readiness_.step_of(id);
  if (step == id) return kNone;
  const plan::StepOutput& over = plan_.steps[step].mapped_over;
  return dynamic_.at(id_of(over.step, over.output))[index_of(id)].mapping_key;
}

std::optional<std::uint32_t> OpValues::find_instance(std::uint32_t step,
                                                     std::string_view key) const {
  const plan::StepOutput& over = plan_.steps[step].mapped_over;
  const auto values = dynamic_.find(id_of(over.step, over.output));
  if (values == dynamic_.end()) return std::nullopt;
  const auto at = std::find_if(values->second.begin(), values->second.end(),
                               [&](const ProducedOutput& p) { return p.mapping_key == key; });
  if (at == values->second.end()) return std::nullopt;
  return static_cast<std::uint32_t>(at - values->second.begin());
}

std::string OpValues::key_of(std::uint32_t id) const {
  const std::string& name = plan_.steps[readiness_.step_of(id)].def->name;
  const std::string& key = mapping_key(id);
  return key.empty() ? name : name + "[" + key + "]";
}

InputSource OpValues::source(std::uint32_t id, plan::StepOutput output,
                             const ProducedOutput* made) const {
  InputSource source{.output = output,
                     .step_key = key_of(id),
                     .mapping_key = {},
                     .run_id = {},
                     .version = {},
                     .found = made != nullptr};
  if (made == nullptr) return source;
  source.mapping_key = made->mapping_key;
  source.run_id = made->run_id;
  source.version = made->version;
  return source;
}

const ProducedOutput* OpValues::find(std::uint32_t id, std::uint32_t output) const {
  const auto at = made_.find(id_of(id, output));
  return at == made_.end() ? nullptr : &at->second;
}

// A list over the values of a dynamic output, or over what a mapped step made for each.
void OpValues::collect(const plan::StepOutput& from, std::vector<InputSource>& list) const {
  if (const Readiness::Instances* instances = readiness_.find_instances(from.step)) {
    for (std::uint32_t i = 0; i < instances->count; ++i) {
      const std::uint32_t id = instances->first + i;
      // What an instance has left out is not in the list.
      if (!readiness_.produced({id, from.output})) continue;
      list.push_back(source(id, from, find(id, from.output)));
    }
    return;
  }
  const auto values = dynamic_.find(id_of(from.step, from.output));
  if (values == dynamic_.end()) return;
  for (const ProducedOutput& value : values->second) {
    list.push_back(source(from.step, from, &value));
  }
}

std::shared_ptr<const InputSources> OpValues::sources_of(std::uint32_t id) const {
  if (!wired_) return nullptr;
  const std::uint32_t step_index = readiness_.step_of(id);
  const plan::PlannedStep& step = plan_.steps[step_index];
  std::shared_ptr<InputSources> sources;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    const plan::PlannedInput& input = step.inputs[i];
    if (input.from != plan::PlannedInput::From::kOutputs) continue;
    if (!sources) sources = std::make_shared<InputSources>(step.inputs.size());
    std::vector<InputSource>& list = (*sources)[i];
    const InputUse use = step.def->inputs[i].use;
    for (std::uint32_t n = 0; n < input.outputs.size(); ++n) {
      const plan::StepOutput& from = input.outputs[n];
      if (from.step == plan::kNoStep) {
        list.push_back({.output = {.step = plan::kNoStep, .output = n},
                        .step_key = {},
                        .mapping_key = {},
                        .run_id = {},
                        .version = {}});
        continue;
      }
      if (use == InputUse::kCollect) {
        collect(from, list);
        continue;
      }
      if (plan_.steps[from.step].def->outputs[from.output].dynamic) {
        const std::vector<ProducedOutput>& values = dynamic_.at(id_of(from.step, from.output));
        list.push_back(source(from.step, from, &values[index_of(id)]));
        continue;
      }
      const Readiness::Instances* instances = readiness_.find_instances(from.step);
      const std::uint32_t maker =
          instances == nullptr ? from.step : instances->first + index_of(id);
      if (use == InputUse::kList && !readiness_.produced({maker, from.output})) continue;
      list.push_back(source(maker, from, find(maker, from.output)));
    }
  }
  return sources;
}

}  // namespace treadle::execute
