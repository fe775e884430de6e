#include <treadle/cpp/config.h>

namespace treadle::cpp {
namespace {

std::string problem_text(const ConfigOutcome& outcome, const std::string& step) {
  return outcome.text("Error in config for step " + step);
}

// "outer.inner" is ops -> outer -> ops -> inner.
const ConfigValue* entry_of(const ConfigValue& run_config, std::string_view node_key) {
  const ConfigValue* entry = &run_config;
  while (entry != nullptr) {
    const std::size_t dot = node_key.find('.');
    entry = entry->find({"ops", node_key.substr(0, dot)});
    if (dot == std::string_view::npos) break;
    node_key.remove_prefix(dot + 1);
  }
  return entry;
}

}  // namespace

ConfigField config_field(std::string_view name, ConfigType type, bool required, std::string json) {
  treadle::config::FieldOptions options;
  options.required = required;
  if (!required) {
    if (auto value = ConfigValue::parse_json(json)) options.default_value = std::move(*value);
  }
  return treadle::config::field(std::string(name), std::move(type), std::move(options));
}

void declare_config(StepDef& step, ConfigType type) {
  step.config = std::make_shared<const ConfigType>(std::move(type));
}

Json load_config(Context& context, const ConfigType& type) {
  const std::string& given = context.step().run_config();
  ConfigValue config = ConfigValue::dict();
  if (!given.empty()) {
    auto parsed = ConfigValue::parse_json(given);
    if (!parsed) throw to_failure(std::move(parsed).error());
    const ConfigValue* entry = entry_of(*parsed, context.step().node_key());
    if (entry != nullptr) entry = entry->find("config");
    if (entry != nullptr) config = *entry;
  }
  const ConfigOutcome outcome = process_config(type, config);
  if (!outcome.ok()) {
    StepFailure failure = to_failure(problem_text(outcome, context.step_key()));
    failure.error_class = "DagsterInvalidConfigError";
    failure.allow_retries = false;
    throw failure;
  }
  auto json = Json::parse(outcome.value->json());
  if (!json) throw to_failure(std::move(json).error());
  return std::move(*json);
}

void throw_bad_config(Context& context, Error error) {
  StepFailure failure = to_failure("The configuration of step '" + context.step_key() +
                                   "' does not fit: " + error.message);
  failure.error_class = "DagsterInvalidConfigError";
  failure.allow_retries = false;
  throw failure;
}

}  // namespace treadle::cpp
