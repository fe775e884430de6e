#include <treadle/define/run_config.h>

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <string_view>

namespace treadle {
namespace {

using Resources = std::map<std::string, std::shared_ptr<Resource>>;

// The nodes of one graph.
struct Level {
  std::map<std::string, Level> graphs;
  std::map<std::string, const StepDef*> steps;
  const ConfigMapping* mapping = nullptr;  // makes the configuration of all of them
};

ConfigField entry(std::string name, ConfigType type, bool needed) {
  ConfigField field;
  field.name = std::move(name);
  field.type = std::move(type);
  field.required = needed;
  return field;
}

// Whether something in it must be said.
bool is_needed(const ConfigType& type) {
  if (!type.has_fields()) return false;
  return std::any_of(type->fields.begin(), type->fields.end(),
                     [](const ConfigField& field) { return field.required; });
}

ConfigField config_entry(std::string name, const ConfigType& type) {
  const bool needed = is_needed(type);
  return entry(std::move(name), type, needed);
}

// What nothing is wired to, and what a run may say instead.
bool is_open(const InputDef& input) {
  return input.config && input.from.empty() && input.use == InputUse::kValue && input.asset.empty();
}

ConfigType type_of(const StepDef& step) {
  std::vector<ConfigField> parts;
  if (step.configured) {
    parts.push_back(config_entry("config", step.configured->schema));
  } else if (step.config) {
    parts.push_back(config_entry("config", *step.config));
  }
  std::vector<ConfigField> inputs;
  for (const InputDef& input : step.inputs) {
    if (is_open(input)) inputs.push_back(entry(input.name, *input.config, !input.value));
  }
  if (!inputs.empty()) parts.push_back(config_entry("inputs", config::shape(std::move(inputs))));
  return config::permissive(std::move(parts));
}

ConfigType type_of(const Level& level) {
  std::vector<ConfigField> nodes;
  for (const auto& [name, inner] : level.graphs) {
    ConfigType type = inner.mapping != nullptr
                          ? config::permissive({config_entry("config", inner.mapping->schema)})
                          : config::permissive({config_entry("ops", type_of(inner))});
    nodes.push_back(config_entry(name, type));
  }
  for (const auto& [name, step] : level.steps) nodes.push_back(config_entry(name, type_of(*step)));
  return config::shape(std::move(nodes));
}

const ConfigMapping* mapping_at(const StepDef& step, std::string_view path) {
  for (const auto& [at, mapping] : step.config_mappings) {
    if (at == path) return mapping.get();
  }
  return nullptr;
}

// With what they need themselves.
std::set<std::string> needed_resources(const std::vector<StepDef>& steps,
                                       const Resources& resources) {
  std::set<std::string> needed;
  std::vector<std::string> open;
  for (const StepDef& step : steps) {
    open.insert(open.end(), step.required_resources.begin(), step.required_resources.end());
    for (const HookDef& hook : step.hooks)
      open.insert(open.end(), hook.required_resources.begin(), hook.required_resources.end());
  }
  while (!open.empty()) {
    std::string key = std::move(open.back());
    open.pop_back();
    if (!needed.insert(key).second) continue;
    const auto at = resources.find(key);
    if (at == resources.end() || !at->second) continue;
    for (std::string& more : at->second->required_resources()) open.push_back(std::move(more));
  }
  return needed;
}

ConfigError error_at(const std::string& path, std::string message) {
  return {
      .reason = ConfigError::Reason::kPostProcessing, .path = path, .message = std::move(message)};
}

// "a.b" as errors say where it is.
std::string path_of(std::string_view node) {
  std::string path = "root";
  while (!node.empty()) {
    const std::size_t dot = node.find('.');
    path += ":ops:" + std::string(node.substr(0, dot));
    node.remove_prefix(dot == std::string_view::npos ? node.size() : dot + 1);
  }
  return path;
}

// Errors of a part as those of the whole, in their words, too.
ConfigOutcome below(ConfigOutcome outcome, const std::string& path) {
  for (ConfigError& error : outcome.errors) {
    for (const std::string_view own : {"at path root", "at the root"}) {
      const std::size_t at = error.message.find(own);
      if (at == std::string::npos) continue;
      error.message.replace(at, own.size(), "at path " + path);
      break;
    }
    error.path = error.path.starts_with("root") ? path + error.path.substr(4) : path;
  }
  return outcome;
}

ConfigOutcome apply(const ConfigMapping& mapping, const ConfigValue* given,
                    const std::string& path) {
  ConfigOutcome outcome =
      below(process_config(mapping.schema, given != nullptr ? *given : ConfigValue::dict()), path);
  if (!outcome.ok()) return outcome;
  Result<ConfigValue> mapped = mapping.map(*outcome.value);
  if (!mapped) return {.value = {}, .errors = {error_at(path, mapped.error().message)}};
  return {.value = std::move(*mapped), .errors = {}};
}

// What the run says of the node of a step, seen through the mappings of graphs around it.
ConfigOutcome node_entry(const StepDef& step, const ConfigValue& run_config) {
  static const ConfigValue nothing = ConfigValue::dict();
  std::list<ConfigValue> made;  // keeps alive what mappings have made
  const ConfigValue* at = &run_config;
  if (const ConfigMapping* job = mapping_at(step, "")) {
    ConfigOutcome mapped = apply(*job, at, "root");
    if (!mapped.ok()) return mapped;
    at = &made.emplace_back(ConfigValue::dict({{"ops", std::move(*mapped.value)}}));
  }
  for (std::size_t end = 0; end != std::string::npos;) {
    const std::size_t begin = end == 0 ? 0 : end + 1;
    end = step.name.find('.', begin);
    at = at->find({"ops", std::string_view(step.name).substr(begin, end - begin)});
    if (at == nullptr) at = &nothing;
    const std::string_view path = std::string_view(step.name).substr(0, end);
    if (const ConfigMapping* mapping = mapping_at(step, path)) {
      ConfigOutcome mapped = apply(*mapping, at->find("config"), path_of(path) + ":config");
      if (!mapped.ok()) return mapped;
      at = &made.emplace_back(ConfigValue::dict({{"ops", std::move(*mapped.value)}}));
    }
  }
  return {.value = *at, .errors = {}};
}

Result<ConfigValue> parsed(const std::string& run_config, const std::string& what) {
  if (run_config.empty()) return ConfigValue::dict();
  auto value = ConfigValue::parse_json(run_config);
  if (!value) return fail(std::move(value).error().with_context("the configuration of " + what));
  return value;
}

}  // namespace

ConfigType run_config_schema(const std::vector<StepDef>& steps, const Resources& resources,
                             const std::optional<Executor>& executor) {
  Level root;
  for (const StepDef& step : steps) {
    if (const ConfigMapping* job = mapping_at(step, "")) return job->schema;
    Level* level = &root;
    std::string_view key = step.name;
    for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
      level = &level->graphs[std::string(key.substr(0, dot))];
      key.remove_prefix(dot + 1);
      level->mapping = mapping_at(
          step, std::string_view(step.name).substr(0, step.name.size() - key.size() - 1));
    }
    level->steps.emplace(std::string(key), &step);
  }
  std::vector<ConfigField> parts;
  parts.push_back(config_entry("ops", type_of(root)));
  std::vector<ConfigField> configured;
  for (const std::string& key : needed_resources(steps, resources)) {
    const auto at = resources.find(key);
    const auto type = at != resources.end() && at->second ? at->second->config_type() : nullptr;
    if (!type) continue;
    configured.push_back(config_entry(key, config::permissive({config_entry("config", *type)})));
  }
  if (!configured.empty()) {
    parts.push_back(config_entry("resources", config::permissive(std::move(configured))));
  }
  ConfigField execution = config::field("config", executor_config(executor), {.required = false});
  parts.push_back(config_entry("execution", config::shape({std::move(execution)})));
  return config::permissive(std::move(parts));
}

Result<void> check_run_config(const std::vector<StepDef>& steps, const Resources& resources,
                              const std::string& run_config, const std::string& what,
                              const std::optional<Executor>& executor) {
  TREADLE_TRY(const ConfigValue value, parsed(run_config, what));
  ConfigOutcome outcome;
  outcome.errors = validate_config(run_config_schema(steps, resources, executor), value);
  // What only shows when it is used: variables that are not set, and what mappings make.
  if (outcome.errors.empty()) {
    const auto add = [&](ConfigOutcome part) {
      for (ConfigError& error : part.errors) {
        // A graph's own mistakes show at each of its steps.
        if (std::none_of(outcome.errors.begin(), outcome.errors.end(), [&](const ConfigError& e) {
              return e.path == error.path && e.message == error.message;
            })) {
          outcome.errors.push_back(std::move(error));
        }
      }
    };
    for (const StepDef& step : steps) {
      if (step.config) add(config_of_step(step, value));
      for (const InputDef& input : step.inputs) {
        if (auto given = config_of_input(step, input, value)) add(std::move(*given));
      }
    }
    for (const std::string& key : needed_resources(steps, resources)) {
      const auto at = resources.find(key);
      if (at == resources.end() || !at->second) continue;
      if (const auto type = at->second->config_type()) add(config_of_resource(key, *type, value));
    }
  }
  if (outcome.ok()) return {};
  return fail(Errc::kInvalidArgument, outcome.text("Error in config for " + what));
}

bool takes_config(const StepDef& step, const Resources& resources) {
  if (step.config || step.configured) return true;
  if (std::any_of(step.inputs.begin(), step.inputs.end(), is_open)) return true;
  if (step.required_resources.empty() && step.hooks.empty()) return false;
  return std::any_of(resources.begin(), resources.end(), [](const auto& resource) {
    return resource.second && resource.second->config_type() != nullptr;
  });
}

ConfigOutcome config_of_step(const StepDef& step, const ConfigValue& run_config) {
  ConfigOutcome entry = node_entry(step, run_config);
  if (!entry.ok()) return entry;
  const std::string path = path_of(step.name) + ":config";
  const ConfigValue* given = entry.value->find("config");
  ConfigValue value = given != nullptr ? *given : ConfigValue::dict();
  if (step.configured) {
    ConfigOutcome mapped = apply(*step.configured, &value, path);
    if (!mapped.ok()) return mapped;
    value = std::move(*mapped.value);
  }
  if (!step.config) return {.value = std::move(value), .errors = {}};
  return below(process_config(*step.config, value), path);
}

ConfigOutcome config_of_resource(const std::string& key, const ConfigType& type,
                                 const ConfigValue& run_config) {
  const ConfigValue* given = run_config.find({"resources", key, "config"});
  return below(process_config(type, given != nullptr ? *given : ConfigValue::dict()),
               "root:resources:" + key + ":config");
}

std::optional<ConfigOutcome> config_of_input(const StepDef& step, const InputDef& input,
                                             const ConfigValue& run_config) {
  if (!is_open(input)) return std::nullopt;
  const ConfigOutcome entry = node_entry(step, run_config);
  if (!entry.ok()) return entry;
  const ConfigValue* given = entry.value->find({"inputs", input.name});
  if (given == nullptr) return std::nullopt;
  return below(process_config(*input.config, *given), path_of(step.name) + ":inputs:" + input.name);
}

}  // namespace treadle
