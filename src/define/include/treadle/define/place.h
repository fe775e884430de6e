#pragma once

#include <string>

namespace treadle {

// Where in the user's code something was declared, for messages. line 0 = unknown.
struct Place {
  std::string file;
  int line = 0;
  std::string text() const;  // "pipeline.py:12" or ""
};

}  // namespace treadle
