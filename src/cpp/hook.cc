#include <treadle/cpp/hook.h>
#include <treadle/cpp/values.h>

#include <memory>

namespace treadle {
namespace {

class FunctionHook final : public HookBody {
 public:
  FunctionHook(HookContext::Ended on, std::function<void(HookContext&)> hook)
      : on_(on), hook_(std::move(hook)) {}

  tl::expected<bool, StepFailure> run(HookContext& context) override {
    if (context.ended() != on_) return false;
    try {
      hook_(context);
      return true;
    } catch (...) {
      return tl::make_unexpected(cpp::current_exception_failure());
    }
  }

 private:
  const HookContext::Ended on_;
  const std::function<void(HookContext&)> hook_;
};

Hook make_hook(HookContext::Ended on, std::string name, std::function<void(HookContext&)> hook,
               std::vector<std::string> resources) {
  return {.name = std::move(name),
          .required_resources = std::move(resources),
          .body = std::make_shared<FunctionHook>(on, std::move(hook))};
}

}  // namespace

Hook success_hook(std::string name, std::function<void(HookContext&)> hook,
                  std::vector<std::string> resources) {
  return make_hook(HookContext::Ended::kSuccess, std::move(name), std::move(hook),
                   std::move(resources));
}

Hook failure_hook(std::string name, std::function<void(HookContext&)> hook,
                  std::vector<std::string> resources) {
  return make_hook(HookContext::Ended::kFailure, std::move(name), std::move(hook),
                   std::move(resources));
}

}  // namespace treadle
