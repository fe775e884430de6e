#include "text_rules.h"

#include <cstddef>

namespace treadle {
namespace {

// Decodes one code point at `i` and moves past it; -1 for malformed text.
long decode(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const unsigned first = byte(i);
  if (first < 0x80) {
    ++i;
    return static_cast<long>(first);
  }
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  long point = static_cast<long>(first & (0x3fU >> more));
  for (int k = 1; k <= more; ++k) {
    const unsigned next = byte(i + static_cast<std::size_t>(k));
    if ((next & 0xc0U) != 0x80U) return -1;
    point = point << 6 | static_cast<long>(next & 0x3fU);
  }
  static constexpr long kSmallest[] = {0, 0x80, 0x800, 0x10000};
  if (point < kSmallest[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
    return -1;
  i += static_cast<std::size_t>(more) + 1;
  return point;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (decode(text, i) < 0) return false;
  }
  return true;
}

bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const long point = decode(text, i);
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return true;
    if (point >= 0x2028 && point <= 0x202e) return true;
    if (point >= 0x2066 && point <= 0x2069) return true;
    if (point == 0x200b || point == 0x200e || point == 0x200f || point == 0xfeff) return true;
  }
  return false;
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 80;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  std::size_t i = 0;
  while (i < text.size() && out.size() < kMost) {
    const std::size_t start = i;
    const long point = decode(text, i);
    if (point < 0) i = start + 1;
    const std::string_view piece = text.substr(start, i - start);
    if (point >= 0 && !has_control(piece)) {
      out += piece;
      continue;
    }
    for (const char c : piece) {
      out += "\\x";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  if (i < text.size()) out += "...";
  return out;
}

}  // namespace treadle
