// One JSON line into the columns of a batch. Rows of a run mostly have the keys of the row before
// them, so each key is first compared with the one that came at this place then.
#include "row_batch.h"
#include <treadle/base/json.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace treadle::tracking {
namespace {

constexpr int kMostNested = 128;
constexpr int kMostFlattened = 16;  // what lies deeper stays one value

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

unsigned hex4(std::string_view text) {
  unsigned code = 0;
  std::from_chars(text.data(), text.data() + 4, code, 16);
  return code;
}

// The text of a JSON string that is known to be well formed, without its quotes.
std::string unescape(std::string_view literal) {
  std::string out;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] != '\\') {
      out += literal[i];
      continue;
    }
    const char c = literal[++i];
    constexpr std::string_view kFrom = "bfnrt";
    constexpr std::string_view kTo = "\b\f\n\r\t";
    if (const auto at = kFrom.find(c); at != std::string_view::npos) {
      out += kTo[at];
    } else if (c == 'u') {
      unsigned code = hex4(literal.substr(i + 1));
      i += 4;
      if (code >= 0xD800 && code < 0xDC00 && literal.substr(i + 1, 2) == "\\u") {
        const unsigned low = hex4(literal.substr(i + 3));
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          i += 6;
        }
      }
      append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

class LineParser {
 public:
  LineParser(RowBatch& batch, std::string_view text)
      : batch_(batch),
        begin_(text.data()),
        p_(begin_),
        end_(begin_ + text.size()),
        expected_(batch.row_shapes.empty() ? nullptr
                                           : &batch.shapes[batch.row_shapes.back().first]) {}

  Result<void> row() {
    space();
    if (p_ == end_ || *p_ != '{') return wrong("a row must be a JSON object");
    TREADLE_CHECK(object({}, 1));
    space();
    if (p_ != end_) return wrong("something follows the object");
    return {};
  }

 private:
  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Errc::kInvalidArgument,
                std::string(what) + " (byte " + std::to_string(p_ - begin_ + 1) + " of the line).");
  }

  void space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  }

  bool word(std::string_view text) {
    if (static_cast<std::size_t>(end_ - p_) < text.size() ||
        std::memcmp(p_, text.data(), text.size()) != 0) {
      return false;
    }
    p_ += text.size();
    return true;
  }

  // At the opening brace. `path` is the key so far, with its last dot.
  Result<void> object(const std::string& path, int depth) {
    if (depth > kMostNested) return wrong("objects are nested too deeply");
    ++p_;
    space();
    if (p_ != end_ && *p_ == '}') {
      ++p_;
      return {};
    }
    while (true) {
      space();
      if (p_ == end_ || *p_ != '"') return wrong("a key in quotes is missing");
      std::uint32_t column = 0;
      std::string key;
      std::string_view top_literal;
      const bool known = depth == 1 && match_expected(column);
      if (!known) {
        TREADLE_TRY(const std::string_view literal, string());
        key = path;
        append_name(key, literal.substr(1, literal.size() - 2));
        if (depth == 1) top_literal = literal;
      }
      space();
      if (p_ == end_ || *p_ != ':') return wrong("a colon is missing after a key");
      ++p_;
      space();
      if (p_ == end_ || *p_ != '{') {
        TREADLE_CHECK(scalar(known ? column : cell(key, top_literal), depth));
      } else {
        const char* const start = p_;
        bool media = false;
        TREADLE_CHECK(skip_object(depth, &media));
        const std::string_view whole(start, static_cast<std::size_t>(p_ - start));
        if (media || is_empty_object(whole) || depth >= kMostFlattened) {
          begin_cell(known ? column : cell(key, top_literal)).add_text(whole);
        } else {
          p_ = start;
          TREADLE_CHECK(object((known ? batch_.columns[column].key : key) + ".", depth + 1));
        }
      }
      space();
      if (p_ != end_ && *p_ == ',') {
        ++p_;
        continue;
      }
      if (p_ != end_ && *p_ == '}') {
        ++p_;
        return {};
      }
      return wrong("a comma or the end of the object is missing");
    }
  }

  static void append_name(std::string& key, std::string_view literal) {
    if (literal.find_first_of("\\.") == std::string_view::npos) {
      key += literal;
    } else {
      key += join_key({unescape(literal)});
    }
  }

  // The key that came here in the row before; moves past it.
  bool match_expected(std::uint32_t& column) {
    if (expected_ == nullptr || batch_.row_.size() >= expected_->size()) return false;
    column = (*expected_)[batch_.row_.size()];
    if (column >= batch_.literals_.size()) return false;
    const std::string& literal = batch_.literals_[column];
    return !literal.empty() && word(literal);
  }

  std::uint32_t cell(const std::string& key, std::string_view top_literal) {
    const std::uint32_t column = batch_.column_of(key);
    if (!top_literal.empty()) {
      if (batch_.literals_.size() <= column) batch_.literals_.resize(column + 1);
      batch_.literals_[column] = top_literal;
    }
    return column;
  }
  // The column, ready for this row's value: a key that comes twice counts with its last value.
  Column& begin_cell(std::uint32_t column) {
    auto& last = batch_.last_row_;
    if (last.size() <= column) last.resize(batch_.columns.size(), -1);
    Column& cells = batch_.columns[column];
    if (last[column] == batch_.rows) {
      cells.remove_last();
    } else {
      last[column] = batch_.rows;
      batch_.row_.push_back(column);
    }
    return cells;
  }

  // The value is parsed before the cell is begun, so that an error leaves the columns whole.
  Result<void> scalar(std::uint32_t column, int depth) {
    if (p_ == end_) return wrong("a value is missing");
    const char c = *p_;
    const char* const start = p_;
    if (c == '-' || (c >= '0' && c <= '9')) return number(column);
    if (c == '"') {
      TREADLE_TRY(const std::string_view literal, string());
      begin_cell(column).add_text(literal);
    } else if (c == '[') {
      TREADLE_CHECK(skip_list(depth));
      begin_cell(column).add_text({start, static_cast<std::size_t>(p_ - start)});
    } else if (word("true")) {
      begin_cell(column).add(Kind::kTrue);
    } else if (word("false")) {
      begin_cell(column).add(Kind::kFalse);
    } else if (word("null")) {
      begin_cell(column).add(Kind::kNull);
    } else if (word("NaN")) {
      begin_cell(column).add_double(std::numeric_limits<double>::quiet_NaN());
    } else if (word("Infinity")) {
      begin_cell(column).add_double(std::numeric_limits<double>::infinity());
    } else {
      return wrong("this is no JSON value");
    }
    return {};
  }

  Result<void> number(std::uint32_t column) {
    const char* const start = p_;
    if (word("-Infinity")) {
      begin_cell(column).add_double(-std::numeric_limits<double>::infinity());
      return {};
    }
    bool real = false;
    TREADLE_CHECK(skip_number(&real));
    if (!real) {
      std::int64_t value = 0;
      if (std::from_chars(start, p_, value).ec == std::errc()) {
        begin_cell(column).add_int(value);
      } else {
        begin_cell(column).add_text({start, static_cast<std::size_t>(p_ - start)});
      }
      return {};
    }
    double value = 0;
    if (std::from_chars(start, p_, value).ec != std::errc()) {
      value = std::strtod(std::string(start, p_).c_str(), nullptr);  // too large or too small
    }
    begin_cell(column).add_double(value);
    return {};
  }

  Result<void> skip_number(bool* real) {
    if (*p_ == '-') ++p_;
    const char* const digits = p_;
    while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
    if (p_ == digits || (*digits == '0' && p_ - digits > 1)) return wrong("this is no number");
    if (p_ != end_ && *p_ == '.') {
      *real = true;
      const char* const fraction = ++p_;
      while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
      if (p_ == fraction) return wrong("digits are missing after the point");
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      *real = true;
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      const char* const exponent = p_;
      while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
      if (p_ == exponent) return wrong("digits are missing in the exponent");
    }
    return {};
  }

  // At the opening quote; returns the literal with its quotes.
  Result<std::string_view> string() {
    const char* const start = p_++;
    bool ascii = true;
    while (true) {
      if (p_ == end_) return wrong("a string has no end");
      const auto c = static_cast<unsigned char>(*p_);
      if (c == '"') break;
      if (c < 0x20) return wrong("a control character stands in a string");
      if (c >= 0x80) ascii = false;
      if (c == '\\') {
        ++p_;
        if (p_ == end_) return wrong("a string has no end");
        if (*p_ == 'u') {
          for (int i = 0; i < 4; ++i) {
            ++p_;
            if (p_ == end_ || std::strchr("0123456789abcdefABCDEF", *p_) == nullptr || *p_ == 0) {
              return wrong("\\u needs four hexadecimal digits");
            }
          }
        } else if (*p_ == 0 || std::strchr("\"\\/bfnrt", *p_) == nullptr) {
          return wrong("this escape does not exist");
        }
      }
      ++p_;
    }
    ++p_;
    const std::string_view literal(start, static_cast<std::size_t>(p_ - start));
    if (!ascii && !is_valid_utf8(literal)) return wrong("a string is not UTF-8");
    return literal;
  }

  Result<void> skip_value(int depth) {
    if (p_ == end_) return wrong("a value is missing");
    switch (*p_) {
      case '{':
        return skip_object(depth, nullptr);
      case '[':
        return skip_list(depth);
      case '"': {
        TREADLE_TRY(const std::string_view ignored, string());
        (void)ignored;
        return {};
      }
      default:
        break;
    }
    for (const std::string_view constant :
         {"true", "false", "null", "NaN", "Infinity", "-Infinity"}) {
      if (word(constant)) return {};
    }
    if (*p_ == '-' || (*p_ >= '0' && *p_ <= '9')) {
      bool real = false;
      return skip_number(&real);
    }
    return wrong("this is no JSON value");
  }

  Result<void> skip_list(int depth) {
    if (depth > kMostNested) return wrong("lists are nested too deeply");
    ++p_;
    space();
    if (p_ != end_ && *p_ == ']') {
      ++p_;
      return {};
    }
    while (true) {
      space();
      TREADLE_CHECK(skip_value(depth + 1));
      space();
      if (p_ == end_ || (*p_ != ',' && *p_ != ']')) return wrong("a comma is missing in a list");
      if (*p_++ == ']') return {};
    }
  }

  // `media`: whether it has a `_type` that is a string.
  Result<void> skip_object(int depth, bool* media) {
    if (depth > kMostNested) return wrong("objects are nested too deeply");
    ++p_;
    space();
    if (p_ != end_ && *p_ == '}') {
      ++p_;
      return {};
    }
    while (true) {
      space();
      if (p_ == end_ || *p_ != '"') return wrong("a key in quotes is missing");
      TREADLE_TRY(const std::string_view key, string());
      space();
      if (p_ == end_ || *p_ != ':') return wrong("a colon is missing after a key");
      ++p_;
      space();
      if (media != nullptr && key == "\"_type\"" && p_ != end_ && *p_ == '"') *media = true;
      TREADLE_CHECK(skip_value(depth + 1));
      space();
      if (p_ == end_ || (*p_ != ',' && *p_ != '}')) {
        return wrong("a comma or the end of the object is missing");
      }
      if (*p_++ == '}') return {};
    }
  }

  static bool is_empty_object(std::string_view text) {
    return text.find('"') == std::string_view::npos;
  }

  RowBatch& batch_;
  const char* begin_;
  const char* p_;
  const char* end_;
  const RowBatch::Shape* expected_;
};

Result<void> RowBatch::add_line(std::string_view json) {
  row_.clear();
  LineParser parser(*this, json);
  if (auto parsed = parser.row(); !parsed) {
    for (const std::uint32_t column : row_) {
      columns[column].remove_last();
      last_row_[column] = -1;
    }
    return parsed;
  }
  add_row(row_);
  return {};
}

}  // namespace treadle::tracking
