// The name of an asset: one or more path parts. Value type.
#pragma once

#include <treadle/base/result.h>

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// User text is the parts joined by '/': "raw/iris". A part is any UTF-8 text of 1..255 bytes
// without '/', control characters or NUL; a key has 1..16 parts.
class AssetKey {
 public:
  AssetKey() = default;
  // Takes the parts as they are; check() says whether they may be used.
  explicit AssetKey(std::vector<std::string> parts);
  // Implicit on purpose: "raw/iris" reads as the key with two parts wherever a key is wanted.
  AssetKey(std::string_view user_text);  // NOLINT(google-explicit-constructor)
  AssetKey(const char* user_text)
      : AssetKey(std::string_view(user_text)) {}  // NOLINT(google-explicit-constructor)
  AssetKey(const std::string& user_text)
      : AssetKey(std::string_view(user_text)) {}  // NOLINT(google-explicit-constructor)

  const std::vector<std::string>& parts() const { return parts_; }
  // "raw/iris". Kept, not computed.
  const std::string& text() const { return text_; }
  bool empty() const { return parts_.empty(); }
  // The rule that the key breaks, with the cure; nothing is wrong with a good one.
  Result<void> check() const;

  bool operator==(const AssetKey& other) const { return text_ == other.text_; }
  std::strong_ordering operator<=>(const AssetKey& other) const { return text_ <=> other.text_; }

 private:
  std::vector<std::string> parts_;
  std::string text_;
};

}  // namespace treadle

template <>
struct std::hash<treadle::AssetKey> {
  std::size_t operator()(const treadle::AssetKey& key) const noexcept {
    return std::hash<std::string>()(key.text());
  }
};
