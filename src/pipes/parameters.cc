#include "parameters.h"

#include <treadle/base/digest.h>
#include <treadle/pipes.h>

#include <array>
#include <cstdlib>
#include <zlib.h>

namespace treadle::pipes {
namespace {

constexpr std::size_t kMaxSize = 64
                                 << 20;  // of a parameter; larger ones are no environment variable

std::string argument(int argc, const char* const* argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view given = argv[i];
    if (given == name && i + 1 < argc) return argv[i + 1];
    if (given.starts_with(name) && given.size() > name.size() && given[name.size()] == '=') {
      return std::string(given.substr(name.size() + 1));
    }
  }
  return {};
}

std::string parameter(int argc, const char* const* argv, const char* variable,
                      std::string_view option) {
  std::string given = argument(argc, argv, option);
  if (!given.empty()) return given;
  const char* value = std::getenv(variable);
  return value != nullptr ? value : "";
}

std::string inflated(std::string_view compressed, std::string_view what) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw PipesError("There is no memory to decompress with.");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  std::array<char, 16384> buffer{};
  int status = Z_OK;
  while (status == Z_OK && text.size() < kMaxSize) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) {
    throw PipesError(std::string(what) +
                     " is not whole: it is neither what Treadle nor what Dagster hands over.");
  }
  return text;
}

}  // namespace

std::string decode_parameter(std::string_view encoded, std::string_view what) {
  const std::optional<std::string> compressed = from_base64(encoded);
  if (!compressed) throw PipesError(std::string(what) + " is not base64.");
  return inflated(*compressed, what);
}

std::optional<Parameters> find_parameters(int argc, const char* const* argv) {
  const std::string context =
      parameter(argc, argv, "DAGSTER_PIPES_CONTEXT", "--dagster-pipes-context");
  const std::string messages =
      parameter(argc, argv, "DAGSTER_PIPES_MESSAGES", "--dagster-pipes-messages");
  if (context.empty() && messages.empty()) return {};
  if (context.empty() || messages.empty()) {
    throw PipesError(
        std::string(context.empty() ? "DAGSTER_PIPES_CONTEXT" : "DAGSTER_PIPES_MESSAGES") +
        " is missing, and the other one is there. Hand over all of "
        "session.get_bootstrap_env_vars().");
  }
  return Parameters{decode_parameter(context, "DAGSTER_PIPES_CONTEXT"),
                    decode_parameter(messages, "DAGSTER_PIPES_MESSAGES")};
}

}  // namespace treadle::pipes
