#include "resource.h"

#include "convert.h"

namespace treadle::python {
namespace {

class PythonResource final : public Resource {
 public:
  PythonResource(nb::object holder, std::vector<std::string> required)
      : holder_(std::move(holder)), required_(std::move(required)) {}

  tl::expected<Value, StepFailure> set_up(const SetupContext& context) override {
    const nb::gil_scoped_acquire gil;
    try {
      nb::dict required;
      for (const auto& [key, value] : context.required) required[to_text(key)] = object_in(value);
      return value_of(holder_.get().attr("set_up")(to_text(context.run_id), required));
    } catch (nb::python_error& error) {
      return tl::unexpected<StepFailure>(failure_of(error));
    }
  }

  StepOutcome tear_down(const Value& value) override {
    const nb::gil_scoped_acquire gil;
    try {
      holder_.get().attr("tear_down")(object_in(value));
    } catch (nb::python_error& error) {
      return tl::unexpected<StepFailure>(failure_of(error));
    }
    return {};
  }

  std::vector<std::string> required_resources() const override { return required_; }
  bool wants_calling_thread() const override { return needs_calling_thread(); }

  std::string identity() const override {
    const nb::gil_scoped_acquire gil;
    try {
      return text_of(holder_.get().attr("identity")());
    } catch (nb::python_error& error) {
      return {};  // what cannot be told is not known
    }
  }

 private:
  Object holder_;
  std::vector<std::string> required_;
};

}  // namespace

std::shared_ptr<Resource> make_python_resource(nb::object holder,
                                               std::vector<std::string> required) {
  return std::make_shared<PythonResource>(std::move(holder), std::move(required));
}

}  // namespace treadle::python
