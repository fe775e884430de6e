// The seam for conditions that a user writes.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/partition_subset.h>

#include <optional>
#include <string>

namespace treadle {

namespace automate {
class ConditionContext;  // automate/condition_context.h: what it may ask
}

class CustomCondition {
 public:
  struct Outcome {
    PartitionSubset true_subset;             // number 0 stands for an unpartitioned asset
    std::optional<std::string> cursor = {};  // given back at the next evaluation
  };

  virtual ~CustomCondition() = default;
  virtual std::string name() const = 0;
  virtual std::string description() const { return {}; }
  // Called on the thread that evaluates.
  virtual Result<Outcome> evaluate(const automate::ConditionContext& context) const = 0;
};

}  // namespace treadle
