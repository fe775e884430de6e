#include "json_read.h"

#include <treadle/base/json.h>

#include <boost/json.hpp>

namespace treadle {
namespace {

// Boost.JSON 1.81 knows no NaN: bare words outside strings become strings.
std::string quote_bare_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    std::size_t length = 0;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text.substr(i, word.size()) == word) length = word.size();
    }
    if (length == 0) {
      out += c;
      continue;
    }
    out += '"';
    out += text.substr(i, length);
    out += '"';
    i += length - 1;
  }
  return out;
}

void write(std::string& out, const boost::json::value& value) {
  switch (value.kind()) {
    case boost::json::kind::double_:
      append_json_number(out, value.get_double());
      return;
    case boost::json::kind::string:
      append_json_string(out, value.get_string());
      return;
    case boost::json::kind::array: {
      char separator = '[';
      for (const auto& item : value.get_array()) {
        out += separator;
        write(out, item);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case boost::json::kind::object: {
      char separator = '{';
      for (const auto& [name, item] : value.get_object()) {
        out += separator;
        append_json_string(out, name);
        out += ':';
        write(out, item);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
    default:
      out += boost::json::serialize(value);
  }
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, std::string_view what) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error) {
    boost::json::error_code second;
    value = boost::json::parse(quote_bare_numbers(text), second);
    if (second) {
      return fail(Errc::kCorrupt, std::string(what) + " is not valid JSON: " + error.message());
    }
  }
  return value;
}

std::string json_text(const boost::json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string string_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t integer_at(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace treadle
