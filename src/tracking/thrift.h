// Private to the room: Thrift's compact protocol, writing only: what Parquet's headers are written in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// Fields of a struct must be written in ascending order.
class ThriftWriter {
 public:
  enum Type : std::uint8_t { kI32 = 5, kI64 = 6, kBinary = 8, kList = 9, kStruct = 12 };

  // A struct: the document, or an element of a list. A struct in a field begins with field_struct.
  void begin() { last_.push_back(0); }
  void end() {
    out_ += '\0';
    last_.pop_back();
  }
  void field(int id, std::int32_t value) {
    head(id, kI32);
    element(value);
  }
  void field(int id, std::int64_t value) {
    head(id, kI64);
    append_varint(out_, zigzag(value));
  }
  void field(int id, std::string_view text) {
    head(id, kBinary);
    element(text);
  }
  void field_struct(int id) {
    head(id, kStruct);
    begin();
  }
  void field_list(int id, Type of, std::size_t count) {
    head(id, kList);
    if (count < 15) {
      out_ += static_cast<char>(count << 4 | of);
    } else {
      out_ += static_cast<char>(0xF0 | of);
      append_varint(out_, count);
    }
  }
  // In a list.
  void element(std::int32_t value) { append_varint(out_, zigzag(value)); }
  void element(std::string_view text) {
    append_varint(out_, text.size());
    out_ += text;
  }
  const std::string& text() const { return out_; }

 private:
  static std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  }
  void head(int id, Type type) {
    const int delta = id - last_.back();  // all ids here are close together: the short form
    out_ += static_cast<char>(delta << 4 | type);
    last_.back() = id;
  }
  std::string out_;
  std::vector<int> last_;  // the last field's id, struct by struct
};

}  // namespace treadle::tracking
