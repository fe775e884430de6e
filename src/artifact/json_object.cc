#include "json_object.h"

#include <algorithm>

namespace treadle::artifact {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool value(int deepest) {
    skip_space();
    if (rest_.empty()) return false;
    switch (rest_.front()) {
      case '{':
        return deepest > 0 && object(deepest);
      case '[':
        return deepest > 0 && array(deepest);
      case '"':
        return string();
      default:
        return number() || word("true") || word("false") || word("null") || word("NaN") ||
               word("Infinity") || word("-Infinity");
    }
  }
  bool object(int deepest) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      skip_space();
      if (!string() || !take(':') || !value(deepest - 1)) return false;
    } while (take(','));
    return take('}');
  }
  bool at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  bool array(int deepest) {
    if (!take('[')) return false;
    if (take(']')) return true;
    do {
      if (!value(deepest - 1)) return false;
    } while (take(','));
    return take(']');
  }
  bool string() {
    if (!rest_.starts_with('"')) return false;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '"') {
        rest_.remove_prefix(i + 1);
        return true;
      }
      if (c != '\\') continue;
      if (++i >= rest_.size()) return false;
      if (rest_[i] == 'u') {
        const std::string_view hex = rest_.substr(i + 1, 4);
        if (hex.size() < 4 ||
            hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
          return false;
        }
        i += 4;
      } else if (std::string_view("\"\\/bfnrt").find(rest_[i]) == std::string_view::npos) {
        return false;
      }
    }
    return false;
  }
  bool number() {
    std::size_t i = rest_.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
      const std::size_t begin = i;
      while (i < rest_.size() && is_digit(rest_[i])) ++i;
      return i - begin;
    };
    const bool zero = i < rest_.size() && rest_[i] == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (i < rest_.size() && rest_[i] == '.') {
      ++i;
      if (digits() == 0) return false;
    }
    if (i < rest_.size() && (rest_[i] == 'e' || rest_[i] == 'E')) {
      ++i;
      if (i < rest_.size() && (rest_[i] == '+' || rest_[i] == '-')) ++i;
      if (digits() == 0) return false;
    }
    rest_.remove_prefix(i);
    return true;
  }
  bool word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  std::string_view rest_;
};

}  // namespace

bool is_json_object(std::string_view text, int deepest) {
  Scanner scanner(text);
  return scanner.at_end() ? false : scanner.object(deepest) && scanner.at_end();
}

}  // namespace treadle::artifact
