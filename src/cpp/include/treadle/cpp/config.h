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

// A member that is exactly one of the fields of T, a struct of std::optionals:
//   struct Pet { std::optional<Cat> cat; std::optional<Dog> dog; };  TREADLE_FIELDS(Pet, cat, dog)
//   struct Home { td::Selector<Pet> pet; };                 // {"pet": {"cat": {"meows": 2}}}
template <class T>
struct Selector {
  T value{};
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
};
// A T that takes other fields, too.
template <class T>
struct Permissive {
  T value{};
  std::map<std::string, Json> others = {};
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
};

// What is said of a member beside its type:
//   TREADLE_NOTES(Training, {"rate", "How far each step goes."}, {"token", "Of the service.", true})
struct FieldNote {
  std::string_view field;
  std::string_view description = {};
  bool secret = false;  // its default is not shown
};
#define TREADLE_NOTES(Type, ...)                                                         \
  [[maybe_unused]] inline std::vector<::treadle::FieldNote> treadle_notes(const Type*) { \
    return {__VA_ARGS__};                                                                \
  }

// A T that the run configures; wired to a function that takes a const T&. When T has a member `td::Result<void> check() const`,
// that is asked, too, before the function is called.
template <class T>
struct Config {};

template <class T>
struct JsonOf<Selector<T>> {
  static void write(JsonOut& out, const Selector<T>& selector) {
    out.json.begin_object();
    std::apply(
        [&](const auto&... field) { (member(out, field.name, selector.value.*field.member), ...); },
        treadle_fields(static_cast<const T*>(nullptr)));
    out.json.end_object();
  }
  static Result<Selector<T>> read(JsonRef json) {
    TREADLE_TRY(T value, JsonOf<T>::read(json));
    return Selector<T>{std::move(value)};
  }

 private:
  template <class M>
  static void member(JsonOut& out, std::string_view name, const std::optional<M>& value) {
    if (!value) return;
    out.json.key(name);
    JsonOf<M>::write(out, *value);
  }
};
template <class T>
struct JsonOf<Permissive<T>> {
  static void write(JsonOut& out, const Permissive<T>& given) {
    out.json.begin_object();
    std::apply(
        [&](const auto&... field) {
          ((out.json.key(field.name), write_member(out, given.value.*field.member)), ...);
        },
        treadle_fields(static_cast<const T*>(nullptr)));
    for (const auto& [name, value] : given.others) {
      out.json.key(name);
      JsonOf<Json>::write(out, value);
    }
    out.json.end_object();
  }
  static Result<Permissive<T>> read(JsonRef json) {
    TREADLE_TRY(T value, JsonOf<T>::read(json));
    Permissive<T> all{std::move(value)};
    for (std::size_t i = 0; i < json.size(); ++i) {
      const std::string name(json.field_name(i));
      if (is_field(name)) continue;
      TREADLE_TRY(Json other, Json::parse(json[i].dump()));
      all.others.emplace(name, std::move(other));
    }
    return all;
  }

 private:
  template <class M>
  static void write_member(JsonOut& out, const M& member) {
    JsonOf<M>::write(out, member);
  }
  static bool is_field(std::string_view name) {
    return std::apply([&](const auto&... field) { return ((field.name == name) || ...); },
                      treadle_fields(static_cast<const T*>(nullptr)));
  }
};

namespace cpp {

// How a C++ type is said in a configuration.
template <class T>
struct ConfigTypeOf;
template <class T>
concept Configurable = requires { sizeof(ConfigTypeOf<T>); };
// Named so that the compiler's notes read as the explanation.
template <class T>
struct ConfigurationOfType {
  static constexpr bool kIsPossible = Configurable<T>;
  static_assert(
      kIsPossible,
      "treadle: configuration is made of bool, numbers, std::string, enumerations with "
      "TREADLE_ENUM, std::optional, "
      "std::vector, std::map<std::string, ...>, td::Json and structs with TREADLE_FIELDS");
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
template <>
struct ConfigTypeOf<Json> {
  static ConfigType type() { return ::treadle::config::any(); }
};
ConfigType enumeration_of(const std::vector<std::string_view>& names, const std::type_info& type);
template <Enumerated T>
struct ConfigTypeOf<T> {
  static ConfigType type() {
    std::vector<std::string_view> names;
    for (const auto& [name, one] : treadle_enumerators(static_cast<const T*>(nullptr)))
      names.push_back(name);
    return enumeration_of(names, typeid(T));
  }
};
template <Configurable T>
struct ConfigTypeOf<std::optional<T>> {
  static ConfigType type() { return ::treadle::config::noneable(ConfigTypeOf<T>::type()); }
};
template <Configurable T>
struct ConfigTypeOf<Required<T>> : ConfigTypeOf<T> {};
template <Configurable T>
struct ConfigTypeOf<std::vector<T>> {
  static ConfigType type() { return ::treadle::config::array(ConfigTypeOf<T>::type()); }
};
template <Configurable T>
struct ConfigTypeOf<std::map<std::string, T>> {
  static ConfigType type() {
    return ::treadle::config::map(::treadle::config::string(), ConfigTypeOf<T>::type());
  }
};

// A field of a struct; `json` is what the struct itself puts there.
ConfigField config_field(std::string_view name, ConfigType type, bool required, std::string json,
                         const std::vector<FieldNote>& notes);

template <Described T>
  requires std::default_initializable<T>
struct ConfigTypeOf<T> {
  static ConfigType type() { return ::treadle::config::shape(fields()); }
  static std::vector<ConfigField> fields() {
    const T defaults{};
    std::vector<ConfigField> fields;
    std::apply(
        [&](const auto&... field) { (add(fields, field.name, defaults.*field.member), ...); },
        treadle_fields(static_cast<const T*>(nullptr)));
    return fields;
  }

 private:
  template <class F>
  static void add(std::vector<ConfigField>& fields, std::string_view name, const F& value) {
    static_cast<void>(ConfigurationOfType<F>::kIsPossible);
    std::vector<FieldNote> notes;
    if constexpr (requires { treadle_notes(static_cast<const T*>(nullptr)); }) {
      notes = treadle_notes(static_cast<const T*>(nullptr));
    }
    JsonOut out;
    JsonOf<F>::write(out, value);
    fields.push_back(config_field(name, ConfigTypeOf<F>::type(),
                                  is_a<F, Required> || is_a<F, Selector>, std::move(out.json).str(),
                                  notes));
  }
};
template <Described T>
struct ConfigTypeOf<Permissive<T>> {
  static ConfigType type() { return ::treadle::config::permissive(ConfigTypeOf<T>::fields()); }
};
template <Described T>
struct ConfigTypeOf<Selector<T>> {
  static ConfigType type() {
    std::vector<ConfigField> choices;
    std::apply([&](const auto&... field) { (add(choices, field), ...); },
               treadle_fields(static_cast<const T*>(nullptr)));
    return ::treadle::config::selector(std::move(choices));
  }

 private:
  template <class M>
  static void add(std::vector<ConfigField>& choices, const Field<T, std::optional<M>>& field) {
    choices.push_back(config_field(field.name, ConfigTypeOf<M>::type(), true, {}, {}));
  }
};

// Adds to the step that it takes configuration of this type.
void declare_config(StepDef& step, ConfigType type);
// The value that the run says for an input that nothing is wired to; nothing: it says none. Throws StepFailure.
std::optional<Json> load_input_config(Context& context, std::size_t input);
// What the run says for this step, checked and with defaults filled in, as JSON. Throws StepFailure.
Json load_config(Context& context, const ConfigType& type);
[[noreturn]] void throw_bad_config(const std::string& whose, Error error);

template <class T>
T config_from(const Json& json, const std::string& whose) {
  auto value = json.template to<T>();
  if (!value) throw_bad_config(whose, std::move(value).error());
  if constexpr (requires(const T& config) {
                  { config.check() } -> std::convertible_to<Result<void>>;
                }) {
    if (Result<void> good = value->check(); !good) throw_bad_config(whose, std::move(good).error());
  }
  return std::move(*value);
}

template <class T>
T read_config(Context& context) {
  static const ConfigType type = ConfigTypeOf<T>::type();
  return config_from<T>(load_config(context, type), "step '" + context.step_key() + "'");
}

template <class T>
struct Wire<Config<T>> {
  using Given = Types<const T&>;
};
template <class T>
void declare(StepDef& step, const Config<T>&) {
  static_cast<void>(ConfigurationOfType<T>::kIsPossible);
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
