// Digests, MACs and their text forms. OpenSSL stays in digest.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace treadle {

using Md5 = std::array<std::uint8_t, 16>;
using Sha256 = std::array<std::uint8_t, 32>;

Md5 md5(std::string_view bytes);
Sha256 sha256(std::string_view bytes);
// HMAC-SHA-256 of `bytes` under `key`.
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
// Compares in time that does not depend on where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

// One digest (Md5 or Sha256) of a stream. Not thread-safe; reusable after finish().
template <class Digest>
class StreamHasher {
 public:
  StreamHasher();
  ~StreamHasher();
  StreamHasher(const StreamHasher&) = delete;
  void update(std::string_view bytes);
  Digest finish();

 private:
  void* context_;  // OpenSSL's
};
extern template class StreamHasher<Md5>;
extern template class StreamHasher<Sha256>;

// Both digests of one stream, in one pass. Not thread-safe; reusable after finish().
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ContentHasher& operator=(ContentHasher&&) noexcept;
  void update(std::string_view bytes);
  struct Digests {
    Md5 md5;
    Sha256 sha256;
  };
  Digests finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string to_hex(std::string_view bytes);
template <std::size_t N>
std::string to_hex(const std::array<std::uint8_t, N>& digest) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), N));
}
// Standard alphabet with padding, as W&B writes digests.
std::string to_base64(std::string_view bytes);
template <std::size_t N>
std::string to_base64(const std::array<std::uint8_t, N>& digest) {
  return to_base64(std::string_view(reinterpret_cast<const char*>(digest.data()), N));
}
// Nothing when the text is not in the format.
std::optional<std::string> from_hex(std::string_view text);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace treadle
