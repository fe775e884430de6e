#include <treadle/base/digest.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace treadle {
namespace {

// A context with its algorithm fetched once: EVP_get_digestbyname-style look-ups cost microseconds
// each time.
struct Context {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  const EVP_MD* md;
  explicit Context(const EVP_MD* algorithm) : md(algorithm) { reset(); }
  ~Context() { EVP_MD_CTX_free(ctx); }
  Context(const Context&) = delete;
  void reset() const {
    if (EVP_DigestInit_ex(ctx, md, nullptr) != 1) std::abort();
  }
  void update(std::string_view bytes) const { EVP_DigestUpdate(ctx, bytes.data(), bytes.size()); }
  template <std::size_t N>
  std::array<std::uint8_t, N> finish() const {
    std::array<std::uint8_t, N> out{};
    unsigned size = 0;
    EVP_DigestFinal_ex(ctx, out.data(), &size);
    reset();
    return out;
  }
};

const EVP_MD* md5_algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return md;
}
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Md5 md5(std::string_view bytes) {
  thread_local Context context(md5_algorithm());
  context.update(bytes);
  return context.finish<16>();
}

Sha256 sha256(std::string_view bytes) {
  thread_local Context context(sha256_algorithm());
  context.update(bytes);
  return context.finish<32>();
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  // RFC 2104 by hand: OpenSSL's own looks its algorithm up each time, which takes longer than the work.
  constexpr std::size_t kBlock = 64;
  std::array<char, kBlock> inner{};
  if (key.size() > kBlock) {
    const Sha256 hashed = sha256(key);
    std::copy(hashed.begin(), hashed.end(), inner.begin());
  } else {
    std::copy(key.begin(), key.end(), inner.begin());
  }
  std::array<char, kBlock> outer = inner;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  thread_local Context context(sha256_algorithm());
  context.update({inner.data(), kBlock});
  context.update(bytes);
  const auto digest = context.finish<32>();
  context.update({outer.data(), kBlock});
  context.update({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return context.finish<32>();
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

template <class Digest>
StreamHasher<Digest>::StreamHasher()
    : context_(new Context(sizeof(Digest) == sizeof(Md5) ? md5_algorithm() : sha256_algorithm())) {}
template <class Digest>
StreamHasher<Digest>::~StreamHasher() {
  delete static_cast<Context*>(context_);
}
template <class Digest>
void StreamHasher<Digest>::update(std::string_view bytes) {
  static_cast<Context*>(context_)->update(bytes);
}
template <class Digest>
Digest StreamHasher<Digest>::finish() {
  return static_cast<Context*>(context_)->template finish<sizeof(Digest)>();
}
template class StreamHasher<Md5>;
template class StreamHasher<Sha256>;

struct ContentHasher::Impl {
  Context md5{md5_algorithm()};
  Context sha256{sha256_algorithm()};
};

ContentHasher::ContentHasher() : impl_(std::make_unique<Impl>()) {}
ContentHasher::~ContentHasher() = default;
ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;
ContentHasher& ContentHasher::operator=(ContentHasher&&) noexcept = default;

void ContentHasher::update(std::string_view bytes) {
  impl_->md5.update(bytes);
  impl_->sha256.update(bytes);
}

ContentHasher::Digests ContentHasher::finish() {
  return {impl_->md5.finish<16>(), impl_->sha256.finish<32>()};
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (c == '=' && i + 4 == text.size() && k >= 2) {
        ++padding;
        group <<= 6;
        continue;
      }
      const std::size_t value = kBase64.find(c);
      if (value == std::string_view::npos || padding > 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t k = 0; k + padding < 3; ++k) {
      out += static_cast<char>(group >> (16 - 8 * k) & 255);
    }
  }
  return out;
}

}  // namespace treadle
