// Python functions as step bodies, and the step as Python sees it.
#pragma once

#include "object.h"
#include <treadle/define/step.h>

#include <optional>

namespace treadle::python {

// Python's view of a running step (treadle._core.Step). `context` is null once the step is over:
// users may keep theirs.
struct Step {
  StepContext* context = nullptr;
  // What the engine said when it ended the step; StopStep is then on its way through the user's
  // code.
  std::optional<StepFailure> failure;

  StepContext& get() const;
};

// Makes a Step for the duration of a call into Python, and takes its context away at the end. Needs
// the lock.
class StepScope {
 public:
  explicit StepScope(StepContext& context);
  ~StepScope() { step_->context = nullptr; }
  StepScope(const StepScope&) = delete;
  nb::handle object() const { return object_; }
  // Why the call failed: what the engine said, if it ended the step, else what the exception says.
  StepFailure failure(nb::python_error& error) const;

 private:
  Step* step_;
  nb::object object_;
};

// The exception class treadle._core.StopStep.
nb::handle stop_step_type();

// Runs `treadle._run.steps.run_step(definition, step)`. Thread-safe.
class PythonBody final : public StepBody {
 public:
  PythonBody(nb::object definition, nb::object function);
  StepOutcome run(StepContext& context) override;
  std::string derived_code_version() override;
  bool wants_calling_thread() const override { return needs_calling_thread(); }

 private:
  Object definition_;
  Object function_;
};

}  // namespace treadle::python
