// The partitions that exist at one moment: what a definition means now, with the dynamic keys there
// are. Every question is arithmetic or one look into an index, also for a million partitions.
//
//   TREADLE_TRY(PartitionSet set, PartitionSet::at(days, now, keys_of_the_home));
//   set.size(); set.key(0); set.find("2026-01-05"); set.window(4);
//   set.range({"2026-01-01", "2026-03-31"});     // a PartitionSubset
//
// Partitions are numbered from 0 in their order: of keys, of time, of addition; of several
// dimensions the last one runs fastest.
#pragma once

#include <treadle/define/partition_keys.h>
#include <treadle/define/partition_subset.h>
#include <treadle/define/partitions.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// Value; cheap to copy; immutable; thread-safe.
class PartitionSet {
 public:
  // `dynamic` null: dynamic partitions have no keys.
  static Result<PartitionSet> at(PartitionsPtr definition, Micros now,
                                 const DynamicKeys* dynamic = nullptr);

  const PartitionsPtr& definition() const { return definition_; }
  Micros now() const { return now_; }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Of static and dynamic partitions; null: others, or dynamic ones of nobody knows where.
  const PartitionKeys* listed_keys() const { return keys_.get(); }

  // 0 <= number < size().
  std::string key(std::int64_t number) const;
  std::optional<std::int64_t> find(std::string_view key) const;
  // kNotFound: which rule the key breaks, and the nearest key there is.
  Result<std::int64_t> index_of(std::string_view key) const;

  PartitionSubset all() const { return PartitionSubset::range(0, size_); }
  // From one key to another, both included; of several dimensions from key to key in each.
  // kInvalidArgument when it runs backwards.
  Result<PartitionSubset> range(const PartitionKeyRange& range) const;
  Result<PartitionSubset> subset(std::span<const std::string> keys) const;
  // What a user types: keys and ranges with commas in between, "all" for everything:
  // "2026-01-01...2026-03-31,2026-04-05".
  Result<PartitionSubset> parse(std::string_view text) const;
  std::vector<std::string> keys(const PartitionSubset& subset) const;
  // "2026-01-01...2026-03-31, 2026-04-05": at most `limit` ranges, then "and 3 more".
  std::string text(const PartitionSubset& subset, std::size_t limit = 10) const;

  // Of time windows, and of several dimensions with exactly one of them.
  std::optional<TimeWindow> window(std::int64_t number) const;
  bool has_windows() const;
  // Those whose window begins in [start, end); of a set without windows none.
  PartitionSubset starting_in(const TimeWindow& window) const;
  // Those in the last window, with a lookback in the last `lookback` before its end; of a set
  // without windows all.
  PartitionSubset latest_window(Micros lookback = 0) const;

  // Of several dimensions: each one's set, in order of the names, and the way there and back.
  const std::vector<PartitionSet>& dimensions() const { return dimensions_; }
  std::vector<std::int64_t> split(std::int64_t number) const;
  std::int64_t join(std::span<const std::int64_t> numbers) const;
  // By dimension, the numbers that occur in the subset.
  std::vector<PartitionSubset> project(const PartitionSubset& subset) const;
  // Every combination.
  PartitionSubset product(std::span<const PartitionSubset> by_dimension) const;

 private:
  PartitionSet() = default;
  std::string nearest_text(std::string_view key) const;

  PartitionsPtr definition_;
  Micros now_ = 0;
  std::int64_t size_ = 0;
  std::shared_ptr<const PartitionKeys> keys_;  // static and dynamic
  std::vector<PartitionSet> dimensions_;
};

// Some of the partitions there are: what a step computes, or reads of an asset.
struct PartitionSlice {
  PartitionSet set;
  PartitionSubset subset;
  std::vector<std::string> keys() const { return set.keys(subset); }
};

}  // namespace treadle
