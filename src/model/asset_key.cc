#include "text_rules.h"
#include <treadle/model/asset_key.h>

namespace treadle {

AssetKey::AssetKey(std::vector<std::string> parts) : parts_(std::move(parts)) {
  for (const std::string& part : parts_) {
    if (!text_.empty()) text_ += '/';
    text_ += part;
  }
}

AssetKey::AssetKey(std::string_view user_text) : text_(user_text) {
  if (user_text.empty()) return;
  std::size_t start = 0;
  while (true) {
    const std::size_t slash = user_text.find('/', start);
    parts_.emplace_back(user_text.substr(start, slash - start));
    if (slash == std::string_view::npos) break;
    start = slash + 1;
  }
}

Result<void> AssetKey::check() const {
  const auto bad = [&](std::string_view rule) {
    return fail(Errc::kInvalidArgument,
                "'" + printable(text_) + "' cannot be an asset key: " + std::string(rule));
  };
  if (parts_.empty()) return bad("a key has at least one part. Give the asset a name.");
  if (parts_.size() > 16) return bad("a key has at most 16 parts.");
  for (const std::string& part : parts_) {
    if (part.empty()) return bad("no part may be empty. Remove the extra '/'.");
    if (part.size() > 255) return bad("a part has at most 255 bytes. Shorten it.");
    if (part.find('/') != std::string::npos) {
      return bad("a part may not contain '/'. Give the pieces as parts of their own.");
    }
    if (!is_utf8(part)) return bad("it is not valid UTF-8.");
    if (has_control(part)) return bad("it contains control or invisible characters. Remove them.");
  }
  return {};
}

}  // namespace treadle
