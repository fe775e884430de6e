// Reading JSON: Boost.JSON's parser, made to hand back what was written. Boost.JSON 1.81 reads one
// double in ten off by its last bit and knows neither NaN nor infinities; Python writes both.
// Include <boost/json.hpp> (in a .cc file) to use the value.
#pragma once

#include <treadle/base/result.h>

#include <string>
#include <string_view>

namespace boost::json {
class value;
}

namespace treadle {

// One JSON document into `value`. Doubles are read exactly (append_json_number writes them so),
// bare NaN, Infinity and -Infinity are doubles, nesting goes at most 256 deep. kInvalidArgument
// says what is wrong; `value` is unchanged then.
Result<void> parse_json_value(std::string_view text, boost::json::value& value);

// The value as text again: parse_json_value gives back an equal one.
std::string json_value_text(const boost::json::value& value);

}  // namespace treadle
