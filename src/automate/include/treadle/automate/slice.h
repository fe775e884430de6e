// Some, none or all of the partitions of an asset; of an unpartitioned asset: it or not. "None" and
// "all" cost nothing, whatever the number of partitions. Value.
#pragma once

#include <treadle/define/partition_subset.h>

#include <cstdint>
#include <utility>

namespace treadle::automate {

class Slice {
 public:
  Slice() = default;  // none
  static Slice none() { return {}; }
  static Slice all() { return Slice(Kind::kAll); }
  static Slice all_if(bool yes) { return yes ? all() : none(); }
  // Of an asset with `size` partitions; 1 when it is unpartitioned.
  static Slice of(PartitionSubset subset, std::int64_t size);

  bool is_none() const { return kind_ == Kind::kNone; }
  bool is_all() const { return kind_ == Kind::kAll; }
  PartitionSubset subset(std::int64_t size) const;
  std::int64_t count(std::int64_t size) const;
  bool contains(std::int64_t number) const {
    return kind_ == Kind::kAll || (kind_ == Kind::kSome && some_.contains(number));
  }

  // Both of the same asset, with `size` partitions.
  static Slice unite(const Slice& a, const Slice& b, std::int64_t size);
  static Slice intersect(const Slice& a, const Slice& b, std::int64_t size);
  static Slice subtract(const Slice& a, const Slice& b, std::int64_t size);
  bool operator==(const Slice& other) const = default;

 private:
  enum class Kind : std::uint8_t { kNone, kAll, kSome };
  explicit Slice(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::kNone;
  PartitionSubset some_;
};

}  // namespace treadle::automate
