#include <treadle/base/time_format.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partition_mapping.h>

#include <gtest/gtest.h>

#include <random>

namespace treadle::plan {
namespace {

Micros at(std::string_view text) {
  return local_seconds(parse_time(text, "%Y-%m-%d %H:%M")->time) * kMicrosPerSecond;
}

PartitionSet set_of(const Result<PartitionsPtr>& definition,
                    std::string_view now = "2026-03-01 00:00") {
  EXPECT_TRUE(definition.has_value()) << (definition ? "" : definition.error().message);
  return PartitionSet::at(*definition, at(now)).value();
}

std::string upstream_text(const PartitionMapping& mapping, const PartitionSet& downstream,
                          std::string_view keys, const PartitionSet& upstream) {
  const PartitionSubset subset = downstream.parse(keys).value();
  const auto read = upstream_of(mapping, &downstream, &subset, upstream);
  if (!read) return read.error().message;
  std::string text = upstream.text(read->subset);
  for (const std::string& key : read->nonexistent) text += " !" + key;
  return text;
}

std::string downstream_text(const PartitionMapping& mapping, const PartitionSet& upstream,
                            std::string_view keys, const PartitionSet& downstream) {
  const auto made = downstream_of(mapping, upstream, upstream.parse(keys).value(), downstream);
  return made ? downstream.text(*made) : made.error().message;
}

TEST(PartitionMapping, DaysAreMadeFromTheirHours) {
  const PartitionSet days = set_of(daily_partitions("2026-01-01"));
  const PartitionSet hours = set_of(hourly_partitions("2026-01-01-00:00"));
  const PartitionMapping windows{TimeWindowMapping{}};
  EXPECT_EQ(upstream_text(windows, days, "2026-01-02...2026-01-03", hours),
            "2026-01-02-00:00...2026-01-03-23:00");
  EXPECT_EQ(upstream_text(windows, hours, "2026-01-02-05:00", days), "2026-01-02");
  EXPECT_EQ(downstream_text(windows, hours, "2026-01-02-05:00", days), "2026-01-02");
  EXPECT_EQ(downstream_text(windows, days, "2026-01-02", hours),
            "2026-01-02-00:00...2026-01-02-23:00");
}

TEST(PartitionMapping, OffsetsMoveTheWindowAndStopAtTheFirst) {
  const PartitionSet days = set_of(daily_partitions("2026-01-01"));
  const PartitionMapping yesterday{TimeWindowMapping{.start_offset = -1, .end_offset = -1}};
  EXPECT_EQ(upstream_text(yesterday, days, "2026-01-10", days), "2026-01-09");
  EXPECT_EQ(upstream_text(yesterday, days, "2026-01-01", days), "");
  EXPECT_EQ(downstream_text(yesterday, days, "2026-01-09", days), "2026-01-10");
  const PartitionMapping week{TimeWindowMapping{.start_offset = -6}};
  EXPECT_EQ(upstream_text(week, days, "2026-01-10", days), "2026-01-04...2026-01-10");
  EXPECT_EQ(upstream_text(week, days, "2026-01-03", days), "2026-01-01...2026-01-03");
  EXPECT_EQ(downstream_text(week, days, "2026-01-10", days), "2026-01-10...2026-01-16");
}

TEST(PartitionMapping, WindowsThatDoNotExistUpstreamAreNamedUnlessAllowed) {
  const PartitionSet early = set_of(daily_partitions("2026-01-01"));
  const PartitionSet late = set_of(daily_partitions("2026-01-10"));
  EXPECT_EQ(upstream_text({TimeWindowMapping{}}, early, "2026-01-08...2026-01-11", late),
            "2026-01-10, 2026-01-11 !2026-01-08 !2026-01-09");
  EXPECT_EQ(upstream_text({TimeWindowMapping{.allow_nonexistent_upstream = true}}, early,
                          "2026-01-08...2026-01-11", late),
            "2026-01-10, 2026-01-11");
}

TEST(PartitionMapping, SimpleOnesMapAsTheirNamesSay) {
  const PartitionSet letters = set_of(static_partitions({"a", "b", "c"}));
  const PartitionSet more = set_of(static_partitions({"b", "c", "d"}));
  EXPECT_EQ(upstream_text({IdentityMapping{}}, letters, "a...b", more), "b !a");
  EXPECT_EQ(upstream_text({AllMapping{}}, letters, "a", more), "b...d");
  EXPECT_EQ(upstream_text({LastMapping{}}, letters, "a", more), "d");
  EXPECT_EQ(upstream_text({SpecificMapping{{"c", "x"}}}, letters, "a", more), "c !x");
  const PartitionMapping fixed{StaticMapping{{{"b", {"a", "b"}}, {"c", {"c"}}}}};
  EXPECT_EQ(upstream_text(fixed, letters, "b", more), "b");
  EXPECT_EQ(downstream_text(fixed, more, "b", letters), "a, b");
  EXPECT_EQ(downstream_text({LastMapping{}}, more, "b...c", letters), "");
  EXPECT_EQ(downstream_text({LastMapping{}}, more, "d", letters), "a...c");
  EXPECT_EQ(downstream_text({SpecificMapping{{"c"}}}, more, "c", letters), "a...c");
}

TEST(PartitionMapping, OneDimensionStandsForTheWholeOfTheOther) {
  const auto days = daily_partitions("2026-01-01"), regions = static_partitions({"eu", "us"});
  const PartitionSet multi = set_of(multi_partitions({{"day", *days}, {"region", *regions}}));
  const PartitionSet region = set_of(regions), day = set_of(days);
  const PartitionMapping mapping = infer_partition_mapping(*regions, multi.definition());
  EXPECT_EQ(mapping.name(), "MultiToSingleDimensionPartitionMapping");
  EXPECT_EQ(upstream_text(mapping, day, "2026-01-02", multi), "2026-01-02|eu, 2026-01-02|us");
  EXPECT_EQ(upstream_text(mapping, multi, "2026-01-02|us", region), "us");
  EXPECT_EQ(downstream_text(mapping, day, "2026-01-02", multi), "2026-01-02|eu, 2026-01-02|us");
  EXPECT_EQ(downstream_text(mapping, multi, "2026-01-02|us", region), "us");
  const PartitionSet weeks = set_of(weekly_partitions("2026-01-01"));
  EXPECT_EQ(upstream_text({MultiToSingleMapping{}}, weeks, "2026-01-04", multi),
            "2026-01-04|eu...2026-01-10|us");
}

TEST(PartitionMapping, DimensionsAreMappedOneByOne) {
  const PartitionSet up = set_of(multi_partitions(
      {{"abc", *static_partitions({"a", "b"})}, {"weekly", *weekly_partitions("2026-01-01")}}));
  const PartitionSet down = set_of(multi_partitions(
      {{"123", *static_partitions({"1", "2"})}, {"daily", *daily_partitions("2026-01-04")}}));
  const auto shared = [](PartitionMapping m) {
    return std::make_shared<const PartitionMapping>(std::move(m));
  };
  const PartitionMapping mapping{
      MultiMapping{{{"abc", "123", shared({StaticMapping{{{"a", {"1"}}, {"b", {"2"}}}}})},
                    {"weekly", "daily", shared({TimeWindowMapping{}})}}}};
  EXPECT_EQ(upstream_text(mapping, down, "1|2026-01-05", up), "a|2026-01-04");
  EXPECT_EQ(upstream_text(mapping, down, "1|2026-01-05,2|2026-01-12", up),
            "a|2026-01-04, b|2026-01-11");
  EXPECT_EQ(downstream_text(mapping, up, "b|2026-01-11", down), "2|2026-01-11...2|2026-01-17");
  const PartitionMapping by_day{MultiMapping{{{"weekly", "daily", shared({TimeWindowMapping{}})}}}};
  EXPECT_EQ(upstream_text(by_day, down, "1|2026-01-05", up), "a|2026-01-04, b|2026-01-04");
}

TEST(PartitionMapping, RefusesKindsThatDoNotFit) {
  const PartitionSet days = set_of(daily_partitions("2026-01-01"));
  const PartitionSet letters = set_of(static_partitions({"a"}));
  EXPECT_NE(upstream_text({TimeWindowMapping{}}, letters, "a", days)
                .find("Downstream partitions definition must be a TimeWindowPartitionsDefinition"),
            std::string::npos);
  EXPECT_FALSE(
      check_partition_mapping({IdentityMapping{}}, letters.definition(), days.definition()));
  EXPECT_FALSE(
      check_partition_mapping({TimeWindowMapping{}}, days.definition(),
                              *daily_partitions("2026-01-01", {.timezone = "Asia/Seoul"})));
  EXPECT_FALSE(upstream_of({IdentityMapping{}}, nullptr, nullptr, days));
  EXPECT_TRUE(upstream_of({LastMapping{}}, nullptr, nullptr, days));
}

// Windows against the plain rule: two partitions belong together when the moved window of the
// downstream one overlaps the upstream one.
class AgainstOverlaps : public ::testing::TestWithParam<unsigned> {};

TEST_P(AgainstOverlaps, BothDirectionsAgree) {
  std::mt19937 random(GetParam());
  const auto definition = [&]() -> PartitionsPtr {
    switch (random() % 5) {
      case 0:
        return *hourly_partitions("2026-01-01-00:00", {.timezone = "Europe/Berlin"});
      case 1:
        return *daily_partitions("2026-01-01", {.timezone = "Europe/Berlin"});
      case 2:
        return *weekly_partitions("2026-01-01", {.timezone = "Europe/Berlin"});
      case 3:
        return *cron_partitions("0 */6 * * *", "2026-01-01-00:00",
                                {.timezone = "Europe/Berlin", .format = "%Y-%m-%d-%H:%M"});
      default:
        return *daily_partitions("2026-01-01", {.timezone = "Europe/Berlin", .hour_offset = 5});
    }
  };
  const PartitionSet down = set_of(definition(), "2026-04-20 00:00");
  const PartitionSet up = set_of(definition(), "2026-04-20 00:00");
  const int start = static_cast<int>(random() % 4) - 3, end = -static_cast<int>(random() % 2);
  const PartitionMapping mapping{TimeWindowMapping{start, std::max(start, end), true}};
  for (int round = 0; round < 20; ++round) {
    // Away from the ends, where windows are cut.
    const std::int64_t n =
        down.size() / 4 + static_cast<std::int64_t>(random()) % (down.size() / 2);
    const PartitionSubset one = PartitionSubset::one(n);
    const PartitionSubset read = upstream_of(mapping, &down, &one, up)->subset;
    const Micros from = down.window(n + start)->start,
                 to = down.window(n + std::max(start, end))->end;
    std::vector<std::int64_t> expected;
    for (std::int64_t u = 0; u < up.size(); ++u) {
      const TimeWindow w = *up.window(u);
      if (w.start < to && from < w.end) expected.push_back(u);
    }
    EXPECT_EQ(read, PartitionSubset::of(expected)) << down.key(n);
    if (start != 0 || end != 0) continue;
    read.for_each([&](std::int64_t u) {
      EXPECT_TRUE(downstream_of(mapping, up, PartitionSubset::one(u), down)->contains(n));
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstOverlaps, ::testing::Range(0u, 30u));

}  // namespace
}  // namespace treadle::plan
