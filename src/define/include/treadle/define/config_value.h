// What a run's configuration is made of: a tree of plain values, as YAML, JSON or a Python dict say it.
//   ConfigValue config = ConfigValue::dict({{"url", "db.local"}, {"retries", 3}});
//   config.find("retries")->as_int()   // 3
#pragma once

#include <treadle/base/result.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace treadle {

class ConfigObject;

// A value; immutable use from many threads is safe.
class ConfigValue {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kFloat, kString, kList, kDict, kObject };

  struct Entry;
  using List = std::vector<ConfigValue>;
  using Dict = std::vector<Entry>;  // in the order of writing; each key once

  // Written out below: here the entries of a dict are not complete yet.
  ConfigValue();  // null
  ~ConfigValue();
  ConfigValue(const ConfigValue& other);
  ConfigValue(ConfigValue&& other) noexcept;
  ConfigValue& operator=(const ConfigValue& other);
  ConfigValue& operator=(ConfigValue&& other) noexcept;
  // NOLINTBEGIN(google-explicit-constructor): a value is written as itself
  ConfigValue(bool value);
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  ConfigValue(I value);
  ConfigValue(double value);
  ConfigValue(std::string value);
  ConfigValue(std::string_view value);
  ConfigValue(const char* value);
  ConfigValue(List value);
  ConfigValue(Dict value);
  template <class T>
    requires std::derived_from<T, ConfigObject>
  ConfigValue(std::shared_ptr<const T> object);  // not null
  // NOLINTEND(google-explicit-constructor)
  static ConfigValue dict(std::initializer_list<std::pair<std::string, ConfigValue>> entries = {});
  static ConfigValue list(std::initializer_list<ConfigValue> items = {});

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  // The value when it is of that kind, else nothing. as_double takes integers too.
  std::optional<bool> as_bool() const;
  std::optional<std::int64_t> as_int() const;
  std::optional<double> as_double() const;
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const List* as_list() const { return std::get_if<List>(&value_); }
  const Dict* as_dict() const { return std::get_if<Dict>(&value_); }
  List* as_list() { return std::get_if<List>(&value_); }
  Dict* as_dict() { return std::get_if<Dict>(&value_); }
  // An object of a front end, kept as it is.
  const ConfigObject* as_object() const {
    const auto* object = std::get_if<std::shared_ptr<const ConfigObject>>(&value_);
    return object != nullptr ? object->get() : nullptr;
  }

  // The entry of a dict under a text key; null when there is none, or this is no dict.
  const ConfigValue* find(std::string_view key) const;
  // The same through several keys, from the outside in.
  const ConfigValue* find(std::initializer_list<std::string_view> keys) const;
  // Adds or replaces an entry. Makes a null an empty dict first; nothing else may be one.
  void set(std::string_view key, ConfigValue value);

  // Objects are the same when they are one object; the order of entries does not matter.
  bool operator==(const ConfigValue& other) const;

  // As JSON; a key that is no text becomes one ("3", "true"), an object its text.
  std::string json() const;
  static Result<ConfigValue> parse_json(std::string_view text);
  // As Python writes it, for messages: {'url': 'db.local', 'retries': 3}.
  std::string repr() const;
  // What Python's str() says: a text without quotes.
  std::string text() const;
  std::string type_name() const;  // "<class 'int'>"

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Dict,
               std::shared_ptr<const ConfigObject>>
      value_;
};

struct ConfigValue::Entry {
  ConfigValue key;
  ConfigValue value;
  bool operator==(const Entry&) const = default;
};

inline ConfigValue::ConfigValue() = default;
inline ConfigValue::~ConfigValue() = default;
inline ConfigValue::ConfigValue(const ConfigValue& other) = default;
inline ConfigValue::ConfigValue(ConfigValue&& other) noexcept = default;
inline ConfigValue& ConfigValue::operator=(const ConfigValue& other) = default;
inline ConfigValue& ConfigValue::operator=(ConfigValue&& other) noexcept = default;
inline ConfigValue::ConfigValue(bool value) : value_(value) {}
template <std::integral I>
  requires(!std::same_as<I, bool>)
ConfigValue::ConfigValue(I value) : value_(static_cast<std::int64_t>(value)) {}
template <class T>
  requires std::derived_from<T, ConfigObject>
ConfigValue::ConfigValue(std::shared_ptr<const T> object)
    : value_(std::shared_ptr<const ConfigObject>(std::move(object))) {}
inline ConfigValue::ConfigValue(double value) : value_(value) {}
inline ConfigValue::ConfigValue(std::string value) : value_(std::move(value)) {}
inline ConfigValue::ConfigValue(std::string_view value) : value_(std::string(value)) {}
inline ConfigValue::ConfigValue(const char* value) : value_(std::string(value)) {}

// What none of the other kinds can say: an object of a front end that is handed back as it is. Thread-safe.
class ConfigObject {
 public:
  virtual ~ConfigObject() = default;
  virtual std::string text() const = 0;       // as a message shows it: Python's str()
  virtual std::string repr() const = 0;       // the same inside a list or dict
  virtual std::string type_name() const = 0;  // "<class 'tuple'>"
  // A scalar of this kind all the same: an int beyond 64 bits, a subclass of str.
  virtual ConfigValue::Kind counts_as() const { return ConfigValue::Kind::kObject; }
  // It stands for this environment variable, where only the name may be written; "" = it does not.
  virtual std::string env_var() const { return {}; }
  virtual bool equals(const ConfigObject& other) const { return this == &other; }
};

}  // namespace treadle
