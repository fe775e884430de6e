// Some of the partitions of an asset, as ranges of their numbers: a million consecutive partitions
// take as much memory as one. Value; immutable.
//
//   PartitionSubset done = PartitionSubset::range(0, 90) | PartitionSubset::range(100, 120);
//   PartitionSubset missing = PartitionSubset::range(0, 365) - done;   // [90, 100) and [120, 365)
//
// A partition's number is its place in the PartitionSet that the subset was made with; subsets of
// different sets do not mix. Every operation takes time by the number of ranges.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

class PartitionSubset {
 public:
  // [begin, end)
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t size() const { return end - begin; }
    bool operator==(const Range&) const = default;
  };

  PartitionSubset() = default;  // empty
  static PartitionSubset range(std::int64_t begin, std::int64_t end);
  static PartitionSubset one(std::int64_t number) { return range(number, number + 1); }
  // In any order, with repetitions.
  static PartitionSubset of(std::vector<std::int64_t> numbers);
  static PartitionSubset of_ranges(std::vector<Range> ranges);  // in any order, may overlap

  bool empty() const { return ranges_.empty(); }
  std::int64_t size() const { return size_; }
  bool contains(std::int64_t number) const;
  bool contains(const PartitionSubset& other) const { return (other - *this).empty(); }
  bool intersects(const PartitionSubset& other) const;
  // Sorted; neither overlapping nor touching.
  std::span<const Range> ranges() const { return ranges_; }
  // The smallest and the greatest; not of an empty one.
  std::int64_t first() const { return ranges_.front().begin; }
  std::int64_t last() const { return ranges_.back().end - 1; }
  // The n-th smallest, 0 <= n < size().
  std::int64_t nth(std::int64_t n) const;
  std::vector<std::int64_t> numbers() const;
  // Calls `visit(number)` in ascending order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Range& r : ranges_) {
      for (std::int64_t i = r.begin; i < r.end; ++i) visit(i);
    }
  }

  PartitionSubset operator|(const PartitionSubset& other) const;
  PartitionSubset operator&(const PartitionSubset& other) const;
  PartitionSubset operator-(const PartitionSubset& other) const;
  PartitionSubset complement(std::int64_t size) const { return range(0, size) - *this; }
  // The numbers moved by `by`, those that end below 0 or at `size` or beyond left out.
  PartitionSubset shifted(std::int64_t by, std::int64_t size) const;

  // Bytes for the record, about three a range. `decode`: kCorrupt for anything else.
  std::string encode() const;
  static Result<PartitionSubset> decode(std::string_view bytes);

  bool operator==(const PartitionSubset& other) const { return ranges_ == other.ranges_; }

 private:
  void append(Range range);  // begins at or after the last one's begin

  std::vector<Range> ranges_;
  std::int64_t size_ = 0;
};

}  // namespace treadle
