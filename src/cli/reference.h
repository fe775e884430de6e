// The commands as the Markdown of docs/reference/command-line.md. `treadle __reference` prints it;
// a test compares it with the page.
#pragma once

#include "spec.h"

#include <string>

namespace treadle::cli {

std::string render_reference(const CommandSpec& root);

}  // namespace treadle::cli
