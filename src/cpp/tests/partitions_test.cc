// Partitions, memoization and status through the C++ front door, in temporary homes.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

const td::Partitions kRegions = td::static_partitions({"eu", "us"});

std::string new_home() {
  return td::join_path(::testing::TempDir(), "treadle-" + td::random_uuid());
}

td::Partitions days() {
  return td::daily_partitions("2026-01-01", {.end = "2026-01-11"});
}

TEST(Partitions, AnAssetKnowsItsKeyAndTheWindowOfIt) {
  td::Defs defs;
  auto sales = defs.asset({.key = "sales", .partitions = days()}, [](td::Context& c) {
    EXPECT_TRUE(c.has_partition_key());
    EXPECT_EQ(c.partition_time_window().end - c.partition_time_window().start, 86'400'000'000);
    return "sales of " + c.partition_key();
  });
  const auto report = td::materialize(defs, {.partition = "2026-01-03", .temporary_home = true});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(sales, "2026-01-03").value(), "sales of 2026-01-03");
}

TEST(Partitions, AKeyThatDoesNotExistIsRefusedWithTheNearestThereIs) {
  td::Defs defs;
  defs.asset({.key = "sales", .partitions = days()}, [] { return 1; });
  const auto report = td::materialize(defs, {.partition = "2026-02-30", .temporary_home = true});
  EXPECT_FALSE(report.success());
  EXPECT_NE(report.problem().find("2026-02-30"), std::string::npos) << report.problem();
}

TEST(Partitions, WithoutAKeyTheErrorSaysWhatToGive) {
  td::Defs defs;
  defs.asset({.key = "sales", .partitions = days()}, [] { return 1; });
  const auto report = td::materialize(defs, {.temporary_home = true});
  EXPECT_NE(report.problem().find("`partition` '2026-01-10'"), std::string::npos)
      << report.problem();
}

TEST(Partitions, SeveralAreReadByTheirKeys) {
  td::Defs defs;
  auto sales = defs.asset({.key = "sales", .partitions = kRegions},
                          [](td::Context& c) { return c.partition_key().size(); });
  auto total = defs.asset(
      "total",
      [](td::Context& c, const td::ByPartition<std::size_t>& all) {
        EXPECT_EQ(c.partition_keys_of("sales"), (std::vector<std::string>{"eu", "us"}));
        return all.at("eu") + all.at("us");
      },
      td::by_partition(sales));
  const std::string home = new_home();
  const auto made =
      td::materialize_partitions(defs, {.selection = "sales", .partitions = "all", .home = home});
  ASSERT_EQ(made.size(), 2u);
  const auto report = td::materialize(defs, {.selection = "total", .home = home});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(total).value(), 4u);
}

TEST(Partitions, ASingleRunReturnsAValueForEachKey) {
  td::Defs defs;
  auto sales = defs.asset(
      {.key = "sales", .partitions = days(), .backfill_policy = td::BackfillPolicy::single_run()},
      [](td::Context& c) {
        td::ByPartition<std::string> all;
        for (const auto& key : c.partition_keys()) all[key] = "of " + key;
        return all;
      });
  const auto report =
      td::materialize(defs, {.partitions = "2026-01-02...2026-01-04", .temporary_home = true});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(sales, "2026-01-03").value(), "of 2026-01-03");
  EXPECT_FALSE(report.value(sales, "2026-01-05"));
}

TEST(Partitions, ABackfillIsSplitAsItsPolicySays) {
  std::vector<std::size_t> seen;
  td::Defs defs;
  defs.asset(
      {.key = "sales", .partitions = days(), .backfill_policy = td::BackfillPolicy::multi_run(2)},
      [&](td::Context& c) {
        td::ByPartition<std::string> all;
        for (const auto& key : c.partition_keys()) all[key] = "of " + key;
        seen.push_back(all.size());
        return all;
      });
  const std::string home = new_home();
  const auto runs = td::materialize_partitions(
      defs, {.partitions = "2026-01-02...2026-01-04,2026-01-07,2026-01-08", .home = home});
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(seen, (std::vector<std::size_t>{2, 2, 1}));
  const auto instance = td::Instance::open(home).value();
  const auto recorded = instance.runs().value();
  ASSERT_EQ(recorded.size(), 3u);
  const std::string& backfill = recorded[0].tags.at("dagster/backfill");
  for (const td::Run& run : recorded) EXPECT_EQ(run.tags.at("dagster/backfill"), backfill);
  // What takes several runs is no single one.
  EXPECT_FALSE(td::materialize(defs, {.partitions = "all", .home = home}).success());
}

TEST(Partitions, AMappingSaysWhichAreReadForWhich) {
  td::Defs defs;
  auto sales = defs.asset({.key = "sales", .partitions = days()},
                          [](td::Context& c) { return c.partition_key(); });
  auto trend = defs.asset(
      {.key = "trend", .partitions = days()},
      [](const td::ByPartition<std::string>& read) {
        std::vector<std::string> keys;
        for (const auto& [key, value] : read) keys.push_back(value);
        return keys;
      },
      td::by_partition(td::with(sales, td::TimeWindowMapping{.start_offset = -2})));
  const std::string home = new_home();
  ASSERT_EQ(
      td::materialize_partitions(defs, {.selection = "sales", .partitions = "all", .home = home})
          .size(),
      10u);
  const auto report =
      td::materialize(defs, {.selection = "trend", .partition = "2026-01-05", .home = home});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(trend, "2026-01-05").value(),
            (std::vector<std::string>{"2026-01-03", "2026-01-04", "2026-01-05"}));
}

TEST(Partitions, AGridHasAKeyByDimension) {
  td::Defs defs;
  auto cell = defs.asset(
      {.key = "cell", .partitions = td::multi_partitions({{"region", kRegions}, {"day", days()}})},
      [](td::Context& c) {
        const auto key = c.multi_partition_key();
        return key.at("day") + " in " + key.at("region");
      });
  const auto report = td::materialize(defs, {.partition = "2026-01-02|us", .temporary_home = true});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(cell, "2026-01-02|us").value(), "2026-01-02 in us");
}

TEST(Partitions, AWrongDefinitionIsThrownWithItsPlace) {
  try {
    const td::Partitions wrong = td::daily_partitions("yesterday");
    FAIL() << "it was taken";
  } catch (const td::DefinitionError& error) {
    EXPECT_NE(std::string(error.what()).find("partitions_test.cc"), std::string::npos)
        << error.what();
  }
}

TEST(Memoization, AJobRunsNothingThatWasMadeBeforeOfTheSame) {
  int calls = 0;
  td::Defs defs;
  auto raw = defs.asset({.key = "raw", .code_version = "1"}, [&calls] { return ++calls, 7; });
  defs.asset(
      {.key = "model", .code_version = "1"}, [&calls](int n) { return ++calls, n * 2; }, raw);
  defs.job("all", "*", {.memoize = true});
  const std::string home = new_home();
  ASSERT_TRUE(td::run_job(defs, "all", {.home = home}).success());
  EXPECT_EQ(calls, 2);
  const auto again = td::run_job(defs, "all", {.home = home});
  ASSERT_TRUE(again.success()) << again.problem();
  EXPECT_EQ(calls, 2);
}

TEST(Status, SaysWhyDownToWhatHasChanged) {
  const auto declare = [](const char* version, int value) {
    td::Defs defs;
    auto raw = defs.asset({.key = "raw", .code_version = version}, [value] { return value; });
    auto clean = defs.asset({.key = "clean", .code_version = "1"}, [](int n) { return n; }, raw);
    defs.asset({.key = "model", .code_version = "1"}, [](int n) { return n; }, clean);
    return defs;
  };
  const std::string home = new_home();
  ASSERT_TRUE(td::materialize(declare("1", 7), {.home = home}).success());
  const td::Defs changed = declare("2", 8);
  const auto status = td::status(changed, {.selection = "model", .home = home}).value();
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].status, "stale");
  ASSERT_EQ(status[0].why.size(), 1u);
  EXPECT_EQ(status[0].why[0].text, "upstream 'clean' is stale");
  EXPECT_EQ(status[0].why[0].because.at(0).because.at(0).text,
            "raw: code version changed from 1 to 2");
  ASSERT_TRUE(td::materialize(changed, {.selection = "raw", .home = home}).success());
  EXPECT_NE(td::status(changed, {.selection = "clean", .home = home})
                .value()
                .at(0)
                .why.at(0)
                .text.find("upstream 'raw' changed from"),
            std::string::npos);
}

TEST(Status, StalePartitionsMakeStaleWhatIsMadeOfThem) {
  const auto declare = [](const char* version) {
    td::Defs defs;
    auto sales = defs.asset({.key = "sales", .code_version = version, .partitions = kRegions},
                            [](td::Context& c) { return c.partition_key(); });
    defs.asset(
        {.key = "report", .code_version = "1", .partitions = kRegions},
        [](const std::string& s) { return s; }, sales);
    return defs;
  };
  const std::string home = new_home();
  for (const auto& run :
       td::materialize_partitions(declare("1"), {.partitions = "all", .home = home})) {
    ASSERT_TRUE(run.success()) << run.problem();
  }
  const auto status = td::status(declare("2"), {.home = home}).value();
  ASSERT_EQ(status.size(), 2u);
  EXPECT_EQ(status[1].status, "stale");
  EXPECT_EQ(status[1].why.at(0).text, "upstream 'sales' is stale: eu, us");
  const auto again = td::materialize_partitions(declare("2"), {.only_stale = true, .home = home});
  EXPECT_EQ(again.size(), 2u);
  EXPECT_EQ(td::status(declare("2"), {.home = home}).value().at(1).status, "fresh");
}

TEST(Instances, KeepTheKeysOfDynamicPartitions) {
  const td::Instance instance = td::Instance::open(new_home()).value();
  EXPECT_EQ(instance.add_dynamic_partitions("customers", {"ada", "grace"}).value(), 2);
  EXPECT_EQ(instance.add_dynamic_partitions("customers", {"ada", "mary"}).value(), 1);
  EXPECT_EQ(instance.delete_dynamic_partitions("customers", {"grace", "nobody"}).value(), 1);
  EXPECT_EQ(instance.dynamic_partitions("customers").value(),
            (std::vector<std::string>{"ada", "mary"}));
  EXPECT_TRUE(instance.has_dynamic_partition("customers", "ada").value());
  EXPECT_FALSE(instance.has_dynamic_partition("customers", "grace").value());
}

TEST(Instances, KnowWhichPartitionsWereMade) {
  const td::Partitions customers = td::dynamic_partitions("customers");
  td::Defs defs;
  defs.asset({.key = "orders", .partitions = customers}, [](td::Context& c) -> td::Result<int> {
    if (c.partition_key() == "grace") return td::fail("no orders");
    return 1;
  });
  const std::string home = new_home();
  const td::Instance instance = td::Instance::open(home).value();
  ASSERT_TRUE(instance.add_dynamic_partitions("customers", {"ada", "grace", "mary"}));
  td::materialize_partitions(defs, {.partitions = "ada,grace", .home = home});
  const auto orders = instance.partitions_of("orders", customers).value();
  EXPECT_EQ(orders.keys(orders.materialized), std::vector<std::string>{"ada"});
  EXPECT_EQ(orders.keys(orders.failed), std::vector<std::string>{"grace"});
  EXPECT_EQ(orders.keys(orders.missing()), std::vector<std::string>{"mary"});
}

}  // namespace
