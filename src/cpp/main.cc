// td::main: the command line of room cli over the definitions of this program.
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/cli/cli.h>
#include <treadle/cpp/materialize.h>

#include <array>
#include <unistd.h>

namespace treadle {
namespace {

std::string this_program() {
  std::array<char, 4096> path;
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

// What `run resume` starts again to have the same definitions.
std::string origin() {
  JsonWriter json;
  json.begin_object().field("kind", "program").field("path", this_program()).end_object();
  return std::move(json).str();
}

}  // namespace

int main(int argc, const char* const* argv, const Definitions& definitions) {
  cli::Program program;
  program.name = argc > 0 ? base_name(argv[0]) : base_name(this_program());
  program.takes_source = false;
  program.load = [&definitions](const cli::LoadRequest&) -> Result<cli::LoadedDefinitions> {
    return cli::LoadedDefinitions{.definitions = std::make_shared<Definitions>(definitions),
                                  .origin = origin(),
                                  .codec = nullptr};
  };
  return cli::main(argc, argv, program);
}

}  // namespace treadle
