#include <treadle/cpp/config.h>
#include <treadle/cpp/configured_resource.h>
#include <treadle/define/run_config.h>

namespace treadle::cpp {
namespace {

[[noreturn]] void throw_invalid(std::string text) {
  StepFailure failure = to_failure(std::move(text));
  failure.error_class = "DagsterInvalidConfigError";
  failure.allow_retries = false;
  throw failure;
}

ConfigValue parsed(const std::string& run_config) {
  if (run_config.empty()) return ConfigValue::dict();
  auto value = ConfigValue::parse_json(run_config);
  if (!value) throw to_failure(std::move(value).error());
  return std::move(*value);
}

Json json_of(const ConfigOutcome& outcome, const std::string& whose) {
  if (!outcome.ok()) throw_invalid(outcome.text("Error in config for " + whose));
  auto json = Json::parse(outcome.value->json());
  if (!json) throw to_failure(std::move(json).error());
  return std::move(*json);
}

}  // namespace

ConfigField config_field(std::string_view name, ConfigType type, bool required, std::string json,
                         const std::vector<FieldNote>& notes) {
  treadle::config::FieldOptions options;
  options.required = required;
  if (!required) {
    if (auto value = ConfigValue::parse_json(json)) options.default_value = std::move(*value);
  }
  for (const FieldNote& note : notes) {
    if (note.field != name) continue;
    options.description = note.description;
    options.secret = note.secret;
  }
  return treadle::config::field(std::string(name), std::move(type), std::move(options));
}

ConfigType enumeration_of(const std::vector<std::string_view>& names, const std::type_info& type) {
  std::vector<ConfigType::Member> members;
  for (const std::string_view name : names) members.push_back({.name = std::string(name)});
  return treadle::config::enumeration(type_name(type), std::move(members));
}

void declare_config(StepDef& step, ConfigType type) {
  step.config = std::make_shared<const ConfigType>(std::move(type));
}

Json load_config(Context& context, const ConfigType& type) {
  const ConfigValue run_config = parsed(context.step().run_config());
  const std::string whose = "step " + context.step_key();
  if (const StepDef* def = context.step().definition()) {
    return json_of(config_of_step(*def, run_config), whose);
  }
  StepDef alone;
  alone.name = context.step().node_key();
  alone.config = std::make_shared<const ConfigType>(type);
  return json_of(config_of_step(alone, run_config), whose);
}

std::optional<Json> load_input_config(Context& context, std::size_t input) {
  const StepDef* def = context.step().definition();
  if (def == nullptr) return std::nullopt;
  const auto outcome =
      config_of_input(*def, def->inputs[input], parsed(context.step().run_config()));
  if (!outcome) return std::nullopt;
  return json_of(*outcome, "step " + context.step_key());
}

Json load_resource_config(const Resource::SetupContext& context, const ConfigType& type) {
  return json_of(config_of_resource(context.key, type, parsed(context.run_config)),
                 "resource " + context.key);
}

void throw_bad_config(const std::string& whose, Error error) {
  throw_invalid("The configuration of " + whose + " does not fit: " + error.message);
}

}  // namespace treadle::cpp
