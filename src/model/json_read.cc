#include "json_read.h"

#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle {
Result<boost::json::value> parse_json(std::string_view text, std::string_view what) {
  boost::json::value value;
  if (auto done = parse_json_value(text, value); !done) {
    return fail(Errc::kCorrupt, std::string(what) + " is not valid JSON. " + done.error().message);
  }
  return value;
}

std::string json_text(const boost::json::value& value) {
  return json_value_text(value);
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
