// What is on the other end of stdout and stderr, and colours for it.
#pragma once

#include <string>
#include <string_view>

namespace treadle::cli {

enum class Style { kPlain, kBold, kDim, kGreen, kRed, kYellow, kCyan };

// How to write to one stream. Plain value.
struct Terminal {
  bool interactive = false;  // a terminal that can redraw a line
  bool color = false;
  bool unicode = true;
  int width = 0;  // columns; 0 = unlimited (not a terminal)

  // `text` in this style, or as it is without colour. `text` must be printable() already.
  std::string paint(Style style, std::string_view text) const;
  std::string_view tick() const { return unicode ? "✓" : "ok"; }
  std::string_view cross() const { return unicode ? "✗" : "x"; }
  std::string_view bullet() const { return unicode ? "•" : "*"; }
};

// Looks at the file descriptor and the environment: NO_COLOR (https://no-color.org),
// CLICOLOR_FORCE, TERM, COLUMNS, the locale's character set. `color` is the --color option: "auto",
// "always" or "never".
Terminal detect_terminal(int fd, std::string_view color);

}  // namespace treadle::cli
