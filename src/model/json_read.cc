#include "json_read.h"

#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle {
namespace {

void write(std::string& out, const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::double_:
      append_json_number(out, value.get_double());
      return;
    case boost::json::kind::string:
      append_json_string(out, value.get_string());
      return;
    case boost::json::kind::array: {
      char separator = '[';
      for (const auto& item : value.get_array()) {
        out += separator;
        write(out, item);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case boost::json::kind::object: {
      char separator = '{';
      for (const auto& [name, item] : value.get_object()) {
        out += separator;
        append_json_string(out, name);
        out += ':';
        write(out, item);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
    default:
      out += boost::json::serialize(value);
  }
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, std::string_view what) {
  boost::json::value value;
  if (auto done = parse_json_value(text, value); !done) {
    return fail(Errc::kCorrupt, std::string(what) + " is not valid JSON. " + done.error().message);
  }
  return value;
}

std::string json_text(const boost::json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string string_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t integer_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace treadle
