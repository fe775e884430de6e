// Which assets, as C++ writes it: the same as the selection syntax, which it turns into.
//   td::materialize(defs, {.selection = td::group("training").upstream(2) - td::assets(raw)});
//   defs.job("nightly", td::kind("onnx") | td::tag("nightly"));
#pragma once

#include <treadle/model/asset_key.h>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle {

// A value. Its text is read when it is used; docs/reference/selection.md has the syntax.
class AssetSelection {
 public:
  explicit AssetSelection(std::string text) : text_(std::move(text)) {}
  static AssetSelection all() { return AssetSelection("*"); }

  const std::string& text() const { return text_; }
  // NOLINTNEXTLINE(google-explicit-constructor): wherever the syntax is taken
  operator std::string() const { return text_; }

  // With what is up to `depth` steps before, or after; -1 = everything.
  AssetSelection upstream(int depth = -1) const;
  AssetSelection downstream(int depth = -1) const;
  // Of these those that no other of these is made from, or that are made from none of them.
  AssetSelection sinks() const { return AssetSelection("sinks(" + text_ + ")"); }
  AssetSelection roots() const { return AssetSelection("roots(" + text_ + ")"); }
  AssetSelection operator|(const AssetSelection& other) const;
  AssetSelection operator&(const AssetSelection& other) const;
  AssetSelection operator-(const AssetSelection& other) const;

 private:
  std::string text_;
};

namespace cpp {
AssetSelection selection_of(const std::vector<AssetKey>& keys);
AssetSelection selection_by(std::string_view attribute, std::string_view value);
}  // namespace cpp

// By handles or names.
template <class... Keys>
  requires(std::convertible_to<const Keys&, AssetKey> && ...)
AssetSelection assets(const Keys&... keys) {
  return cpp::selection_of({AssetKey(keys)...});
}
inline AssetSelection group(std::string_view name) {
  return cpp::selection_by("group", name);
}
inline AssetSelection kind(std::string_view name) {
  return cpp::selection_by("kind", name);
}
inline AssetSelection owner(std::string_view who) {
  return cpp::selection_by("owner", who);
}
AssetSelection tag(std::string_view name, std::string_view value = {});

}  // namespace treadle
