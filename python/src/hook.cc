#include "hook.h"

#include "convert.h"

namespace treadle::python {
namespace {

class PythonHook final : public HookBody {
 public:
  explicit PythonHook(nb::object definition) : definition_(std::move(definition)) {}

  tl::expected<bool, StepFailure> run(HookContext& context) override {
    const nb::gil_scoped_acquire gil;
    auto* hook = new Hook{&context};
    const nb::object object = nb::cast(hook, nb::rv_policy::take_ownership);
    try {
      const nb::object meant = definition_.get().attr("_run")(object);
      hook->context = nullptr;
      return PyObject_IsTrue(meant.ptr()) == 1;
    } catch (nb::python_error& error) {
      hook->context = nullptr;
      return tl::unexpected<StepFailure>(failure_of(error));
    }
  }
  bool wants_calling_thread() const override { return needs_calling_thread(); }

 private:
  Object definition_;
};

}  // namespace

HookContext& Hook::get() const {
  if (context == nullptr) {
    raise("DagsterInvariantViolationError",
          "The hook is over: its context can no longer be used. Take what is needed from it while "
          "the hook runs.");
  }
  return *context;
}

std::shared_ptr<HookBody> make_python_hook(nb::object definition) {
  return std::make_shared<PythonHook>(std::move(definition));
}

}  // namespace treadle::python
