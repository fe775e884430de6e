#include "step_body.h"

#include "convert.h"

namespace treadle::python {

StepContext& Step::get() const {
  if (context == nullptr) {
    raise("DagsterInvariantViolationError",
          "The step is over: its context can no longer be used. Take what is needed from it while "
          "the function runs.");
  }
  return *context;
}

StepScope::StepScope(StepContext& context)
    : step_(new Step{.context = &context, .failure = std::nullopt}),
      object_(nb::cast(step_, nb::rv_policy::take_ownership)) {}

StepFailure StepScope::failure(nb::python_error& error) const {
  if (step_->failure && error.matches(stop_step_type())) return std::move(*step_->failure);
  return failure_of(error);
}

nb::handle stop_step_type() {
  static PyObject* type =
      PyErr_NewExceptionWithDoc("treadle._core.StopStep", "The engine ends the step; it knows why.",
                                PyExc_BaseException, nullptr);
  return type;
}

PythonBody::PythonBody(nb::object definition, nb::object function)
    : definition_(std::move(definition)), function_(std::move(function)) {}

StepOutcome PythonBody::run(StepContext& context) {
  const nb::gil_scoped_acquire gil;
  const StepScope step(context);
  try {
    package().run_step(definition_.get(), step.object());
  } catch (nb::python_error& error) {
    return tl::unexpected<StepFailure>(step.failure(error));
  }
  return {};
}

std::string PythonBody::derived_code_version() {
  const nb::gil_scoped_acquire gil;
  try {
    return text_of(package().derive_code_version(function_.get()));
  } catch (nb::python_error& error) {
    return {};  // code that cannot be told has no version
  }
}

}  // namespace treadle::python
