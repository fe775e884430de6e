// Private to the room: YAML as JSON values, by the rules of the YAML 1.1 that Python's yaml writes.
#pragma once

#include <treadle/base/result.h>

#include <boost/json/fwd.hpp>

#include <string_view>

namespace treadle::sweep {

// kInvalidArgument says where. Keys that are no text become one.
Result<void> parse_yaml(std::string_view text, boost::json::value& out);

}  // namespace treadle::sweep
