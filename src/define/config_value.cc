#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/define/config_value.h>

#include <boost/json/value.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace treadle {
namespace {

// As Python's repr(): the shortest digits, an exponent below 1e-4 and from 1e16 on.
std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string string_repr(const std::string& text) {
  const bool has_single = text.find('\'') != std::string::npos;
  const char quote = has_single && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + quote;
}

// A whole number beyond 63 bits, as JSON may have.
class BigInt final : public ConfigObject {
 public:
  explicit BigInt(std::uint64_t value) : value_(value) {}
  std::string text() const override { return std::to_string(value_); }
  std::string repr() const override { return text(); }
  std::string type_name() const override { return "<class 'int'>"; }
  ConfigValue::Kind counts_as() const override { return ConfigValue::Kind::kInt; }
  bool equals(const ConfigObject& other) const override {
    return other.counts_as() == counts_as() && other.text() == text();
  }

 private:
  std::uint64_t value_;
};

void write_json(JsonWriter& out, const ConfigValue& value) {
  switch (value.kind()) {
    case ConfigValue::Kind::kNull:
      out.null();
      return;
    case ConfigValue::Kind::kBool:
      out.value(*value.as_bool());
      return;
    case ConfigValue::Kind::kInt:
      out.value(*value.as_int());
      return;
    case ConfigValue::Kind::kFloat:
      out.value(*value.as_double());
      return;
    case ConfigValue::Kind::kString:
      out.value(std::string_view(*value.as_string()));
      return;
    case ConfigValue::Kind::kList:
      out.begin_array();
      for (const ConfigValue& item : *value.as_list()) write_json(out, item);
      out.end_array();
      return;
    case ConfigValue::Kind::kDict:
      out.begin_object();
      for (const auto& entry : *value.as_dict()) {
        out.key(entry.key.kind() == ConfigValue::Kind::kBool ? entry.key.json() : entry.key.text());
        write_json(out, entry.value);
      }
      out.end_object();
      return;
    case ConfigValue::Kind::kObject: {
      const ConfigObject& object = *value.as_object();
      if (const std::string env_var = object.env_var(); !env_var.empty()) {
        out.begin_object().field("env", std::string_view(env_var)).end_object();
      } else if (object.counts_as() == ConfigValue::Kind::kInt) {
        out.raw(object.text());
      } else {
        out.value(std::string_view(object.text()));
      }
      return;
    }
  }
}

ConfigValue from_boost(const boost::json::value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return {};
    case boost::json::kind::bool_:
      return json.get_bool();
    case boost::json::kind::int64:
      return json.get_int64();
    case boost::json::kind::uint64:
      return std::make_shared<const BigInt>(json.get_uint64());
    case boost::json::kind::double_:
      return json.get_double();
    case boost::json::kind::string:
      return std::string(json.get_string());
    case boost::json::kind::array: {
      ConfigValue::List items;
      items.reserve(json.get_array().size());
      for (const auto& item : json.get_array()) items.push_back(from_boost(item));
      return items;
    }
    case boost::json::kind::object: {
      ConfigValue::Dict entries;
      entries.reserve(json.get_object().size());
      for (const auto& [key, value] : json.get_object())
        entries.push_back({std::string(key), from_boost(value)});
      return entries;
    }
  }
  return {};
}

}  // namespace

ConfigValue::ConfigValue(List value) : value_(std::move(value)) {}
ConfigValue::ConfigValue(Dict value) : value_(std::move(value)) {}

ConfigValue ConfigValue::dict(std::initializer_list<std::pair<std::string, ConfigValue>> entries) {
  Dict dict;
  dict.reserve(entries.size());
  for (const auto& [key, value] : entries) dict.push_back({key, value});
  return dict;
}

ConfigValue ConfigValue::list(std::initializer_list<ConfigValue> items) {
  return List(items);
}

std::optional<bool> ConfigValue::as_bool() const {
  const bool* value = std::get_if<bool>(&value_);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> ConfigValue::as_int() const {
  const std::int64_t* value = std::get_if<std::int64_t>(&value_);
  return value != nullptr ? std::optional(*value) : std::nullopt;
}

std::optional<double> ConfigValue::as_double() const {
  if (const double* value = std::get_if<double>(&value_)) return *value;
  if (const auto integer = as_int()) return static_cast<double>(*integer);
  return std::nullopt;
}

const ConfigValue* ConfigValue::find(std::string_view key) const {
  const Dict* dict = as_dict();
  if (dict == nullptr) return nullptr;
  for (const Entry& entry : *dict) {
    const std::string* name = entry.key.as_string();
    if (name != nullptr && *name == key) return &entry.value;
  }
  return nullptr;
}

const ConfigValue* ConfigValue::find(std::initializer_list<std::string_view> keys) const {
  const ConfigValue* place = this;
  for (const std::string_view key : keys) {
    if (place != nullptr) place = place->find(key);
  }
  return place;
}

void ConfigValue::set(std::string_view key, ConfigValue value) {
  if (is_null()) value_ = Dict();
  for (Entry& entry : *as_dict()) {
    const std::string* name = entry.key.as_string();
    if (name != nullptr && *name == key) {
      entry.value = std::move(value);
      return;
    }
  }
  as_dict()->push_back({std::string(key), std::move(value)});
}

bool ConfigValue::operator==(const ConfigValue& other) const {
  if (kind() != other.kind()) {
    const auto a = as_double();
    const auto b = other.as_double();
    return a && b && *a == *b;
  }
  if (const Dict* dict = as_dict()) {
    const Dict& theirs = *other.as_dict();
    if (dict->size() != theirs.size()) return false;
    for (std::size_t i = 0; i < dict->size(); ++i) {
      const Entry& mine = (*dict)[i];
      if (theirs[i] == mine) continue;  // the usual case: in the same order
      bool found = false;
      for (const Entry& entry : theirs) found = found || entry == mine;
      if (!found) return false;
    }
    return true;
  }
  if (const List* list = as_list()) return *list == *other.as_list();
  if (const ConfigObject* object = as_object()) return object->equals(*other.as_object());
  if (const std::string* text = as_string()) return *text == *other.as_string();
  if (const auto b = as_bool()) return *b == *other.as_bool();
  return is_null() || *as_double() == *other.as_double();
}

std::string ConfigValue::json() const {
  JsonWriter out;
  write_json(out, *this);
  return std::move(out).str();
}

Result<ConfigValue> ConfigValue::parse_json(std::string_view text) {
  boost::json::value json;
  TREADLE_CHECK(parse_json_value(text, json));
  return from_boost(json);
}

std::string ConfigValue::repr() const {
  switch (kind()) {
    case Kind::kNull:
      return "None";
    case Kind::kBool:
      return *as_bool() ? "True" : "False";
    case Kind::kInt:
      return std::to_string(*as_int());
    case Kind::kFloat:
      return float_repr(*as_double());
    case Kind::kString:
      return string_repr(*as_string());
    case Kind::kObject:
      return as_object()->repr();
    case Kind::kList: {
      std::string out = "[";
      for (const ConfigValue& item : *as_list()) {
        if (out.size() > 1) out += ", ";
        out += item.repr();
      }
      return out + "]";
    }
    case Kind::kDict: {
      std::string out = "{";
      for (const Entry& entry : *as_dict()) {
        if (out.size() > 1) out += ", ";
        out += entry.key.repr() + ": " + entry.value.repr();
      }
      return out + "}";
    }
  }
  std::abort();
}

std::string ConfigValue::text() const {
  if (const std::string* text = as_string()) return *text;
  if (const ConfigObject* object = as_object()) return object->text();
  return repr();
}

std::string ConfigValue::type_name() const {
  if (const ConfigObject* object = as_object()) return object->type_name();
  constexpr std::array<std::string_view, 7> kNames = {"NoneType", "bool", "int", "float",
                                                      "str",      "list", "dict"};
  return "<class '" + std::string(kNames.at(static_cast<std::size_t>(kind()))) + "'>";
}

}  // namespace treadle
