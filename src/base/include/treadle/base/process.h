// Running another program and reading what it says. For short helpers (git): the caller waits.
#pragma once

#include <treadle/base/result.h>

#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct ProcessSpec {
  std::vector<std::string> words;  // the program, looked for in PATH, and its arguments: no shell
  std::string folder;              // to run in; "" = the current one
  std::vector<std::pair<std::string, std::string>> environment;  // beside what there is
  std::string input;                                             // for its stdin
};
struct ProcessResult {
  int exit_code = 0;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};
// kNotFound when there is no such program. A program that fails is a result, not an error.
Result<ProcessResult> run_program(const ProcessSpec& spec);

}  // namespace treadle
