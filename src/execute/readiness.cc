#include "readiness.h"

namespace treadle::execute {

std::vector<StepShape> shape_of(const plan::Plan& plan) {
  std::vector<StepShape> shape;
  shape.reserve(plan.steps.size());
  for (const plan::PlannedStep& step : plan.steps) {
    StepShape& s = shape.emplace_back();
    s.upstream = step.upstream;
    s.downstream = step.downstream;
    s.outputs = static_cast<std::uint32_t>(step.def->outputs.size());
    for (const plan::PlannedInput& input : step.inputs) {
      if (input.from == plan::PlannedInput::From::kStep) {
        s.reads.push_back({input.step, plan.graph->node(input.node).output});
      }
    }
  }
  return shape;
}

Readiness::Readiness(std::vector<StepShape> steps) : steps_(std::move(steps)) {
  states_.assign(steps_.size(), State::kPending);
  unsettled_.reserve(steps_.size());
  first_output_.reserve(steps_.size());
  std::uint32_t outputs = 0;
  for (const StepShape& step : steps_) {
    unsettled_.push_back(static_cast<std::uint32_t>(step.upstream.size()));
    first_output_.push_back(outputs);
    outputs += step.outputs;
  }
  produced_.assign(outputs, false);
}

Readiness::Change Readiness::begin(std::span<const Done> done) {
  Change change;
  for (const Done& d : done) {
    states_[d.step] = State::kSuccess;
    produce(d.step, d.outputs);
  }
  for (const Done& d : done) {
    for (const std::uint32_t next : steps_[d.step].downstream) --unsettled_[next];
  }
  std::vector<std::uint32_t> decidable;
  for (std::uint32_t step = 0; step < steps_.size(); ++step) {
    if (states_[step] == State::kPending && unsettled_[step] == 0) decidable.push_back(step);
  }
  std::vector<std::uint32_t> settled;
  for (const std::uint32_t step : decidable) {
    if (drop_or_ready(step, change)) settled.push_back(step);
  }
  settle(std::move(settled), change);
  return change;
}

Readiness::Change Readiness::succeed(std::uint32_t step, std::span<const std::uint32_t> outputs) {
  Change change;
  states_[step] = State::kSuccess;
  produce(step, outputs);
  settle({step}, change);
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

bool Readiness::drop_or_ready(std::uint32_t step, Change& change) {
  Dropped dropped{.step = step, .missing = {}, .failed = {}, .not_executed = {}};
  for (const OutputOf& read : steps_[step].reads) {
    const State upstream = states_[read.step];
    if ((upstream == State::kSuccess || upstream == State::kSkipped) &&
        !produced_[first_output_[read.step] + read.output]) {
      dropped.missing.push_back(read);
    }
  }
  if (!dropped.missing.empty()) {
    states_[step] = State::kSkipped;
    change.dropped.push_back(std::move(dropped));
    return true;
  }
  for (const std::uint32_t upstream : steps_[step].upstream) {
    if (states_[upstream] == State::kFailure) dropped.failed.push_back(upstream);
    if (states_[upstream] == State::kAbandoned) dropped.not_executed.push_back(upstream);
  }
  if (!dropped.failed.empty() || !dropped.not_executed.empty()) {
    states_[step] = State::kAbandoned;
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
    for (const std::uint32_t next : steps_[settled[i]].downstream) {
      if (states_[next] != State::kPending || --unsettled_[next] != 0) continue;
      if (drop_or_ready(next, change)) settled.push_back(next);
    }
  }
}

}  // namespace treadle::execute
