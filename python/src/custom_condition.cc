// Conditions written in Python.
#include "automation.h"
#include "convert.h"
#include <treadle/automate/condition_context.h>

namespace treadle::python {
namespace {

thread_local MomentPtr evaluating;

class PythonCondition final : public CustomCondition {
 public:
  explicit PythonCondition(nb::object condition)
      : name_(text_of(condition.attr("name"))),
        description_(text_of(condition.attr("description"))),
        condition_(std::move(condition)) {}

  std::string name() const override { return name_; }
  std::string description() const override { return description_; }

  Result<Outcome> evaluate(const automate::ConditionContext& context) const override {
    const nb::gil_scoped_acquire lock;
    try {
      const nb::object told = from_package("treadle._automation.custom", "evaluate")(
          condition_.get(), nb::cast(&context, nb::rv_policy::reference));
      const Items items(told);
      const auto& subset = nb::cast<const Subset&>(items.at(0));
      Outcome out;
      out.true_subset = subset.slice.subset((*context.entities)[context.entity].size);
      if (!items.is_none(1)) out.cursor = items.text(1);
      return out;
    } catch (nb::python_error& error) {
      return fail(error_of(error, "evaluating the automation condition '" + name_ + "'"));
    }
  }

 private:
  std::string name_, description_;
  Object condition_;
};

}  // namespace

std::shared_ptr<const CustomCondition> make_python_condition(nb::object condition) {
  return std::make_shared<PythonCondition>(std::move(condition));
}

EvaluatingScope::EvaluatingScope(MomentPtr moment)
    : before_(std::exchange(evaluating, std::move(moment))) {}
EvaluatingScope::~EvaluatingScope() {
  evaluating = std::move(before_);
}
const MomentPtr& EvaluatingScope::current() {
  return evaluating;
}

}  // namespace treadle::python
