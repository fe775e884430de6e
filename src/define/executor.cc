#include <treadle/define/config_schema.h>
#include <treadle/define/executor.h>

#include <utility>

namespace treadle {
namespace {

using ExecutorKind = Executor::Kind;

Executor executor_with(ExecutorKind kind, ExecutorOptions options) {
  return {.kind = kind,
          .max_concurrent = options.max_concurrent,
          .tag_limits = std::move(options.tag_limits),
          .retries = options.retries};
}

ConfigField optional_field(std::string name, ConfigType type, std::string description = {}) {
  return config::field(std::move(name), std::move(type),
                       {.required = false, .description = std::move(description)});
}

ConfigField retries_field() {
  return optional_field("retries",
                        config::selector({config::field("enabled", config::shape({})),
                                          config::field("disabled", config::shape({}))}),
                        "Whether retries are enabled or not. By default, retries are enabled.");
}

ConfigType config_of(ExecutorKind kind) {
  if (kind == ExecutorKind::kInProcess) return config::shape({retries_field()});
  ConfigType limit = config::shape(
      {config::field("key", config::string()),
       optional_field("value",
                      config::scalar_union(config::string(),
                                           config::shape({config::field("applyLimitPerUniqueValue",
                                                                        config::boolean())}))),
       config::field("limit", config::integer())});
  return config::shape({optional_field("max_concurrent", config::noneable(config::integer()),
                                       "Steps at once; by default one per core."),
                        optional_field("tag_concurrency_limits", config::array(std::move(limit)),
                                       "How many steps with a tag may run at once."),
                        retries_field()});
}

TagLimit limit_of(const ConfigValue& said) {
  TagLimit limit;
  if (const ConfigValue* key = said.find("key")) limit.key = key->text();
  if (const ConfigValue* most = said.find("limit"))
    limit.limit = static_cast<int>(most->as_int().value_or(1));
  if (const ConfigValue* value = said.find("value")) {
    if (const std::string* one = value->as_string()) limit.value = *one;
    const ConfigValue* each = value->find("applyLimitPerUniqueValue");
    limit.each_value = each != nullptr && each->as_bool().value_or(false);
  }
  return limit;
}

Executor with_config(Executor executor, const ConfigValue& said) {
  if (const ConfigValue* most = said.find("max_concurrent"); most && !most->is_null())
    executor.max_concurrent = static_cast<int>(most->as_int().value_or(0));
  if (const ConfigValue* limits = said.find("tag_concurrency_limits");
      limits && limits->as_list()) {
    executor.tag_limits.clear();
    for (const ConfigValue& one : *limits->as_list()) executor.tag_limits.push_back(limit_of(one));
  }
  if (said.find({"retries", "disabled"}) != nullptr) executor.retries = false;
  if (said.find({"retries", "enabled"}) != nullptr) executor.retries = true;
  return executor;
}

constexpr std::pair<const char*, ExecutorKind> kKinds[] = {
    {"in_process", ExecutorKind::kInProcess},
    {"multithread", ExecutorKind::kMultithread},
    {"multiprocess", ExecutorKind::kMultiprocess}};

}  // namespace

Executor in_process_executor(InProcessOptions options) {
  return {.kind = ExecutorKind::kInProcess, .retries = options.retries};
}

Executor multithread_executor(ExecutorOptions options) {
  return executor_with(ExecutorKind::kMultithread, std::move(options));
}

Executor multiprocess_executor(ExecutorOptions options) {
  return executor_with(ExecutorKind::kMultiprocess, std::move(options));
}

ConfigType executor_config(const std::optional<Executor>& declared) {
  if (declared) return config_of(declared->kind);
  std::vector<ConfigField> kinds;
  for (const auto& [name, kind] : kKinds) kinds.push_back(optional_field(name, config_of(kind)));
  return config::selector(std::move(kinds));
}

std::optional<Executor> executor_of(const std::optional<Executor>& declared,
                                    const ConfigValue& run_config) {
  const ConfigValue* said = run_config.find({"execution", "config"});
  if (said == nullptr) return declared;
  if (declared) return with_config(*declared, *said);
  for (const auto& [name, kind] : kKinds) {
    if (const ConfigValue* one = said->find(name)) return with_config({.kind = kind}, *one);
  }
  return std::nullopt;
}

}  // namespace treadle
