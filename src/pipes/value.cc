#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/pipes.h>

#include <boost/json.hpp>

#include <cmath>

namespace treadle::pipes {
namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_number(double value) {
  if (!std::isfinite(value)) throw PipesError("A metadata value must be a finite number.");
  std::string out;
  append_json_number(out, value);
  return out;
}

}  // namespace

Value::Value(std::string_view type, std::string_view raw_json) {
  JsonWriter w;
  w.begin_object().key("raw_value").raw(raw_json).field("type", type).end_object();
  encoded_ = std::move(w).str();
}

Value::Value(bool value) : Value("bool", value ? "true" : "false") {}
Value::Value(int value) : Value("int", std::to_string(value)) {}
Value::Value(std::int64_t value) : Value("int", std::to_string(value)) {}
Value::Value(double value) : Value("float", json_number(value)) {}
Value::Value(const char* text) : Value("text", json_text(text)) {}
Value::Value(std::string_view text) : Value("text", json_text(text)) {}
Value::Value(const std::string& text) : Value("text", json_text(text)) {}

Value Value::url(std::string_view url) {
  return {"url", json_text(url)};
}
Value Value::path(std::string_view path) {
  return {"path", json_text(path)};
}
Value Value::markdown(std::string_view text) {
  return {"md", json_text(text)};
}
Value Value::notebook(std::string_view path) {
  return {"notebook", json_text(path)};
}
Value Value::json(std::string_view document) {
  boost::json::value checked;
  if (const auto read = parse_json_value(document, checked); !read) {
    throw PipesError("A metadata value is not JSON: " + read.error().message);
  }
  return {"json", json_value_text(checked)};
}
Value Value::asset(std::string_view key) {
  return {"asset", json_text(key)};
}
Value Value::run(std::string_view run_id) {
  return {"dagster_run", json_text(run_id)};
}
Value Value::timestamp(double seconds_since_1970) {
  return {"timestamp", json_number(seconds_since_1970)};
}

}  // namespace treadle::pipes
