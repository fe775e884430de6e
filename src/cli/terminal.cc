#include "terminal.h"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace treadle::cli {
namespace {

std::string_view env_text(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Only a locale that names another character set says that UTF-8 is not understood; an empty one
// (containers) says nothing.
bool locale_is_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = env_text(name);
    if (value.empty()) continue;
    const auto dot = value.find('.');
    if (dot == std::string_view::npos) return true;
    std::string charset(value.substr(dot + 1));
    std::transform(charset.begin(), charset.end(), charset.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return charset.starts_with("utf-8") || charset.starts_with("utf8");
  }
  return true;
}

int terminal_width(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const int columns = std::atoi(std::string(env_text("COLUMNS")).c_str());
  return columns > 0 ? columns : 80;
}

}  // namespace

std::string Terminal::paint(Style style, std::string_view text) const {
  if (!color || style == Style::kPlain || text.empty()) return std::string(text);
  std::string_view code;
  switch (style) {
    case Style::kPlain:
      break;
    case Style::kBold:
      code = "1";
      break;
    case Style::kDim:
      code = "2";
      break;
    case Style::kGreen:
      code = "32";
      break;
    case Style::kRed:
      code = "31";
      break;
    case Style::kYellow:
      code = "33";
      break;
    case Style::kCyan:
      code = "36";
      break;
  }
  std::string out = "\x1b[";
  out.append(code).append("m").append(text).append("\x1b[0m");
  return out;
}

Terminal detect_terminal(int fd, std::string_view color) {
  const bool tty = isatty(fd) == 1;
  const bool dumb = env_text("TERM") == "dumb";
  Terminal terminal;
  terminal.interactive = tty && !dumb;
  terminal.unicode = locale_is_unicode();
  terminal.width = tty ? std::max(20, terminal_width(fd)) : 0;
  if (color == "always") {
    terminal.color = true;
  } else if (color != "never") {
    const bool forced = !env_text("CLICOLOR_FORCE").empty() && env_text("CLICOLOR_FORCE") != "0";
    terminal.color = env_text("NO_COLOR").empty() && (forced || terminal.interactive);
  }
  return terminal;
}

}  // namespace treadle::cli
