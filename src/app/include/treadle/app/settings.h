// What a project says about itself: [tool.treadle] in pyproject.toml, or treadle.toml beside a C++
// program. A flag beats the environment, the environment beats the file. Values.
#pragma once

#include <treadle/base/result.h>

#include <optional>
#include <string>

namespace treadle::app {

// "" and 0 = not given. Paths are absolute: those in the file are relative to its folder.
struct Settings {
  std::string origin;             // the file they were read from, "" = there is none
  std::string folder;             // where that file is
  std::string module;             // Python module with the definitions
  std::string file;               // Python file with the definitions
  std::string program;            // C++ program with the definitions
  std::string working_directory;  // imports of `module` and `file` are resolved from here
  std::string home;
  std::string database;    // URL of a PostgreSQL
  std::string executor;    // "in_process" | "process"
  std::string durability;  // "full" | "normal" | "off"
  int max_concurrent = 0;
  std::optional<int> default_pool_limit;  // of pools that have none of their own; 0 = they wait
  bool as_dagster = false;                // Python code that imports dagster means Treadle
};

// Reads the nearest treadle.toml, or pyproject.toml with a [tool.treadle] table, at or above
// `folder`; where there is neither, what [tool.dagster] or [tool.dg.project] of the nearest pyproject.toml
// says of where the definitions are. kInvalidArgument names the file, the line or key, and what is allowed.
Result<Settings> read_settings(const std::string& folder);

}  // namespace treadle::app
