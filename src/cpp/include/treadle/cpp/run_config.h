// The configuration of a run as C++ writes it, and configuration made of other configuration.
//   td::run_job(defs, "training", {.config = td::RunConfig().op("train", Training{.rate = 0.1})
//                                              .resource("db", DbConfig{.url = "db.local"})});
//   auto fast = td::configured("fast", train, Training{.rate = 1});
#pragma once

#include <treadle/cpp/config.h>
#include <treadle/cpp/op.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace treadle {

// What a run says: {"ops": {"train": {"config": ...}}, "resources": ...}. Of a graph's mapping: what it says of its nodes. A value.
class RunConfig {
 public:
  // Of a step: "train", "outer.inner". A member that should come from the environment is left to the text form ({"env": "NAME"}).
  template <class T>
  RunConfig& op(std::string_view path, const T& config) {
    return set(path, "config", Json::from(config));
  }
  // Of an input that nothing is wired to.
  template <class T>
  RunConfig& input(std::string_view path, std::string_view input, const T& value) {
    return set(path, "inputs", input, Json::from(value));
  }
  template <class T>
  RunConfig& resource(std::string_view key, const T& config) {
    return set_resource(key, Json::from(config));
  }
  // Of the executor (treadle/define/executor.h): .execution(td::ConfigValue::dict({{"max_concurrent", 2}}))
  RunConfig& execution(ConfigValue config);
  std::string text() const { return value_.json(); }
  operator std::string() const {
    return text();
  }  // NOLINT(google-explicit-constructor): as options take it
  const ConfigValue& value() const { return value_; }

 private:
  RunConfig& set(std::string_view path, std::string_view part, const Json& value);
  RunConfig& set(std::string_view path, std::string_view part, std::string_view name,
                 const Json& value);
  RunConfig& set_resource(std::string_view key, const Json& value);
  ConfigValue value_ = ConfigValue::dict();
};

namespace cpp {

std::shared_ptr<const ConfigMapping> new_mapping(
    ConfigType schema, std::function<Result<ConfigValue>(const Json&)> map);
Result<ConfigValue> config_value(const Json& json);
// What a mapping says of the nodes of its graph.
ConfigValue nodes_of(const RunConfig& config);
std::shared_ptr<const StepDef> configured_op(const std::shared_ptr<const StepDef>& op,
                                             const std::string& name,
                                             std::shared_ptr<const ConfigMapping> mapping,
                                             const Json* fixed, std::source_location where);

}  // namespace cpp

// What a graph or a job takes instead of the configuration of its ops: a C, of which `map` makes a td::RunConfig.
//   td::config_mapping<Season>([](const Season& s) { return td::RunConfig().op("train", Training{...}); })
template <class C, class F>
std::shared_ptr<const ConfigMapping> config_mapping(F map) {
  return cpp::new_mapping(cpp::ConfigTypeOf<C>::type(),
                          [map = std::move(map)](const Json& json) -> Result<ConfigValue> {
                            TREADLE_TRY(const C config, json.to<C>());
                            return cpp::nodes_of(map(config));
                          });
}

// An op with its configuration said beforehand, under a name of its own. Throws DefinitionError when it does not fit.
template <class C, class Used, class... In>
  requires cpp::Described<C>
Op<Used, In...> configured(std::string name, const Op<Used, In...>& op, const C& config,
                           std::source_location where = std::source_location::current()) {
  const Json fixed = Json::from(config);
  return {cpp::configured_op(op.op(), name, nullptr, &fixed, where), nullptr};
}
// An op that takes a C, of which `map` makes what it is configured with.
template <class C, class F, class Used, class... In>
Op<Used, In...> configured(std::string name, const Op<Used, In...>& op, Config<C>, F map,
                           std::source_location where = std::source_location::current()) {
  auto mapping = cpp::new_mapping(cpp::ConfigTypeOf<C>::type(),
                                  [map = std::move(map)](const Json& json) -> Result<ConfigValue> {
                                    TREADLE_TRY(const C config, json.to<C>());
                                    return cpp::config_value(Json::from(map(config)));
                                  });
  return {cpp::configured_op(op.op(), name, std::move(mapping), nullptr, where), nullptr};
}

// Everything that is wrong with the configuration of a job, without running it.
Result<void> validate_run_config(const Definitions& definitions, const std::string& job,
                                 const std::string& config);

}  // namespace treadle
