#include <treadle/cpp/selection.h>

namespace treadle {
namespace {

// In quotes, so that nothing in it is read as syntax.
std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') all += '\\';
    all += c;
  }
  return all + '"';
}

std::string steps(int depth) {
  return depth < 0 ? "+" : std::to_string(depth) + "+";
}

std::string inside(const AssetSelection& selection) {
  return "(" + selection.text() + ")";
}

}  // namespace

AssetSelection AssetSelection::upstream(int depth) const {
  if (depth == 0) return *this;
  return AssetSelection(steps(depth) + inside(*this));
}

AssetSelection AssetSelection::downstream(int depth) const {
  if (depth == 0) return *this;
  return AssetSelection(inside(*this) + "+" + (depth < 0 ? "" : std::to_string(depth)));
}

AssetSelection AssetSelection::operator|(const AssetSelection& other) const {
  return AssetSelection(inside(*this) + " or " + inside(other));
}

AssetSelection AssetSelection::operator&(const AssetSelection& other) const {
  return AssetSelection(inside(*this) + " and " + inside(other));
}

AssetSelection AssetSelection::operator-(const AssetSelection& other) const {
  return AssetSelection(inside(*this) + " and not " + inside(other));
}

AssetSelection tag(std::string_view name, std::string_view value) {
  return AssetSelection("tag:" + quoted(name) + (value.empty() ? "" : "=" + quoted(value)));
}

namespace cpp {

AssetSelection selection_of(const std::vector<AssetKey>& keys) {
  std::string text;
  for (const AssetKey& key : keys)
    text += (text.empty() ? "" : " or ") + ("key:" + quoted(key.text()));
  return AssetSelection(std::move(text));
}

AssetSelection selection_by(std::string_view attribute, std::string_view value) {
  return AssetSelection(std::string(attribute) + ":" + quoted(value));
}

}  // namespace cpp
}  // namespace treadle
