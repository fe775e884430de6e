// Which steps may start: pure bookkeeping over the shape of a plan. Not thread-safe.
//
// A step is decided once all its upstream steps are settled: it is *skipped* when an upstream step left out an optional
// output that it reads (of a list: when all of it were left out), *abandoned* when an upstream step failed or was abandoned, and
// ready otherwise.
//
// A step that is mapped over a dynamic output stands for its *instances*, one for each value, which are added when that output is
// known. They have numbers of their own, after those of the plan's steps. The mapped step itself is settled when they all are.
#pragma once

#include <treadle/plan/plan.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace treadle::execute {

struct OutputOf {
  std::uint32_t step = 0;
  std::uint32_t output = 0;
  bool operator==(const OutputOf&) const = default;
};

struct StepShape {
  std::vector<std::uint32_t> upstream;
  std::vector<std::uint32_t> downstream;
  std::vector<OutputOf> reads;               // each of them must be there
  std::vector<std::vector<OutputOf>> lists;  // of each list one must be there, unless it is empty
  std::vector<OutputOf>
      collects;  // dynamic outputs, or outputs of mapped steps: lists over their values
  std::optional<OutputOf> mapped_over;
  std::uint32_t outputs = 1;
};
std::vector<StepShape> shape_of(const plan::Plan& plan);

// A step that will not run, and why.
struct Dropped {
  std::uint32_t step = 0;
  std::vector<OutputOf> missing;            // optional outputs that were left out: skipped
  std::vector<std::uint32_t> failed;        // upstream steps that failed: abandoned
  std::vector<std::uint32_t> not_executed;  // upstream steps that were abandoned themselves
  bool unresolved = false;  // it waited for a dynamic output that never came, and is not spoken of
  bool operator==(const Dropped&) const = default;
};

class Readiness {
 public:
  enum class State : std::uint8_t {
    kPending,
    kReady,
    kSuccess,
    kFailure,
    kSkipped,
    kAbandoned,
    kExpanded,  // a mapped step whose instances run
    kJoined,    // a mapped step whose instances are settled
  };
  // The instances of a mapped step: `count` numbers from `first` on, in the order of the values.
  struct Instances {
    std::uint32_t step = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    bool operator==(const Instances&) const = default;
  };
  struct Change {
    std::vector<Instances> added;
    std::vector<std::uint32_t> ready;
    std::vector<Dropped> dropped;  // upstream before downstream
  };
  // How many values a dynamic output has had. An optional one without any counts as left out.
  struct Values {
    std::uint32_t output = 0;
    std::uint32_t count = 0;
  };

  explicit Readiness(std::vector<StepShape> steps);

  // What is decided from the beginning, given that the steps in `done` succeeded earlier with these outputs. Once, first.
  struct Done {
    std::uint32_t step = 0;
    std::vector<std::uint32_t> outputs = {};
    std::vector<Values> values = {};
    std::optional<std::uint32_t> instance = {};  // of a mapped step: which
  };
  Change begin(std::span<const Done> done = {});
  // The step or instance ended; what follows from it. Each once.
  Change succeed(std::uint32_t step, std::span<const std::uint32_t> outputs,
                 std::span<const Values> values = {});
  Change fail(std::uint32_t step);

  State state(std::uint32_t step) const { return states_[step]; }
  // The step of the plan that an instance is one of; any other is itself.
  std::uint32_t step_of(std::uint32_t id) const {
    return id < planned_ ? id : instance_of_[id - planned_];
  }
  const Instances* find_instances(std::uint32_t step) const {
    const auto at = instances_.find(step);
    return at == instances_.end() ? nullptr : &at->second;
  }
  bool produced(OutputOf output) const {
    return produced_[first_output_[output.step] + output.output];
  }

 private:
  bool is_settled(std::uint32_t step) const {
    const State s = states_[step];
    return s != State::kPending && s != State::kReady && s != State::kExpanded;
  }
  void add(const StepShape& shape);
  void produce(std::uint32_t step, std::span<const std::uint32_t> outputs);
  // Adds the instances of all that is mapped over outputs of this step.
  void expand(std::uint32_t step, std::span<const Values> values, Change& change);
  StepShape instance_shape(std::uint32_t step, std::uint32_t index) const;
  std::vector<OutputOf> missing_of(const StepShape& step) const;
  // Decides one step; true when it was dropped.
  bool drop_or_ready(std::uint32_t step, Change& change);
  // Decides what follows from steps that have just been settled, and what follows from that.
  void settle(std::vector<std::uint32_t> settled, Change& change);

  std::vector<StepShape> steps_;
  std::vector<State> states_;
  std::vector<std::uint32_t> unsettled_;     // upstream steps, or instances, not settled yet
  std::vector<std::uint32_t> first_output_;  // index of a step's first output in produced_
  std::vector<bool> produced_;
  const std::uint32_t planned_;
  std::vector<std::uint32_t> instance_of_;
  std::unordered_map<std::uint32_t, Instances> instances_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> mapped_over_;  // by dynamic step
};

}  // namespace treadle::execute
