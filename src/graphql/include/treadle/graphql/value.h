// Values that come in (literals, variables, arguments) and go out (what resolvers return).
#pragma once

#include <treadle/base/result.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace treadle::graphql {

// A value as written in a document or given as JSON.
struct Value {
  struct Enum {
    std::string name;
    bool operator==(const Enum&) const = default;
  };
  struct Variable {
    std::string name;
    bool operator==(const Variable&) const = default;
  };
  using List = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;  // in the order it was written
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Enum, Variable, List,
               Object>
      v;

  // Written out in value.cc: here the members of an object are not complete yet.
  Value();  // null
  ~Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  template <class T>
    requires(std::same_as<T, std::monostate> || std::same_as<T, bool> ||
             std::same_as<T, std::int64_t> || std::same_as<T, double> ||
             std::same_as<T, std::string> || std::same_as<T, Enum> || std::same_as<T, Variable> ||
             std::same_as<T, List> || std::same_as<T, Object>)
  Value(T value) : v(std::move(value)) {}  // NOLINT(google-explicit-constructor): a value is itself

  bool is_null() const { return std::holds_alternative<std::monostate>(v); }
  template <class T>
  const T* get() const {
    return std::get_if<T>(&v);
  }
  // A member of an object; null when it is no object or has no such member.
  const Value* find(std::string_view name) const;
  bool operator==(const Value& other) const;
};

// Any JSON document, bare NaN and Infinity included. kInvalidArgument says what is wrong with it.
Result<Value> value_from_json(std::string_view text);
std::string json_text(const Value& value);

// An object that a resolver returns: which type of the schema it is, and what its fields are made
// from. The resolvers of a type agree on what lies behind `data`.
struct Node {
  std::string_view type;  // must live as long as the program: a literal
  std::shared_ptr<const void> data;
};
template <class T>
Node node(std::string_view type, T data) {
  return {type, std::make_shared<const T>(std::move(data))};
}

// A JSON document that goes out as it is.
struct Raw {
  std::string json;
};

// What a resolver returns.
struct Output {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Raw, Node,
               std::vector<Output>>
      v;

  Output() = default;
  Output(std::nullptr_t) {}
  Output(bool b) : v(b) {}
  Output(int n) : v(static_cast<std::int64_t>(n)) {}
  Output(std::int64_t n) : v(n) {}
  Output(double d) : v(d) {}
  Output(const char* text) : v(std::string(text)) {}
  Output(std::string text) : v(std::move(text)) {}
  Output(std::string_view text) : v(std::string(text)) {}
  Output(Raw raw) : v(std::move(raw)) {}
  Output(Node object) : v(std::move(object)) {}
  Output(std::vector<Output> list) : v(std::move(list)) {}
  template <class T>
  Output(std::optional<T> value) {
    if (value) *this = Output(*std::move(value));
  }
};
using Outputs = std::vector<Output>;
inline Output strings(const std::vector<std::string>& texts) {
  return Outputs(texts.begin(), texts.end());
}

}  // namespace treadle::graphql
