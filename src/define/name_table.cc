#include <treadle/define/name_table.h>

#include <functional>

namespace treadle {
namespace {

std::uint32_t hash_of(std::string_view name) {
  const std::size_t hash = std::hash<std::string_view>()(name);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

NameTable::NameTable(std::size_t expected) {
  std::size_t slots = 16;
  while (slots < expected * 2) slots *= 2;
  slots_.resize(slots);
}

std::size_t NameTable::slot_of(std::string_view name, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.number == kNone) return i;
    if (slot.hash == hash && std::string_view(slot.data, slot.size) == name) return i;
  }
}

std::uint32_t NameTable::find(std::string_view name) const {
  return slots_[slot_of(name, hash_of(name))].number;
}

std::uint32_t NameTable::add(std::string_view name, std::uint32_t number) {
  if ((size_ + 1) * 2 > slots_.size()) grow(slots_.size() * 2);
  const std::uint32_t hash = hash_of(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.number != kNone) return slot.number;
  slot = {name.data(), static_cast<std::uint32_t>(name.size()), hash, number};
  ++size_;
  return number;
}

void NameTable::grow(std::size_t slots) {
  std::vector<Slot> old(slots);
  std::swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.number != kNone) slots_[slot_of({slot.data, slot.size}, slot.hash)] = slot;
  }
}

}  // namespace treadle
