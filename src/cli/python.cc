#include "python.h"

#include "text.h"
#include <treadle/base/files.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace treadle::cli {
namespace {

// Says what to do when that Python has no Treadle. `-c` and not `-m treadle`: it spares the import
// of runpy, and can tell a missing package from an error inside it.
constexpr const char* kBootstrap = R"(import sys
sys.argv[0] = 'treadle'
try:
    from treadle.__main__ import main
except ModuleNotFoundError as error:
    if error.name not in ('treadle', 'treadle.__main__', 'treadle._core'):
        raise
    sys.stderr.write(f"""Error: the Python at {sys.executable} has no Treadle in it ({error}).
Install it there ({sys.executable} -m pip install treadle), activate the environment that has it,
or name its interpreter: TREADLE_PYTHON=/path/to/.venv/bin/python treadle ...
""")
    sys.exit(3)
sys.exit(main())
)";

std::string python_in(const std::string& bin_folder, const PythonSearch& search) {
  for (const char* name : {"python", "python3"}) {
    std::string path = join_path(bin_folder, name);
    if (search.is_there(path)) return path;
  }
  return {};
}

std::optional<std::string> in_path(const std::string& name, const PythonSearch& search) {
  std::string_view rest = search.path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    std::string path = join_path(folder.empty() ? "." : folder, name);
    if (search.is_there(path)) return path;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

Error exec_error(const std::string& path) {
  return errno_error(fmt::format("cannot start {}", printable(path)), errno);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<FoundPython> find_python(const PythonSearch& search) {
  if (!search.treadle_python.empty()) {
    if (search.treadle_python.find('/') == std::string::npos) {
      if (auto path = in_path(search.treadle_python, search))
        return FoundPython{*path, "TREADLE_PYTHON"};
    } else if (search.is_there(search.treadle_python)) {
      return FoundPython{search.treadle_python, "TREADLE_PYTHON"};
    }
    return fail(
        Errc::kNotFound,
        fmt::format(
            "TREADLE_PYTHON is '{}', which is no program that can be run. Set it to a Python "
            "interpreter that has Treadle, or unset it.",
            printable(search.treadle_python)));
  }
  if (!search.virtual_env.empty()) {
    std::string path = python_in(join_path(search.virtual_env, "bin"), search);
    if (!path.empty()) return FoundPython{std::move(path), "the active virtual environment"};
  }
  std::string invoked = search.invoked_as;
  if (invoked.find('/') == std::string::npos) invoked = in_path(invoked, search).value_or("");
  if (!invoked.empty()) {
    const std::string folder = parent_path(absolute_path(invoked));
    // Only an environment of its own: /usr/bin/python3 beside /usr/bin/treadle must not win over
    // the project's .venv.
    if (search.is_there(join_path(parent_path(folder), "pyvenv.cfg"))) {
      std::string path = python_in(folder, search);
      if (!path.empty())
        return FoundPython{std::move(path), "the environment this program is installed in"};
    }
  }
  for (std::string folder = search.folder; !folder.empty();) {
    std::string path = python_in(join_path(folder, ".venv/bin"), search);
    if (!path.empty()) return FoundPython{std::move(path), "the project's .venv"};
    std::string parent = parent_path(folder);
    if (parent == folder) break;
    folder = std::move(parent);
  }
  for (const char* name : {"python3", "python"})
    if (auto path = in_path(name, search)) return FoundPython{*path, "PATH"};
  return fail(Errc::kNotFound,
              "This command runs Python code, and there is no Python here. Install Python 3.10 or "
              "newer with Treadle in it, "
              "or name the interpreter: TREADLE_PYTHON=/path/to/.venv/bin/python.");
}

PythonSearch search_of_this_process(const std::string& invoked_as) {
  const auto env = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  return {.treadle_python = env("TREADLE_PYTHON"),
          .virtual_env = env("VIRTUAL_ENV"),
          .invoked_as = invoked_as,
          .path = env("PATH"),
          .folder = absolute_path("."),
          .is_there = [](const std::string& path) {
            struct stat found{};
            if (stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
            // What marks an environment is a plain file; interpreters must be executable.
            return path.ends_with("pyvenv.cfg") || access(path.c_str(), X_OK) == 0;
          }};
}

Error exec_python(const FoundPython& python, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{python.path, "-c", kBootstrap};
  words.insert(words.end(), arguments.begin(), arguments.end());
  execv(python.path.c_str(), pointers(words).data());
  return exec_error(python.path);
}

Error exec_program(const std::string& path, const std::vector<std::string>& arguments) {
  std::vector<std::string> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  execv(path.c_str(), pointers(words).data());
  return exec_error(path);
}

}  // namespace treadle::cli
