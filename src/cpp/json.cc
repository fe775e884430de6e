#include <treadle/base/json_parse.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/json_of.h>

#include <boost/json.hpp>

namespace treadle {

namespace json = boost::json;

namespace {

void write(JsonWriter& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out.null();
      return;
    case json::kind::bool_:
      out.value(value.get_bool());
      return;
    case json::kind::int64:
      out.value(value.get_int64());
      return;
    case json::kind::uint64:
      out.value(value.get_uint64());
      return;
    case json::kind::double_:
      out.value(value.get_double());
      return;
    case json::kind::string:
      out.value(std::string_view(value.get_string()));
      return;
    case json::kind::array:
      out.begin_array();
      for (const auto& element : value.get_array()) write(out, element);
      out.end_array();
      return;
    case json::kind::object:
      out.begin_object();
      for (const auto& field : value.get_object()) {
        out.key(field.key());
        write(out, field.value());
      }
      out.end_object();
      return;
  }
}

}  // namespace

JsonRef::Kind JsonRef::kind() const {
  if (value_ == nullptr) return Kind::kNull;
  switch (value_->kind()) {
    case json::kind::null:
      return Kind::kNull;
    case json::kind::bool_:
      return Kind::kBool;
    case json::kind::int64:
    case json::kind::uint64:
      return Kind::kInt;
    case json::kind::double_:
      return Kind::kFloat;
    case json::kind::string:
      return Kind::kString;
    case json::kind::array:
      return Kind::kArray;
    case json::kind::object:
      return Kind::kObject;
  }
  return Kind::kNull;
}

std::optional<bool> JsonRef::as_bool() const {
  if (kind() != Kind::kBool) return std::nullopt;
  return value_->get_bool();
}

std::optional<std::int64_t> JsonRef::as_int() const {
  if (value_ == nullptr || !value_->is_int64()) return std::nullopt;
  return value_->get_int64();
}

std::optional<std::uint64_t> JsonRef::as_unsigned() const {
  if (value_ == nullptr) return std::nullopt;
  if (value_->is_uint64()) return value_->get_uint64();
  if (value_->is_int64() && value_->get_int64() >= 0)
    return static_cast<std::uint64_t>(value_->get_int64());
  return std::nullopt;
}

std::optional<double> JsonRef::as_double() const {
  if (value_ == nullptr) return std::nullopt;
  if (value_->is_double()) return value_->get_double();
  if (value_->is_int64()) return static_cast<double>(value_->get_int64());
  if (value_->is_uint64()) return static_cast<double>(value_->get_uint64());
  return std::nullopt;
}

std::optional<std::string_view> JsonRef::as_string() const {
  if (kind() != Kind::kString) return std::nullopt;
  return std::string_view(value_->get_string());
}

std::size_t JsonRef::size() const {
  if (value_ == nullptr) return 0;
  if (const auto* array = value_->if_array()) return array->size();
  if (const auto* object = value_->if_object()) return object->size();
  return 0;
}

JsonRef JsonRef::operator[](std::size_t index) const {
  if (index >= size()) return {};
  if (const auto* array = value_->if_array()) return JsonRef(&(*array)[index]);
  return JsonRef(&(value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->value());
}

JsonRef JsonRef::operator[](std::string_view field) const {
  if (kind() != Kind::kObject) return {};
  return JsonRef(value_->get_object().if_contains(field));
}

std::string_view JsonRef::field_name(std::size_t index) const {
  if (kind() != Kind::kObject || index >= size()) return {};
  return (value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->key();
}

std::string JsonRef::dump() const {
  if (value_ == nullptr) return "null";
  JsonWriter out;
  write(out, *value_);
  return std::move(out).str();
}

std::string_view JsonRef::kind_name() const {
  switch (kind()) {
    case Kind::kNull:
      return value_ == nullptr ? "nothing" : "null";
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "an integer";
    case Kind::kFloat:
      return "a number";
    case Kind::kString:
      return "text";
    case Kind::kArray:
      return "a list";
    case Kind::kObject:
      return "an object";
  }
  return "nothing";
}

Result<Json> Json::parse(std::string_view text) {
  auto root = std::make_shared<json::value>();
  TREADLE_CHECK(parse_json_value(text, *root));
  return Json(std::move(root));
}

Json Json::from_boost(const json::value& value) {
  return Json(std::make_shared<const json::value>(value));
}

bool Json::operator==(const Json& other) const {
  if (is_null() || other.is_null()) return is_null() && other.is_null();
  return *boost() == *other.boost();
}

namespace cpp {

tl::unexpected<Error> unexpected_kind(std::string_view wanted, JsonRef found) {
  return fail(Errc::kUnsupported,
              "expected " + std::string(wanted) + ", found " + std::string(found.kind_name()));
}

tl::unexpected<Error> out_of_range(JsonRef found) {
  return fail(Errc::kUnsupported, found.dump() + " does not fit the integer type that reads it");
}

tl::unexpected<Error> at_field(std::string_view name, Error error) {
  return fail(std::move(error).with_context("at " + std::string(name)));
}

tl::unexpected<Error> at_index(std::size_t index, Error error) {
  return fail(std::move(error).with_context("at [" + std::to_string(index) + "]"));
}

tl::unexpected<Error> no_field(std::string_view name) {
  return fail(Errc::kUnsupported,
              "there is no field '" + std::string(name) +
                  "'; materialize the asset again if the type has changed since");
}

}  // namespace cpp
}  // namespace treadle
