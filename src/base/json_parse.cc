#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace treadle {
namespace {

namespace json = boost::json;

// Bare words travel through the parser as texts that begin with a control character, which no JSON
// text holds unescaped.
constexpr std::string_view kStandIn = "\u0001treadle:";
struct BareNumber {
  std::string_view word;
  std::string_view stand_in;  // as JSON
  double value;
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr BareNumber kBareNumbers[] = {
    {"-Infinity", R"("\u0001treadle:-Infinity")", -kInfinity},
    {"Infinity", R"("\u0001treadle:Infinity")", kInfinity},
    {"NaN", R"("\u0001treadle:NaN")", std::numeric_limits<double>::quiet_NaN()},
};

bool may_have_bare_numbers(std::string_view text) {
  return text.find("NaN") != std::string_view::npos ||
         text.find("Infinity") != std::string_view::npos;
}

std::string with_stand_ins(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string) {
      const std::size_t length = c == '\\' && i + 1 < text.size() ? 2 : 1;
      if (c == '"') in_string = false;
      out.append(text, i, length);
      i += length;
      continue;
    }
    const auto* bare =
        std::find_if(std::begin(kBareNumbers), std::end(kBareNumbers), [&](const BareNumber& b) {
          return c == b.word.front() && text.substr(i).starts_with(b.word);
        });
    if (bare != std::end(kBareNumbers)) {
      out += bare->stand_in;
      i += bare->word.size();
      continue;
    }
    in_string = c == '"';
    out += c;
    ++i;
  }
  return out;
}

// Builds the value; what Boost.JSON's own handler does, but for numbers.
class Builder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names that Boost.JSON asks for
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  // NOLINTEND(readability-identifier-naming)

  explicit Builder(bool has_stand_ins) : has_stand_ins_(has_stand_ins) { stack_.reset(); }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t n, json::error_code&) {
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    stack_.push_key(s);
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    text_.append(s);
    return true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    text_.append(s);
    push_text();
    text_.clear();
    return true;
  }
  bool on_number_part(json::string_view s, json::error_code&) {
    number_.append(s);
    return true;
  }
  bool on_int64(std::int64_t i, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_int64(i);
    return true;
  }
  bool on_uint64(std::uint64_t u, json::string_view, json::error_code&) {
    number_.clear();
    stack_.push_uint64(u);
    return true;
  }
  bool on_double(double approximate, json::string_view s, json::error_code&) {
    number_.append(s);
    double exact = approximate;
    // Out of range: what Boost.JSON made of it, an infinity or zero.
    if (std::from_chars(number_.data(), number_.data() + number_.size(), exact).ec != std::errc())
      exact = approximate;
    number_.clear();
    stack_.push_double(exact);
    return true;
  }
  bool on_bool(bool b, json::error_code&) {
    stack_.push_bool(b);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  void push_text() {
    if (has_stand_ins_ && text_.starts_with(kStandIn)) {
      for (const BareNumber& bare : kBareNumbers) {
        if (std::string_view(text_).substr(kStandIn.size()) == bare.word) {
          stack_.push_double(bare.value);
          return;
        }
      }
    }
    stack_.push_string(text_);
  }

  json::value_stack stack_;
  std::string text_;
  std::string number_;
  const bool has_stand_ins_;
};

void write_value(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::double_:
      append_json_number(out, value.get_double());
      return;
    case json::kind::string:
      append_json_string(out, value.get_string());
      return;
    case json::kind::array: {
      char separator = '[';
      for (const auto& item : value.get_array()) {
        out += separator;
        write_value(out, item);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& [name, item] : value.get_object()) {
        out += separator;
        append_json_string(out, name);
        out += ':';
        write_value(out, item);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
    default:
      out += json::serialize(value);
  }
}

}  // namespace

std::string json_value_text(const json::value& value) {
  std::string out;
  write_value(out, value);
  return out;
}

Result<void> parse_json_value(std::string_view text, json::value& value) {
  const bool has_stand_ins = may_have_bare_numbers(text);
  const std::string rewritten = has_stand_ins ? with_stand_ins(text) : std::string();
  const std::string_view document = has_stand_ins ? std::string_view(rewritten) : text;
  json::parse_options options;
  options.max_depth = 256;
  json::basic_parser<Builder> parser(options, has_stand_ins);
  json::error_code error;
  const std::size_t read = parser.write_some(false, document.data(), document.size(), error);
  if (!error && read < document.size()) error = json::error::extra_data;
  if (error) return fail(Errc::kInvalidArgument, "This is not JSON: " + error.message() + ".");
  value = parser.handler().release();
  return {};
}

}  // namespace treadle
