#include <treadle/base/suggest.h>
#include <treadle/cpp/run_config.h>
#include <treadle/define/graph.h>
#include <treadle/define/run_config.h>

namespace treadle {
namespace {

// The dictionary behind a key, made when it is not there.
ConfigValue& below(ConfigValue& dict, std::string_view key) {
  if (dict.find(key) == nullptr) dict.set(key, ConfigValue::dict());
  for (ConfigValue::Entry& entry : *dict.as_dict()) {
    if (const std::string* text = entry.key.as_string(); text != nullptr && *text == key)
      return entry.value;
  }
  return dict;  // not reached: it was set
}

ConfigValue& entry_of(ConfigValue& config, std::string_view path) {
  ConfigValue* at = &config;
  for (;;) {
    const std::size_t dot = path.find('.');
    at = &below(below(*at, "ops"), path.substr(0, dot));
    if (dot == std::string_view::npos) return *at;
    path.remove_prefix(dot + 1);
  }
}

// What C++ has written is JSON that can be read.
ConfigValue written(const Json& json) {
  return cpp::config_value(json).value_or(ConfigValue());
}

}  // namespace

RunConfig& RunConfig::set(std::string_view path, std::string_view part, const Json& value) {
  entry_of(value_, path).set(part, written(value));
  return *this;
}

RunConfig& RunConfig::set(std::string_view path, std::string_view part, std::string_view name,
                          const Json& value) {
  below(entry_of(value_, path), part).set(name, written(value));
  return *this;
}

RunConfig& RunConfig::set_resource(std::string_view key, const Json& value) {
  below(below(value_, "resources"), key).set("config", written(value));
  return *this;
}

RunConfig& RunConfig::execution(ConfigValue config) {
  below(value_, "execution").set("config", std::move(config));
  return *this;
}

namespace cpp {

Result<ConfigValue> config_value(const Json& json) {
  return ConfigValue::parse_json(json.dump());
}

ConfigValue nodes_of(const RunConfig& config) {
  const ConfigValue* ops = config.value().find("ops");
  return ops != nullptr ? *ops : ConfigValue::dict();
}

std::shared_ptr<const ConfigMapping> new_mapping(
    ConfigType schema, std::function<Result<ConfigValue>(const Json&)> map) {
  auto mapping = std::make_shared<ConfigMapping>();
  mapping->schema = std::move(schema);
  mapping->map = [map = std::move(map)](const ConfigValue& given) -> Result<ConfigValue> {
    TREADLE_TRY(const Json json, Json::parse(given.json()));
    return map(json);
  };
  return mapping;
}

std::shared_ptr<const StepDef> configured_op(const std::shared_ptr<const StepDef>& op,
                                             const std::string& name,
                                             std::shared_ptr<const ConfigMapping> mapping,
                                             const Json* fixed, std::source_location where) {
  const Place place{where.file_name(), static_cast<int>(where.line())};
  const auto refuse = [&](std::string message, std::string cure) {
    throw DefinitionError({Problem{.code = "bad_configured",
                                   .subject = name,
                                   .place = place,
                                   .message = std::move(message),
                                   .cure = std::move(cure)}});
  };
  if (!op || !op->config) {
    refuse("'" + name + "' cannot be configured beforehand: " +
               (op ? "op '" + op->name + "' takes no configuration." : "it is a graph."),
           op ? "Wire a td::Config to its function."
              : "Give the graph a `config_mapping` in its options.");
  }
  if (fixed != nullptr) {
    const ConfigValue value = written(*fixed);
    const ConfigOutcome fits = process_config(*op->config, value);
    if (!fits.ok()) {
      refuse(fits.text("Error in config when configuring op '" + op->name + "' as '" + name + "'"),
             "Give it the struct that its function takes.");
    }
    auto constant = std::make_shared<ConfigMapping>();
    constant->schema = treadle::config::shape({});
    constant->map = [value](const ConfigValue&) -> Result<ConfigValue> { return value; };
    mapping = std::move(constant);
  }
  auto step = std::make_shared<StepDef>(*op);
  step->name = name;
  step->op_name = name;
  step->place = place;
  if (op->configured) {
    // Its own mapping comes after this one.
    auto both = std::make_shared<ConfigMapping>(*mapping);
    both->map = [outer = mapping->map,
                 inner = op->configured](const ConfigValue& given) -> Result<ConfigValue> {
      TREADLE_TRY(const ConfigValue made, outer(given));
      ConfigOutcome fits = process_config(inner->schema, made);
      if (!fits.ok()) return fail(Errc::kInvalidArgument, fits.text("Error in config"));
      return inner->map(*fits.value);
    };
    mapping = std::move(both);
  }
  step->configured = std::move(mapping);
  return step;
}

}  // namespace cpp

Result<void> validate_run_config(const Definitions& definitions, const std::string& job,
                                 const std::string& config) {
  std::vector<std::string> names;
  for (const JobDef& one : definitions.jobs) {
    names.push_back(one.name);
    if (one.name != job) continue;
    if (!one.graph)
      return check_run_config(definitions.steps, definitions.resources, config, "job " + job,
                              one.executor ? one.executor : definitions.executor);
    const Definitions own = definitions_of_job(definitions, one);
    return check_run_config(own.steps, own.resources, config, "job " + job,
                            one.executor ? one.executor : definitions.executor);
  }
  return fail(Errc::kNotFound,
              "There is no job '" + job + "' in these definitions." + did_you_mean(job, names));
}

}  // namespace treadle
