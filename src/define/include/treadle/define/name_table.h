// From names to numbers: what a std::unordered_map<std::string_view, std::uint32_t> does, without an allocation per name. Graphs of
// tens of thousands of assets are looked up before every command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace treadle {

// Borrows the names, which must outlive it. Single-thread while names are added, then thread-safe.
class NameTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  explicit NameTable(std::size_t expected = 0);
  // The number of a name, or kNone.
  std::uint32_t find(std::string_view name) const;
  // Gives the name this number (not kNone) unless it has one; the number it has now.
  std::uint32_t add(std::string_view name, std::uint32_t number);
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    const char* data = nullptr;
    std::uint32_t size = 0;
    std::uint32_t hash = 0;
    std::uint32_t number = kNone;
  };
  // The slot of the name, or the empty one where it belongs.
  std::size_t slot_of(std::string_view name, std::uint32_t hash) const;
  void grow(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two; at most half are taken
  std::size_t size_ = 0;
};

}  // namespace treadle
