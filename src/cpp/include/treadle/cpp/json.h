// JSON values. Parsed by Boost.JSON, which stays out of this header: include <boost/json.hpp>
// yourself to use boost() for more.
#pragma once

#include <treadle/base/json.h>
#include <treadle/base/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::json {
class value;
}

namespace treadle {

// A place in a parsed document; borrowed from it. A place that is not there (an absent field, an
// index beyond the end) is false, of kind null, and has no values: doc["a"][3]["b"] never fails, it
// only ends up nowhere.
class JsonRef {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kArray, kObject };

  JsonRef() = default;
  explicit JsonRef(const boost::json::value* value) : value_(value) {}
  explicit operator bool() const { return value_ != nullptr; }

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  // The value when it is of that kind and fits, else nothing. as_double takes integers too.
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;
  std::optional<std::uint64_t> as_unsigned() const;
  std::optional<double> as_double() const;
  std::optional<std::string_view> as_string() const;

  std::size_t size() const;  // of an array or object, else 0
  JsonRef operator[](
      std::size_t index) const;  // of an array, or the value of an object's index-th field
  JsonRef operator[](std::string_view field) const;
  std::string_view field_name(
      std::size_t index) const;  // of an object; in the order of the document

  // As a C++ type (see json_of.h). The error says what was expected and where: "at rows: at [3]:
  // expected a number, found text".
  template <class T>
  Result<T> to() const;
  // Without spaces. NaN and infinities are written bare, as Python does.
  std::string dump() const;
  // For a message: "a number", "text", "nothing" ...
  std::string_view kind_name() const;
  const boost::json::value* boost() const { return value_; }

 private:
  const boost::json::value* value_ = nullptr;
};

// A JSON value that keeps itself alive: cheap to copy, immutable, thread-safe.
class Json : public JsonRef {
 public:
  Json() = default;  // null
  // One value, with Python's NaN, Infinity and -Infinity.
  static Result<Json> parse(std::string_view text);
  // From a C++ value: Json::from(std::map<std::string, int>{{"a", 1}}).
  template <class T>
  static Json from(const T& value);
  static Json from_boost(const boost::json::value& value);
  bool operator==(const Json& other) const;  // the order of an object's fields does not matter

 private:
  explicit Json(std::shared_ptr<const boost::json::value> root)
      : JsonRef(root.get()), root_(std::move(root)) {}
  std::shared_ptr<const boost::json::value> root_;
};

// A document being written. `unwritable` says that a text was not UTF-8, which JSON cannot say.
struct JsonOut {
  JsonWriter json;
  bool unwritable = false;
  void text(std::string_view utf8) {
    if (!is_valid_utf8(utf8)) unwritable = true;
    json.value(utf8);
  }
};

}  // namespace treadle
