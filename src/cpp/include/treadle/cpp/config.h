// Typed configuration: a struct that says what a function may be configured with, once.
//
//   struct Training { td::Required<std::string> target; double rate = 0.1; std::optional<int> seed; };
//   TREADLE_FIELDS(Training, target, rate, seed)
//
//   defs.asset("model", [](const Table& t, const Training& c) { ... }, table, td::Config<Training>());
//
// What a run says under ops -> <step> -> config is checked before anything runs, all mistakes at once; members that it does not name
// keep the values that the struct gives them. A text may be {"env": "NAME"}: that environment variable.
#pragma once

#include <treadle/cpp/body.h>
#include <treadle/cpp/context.h>
#include <treadle/cpp/json_containers.h>
#include <treadle/define/config_schema.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle {

// A member without a default: the run's configuration must say it.
template <class T>
struct Required {
  T value{};
  // NOLINTNEXTLINE(google-explicit-constructor): stands for the value
  operator const T&() const { return value; }
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
};

template <class T>
struct JsonOf<Required<T>> {
  static void write(JsonOut& out, const Required<T>& required) {
    JsonOf<T>::write(out, required.value);
  }
  static Result<Required<T>> read(JsonRef json) {
    TREADLE_TRY(T value, JsonOf<T>::read(json));
    return Required<T>{std::move(value)};
  }
};

// A T that the run configures; wired to a function that takes a const T&.
template <class T>
struct Config {};

namespace cpp {

// How a C++ type is said in a configuration.
template <class T>
struct ConfigTypeOf {
  static_assert(
      sizeof(T) == 0,
      "treadle: configuration is made of bool, numbers, std::string, std::optional, std::vector, "
      "std::map<std::string, ...> and structs with TREADLE_FIELDS");
};
template <>
struct ConfigTypeOf<bool> {
  static ConfigType type() { return ::treadle::config::bool_source(); }
};
template <std::integral T>
struct ConfigTypeOf<T> {
  static ConfigType type() { return ::treadle::config::int_source(); }
};
template <std::floating_point T>
struct ConfigTypeOf<T> {
  static ConfigType type() { return ::treadle::config::floating(); }
};
template <>
struct ConfigTypeOf<std::string> {
  static ConfigType type() { return ::treadle::config::string_source(); }
};
template <class T>
struct ConfigTypeOf<std::optional<T>> {
  static ConfigType type() { return ::treadle::config::noneable(ConfigTypeOf<T>::type()); }
};
template <class T>
struct ConfigTypeOf<Required<T>> : ConfigTypeOf<T> {};
template <class T>
struct ConfigTypeOf<std::vector<T>> {
  static ConfigType type() { return ::treadle::config::array(ConfigTypeOf<T>::type()); }
};
template <class T>
struct ConfigTypeOf<std::map<std::string, T>> {
  static ConfigType type() {
    return ::treadle::config::map(::treadle::config::string(), ConfigTypeOf<T>::type());
  }
};

// A field of a struct; `json` is what the struct itself puts there.
ConfigField config_field(std::string_view name, ConfigType type, bool required, std::string json);

template <Described T>
  requires std::default_initializable<T>
struct ConfigTypeOf<T> {
  static ConfigType type() {
    const T defaults{};
    std::vector<ConfigField> fields;
    std::apply(
        [&](const auto&... field) { (add(fields, field.name, defaults.*field.member), ...); },
        treadle_fields(static_cast<const T*>(nullptr)));
    return ::treadle::config::shape(std::move(fields));
  }

 private:
  template <class F>
  static void add(std::vector<ConfigField>& fields, std::string_view name, const F& value) {
    JsonOut out;
    JsonOf<F>::write(out, value);
    fields.push_back(
        config_field(name, ConfigTypeOf<F>::type(), is_a<F, Required>, std::move(out.json).str()));
  }
};

// Adds to the step that it takes configuration of this type.
void declare_config(StepDef& step, ConfigType type);
// What the run says for this step, checked and with defaults filled in, as JSON. Throws StepFailure.
Json load_config(Context& context, const ConfigType& type);
[[noreturn]] void throw_bad_config(Context& context, Error error);

template <class T>
T read_config(Context& context) {
  static const ConfigType type = ConfigTypeOf<T>::type();
  auto value = load_config(context, type).template to<T>();
  if (!value) throw_bad_config(context, std::move(value).error());
  return std::move(*value);
}

template <class T>
struct Wire<Config<T>> {
  using Given = Types<const T&>;
};
template <class T>
void declare(StepDef& step, const Config<T>&) {
  declare_config(step, ConfigTypeOf<T>::type());
}
template <class T>
struct Loaded<Config<T>> {
  T config;
  Loaded(Context& context, const Config<T>&, std::size_t&) : config(read_config<T>(context)) {}
  std::tuple<const T&> arguments() { return {config}; }
};

}  // namespace cpp
}  // namespace treadle
