#include <treadle/define/step.h>

namespace treadle {

const std::string& StepContext::mapping_key() const {
  static const std::string kNone;
  return kNone;
}

const std::string& StepContext::run_config() const {
  static const std::string kNone;
  return kNone;
}

std::size_t StepContext::input_size(std::size_t) const {
  return 1;
}

tl::expected<Value, StepFailure> StepContext::load_input_at(std::size_t input, std::size_t) {
  return load_input(input);
}

void StepContext::report_input(const InputReport&) {}

}  // namespace treadle
