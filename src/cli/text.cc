#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace treadle::cli {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes
  bool valid = false;
};

// Rejects overlong forms, surrogates and values beyond U+10FFFF: a terminal may decode those in its
// own way.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  std::size_t size = 0;
  char32_t value = 0;
  char32_t least = 0;
  if ((first & 0xE0) == 0xC0) {
    size = 2, value = first & 0x1F, least = 0x80;
  } else if ((first & 0xF0) == 0xE0) {
    size = 3, value = first & 0x0F, least = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    size = 4, value = first & 0x07, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, size, true};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool in_ranges(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// Marks that change direction or break lines without being seen, and the tag characters.
constexpr std::array<Range, 8> kInvisible{{{0x061C, 0x061C},
                                           {0x200B, 0x200B},
                                           {0x200E, 0x200F},
                                           {0x2028, 0x202E},
                                           {0x2060, 0x2069},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFF9, 0xFFFB},
                                           {0xE0000, 0xE007F}}};
constexpr std::array<Range, 9> kCombining{{{0x0300, 0x036F},
                                           {0x0483, 0x0489},
                                           {0x0591, 0x05BD},
                                           {0x064B, 0x065F},
                                           {0x1AB0, 0x1AFF},
                                           {0x1DC0, 0x1DFF},
                                           {0x200C, 0x200D},
                                           {0x20D0, 0x20FF},
                                           {0xFE00, 0xFE0F}}};
constexpr std::array<Range, 10> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0xA4CF},
                                       {0xA960, 0xA97C},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60},
                                       {0x1F300, 0x1FAFF},
                                       {0x20000, 0x3FFFD}}};

std::string neutralise(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode(text);
    const std::string_view bytes = text.substr(0, c.size);
    text.remove_prefix(c.size);
    if (!c.valid) {
      out += "\xEF\xBF\xBD";
    } else if (c.value == '\n' || c.value == '\t') {
      out += keep_lines ? bytes : c.value == '\n' ? "\\n" : "\\t";
    } else if (c.value == '\r') {
      // A carriage return before a line feed is a line end written on Windows.
      if (!(keep_lines && text.starts_with('\n'))) out += "\\r";
    } else if (c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c.value));
    } else if (in_ranges(kInvisible, c.value)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c.value));
    } else {
      out += bytes;
    }
  }
  return out;
}

int width_of(char32_t c) {
  if (c < 0x300) return 1;
  if (in_ranges(kCombining, c)) return 0;
  return in_ranges(kWide, c) ? 2 : 1;
}

constexpr std::string_view kEllipsis = "…";

}  // namespace

std::string printable(std::string_view text) {
  return neutralise(text, false);
}
std::string printable_block(std::string_view text) {
  return neutralise(text, true);
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const CodePoint c = decode(text);
    width += c.valid ? width_of(c.value) : 1;
    text.remove_prefix(c.size);
  }
  return width;
}

std::string truncate_to(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  int used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint c = decode(text.substr(end));
    const int next = c.valid ? width_of(c.value) : 1;
    if (used + next > width - 1) break;
    used += next;
    end += c.size;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string truncate_front(std::string_view text, int width) {
  int total = display_width(text);
  if (total <= width) return std::string(text);
  while (!text.empty() && total > width - 1) {
    const CodePoint c = decode(text);
    total -= c.valid ? width_of(c.value) : 1;
    text.remove_prefix(c.size);
  }
  return std::string(kEllipsis) + std::string(text);
}

std::string pad_right(std::string_view text, int width) {
  return std::string(text) +
         std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
}

std::string pad_left(std::string_view text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ') +
         std::string(text);
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : split_lines(text)) {
    std::string line;
    std::string_view rest = paragraph;
    while (true) {
      const auto space = rest.find(' ');
      const std::string_view word = rest.substr(0, space);
      if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
        lines.push_back(std::move(line));
        line.clear();
      } else if (!line.empty()) {
        line += ' ';
      }
      line += word;
      if (space == std::string_view::npos) break;
      rest.remove_prefix(space + 1);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string indent(std::string_view text, std::string_view with) {
  std::string out;
  for (const std::string& line : split_lines(text)) {
    if (!out.empty()) out += '\n';
    if (!line.empty()) out += with;
    out += line;
  }
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

std::string count_text(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string format_ago(Micros then, Micros now) {
  const std::int64_t seconds = std::max<std::int64_t>(0, (now - then) / 1'000'000);
  if (seconds < 5) return "just now";
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 120 * 60) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
  if (seconds < 60 * 86400) return fmt::format("{} days ago", seconds / 86400);
  return format_utc(then).substr(0, 10);
}

std::string format_time(Micros time) {
  std::string text = format_utc(time);  // 2026-01-31T12:00:00.123456Z
  text.resize(std::min<std::size_t>(text.size(), 19));
  if (text.size() > 10) text[10] = ' ';
  return text + " UTC";
}

std::string short_digest(std::string_view digest) {
  return std::string(digest.substr(0, 10));
}
std::string short_id(std::string_view run_id) {
  return std::string(run_id.substr(0, 8));
}

}  // namespace treadle::cli
