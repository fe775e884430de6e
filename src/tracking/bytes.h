// Private to the room: numbers as bytes of a chunk, written and read with every length checked.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace treadle::tracking {

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
inline void put_signed(std::string& out, std::int64_t value) {
  put_varint(out,
             (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}
inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

// Reads what put_* wrote. After an attempt to read past the end, ok() is false and all is 0 or "".
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) break;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::int64_t signed_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  // A count of things that take at least one byte each (or `most`, if given, for those that do not).
  std::size_t count(std::size_t most = 0) {
    const std::uint64_t value = varint();
    if (value > (most > 0 ? most : left())) ok_ = false;
    return ok_ ? static_cast<std::size_t>(value) : 0;
  }
  std::string_view take(std::size_t size) {
    if (size > left()) ok_ = false;
    if (!ok_) return {};
    const std::string_view part = bytes_.substr(at_, size);
    at_ += size;
    return part;
  }
  std::string_view text() { return take(count()); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace treadle::tracking
