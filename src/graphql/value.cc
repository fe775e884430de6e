#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/graphql/value.h>

#include <boost/json.hpp>

namespace treadle::graphql {
namespace {

Value from(const boost::json::value& json) {
  switch (json.kind()) {
    case boost::json::kind::null:
      return {};
    case boost::json::kind::bool_:
      return {json.get_bool()};
    case boost::json::kind::int64:
      return {json.get_int64()};
    case boost::json::kind::uint64:
      return {static_cast<double>(json.get_uint64())};
    case boost::json::kind::double_:
      return {json.get_double()};
    case boost::json::kind::string:
      return {std::string(json.get_string())};
    case boost::json::kind::array: {
      Value::List list;
      list.reserve(json.get_array().size());
      for (const auto& item : json.get_array()) list.push_back(from(item));
      return {std::move(list)};
    }
    case boost::json::kind::object: {
      Value::Object object;
      object.reserve(json.get_object().size());
      for (const auto& [key, value] : json.get_object()) object.emplace_back(key, from(value));
      return {std::move(object)};
    }
  }
  return {};
}

void write(JsonWriter& w, const Value& value) {
  if (const auto* b = value.get<bool>()) {
    w.value(*b);
  } else if (const auto* n = value.get<std::int64_t>()) {
    w.value(*n);
  } else if (const auto* d = value.get<double>()) {
    w.value(*d);
  } else if (const auto* s = value.get<std::string>()) {
    w.value(*s);
  } else if (const auto* e = value.get<Value::Enum>()) {
    w.value(e->name);
  } else if (const auto* list = value.get<Value::List>()) {
    w.begin_array();
    for (const Value& item : *list) write(w, item);
    w.end_array();
  } else if (const auto* object = value.get<Value::Object>()) {
    w.begin_object();
    for (const auto& [key, item] : *object) {
      w.key(key);
      write(w, item);
    }
    w.end_object();
  } else {
    w.null();
  }
}

}  // namespace

Value::Value() = default;
Value::~Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
bool Value::operator==(const Value& other) const {
  return v == other.v;
}

const Value* Value::find(std::string_view name) const {
  if (const auto* object = get<Object>()) {
    for (const auto& [key, value] : *object) {
      if (key == name) return &value;
    }
  }
  return nullptr;
}

Result<Value> value_from_json(std::string_view text) {
  boost::json::value json;
  TREADLE_CHECK(parse_json_value(text, json));
  return from(json);
}

std::string json_text(const Value& value) {
  JsonWriter w;
  write(w, value);
  return std::move(w).str();
}

}  // namespace treadle::graphql
