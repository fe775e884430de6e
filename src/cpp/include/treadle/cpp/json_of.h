// How C++ types are written as JSON, so that Python reads them: bool, numbers, text, optionals,
// structs with TREADLE_FIELDS; containers are in json_containers.h.
#pragma once

#include <treadle/cpp/fields.h>
#include <treadle/cpp/json.h>

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace treadle {

// Specialise it for a type of yours that TREADLE_FIELDS cannot describe:
//   static void write(JsonOut& out, const T& value);
//   static Result<T> read(JsonRef json);
template <class T>
struct JsonOf;

template <class T>
concept JsonStorable = requires(JsonOut& out, const T& value, JsonRef json) {
  JsonOf<T>::write(out, value);
  { JsonOf<T>::read(json) } -> std::same_as<Result<T>>;
};

namespace cpp {

tl::unexpected<Error> unexpected_kind(std::string_view wanted, JsonRef found);
tl::unexpected<Error> out_of_range(JsonRef found);
tl::unexpected<Error> at_field(std::string_view name, Error error);
tl::unexpected<Error> at_index(std::size_t index, Error error);
tl::unexpected<Error> no_field(std::string_view name);

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <class... A, template <class...> class Template>
inline constexpr bool is_a<Template<A...>, Template> = true;

}  // namespace cpp

template <>
struct JsonOf<bool> {
  static void write(JsonOut& out, bool value) { out.json.value(value); }
  static Result<bool> read(JsonRef json) {
    if (const auto b = json.as_bool()) return *b;
    return cpp::unexpected_kind("true or false", json);
  }
};

template <std::integral T>
struct JsonOf<T> {
  static void write(JsonOut& out, T value) { out.json.value(value); }
  static Result<T> read(JsonRef json) {
    if (json.kind() != JsonRef::Kind::kInt) return cpp::unexpected_kind("an integer", json);
    if (const auto i = json.as_int(); i && std::in_range<T>(*i)) return static_cast<T>(*i);
    if (const auto u = json.as_unsigned(); u && std::in_range<T>(*u)) return static_cast<T>(*u);
    return cpp::out_of_range(json);
  }
};

// Every double comes back as it was; NaN and the infinities too.
template <class T>
  requires std::same_as<T, double> || std::same_as<T, float>
struct JsonOf<T> {
  static void write(JsonOut& out, T value) { out.json.value(static_cast<double>(value)); }
  static Result<T> read(JsonRef json) {
    if (const auto d = json.as_double()) return static_cast<T>(*d);
    return cpp::unexpected_kind("a number", json);
  }
};

// An enumeration is its number, or with TREADLE_ENUM its name.
template <cpp::Enumerated T>
struct JsonOf<T> {
  static void write(JsonOut& out, T value) {
    for (const auto& [name, one] : treadle_enumerators(static_cast<const T*>(nullptr))) {
      if (one == value) return out.text(name);
    }
    out.json.value(static_cast<std::int64_t>(value));
  }
  static Result<T> read(JsonRef json) {
    const auto text = json.as_string();
    std::string names;
    for (const auto& [name, one] : treadle_enumerators(static_cast<const T*>(nullptr))) {
      if (text && *text == name) return one;
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return cpp::unexpected_kind("one of " + names, json);
  }
};
template <class T>
  requires(std::is_enum_v<T> && !cpp::Enumerated<T>)
struct JsonOf<T> {
  using Number = std::underlying_type_t<T>;
  static void write(JsonOut& out, T value) {
    JsonOf<Number>::write(out, static_cast<Number>(value));
  }
  static Result<T> read(JsonRef json) {
    TREADLE_TRY(const Number number, JsonOf<Number>::read(json));
    return static_cast<T>(number);
  }
};

template <>
struct JsonOf<std::string> {
  static void write(JsonOut& out, const std::string& value) { out.text(value); }
  static Result<std::string> read(JsonRef json) {
    if (const auto text = json.as_string()) return std::string(*text);
    return cpp::unexpected_kind("text", json);
  }
};

template <>
struct JsonOf<Json> {
  static void write(JsonOut& out, const Json& value) { out.json.raw(value.dump()); }
  static Result<Json> read(JsonRef json) { return json ? Json::from_boost(*json.boost()) : Json(); }
};

template <JsonStorable T>
  requires(!cpp::is_a<T, std::optional>)  // null could not say which of the two is empty
struct JsonOf<std::optional<T>> {
  static void write(JsonOut& out, const std::optional<T>& value) {
    if (value) {
      JsonOf<T>::write(out, *value);
    } else {
      out.json.null();
    }
  }
  static Result<std::optional<T>> read(JsonRef json) {
    if (json.is_null()) return std::optional<T>();
    TREADLE_TRY(T value, JsonOf<T>::read(json));
    return std::optional<T>(std::move(value));
  }
};

template <cpp::Described T>
  requires std::default_initializable<T>
struct JsonOf<T> {
  static void write(JsonOut& out, const T& value) {
    out.json.begin_object();
    std::apply(
        [&](const auto&... field) { (write_field(out, field.name, value.*field.member), ...); },
        fields());
    out.json.end_object();
  }
  static Result<T> read(JsonRef json) {
    if (json.kind() != JsonRef::Kind::kObject) return cpp::unexpected_kind("an object", json);
    T value{};
    Result<void> done;
    std::apply(
        [&](const auto&... field) {
          (void)((done = read_field(json, field.name, value.*field.member), done.has_value()) &&
                 ...);
        },
        fields());
    if (!done) return tl::make_unexpected(std::move(done).error());
    return value;
  }

 private:
  static constexpr auto fields() { return treadle_fields(static_cast<const T*>(nullptr)); }
  template <class F>
  static void write_field(JsonOut& out, std::string_view name, const F& field) {
    out.json.key(name);
    JsonOf<F>::write(out, field);
  }
  template <class F>
  static Result<void> read_field(JsonRef json, std::string_view name, F& field) {
    const JsonRef found = json[name];
    if (!found && !cpp::is_a<F, std::optional>) return cpp::no_field(name);
    auto value = JsonOf<F>::read(found);
    if (!value) return cpp::at_field(name, std::move(value).error());
    field = std::move(*value);
    return {};
  }
};

template <class T>
Result<T> JsonRef::to() const {
  return JsonOf<T>::read(*this);
}

template <class T>
Json Json::from(const T& value) {
  JsonOut out;
  JsonOf<T>::write(out, value);
  return parse(out.json.str()).value_or(Json());
}

}  // namespace treadle
