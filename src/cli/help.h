// `--help`: what a person reads to learn a command. Pure.
#pragma once

#include "parse.h"
#include "terminal.h"

#include <string>

namespace treadle::cli {

// Help of the last command of `path` (from the root).
std::string render_help(const std::vector<const CommandSpec*>& path, const Terminal& terminal);
// "Usage: treadle artifact put [OPTIONS] NAME PATH".
std::string render_usage(const std::vector<const CommandSpec*>& path);

}  // namespace treadle::cli
