// Which steps may start: pure bookkeeping over the shape of a plan. Not thread-safe.
//
// A step is decided once all its upstream steps are settled: it is *skipped* when an upstream step left out an optional
// output that it reads, *abandoned* when an upstream step failed or was abandoned, and ready otherwise.
#pragma once

#include <treadle/plan/plan.h>

#include <cstdint>
#include <span>
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
  std::vector<OutputOf> reads;
  std::uint32_t outputs = 1;
};
std::vector<StepShape> shape_of(const plan::Plan& plan);

// A step that will not run, and why.
struct Dropped {
  std::uint32_t step = 0;
  std::vector<OutputOf> missing;            // optional outputs that were left out: skipped
  std::vector<std::uint32_t> failed;        // upstream steps that failed: abandoned
  std::vector<std::uint32_t> not_executed;  // upstream steps that were abandoned themselves
  bool operator==(const Dropped&) const = default;
};

class Readiness {
 public:
  enum class State : std::uint8_t { kPending, kReady, kSuccess, kFailure, kSkipped, kAbandoned };
  struct Change {
    std::vector<std::uint32_t> ready;
    std::vector<Dropped> dropped;  // upstream before downstream
  };

  explicit Readiness(std::vector<StepShape> steps);

  // What is decided from the beginning, given that the steps in `done` succeeded earlier with these outputs. Once, first.
  struct Done {
    std::uint32_t step = 0;
    std::vector<std::uint32_t> outputs;
  };
  Change begin(std::span<const Done> done = {});
  // The step ended; what follows from it. Each step once.
  Change succeed(std::uint32_t step, std::span<const std::uint32_t> outputs);
  Change fail(std::uint32_t step);

  State state(std::uint32_t step) const { return states_[step]; }

 private:
  void produce(std::uint32_t step, std::span<const std::uint32_t> outputs);
  // Decides one step; true when it was dropped.
  bool drop_or_ready(std::uint32_t step, Change& change);
  // Decides what follows from steps that have just been settled, and what follows from that.
  void settle(std::vector<std::uint32_t> settled, Change& change);

  std::vector<StepShape> steps_;
  std::vector<State> states_;
  std::vector<std::uint32_t> unsettled_;     // upstream steps not settled yet
  std::vector<std::uint32_t> first_output_;  // index of a step's first output in produced_
  std::vector<bool> produced_;
};

}  // namespace treadle::execute
