// Private to the room: the words of the selection syntax.
#pragma once

#include "selection_expr.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace treadle::plan {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,
  kQuoted,
  kNull,
  kPlus,
  kLeft,
  kRight,
  kComma,
  kColon,
  kEqual,
  kBad,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;     // as written
  std::size_t at = 0;        // byte in the input
  bool after_space = false;  // the input starts here, or white space stands before
  std::size_t end() const { return at + text.size(); }
};

bool is_space(char c);
bool is_digits(std::string_view text);
// Whatever its case.
bool is_keyword(std::string_view word, std::string_view keyword);
// The token that starts at or after byte `at`. A quote that is not closed is kBad and reaches to the end.
Token token_at(std::string_view text, std::size_t at);
// Of a word or a quoted text: wildcards become gaps; in quotes a backslash takes the next character as it is.
Pattern read_pattern(const Token& token);
// For messages: short, and nothing that a terminal would act upon.
std::string shown(std::string_view text);

}  // namespace treadle::plan
