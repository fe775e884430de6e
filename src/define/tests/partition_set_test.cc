#include <treadle/base/time_format.h>
#include <treadle/define/partition_set.h>
#include <treadle/define/time_grid.h>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace treadle {
namespace {

Micros at(std::string_view text, std::string_view zone = "UTC") {
  const ParsedTime parsed = parse_time(text, "%Y-%m-%d %H:%M").value();
  return TimeZone::find(zone).value()->instant(local_seconds(parsed.time)) * kMicrosPerSecond;
}

PartitionSet set_at(const Result<PartitionsPtr>& definition, std::string_view now) {
  EXPECT_TRUE(definition.has_value()) << (definition ? "" : definition.error().message);
  return PartitionSet::at(*definition, at(now)).value();
}

class MapOfKeys final : public DynamicKeys {
 public:
  Result<std::shared_ptr<const PartitionKeys>> keys(const std::string& name) const override {
    const auto found = by_name.find(name);
    return std::make_shared<const PartitionKeys>(found == by_name.end() ? std::vector<std::string>()
                                                                        : found->second);
  }
  std::map<std::string, std::vector<std::string>> by_name;
};

TEST(TimePartitions, EndWhenTheirWindowHasEnded) {
  const auto days = daily_partitions("2026-01-01");
  EXPECT_EQ(set_at(days, "2026-01-01 23:59").size(), 0);
  EXPECT_EQ(set_at(days, "2026-01-02 00:00").size(), 1);
  const PartitionSet set = set_at(days, "2026-01-10 12:00");
  EXPECT_EQ(set.keys(set.all()).front(), "2026-01-01");
  EXPECT_EQ(set.keys(set.all()).back(), "2026-01-09");
  EXPECT_EQ(set.find("2026-01-05"), 4);
  EXPECT_EQ(set.window(4), (TimeWindow{at("2026-01-05 00:00"), at("2026-01-06 00:00")}));
}

TEST(TimePartitions, EndOffsetAddsAndTakesAway) {
  const auto more = daily_partitions("2026-01-01", {.end_offset = 2});
  EXPECT_EQ(set_at(more, "2026-01-10 12:00").key(set_at(more, "2026-01-10 12:00").size() - 1),
            "2026-01-11");
  const auto fewer = daily_partitions("2026-01-01", {.end_offset = -1});
  EXPECT_EQ(set_at(fewer, "2026-01-10 12:00").size(), 8);
  EXPECT_EQ(set_at(fewer, "2026-01-02 12:00").size(), 0);
}

TEST(TimePartitions, StopAtTheirEnd) {
  const auto days = daily_partitions("2026-01-01", {.end = "2026-02-01"});
  const PartitionSet set = set_at(days, "2026-06-01 00:00");
  EXPECT_EQ(set.size(), 31);
  EXPECT_EQ(set.key(30), "2026-01-31");
  EXPECT_FALSE(set.find("2026-02-01"));
}

TEST(TimePartitions, WeeksAndMonthsBeginAtTheFirstTickAfterTheStart) {
  const PartitionSet weeks = set_at(weekly_partitions("2022-03-12"), "2022-04-01 00:00");
  EXPECT_EQ(weeks.keys(weeks.all()), (std::vector<std::string>{"2022-03-13", "2022-03-20"}));
  const PartitionSet months = set_at(
      monthly_partitions("2022-03-12", {.minute_offset = 15, .hour_offset = 3, .day_offset = 5}),
      "2022-07-01 00:00");
  EXPECT_EQ(months.keys(months.all()), (std::vector<std::string>{"2022-04-05", "2022-05-05"}));
  EXPECT_EQ(months.window(0)->start, at("2022-04-05 03:15"));
}

TEST(TimePartitions, AnHourThatComesTwiceHasTwoKeys) {
  const auto hours = hourly_partitions("2026-10-25-00:00", {.timezone = "Europe/Berlin"});
  const PartitionSet set = set_at(hours, "2026-10-25 23:00");
  const std::vector<std::string> keys = set.keys(PartitionSubset::range(0, 5));
  EXPECT_EQ(keys,
            (std::vector<std::string>{"2026-10-25-00:00", "2026-10-25-01:00", "2026-10-25-02:00",
                                      "2026-10-25-02:00+0100", "2026-10-25-03:00"}));
  for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ(set.find(keys[i]), i) << keys[i];
}

TEST(TimePartitions, AnHourThatIsSkippedHasNoKey) {
  const auto hours = hourly_partitions("2026-03-29-00:00", {.timezone = "Europe/Berlin"});
  const PartitionSet set = set_at(hours, "2026-03-30 00:00");
  EXPECT_EQ(set.key(2), "2026-03-29-03:00");
  const auto missing = set.index_of("2026-03-29-02:00");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("There is no such time in Europe/Berlin"),
            std::string::npos)
      << missing.error().message;
  EXPECT_NE(missing.error().message.find("the nearest is '2026-03-29-03:00'"), std::string::npos)
      << missing.error().message;
}

TEST(TimePartitions, LeaveOutWhatIsExcluded) {
  const auto days = daily_partitions(
      "2026-01-01", {.excluded_crons = {"0 0 * * 6,0"}, .excluded_times = {"2026-01-06"}});
  const PartitionSet set = set_at(days, "2026-01-13 00:00");
  EXPECT_EQ(set.keys(set.all()),
            (std::vector<std::string>{"2026-01-01", "2026-01-02", "2026-01-05", "2026-01-07",
                                      "2026-01-08", "2026-01-09", "2026-01-12"}));
  EXPECT_NE(set.index_of("2026-01-06").error().message.find("It is excluded"), std::string::npos);
  EXPECT_EQ(set.window(1)->end, at("2026-01-03 00:00"));
}

TEST(TimePartitions, RefuseFormatsThatDoNotTellWindowsApart) {
  const auto hours = hourly_partitions("2026-01-01", {.format = "%Y-%m-%d"});
  ASSERT_FALSE(hours);
  EXPECT_NE(hours.error().message.find("not granular enough"), std::string::npos);
  EXPECT_FALSE(daily_partitions("2026-01-01", {.format = "%Q"}));
  EXPECT_FALSE(daily_partitions("yesterday"));
  EXPECT_FALSE(daily_partitions("2026-01-01", {.timezone = "Europe/Berln"}));
}

TEST(TimePartitions, SayWhichRuleAKeyBreaksAndWhatIsNearest) {
  const PartitionSet set = set_at(weekly_partitions("2026-01-01"), "2026-03-01 00:00");
  const std::pair<const char*, const char*> cases[] = {
      {"monday", "times in the format %Y-%m-%d, from '2026-01-04' to '2026-02-22'."},
      {"2026-01-32", "the nearest is '2026-01-25'"},
      {"2025-01-01", "before the first, '2026-01-04'"},
      {"2027-01-03", "after the last that exists now, '2026-02-22'"},
      {"2026-01-12", "the nearest is '2026-01-11'"},
  };
  for (const auto& [key, expected] : cases) {
    const auto number = set.index_of(key);
    ASSERT_FALSE(number) << key;
    EXPECT_NE(number.error().message.find(expected), std::string::npos) << number.error().message;
  }
}

TEST(TimePartitions, AMillionHoursAreCountedNotListed) {
  const PartitionSet set = set_at(hourly_partitions("1912-01-01-00:00"), "2026-01-28 16:00");
  EXPECT_EQ(set.size(), 1'000'000);
  EXPECT_EQ(set.key(999'999), "2026-01-28-15:00");
  EXPECT_EQ(set.find(set.key(123'456)), 123'456);
  EXPECT_EQ(set.range({"2000-01-01-00:00", "2000-12-31-23:00"})->size(), 8'784);
}

// Random definitions against all their ticks, one by one.
class AgainstTicks : public ::testing::TestWithParam<unsigned> {};

TEST_P(AgainstTicks, NumbersKeysAndWindowsAgree) {
  std::mt19937 random(GetParam());
  const auto pick = [&](auto list) { return list[random() % list.size()]; };
  const std::string cron = pick(std::vector<std::string>{
      "0 * * * *", "30 * * * *", "0 0 * * *", "30 2 * * *", "0 0 * * 0", "0 0 1 * *",
      "15 */6 * * *", "0 9,17 * * 1-5", "*/20 * * * *", "0 0 */2 * *"});
  const std::string zone = pick(std::vector<std::string>{
      "UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata"});
  TimePartitionsOptions options{.timezone = zone, .format = "%Y-%m-%d-%H:%M"};
  if (random() % 2) options.excluded_crons = {"0 0 * * 6,0", "30 2 10 * *"};
  const auto definition = cron_partitions(cron, "2016-02-20-01:30", options);
  ASSERT_TRUE(definition) << definition.error().message;
  const CronSchedule schedule = CronSchedule::parse(cron, zone).value();
  const Micros now = at("2016-11-20 00:00");
  const PartitionSet set = PartitionSet::at(*definition, now).value();

  std::set<Micros> excluded;
  for (const std::string& text : options.excluded_crons) {
    const CronSchedule out = CronSchedule::parse(text, zone).value();
    for (auto t = out.next(at("2016-02-01 00:00")); *t < now; t = out.next(*t)) excluded.insert(*t);
  }
  std::vector<TimeWindow> expected;
  auto tick = schedule.at_or_after(at("2016-02-20 01:30", zone));
  while (tick) {
    const Micros end = *schedule.next(*tick);
    if (end > now) break;
    if (!excluded.contains(*tick)) expected.push_back({*tick, end});
    tick = end;
  }
  ASSERT_EQ(set.size(), static_cast<std::int64_t>(expected.size())) << cron << " " << zone;
  const std::vector<std::string> keys = set.keys(set.all());
  for (std::int64_t i = 0; i < set.size(); i += 1 + static_cast<std::int64_t>(random() % 97)) {
    EXPECT_EQ(set.window(i), expected[i]) << cron << " " << zone << " " << keys[i];
    EXPECT_EQ(set.key(i), keys[i]);
    EXPECT_EQ(set.find(keys[i]), i) << cron << " " << zone << " " << keys[i];
    EXPECT_EQ(set.starting_in({expected[i].start, expected[i].start + 1}), PartitionSubset::one(i));
    EXPECT_EQ(set.starting_in({expected[i].start + 1, expected.back().end}),
              PartitionSubset::range(i + 1, set.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgainstTicks, ::testing::Range(0u, 40u));

TEST(StaticPartitions, AreFoundByKeyAndHaveRanges) {
  const PartitionSet set = set_at(static_partitions({"red", "green", "blue"}), "2026-01-01 00:00");
  EXPECT_EQ(set.find("green"), 1);
  EXPECT_EQ(set.range({"green", "blue"}), PartitionSubset::range(1, 3));
  EXPECT_EQ(set.parse("blue, red...green"), set.all());
  EXPECT_EQ(set.text(set.all()), "red...blue");
  EXPECT_NE(set.index_of("gren").error().message.find("Did you mean 'green'?"), std::string::npos);
  EXPECT_NE(set.range({"blue", "red"}).error().message.find("runs backwards"), std::string::npos);
}

TEST(StaticPartitions, RefuseKeysThatCannotBeUsed) {
  EXPECT_FALSE(static_partitions({"a", "a"}));
  EXPECT_FALSE(static_partitions({"a...b"}));
  EXPECT_FALSE(static_partitions({""}));
  EXPECT_FALSE(static_partitions({"a\nb"}));
}

TEST(DynamicPartitions, AreWhatTheHomeKnows) {
  MapOfKeys keys;
  keys.by_name["images"] = {"b", "a"};
  const auto definition = dynamic_partitions("images").value();
  const PartitionSet set = PartitionSet::at(definition, 0, &keys).value();
  EXPECT_EQ(set.key(0), "b");
  EXPECT_EQ(set.find("a"), 1);
  EXPECT_EQ(PartitionSet::at(definition, 0).value().size(), 0);
  const PartitionSet none = PartitionSet::at(dynamic_partitions("other").value(), 0, &keys).value();
  EXPECT_NE(none.index_of("a").error().message.find("treadle partitions add"), std::string::npos);
}

// Keys that are added in many small steps against all of them in one list.
TEST(PartitionKeys, GrowAsIfTheyHadBeenThereFromTheStart) {
  std::mt19937 random(3);
  std::vector<std::string> all = {"first"};
  auto keys = std::make_shared<const PartitionKeys>(all, "images 0");
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> more;
    for (int i = static_cast<int>(random() % (round % 10 == 9 ? 300 : 5)); i >= 0; --i)
      more.push_back("key " + std::to_string(all.size() + more.size()));
    keys = std::make_shared<const PartitionKeys>(keys, more);
    all.insert(all.end(), more.begin(), more.end());
    ASSERT_EQ(keys->size(), static_cast<std::int64_t>(all.size()));
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(keys->at(static_cast<std::int64_t>(i)), all[i]);
      ASSERT_EQ(keys->find(all[i]), static_cast<std::int64_t>(i));
    }
    EXPECT_EQ(keys->find("key 0"), std::nullopt);
    EXPECT_EQ(keys->numbering(), "images 0");
  }
}

TEST(StaticPartitions, SayHowAMalformedRangeIsWritten) {
  const PartitionSet set = set_at(static_partitions({"red", "green", "blue"}), "2026-01-01 00:00");
  const std::pair<const char*, const char*> cases[] = {
      {"red..blue", "three dots: 'red...blue'"},
      {"red...green...blue", "more than two ends"},
      {"red,,blue", "here one is empty"},
      {"...", "write 'all' for all"},
      {"violet", "There are 'red', 'green', 'blue'."},
      {"blue...red", "runs backwards: 'red' comes before 'blue'"},
  };
  for (const auto& [text, expected] : cases) {
    const auto subset = set.parse(text);
    ASSERT_FALSE(subset) << text;
    EXPECT_NE(subset.error().message.find(expected), std::string::npos) << subset.error().message;
  }
}

PartitionSet days_by_region() {
  const auto days = daily_partitions("2026-01-01");
  const auto regions = static_partitions({"eu", "us", "asia"});
  return set_at(multi_partitions({{"region", *regions}, {"day", *days}}), "2026-01-05 00:00");
}

TEST(MultiPartitions, AKeyInAnotherOrderIsToldTheRightOne) {
  const PartitionsPtr grid =
      multi_partitions({{"day", daily_partitions("2026-01-01", {.end = "2026-01-04"}).value()},
                        {"city", static_partitions({"ulm", "bonn"}).value()}})
          .value();
  const PartitionSet set = PartitionSet::at(grid, 1'800'000'000'000'000).value();
  const auto told = [&](std::string_view key) { return set.index_of(key).error().message; };
  EXPECT_NE(told("2026-01-02|ulm").find("'city|day': 'ulm|2026-01-02'"), std::string::npos);
  EXPECT_NE(told("2026-01-09|ulm").find("Dimension 'city' has no '2026-01-09'"), std::string::npos);
  EXPECT_NE(told("ulm").find("2 parts"), std::string::npos);
}

TEST(MultiPartitions, JoinTheKeysInOrderOfTheDimensionNames) {
  const PartitionSet set = days_by_region();
  EXPECT_EQ(set.size(), 12);
  EXPECT_EQ(set.key(0), "2026-01-01|eu");
  EXPECT_EQ(set.key(4), "2026-01-02|us");
  EXPECT_EQ(set.find("2026-01-02|us"), 4);
  EXPECT_EQ(set.window(4), (TimeWindow{at("2026-01-02 00:00"), at("2026-01-03 00:00")}));
  EXPECT_EQ(set.keys(*set.range({"2026-01-02|us", "2026-01-03|asia"})),
            (std::vector<std::string>{"2026-01-02|us", "2026-01-02|asia", "2026-01-03|us",
                                      "2026-01-03|asia"}));
  EXPECT_EQ(set.latest_window(), PartitionSubset::range(9, 12));
  EXPECT_NE(set.index_of("2026-01-02").error().message.find("2 parts, 'day|region'"),
            std::string::npos);
  EXPECT_NE(set.index_of("2026-01-02|uss").error().message.find("Did you mean 'us'?"),
            std::string::npos);
}

TEST(MultiPartitions, ProjectAndMultiplyLikePlainLoops) {
  const PartitionSet set = days_by_region();
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> numbers;
    for (std::int64_t n = 0; n < set.size(); ++n) {
      if (random() % 3 == 0) numbers.push_back(n);
    }
    const PartitionSubset subset = PartitionSubset::of(numbers);
    std::vector<std::vector<std::int64_t>> expected(2);
    for (const std::int64_t n : numbers) {
      for (std::size_t d = 0; d < 2; ++d) expected[d].push_back(set.split(n)[d]);
      EXPECT_EQ(set.join(set.split(n)), n);
    }
    const std::vector<PartitionSubset> projected = set.project(subset);
    for (std::size_t d = 0; d < 2; ++d) EXPECT_EQ(projected[d], PartitionSubset::of(expected[d]));
    std::vector<std::int64_t> all;
    projected[0].for_each([&](std::int64_t a) {
      projected[1].for_each([&](std::int64_t b) { all.push_back(set.join(std::vector{a, b})); });
    });
    EXPECT_EQ(set.product(projected), PartitionSubset::of(all));
  }
}

TEST(MultiPartitions, RefuseKeysWithTheDelimiter) {
  const auto bad =
      multi_partitions({{"a", *static_partitions({"x|y"})}, {"b", *static_partitions({"z"})}});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("Invalid character"), std::string::npos);
  EXPECT_FALSE(multi_partitions({{"a", *static_partitions({"x"})}}));
}

TEST(PartitionsDefinition, SaysWhatItIs) {
  EXPECT_EQ((*daily_partitions("2026-01-01"))->description(), "daily from 2026-01-01");
  EXPECT_EQ((*hourly_partitions("2026-01-01-00:00"))->description(),
            "hourly from 2026-01-01-00:00");
  EXPECT_EQ((*monthly_partitions("2026-01-01"))->description(), "monthly from 2026-01-01");
  EXPECT_EQ((*weekly_partitions("2026-01-01"))->description(), "weekly from 2026-01-01");
  EXPECT_EQ((*cron_partitions("0 0 */2 * *", "2026-01-01"))->description(),
            "0 0 */2 * * from 2026-01-01");
  EXPECT_TRUE(same_partitions(*daily_partitions("2026-01-01"), *daily_partitions("2026-01-01")));
  EXPECT_FALSE(same_partitions(*daily_partitions("2026-01-01"), *daily_partitions("2026-01-02")));
}

}  // namespace
}  // namespace treadle
