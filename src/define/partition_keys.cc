#include <treadle/define/partition_keys.h>

#include <functional>
#include <utility>

namespace treadle {
namespace {

// What is added to many keys is kept beside them, up to this part of them.
constexpr std::int64_t kMostBeside = 8;

}  // namespace

PartitionKeys::PartitionKeys(const std::vector<std::string>& keys, std::string numbering)
    : numbering_(std::move(numbering)) {
  std::size_t bytes = 0;
  for (const std::string& key : keys) bytes += key.size();
  text_.reserve(bytes);
  ends_.reserve(keys.size());
  for (const std::string& key : keys) add(key);
  index();
}

PartitionKeys::PartitionKeys(std::shared_ptr<const PartitionKeys> base,
                             const std::vector<std::string>& more)
    : numbering_(base->numbering_) {
  const PartitionKeys& all = *base;
  const auto beside =
      static_cast<std::int64_t>(more.size()) + (all.base_ ? all.size() - all.first_ : 0);
  if (beside * kMostBeside <= all.size()) {
    // Its own stay where they are; at most one step back.
    base_ = all.base_ ? all.base_ : base;
    first_ = base_->size();
  }
  for (std::int64_t i = first_; i < all.size(); ++i) add(all.at(i));
  for (const std::string& key : more) add(key);
  index();
}

void PartitionKeys::add(std::string_view key) {
  text_ += key;
  ends_.push_back(text_.size());
}

std::string_view PartitionKeys::own(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

void PartitionKeys::index() {
  std::size_t slots = 16;
  while (slots < ends_.size() * 2) slots *= 2;
  slots_.assign(slots, 0);
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const std::string_view key = own(i);
    std::size_t slot = std::hash<std::string_view>()(key) & (slots - 1);
    // Of equal keys the first counts.
    while (slots_[slot] != 0 && own(slots_[slot] - 1) != key) slot = (slot + 1) & (slots - 1);
    if (slots_[slot] == 0) slots_[slot] = static_cast<std::uint32_t>(i) + 1;
  }
}

std::string_view PartitionKeys::at(std::int64_t number) const {
  return number < first_ ? base_->at(number) : own(static_cast<std::size_t>(number - first_));
}

std::optional<std::int64_t> PartitionKeys::find(std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = std::hash<std::string_view>()(key) & mask; slots_[slot] != 0;
       slot = (slot + 1) & mask) {
    const std::size_t i = slots_[slot] - 1;
    if (own(i) == key) return first_ + static_cast<std::int64_t>(i);
  }
  return base_ ? base_->find(key) : std::nullopt;
}

}  // namespace treadle
