// JSON as text: a writer for hot paths, and the few helpers the tree shares. Parsing is
// Boost.JSON's, included by the .cc files that read; no header of ours includes it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace treadle {

// Appends `text` to `out` as a JSON string with quotes. Invalid UTF-8 is replaced by U+FFFD, so the
// result always parses.
void append_json_string(std::string& out, std::string_view text);
// Whether `text` is UTF-8 throughout: what append_json_string writes unchanged.
bool is_valid_utf8(std::string_view text);
// Appends a number that reads back to the same double. NaN and infinities are written bare (NaN,
// Infinity, -Infinity), as W&B and Python do; readers of ours accept them.
void append_json_number(std::string& out, double value);

// Writes one JSON document front to back. No checks: the calls must nest properly.
//   JsonWriter w; w.begin_object().field("name",
//   n).key("list").begin_array().value(1).end_array().end_object();
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }
  JsonWriter& value(std::string_view text) {
    comma();
    append_json_string(out_, text);
    return *this;
  }
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool b) { return raw(b ? "true" : "false"); }
  JsonWriter& value(double d) {
    comma();
    append_json_number(out_, d);
    return *this;
  }
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  JsonWriter& value(I number) {
    return raw(std::to_string(number));
  }
  JsonWriter& null() { return raw("null"); }
  // `json` is already a JSON value.
  JsonWriter& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  template <class T>
  JsonWriter& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  const std::string& str() const& { return out_; }
  std::string str() && { return std::move(out_); }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  JsonWriter& open(char c) {
    comma();
    out_ += c;
    fresh_ = true;
    return *this;
  }
  JsonWriter& close(char c) {
    out_ += c;
    fresh_ = false;
    return *this;
  }
  std::string out_;
  bool fresh_ = true;
};

}  // namespace treadle
