// Private to the room: names for runs that were given none.
#pragma once

#include <cstdint>
#include <string>

namespace treadle::tracking {

// "woven-heron-7" for the seventh run of a project.
std::string made_up_name(std::int64_t number);

}  // namespace treadle::tracking
