// Private to the room: reading JSON with Boost, with our errors.
#pragma once

#include <treadle/base/result.h>

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace treadle {

// As parse_json_value.
// kCorrupt names `what`.
Result<boost::json::value> parse_json(std::string_view text, std::string_view what);
// The value as text again.
std::string json_text(const boost::json::value& value);
// The string under `name`, or "".
std::string string_at(const boost::json::object& object, std::string_view name);
std::int64_t integer_at(const boost::json::object& object, std::string_view name);

}  // namespace treadle
