// Private to the room: what a program is started with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace treadle::pipes {

// The JSON documents that say where the context is, and where messages go.
struct Parameters {
  std::string context;
  std::string messages;
};

// base64, zlib, JSON. Throws PipesError, naming `what`.
std::string decode_parameter(std::string_view encoded, std::string_view what);
// None when the program was not started through a pipe. Throws PipesError when only one of them is there.
std::optional<Parameters> find_parameters(int argc, const char* const* argv);

}  // namespace treadle::pipes
