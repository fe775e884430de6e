// Private to the room: whether text is a JSON object, without building it.
#pragma once

#include <string_view>

namespace treadle::artifact {

// One JSON object with nothing after it but white space, nested at most `deepest` levels. Bare NaN,
// Infinity and -Infinity are numbers here, as Python and W&B write them. Does not check UTF-8.
bool is_json_object(std::string_view text, int deepest = 64);

}  // namespace treadle::artifact
