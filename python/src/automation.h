// Automation conditions, their evaluation and their results as Python holds them.
#pragma once

#include "object.h"
#include <treadle/app/automation.h>

#include <memory>

namespace treadle::python {

// A moment of a home, alive as long as anything that came out of it; `definitions` keeps the graph.
struct Moment {
  Object definitions;
  app::AutomationMoment moment;
  const automate::Entities& entities() const { return *moment.entities; }
};
using MomentPtr = std::shared_ptr<const Moment>;

// Some of the partitions of an asset or check, or an unpartitioned one or not.
struct Subset {
  MomentPtr moment;
  automate::EntityId entity;
  automate::Slice slice;
};

// A condition written in Python: an object of a class of the user's, evaluated by
// treadle._automation.custom.
std::shared_ptr<const CustomCondition> make_python_condition(nb::object condition);

// The moment that is being evaluated on this thread, for conditions written in Python.
class EvaluatingScope {
 public:
  explicit EvaluatingScope(MomentPtr moment);
  ~EvaluatingScope();
  static const MomentPtr& current();

 private:
  MomentPtr before_;
};

}  // namespace treadle::python
