// From words to a command: fills the options a CommandSpec points at. Pure apart from that.
#pragma once

#include "spec.h"

#include <optional>
#include <string>
#include <vector>

namespace treadle::cli {

struct Parsed {
  std::vector<const CommandSpec*> path;  // from the root to the command meant; never empty
  bool help = false;                     // --help, -h or the word `help` was given
  // What is wrong, for a person, with a suggestion; nothing when the command can run.
  std::optional<std::string> error;
  const CommandSpec& command() const { return *path.back(); }
  // "treadle artifact put".
  std::string command_line() const;
};

// `words` without the program's name. GNU rules: `--name value`, `--name=value`, `-n value`,
// `-nvalue`, clusters of short flags, options anywhere, `--` ends them. Options of outer commands
// are accepted after inner ones. A lone unique prefix of a long option is not accepted: scripts
// would break when an option is added.
Parsed parse(const CommandSpec& root, const std::vector<std::string>& words);

}  // namespace treadle::cli
