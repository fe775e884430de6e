#include "readiness.h"

#include <algorithm>

namespace treadle::execute {

std::vector<StepShape> shape_of(const plan::Plan& plan) {
  std::vector<StepShape> shape;
  shape.reserve(plan.steps.size());
  for (const plan::PlannedStep& step : plan.steps) {
    StepShape& s = shape.emplace_back();
    s.upstream = step.upstream;
    s.downstream = step.downstream;
    s.outputs = static_cast<std::uint32_t>(step.def->outputs.size());
    if (step.mapped_over.step != plan::kNoStep) {
      s.mapped_over = OutputOf{step.mapped_over.step, step.mapped_over.output};
    }
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const plan::PlannedInput& input = step.inputs[i];
      if (input.from == plan::PlannedInput::From::kStep) {
        s.reads.push_back({input.step, plan.graph->node(input.node).output});
      }
      if (input.from != plan::PlannedInput::From::kOutputs) continue;
      std::vector<OutputOf> outputs;
      bool constant = false;
      for (const plan::StepOutput& output : input.outputs) {
        constant |= output.step == plan::kNoStep;
        if (output.step != plan::kNoStep) outputs.push_back({output.step, output.output});
      }
      switch (step.def->inputs[i].use) {
        case InputUse::kValue:
          s.reads.insert(s.reads.end(), outputs.begin(), outputs.end());
          break;
        case InputUse::kList:
          if (!constant && !outputs.empty()) s.lists.push_back(std::move(outputs));
          break;
        case InputUse::kCollect:
          s.collects.insert(s.collects.end(), outputs.begin(), outputs.end());
          break;
      }
    }
  }
  return shape;
}

Readiness::Readiness(std::vector<StepShape> steps)
    : steps_(std::move(steps)), planned_(static_cast<std::uint32_t>(steps_.size())) {
  states_.assign(steps_.size(), State::kPending);
  unsettled_.reserve(steps_.size());
  first_output_.reserve(steps_.size());
  std::uint32_t outputs = 0;
  for (std::uint32_t i = 0; i < planned_; ++i) {
    const StepShape& step = steps_[i];
    unsettled_.push_back(static_cast<std::uint32_t>(step.upstream.size()));
    first_output_.push_back(outputs);
    outputs += step.outputs;
    if (step.mapped_over) mapped_over_[step.mapped_over->step].push_back(i);
  }
  produced_.assign(outputs, false);
}

Readiness::Change Readiness::begin(std::span<const Done> done) {
  Change change;
  for (const Done& d : done) {
    if (d.instance) continue;
    states_[d.step] = State::kSuccess;
    produce(d.step, d.outputs);
  }
  for (const Done& d : done) {
    if (!d.instance) expand(d.step, d.values, change);
  }
  for (const Done& d : done) {
    const Instances* instances = d.instance ? find_instances(d.step) : nullptr;
    if (instances == nullptr || *d.instance >= instances->count) continue;
    states_[instances->first + *d.instance] = State::kSuccess;
    produce(instances->first + *d.instance, d.outputs);
  }
  for (std::uint32_t step = 0; step < planned_; ++step) {
    const Instances* instances = find_instances(step);
    if (instances == nullptr) continue;
    unsettled_[step] = 0;
    for (std::uint32_t i = 0; i < instances->count; ++i) {
      unsettled_[step] += !is_settled(instances->first + i);
    }
    if (unsettled_[step] == 0) states_[step] = State::kJoined;
  }
  std::vector<std::uint32_t> decidable;
  for (std::uint32_t step = 0; step < steps_.size(); ++step) {
    if (states_[step] != State::kPending) continue;
    const std::vector<std::uint32_t>& upstream = steps_[step].upstream;
    unsettled_[step] = static_cast<std::uint32_t>(std::count_if(
        upstream.begin(), upstream.end(), [&](std::uint32_t u) { return !is_settled(u); }));
    if (unsettled_[step] == 0) decidable.push_back(step);
  }
  std::vector<std::uint32_t> settled;
  for (const std::uint32_t step : decidable) {
    if (drop_or_ready(step, change)) settled.push_back(step);
  }
  settle(std::move(settled), change);
  return change;
}

Readiness::Change Readiness::succeed(std::uint32_t step, std::span<const std::uint32_t> outputs,
                                     std::span<const Values> values) {
  Change change;
  states_[step] = State::kSuccess;
  produce(step, outputs);
  expand(step, values, change);
  std::vector<std::uint32_t> settled{step};
  std::vector<std::uint32_t> decidable;
  for (const Instances& added : change.added) {
    if (added.count == 0) settled.push_back(added.step);
    for (std::uint32_t i = 0; i < added.count; ++i) {
      if (unsettled_[added.first + i] == 0) decidable.push_back(added.first + i);
    }
  }
  for (const std::uint32_t instance : decidable) {
    if (drop_or_ready(instance, change)) settled.push_back(instance);
  }
  settle(std::move(settled), change);
  return change;
}

Readiness::Change Readiness::fail(std::uint32_t step) {
  Change change;
  states_[step] = State::kFailure;
  settle({step}, change);
  return change;
}

void Readiness::produce(std::uint32_t step, std::span<const std::uint32_t> outputs) {
  for (const std::uint32_t output : outputs) produced_[first_output_[step] + output] = true;
}

void Readiness::add(const StepShape& shape) {
  const auto id = static_cast<std::uint32_t>(steps_.size());
  std::uint32_t unsettled = 0;
  for (const std::uint32_t upstream : shape.upstream) {
    if (is_settled(upstream)) continue;
    ++unsettled;
    steps_[upstream].downstream.push_back(id);
  }
  unsettled_.push_back(unsettled);
  states_.push_back(State::kPending);
  first_output_.push_back(static_cast<std::uint32_t>(produced_.size()));
  produced_.resize(produced_.size() + shape.outputs, false);
  steps_.push_back(shape);
}

void Readiness::expand(std::uint32_t step, std::span<const Values> values, Change& change) {
  const auto mapped = mapped_over_.find(step);
  if (mapped == mapped_over_.end()) return;
  for (const std::uint32_t over : mapped->second) {
    if (states_[over] != State::kPending) continue;
    const std::uint32_t output = steps_[over].mapped_over->output;
    const auto at = std::find_if(values.begin(), values.end(),
                                 [&](const Values& v) { return v.output == output; });
    const std::uint32_t count = at == values.end() ? 0 : at->count;
    const Instances instances{over, static_cast<std::uint32_t>(steps_.size()), count};
    instances_[over] = instances;
    for (std::uint32_t i = 0; i < count; ++i) {
      instance_of_.push_back(over);
      add(instance_shape(over, i));
    }
    states_[over] = count == 0 ? State::kJoined : State::kExpanded;
    unsettled_[over] = count;
    change.added.push_back(instances);
  }
}

// The shape of one instance: what is mapped over the same output is read from the instance for the same value.
StepShape Readiness::instance_shape(std::uint32_t step, std::uint32_t index) const {
  const StepShape& whole = steps_[step];
  StepShape shape;
  shape.outputs = whole.outputs;
  const auto resolve = [&](std::uint32_t upstream) {
    const Instances* instances = find_instances(upstream);
    const bool same = instances != nullptr && upstream < planned_ &&
                      steps_[upstream].mapped_over == whole.mapped_over;
    return same ? instances->first + index : upstream;
  };
  for (const std::uint32_t upstream : whole.upstream) shape.upstream.push_back(resolve(upstream));
  for (const OutputOf& read : whole.reads) {
    shape.reads.push_back({resolve(read.step), read.output});
  }
  shape.lists = whole.lists;
  shape.downstream.push_back(step);
  return shape;
}

std::vector<OutputOf> Readiness::missing_of(const StepShape& step) const {
  const auto is_missing = [&](const OutputOf& read) {
    const State upstream = states_[read.step];
    return (upstream == State::kSuccess || upstream == State::kSkipped) && !produced(read);
  };
  std::vector<OutputOf> missing;
  for (const OutputOf& read : step.reads) {
    if (is_missing(read)) missing.push_back(read);
  }
  for (const std::vector<OutputOf>& list : step.lists) {
    if (std::all_of(list.begin(), list.end(), is_missing)) {
      missing.insert(missing.end(), list.begin(), list.end());
    }
  }
  for (const OutputOf& collected : step.collects) {
    const std::optional<OutputOf>& over = steps_[collected.step].mapped_over;
    const OutputOf dynamic = over ? *over : collected;
    if (is_missing(dynamic)) {
      missing.push_back(dynamic);
      continue;
    }
    const Instances* instances = find_instances(collected.step);
    if (instances == nullptr || instances->count == 0) continue;
    std::vector<OutputOf> left_out;
    for (std::uint32_t i = 0; i < instances->count; ++i) {
      const OutputOf one{instances->first + i, collected.output};
      if (is_missing(one)) left_out.push_back(one);
    }
    if (left_out.size() == instances->count) {
      missing.insert(missing.end(), left_out.begin(), left_out.end());
    }
  }
  return missing;
}

bool Readiness::drop_or_ready(std::uint32_t step, Change& change) {
  const StepShape& shape = steps_[step];
  Dropped dropped{.step = step, .missing = missing_of(shape), .failed = {}, .not_executed = {}};
  // A dynamic output that never came weighs more than what else is missing: there is nothing to skip.
  const State over = shape.mapped_over ? states_[shape.mapped_over->step] : State::kSuccess;
  const bool never_came = over == State::kFailure || over == State::kAbandoned;
  if (!dropped.missing.empty() && !never_came) {
    states_[step] = State::kSkipped;
    // Of a dynamic output that was left out there are no instances to speak of.
    dropped.unresolved = shape.mapped_over.has_value();
    change.dropped.push_back(std::move(dropped));
    return true;
  }
  const auto look_at = [&](std::uint32_t upstream) {
    if (states_[upstream] == State::kFailure) dropped.failed.push_back(upstream);
    if (states_[upstream] == State::kAbandoned) dropped.not_executed.push_back(upstream);
  };
  for (const std::uint32_t upstream : shape.upstream) {
    look_at(upstream);
    if (states_[upstream] != State::kJoined) continue;
    const Instances& instances = *find_instances(upstream);
    for (std::uint32_t i = 0; i < instances.count; ++i) look_at(instances.first + i);
  }
  if (!dropped.failed.empty() || !dropped.not_executed.empty() || never_came) {
    states_[step] = State::kAbandoned;
    // Dagster makes the step only when the dynamic output is there.
    dropped.unresolved = shape.mapped_over.has_value();
    for (const OutputOf& collected : shape.collects) {
      const std::optional<OutputOf>& over = steps_[collected.step].mapped_over;
      const State source = states_[over ? over->step : collected.step];
      dropped.unresolved |= source == State::kFailure || source == State::kAbandoned;
    }
    change.dropped.push_back(std::move(dropped));
    return true;
  }
  states_[step] = State::kReady;
  change.ready.push_back(step);
  return false;
}

// Not recursive: a chain of a hundred thousand steps may be dropped at once.
void Readiness::settle(std::vector<std::uint32_t> settled, Change& change) {
  for (std::size_t i = 0; i < settled.size(); ++i) {
    const std::uint32_t step = settled[i];
    for (const std::uint32_t next : steps_[step].downstream) {
      if (step >= planned_ && step_of(step) == next) {
        if (--unsettled_[next] != 0) continue;
        states_[next] = State::kJoined;
        settled.push_back(next);
        continue;
      }
      if (states_[next] != State::kPending || --unsettled_[next] != 0) continue;
      if (drop_or_ready(next, change)) settled.push_back(next);
    }
  }
}

}  // namespace treadle::execute
