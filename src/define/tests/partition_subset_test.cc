#include <treadle/define/partition_subset.h>

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace treadle {
namespace {

using Model = std::set<std::int64_t>;

Model model_of(const PartitionSubset& subset) {
  Model model;
  subset.for_each([&](std::int64_t n) { model.insert(n); });
  return model;
}

void expect_well_formed(const PartitionSubset& subset) {
  std::int64_t end = -1, size = 0;
  for (const PartitionSubset::Range& r : subset.ranges()) {
    EXPECT_LT(end, r.begin) << "ranges touch, overlap or are out of order";
    EXPECT_LT(r.begin, r.end);
    end = r.end;
    size += r.size();
  }
  EXPECT_EQ(size, subset.size());
}

class AgainstSets : public ::testing::TestWithParam<unsigned> {
 protected:
  static constexpr std::int64_t kSize = 60;
  PartitionSubset random() {
    std::vector<PartitionSubset::Range> ranges;
    for (int i = static_cast<int>(random_() % 8); i > 0; --i) {
      const auto begin = static_cast<std::int64_t>(random_() % kSize);
      ranges.push_back({begin, std::min<std::int64_t>(kSize, begin + random_() % 12)});
    }
    return PartitionSubset::of_ranges(std::move(ranges));
  }
  std::mt19937 random_{GetParam()};
};

TEST_P(AgainstSets, EveryOperationAgreesWithAPlainSet) {
  for (int round = 0; round < 200; ++round) {
    const PartitionSubset a = random(), b = random();
    const Model x = model_of(a), y = model_of(b);
    Model both = x, common, rest = x, missing, moved;
    both.insert(y.begin(), y.end());
    for (const std::int64_t n : y) {
      if (x.contains(n)) common.insert(n);
      rest.erase(n);
    }
    for (std::int64_t n = 0; n < kSize; ++n) {
      EXPECT_EQ(a.contains(n), x.contains(n));
      if (!x.contains(n)) missing.insert(n);
      if (x.contains(n) && n - 7 >= 0) moved.insert(n - 7);
    }
    for (const auto& [result, expected] :
         {std::pair(a | b, both), std::pair(a & b, common), std::pair(a - b, rest),
          std::pair(a.complement(kSize), missing), std::pair(a.shifted(-7, kSize), moved)}) {
      expect_well_formed(result);
      EXPECT_EQ(model_of(result), expected);
    }
    EXPECT_EQ(a.intersects(b), !common.empty());
    EXPECT_EQ(a.contains(b), rest.size() + y.size() == x.size());
    EXPECT_EQ(PartitionSubset::of(a.numbers()), a);
    EXPECT_EQ(PartitionSubset::decode(a.encode()).value(), a);
    std::int64_t place = 0;
    for (const std::int64_t n : x) EXPECT_EQ(a.nth(place++), n);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstSets, ::testing::Range(0u, 8u));

TEST(PartitionSubset, TakesNumbersInAnyOrderWithRepetitions) {
  const PartitionSubset subset = PartitionSubset::of({5, 3, 4, 3, 9});
  ASSERT_EQ(subset.ranges().size(), 2u);
  EXPECT_EQ(subset.ranges()[0], (PartitionSubset::Range{3, 6}));
  EXPECT_EQ(subset.first(), 3);
  EXPECT_EQ(subset.last(), 9);
}

TEST(PartitionSubset, AMillionConsecutiveTakeAFewBytes) {
  EXPECT_LE(PartitionSubset::range(0, 1'000'000).encode().size(), 4u);
}

TEST(PartitionSubset, RefusesBytesThatAreNoSubset) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {"\x80"s, "\x01"s, "\x01\x80"s, "\x01\x00"s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s}) {
    const auto decoded = PartitionSubset::decode(bytes);
    EXPECT_FALSE(decoded && !decoded->empty()) << bytes;
  }
  EXPECT_EQ(PartitionSubset::decode("\x80").error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace treadle
