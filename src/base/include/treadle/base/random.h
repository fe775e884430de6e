// Random bytes and identifiers from the operating system's source.
#pragma once

#include <cstddef>
#include <string>

namespace treadle {

// `count` random bytes fit for keys.
std::string random_bytes(std::size_t count);
// A version 4 UUID, lower case: "7e4df022-1bf2-44b5-a383-bb852df4077e". Safe after fork.
std::string random_uuid();

}  // namespace treadle
