// Where in a configuration the checker is: a chain of steps on its own stack.
#pragma once

#include <treadle/define/config_value.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace treadle {

// Borrows its parent and what it was made of.
class ConfigPath {
 public:
  ConfigPath() = default;  // the root
  ConfigPath(const ConfigPath& parent, std::string_view field) : parent_(&parent), field_(field) {}
  ConfigPath(const ConfigPath& parent, std::size_t index)
      : parent_(&parent), index_(index), is_index_(true) {}
  // `part` of a map's entry: ":key" or ":value".
  ConfigPath(const ConfigPath& parent, const ConfigValue& key, std::string_view part)
      : parent_(&parent), field_(part), key_(&key) {}

  // "root:ops:model[0]"; "" at the root.
  std::string text() const {
    if (parent_ == nullptr) return {};
    std::string out = parent_->text();
    if (out.empty()) out = "root";
    if (key_ != nullptr) return out + ":" + key_->repr() + std::string(field_);
    if (is_index_) return out + "[" + std::to_string(index_) + "]";
    return out + ":" + std::string(field_);
  }
  std::string where() const { return parent_ == nullptr ? "at the root" : "at path " + text(); }

 private:
  const ConfigPath* parent_ = nullptr;
  std::string_view field_;
  const ConfigValue* key_ = nullptr;
  std::size_t index_ = 0;
  bool is_index_ = false;
};

}  // namespace treadle
