// Which Python has the user's code, and handing a command over to it. The native program runs no
// Python itself.
#pragma once

#include <treadle/base/result.h>

#include <functional>
#include <string>
#include <vector>

namespace treadle::cli {

// What the search looks at. Plain value, so that a test can say it.
struct PythonSearch {
  std::string treadle_python;  // TREADLE_PYTHON
  std::string virtual_env;     // VIRTUAL_ENV
  std::string invoked_as;      // argv[0], symlinks not resolved
  std::string path;            // PATH
  std::string folder;          // the current folder, absolute
  // True for a file that is there and, unless it is a pyvenv.cfg, may be executed.
  std::function<bool(const std::string&)> is_there;
};

struct FoundPython {
  std::string path;
  std::string reason;  // "TREADLE_PYTHON", "the active virtual environment" ...
};

// In this order: TREADLE_PYTHON; the active virtual environment; the interpreter beside the invoked
// program (so that .venv/bin/treadle uses .venv); the nearest .venv at or above `folder`; python3
// in PATH. kNotFound says what to do.
Result<FoundPython> find_python(const PythonSearch& search);

// Looks at this process's environment.
PythonSearch search_of_this_process(const std::string& invoked_as);

// Replaces this process by Treadle in that Python with the same arguments. Returns only when that
// fails.
Error exec_python(const FoundPython& python, const std::vector<std::string>& arguments);

// Replaces this process by a C++ program that has definitions built in.
Error exec_program(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace treadle::cli
