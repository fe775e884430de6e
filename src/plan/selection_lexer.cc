#include "selection_lexer.h"

#include <treadle/base/json.h>

#include <algorithm>

namespace treadle::plan {
namespace {

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_-./*@%[]?#~$").find(c) != std::string_view::npos;
}

}  // namespace

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_keyword(std::string_view word, std::string_view keyword) {
  return word.size() == keyword.size() &&
         std::equal(word.begin(), word.end(), keyword.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

Token token_at(std::string_view text, std::size_t at) {
  Token token;
  const std::size_t from = at;
  while (at < text.size() && is_space(text[at])) ++at;
  token.after_space = at > from || at == 0;
  token.at = at;
  if (at == text.size()) return token;
  const auto take = [&](TokenKind kind, std::size_t size) {
    token.kind = kind;
    token.text = text.substr(at, size);
    return token;
  };
  switch (text[at]) {
    case '+':
      return take(TokenKind::kPlus, 1);
    case '(':
      return take(TokenKind::kLeft, 1);
    case ')':
      return take(TokenKind::kRight, 1);
    case ',':
      return take(TokenKind::kComma, 1);
    case ':':
      return take(TokenKind::kColon, 1);
    case '=':
      return take(TokenKind::kEqual, 1);
    case '<':
      if (text.substr(at).starts_with("<null>")) return take(TokenKind::kNull, 6);
      return take(TokenKind::kBad, 1);
    case '"': {
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      if (end >= text.size()) return take(TokenKind::kBad, text.size() - at);
      return take(TokenKind::kQuoted, end + 1 - at);
    }
    default:
      break;
  }
  std::size_t end = at;
  while (end < text.size() && is_word_char(text[end])) ++end;
  return end > at ? take(TokenKind::kWord, end - at) : take(TokenKind::kBad, 1);
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 100;
  const bool ascii_only = !is_valid_utf8(text);
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f || (ascii_only && byte >= 0x80) ? '?' : c;
  }
  if (text.size() <= kMost) return out;
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
  return out + "...";
}

Pattern read_pattern(const Token& token) {
  Pattern pattern;
  const bool quoted = token.kind == TokenKind::kQuoted;
  const std::string_view text = quoted ? token.text.substr(1, token.text.size() - 2) : token.text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      pattern.pieces.emplace_back();
    } else {
      if (quoted && text[i] == '\\') ++i;
      pattern.pieces.back() += text[i];
    }
  }
  return pattern;
}

}  // namespace treadle::plan
