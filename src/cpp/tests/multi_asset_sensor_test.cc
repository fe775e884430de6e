#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace treadle {
namespace {

std::string new_home() {
  return join_path(::testing::TempDir(), "treadle-" + random_uuid());
}

// Two assets, with or without days, and a sensor on both.
struct Both {
  Defs defs;
  std::string home = new_home();
  std::string cursor;

  explicit Both(Partitions partitions = {}) {
    for (const char* key : {"orders", "customers"}) {
      defs.asset({.key = key, .group = "raw", .partitions = partitions}, [] { return 1; });
    }
    defs.asset({.key = "report", .partitions = partitions}, [] { return 1; });
    defs.job("reports", "report");
  }
  template <class F>
  void sense(F fn) {
    defs.multi_asset_sensor({.name = "both", .job = "reports"}, {"orders", "customers"}, fn);
  }
  void make(const std::string& asset, const std::string& partition = {}) {
    const RunReport report =
        materialize(defs, {.selection = asset, .partition = partition, .home = home});
    ASSERT_TRUE(report.success()) << report.problem();
  }
  Result<TickResult> tick() {
    auto told = evaluate_tick(defs, "both", {.home = home, .cursor = cursor});
    if (told && told->cursor) cursor = *told->cursor;
    return told;
  }
};

Result<TickResult> when_both(AssetsTick& tick) {
  TREADLE_TRY(const auto latest, tick.latest_materializations());
  if (latest.size() < 2) return TickResult(SkipReason{std::to_string(latest.size()) + " of 2"});
  TREADLE_CHECK(tick.advance_all());
  return TickResult(RunRequest{});
}

TEST(MultiAssetSensors, AskOnceAllHaveSomethingNew) {
  Both both;
  both.sense(when_both);
  EXPECT_EQ(both.tick()->skip_reason, "0 of 2");
  both.make("orders");
  EXPECT_EQ(both.tick()->skip_reason, "1 of 2");
  both.make("customers");
  const auto told = both.tick();
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->requests.size(), 1U);
  EXPECT_EQ(both.tick()->skip_reason, "0 of 2");
}

TEST(MultiAssetSensors, TakeASelectionOfWhatIsDeclared) {
  Both both;
  std::vector<std::string> seen;
  both.defs.multi_asset_sensor({.name = "both"}, group("raw"), [&](AssetsTick& tick) {
    for (const AssetKey& key : tick.assets()) seen.push_back(key.text());
  });
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(seen, (std::vector<std::string>{"orders", "customers"}));
}

TEST(MultiAssetSensors, ConsumeEachAssetForItself) {
  Both both;
  std::size_t orders = 0, customers = 0;
  both.sense([&](AssetsTick& tick) -> Result<TickResult> {
    TREADLE_TRY(const auto new_orders, tick.materializations("orders"));
    TREADLE_TRY(const auto new_customers, tick.materializations("customers"));
    orders = new_orders.size();
    customers = new_customers.size();
    if (!new_orders.empty()) tick.advance(new_orders.front());
    return TickResult();
  });
  both.make("orders");
  both.make("customers");
  both.make("orders");
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(orders, 2U);
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(orders, 1U);
  EXPECT_EQ(customers, 1U);
}

TEST(MultiAssetSensors, WhatAsksForRunsHasConsumedSomething) {
  Both both;
  both.sense([](AssetsTick&) { return RunRequest{}; });
  const auto told = both.tick();
  ASSERT_FALSE(told);
  EXPECT_NE(told.error().message.find("advance"), std::string::npos) << told.error().message;
}

TEST(MultiAssetSensors, KeepTheirCursorThemselves) {
  Both both;
  both.sense([](AssetsTick&) {
    TickResult told;
    told.cursor = "mine";
    return told;
  });
  EXPECT_FALSE(both.tick());
}

TEST(MultiAssetSensors, AnAssetThatIsNotLookedAtIsRefused) {
  Both both;
  both.sense([](AssetsTick& tick) -> Result<TickResult> {
    TREADLE_TRY(const auto all, tick.materializations("report"));
    return TickResult(SkipReason{std::to_string(all.size())});
  });
  const auto told = both.tick();
  ASSERT_FALSE(told);
  EXPECT_NE(told.error().message.find("'orders', 'customers'"), std::string::npos)
      << told.error().message;
}

TEST(MultiAssetSensors, LeaveOtherPartitionsBehindUntilTheyAreConsumed) {
  Both both(daily_partitions("2026-01-01"));
  int step = 0;
  std::vector<std::string> trailing, open;
  both.sense([&](AssetsTick& tick) -> Result<TickResult> {
    const auto partitions = [](const std::vector<Event>& events) {
      std::vector<std::string> keys;
      for (const Event& event : events) keys.push_back(event.partition);
      return keys;
    };
    TREADLE_TRY(const auto behind, tick.trailing("orders"));
    TREADLE_TRY(const auto latest, tick.latest_by_partition("orders"));
    trailing = partitions(behind);
    open = partitions(latest);
    if (step == 0) tick.advance(latest.back());
    if (step == 1) tick.advance(behind.front());
    ++step;
    return TickResult();
  });
  both.make("orders", "2026-01-01");
  both.make("orders", "2026-01-02");
  both.make("orders", "2026-01-01");
  both.make("orders", "2026-01-03");
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(open, (std::vector<std::string>{"2026-01-02", "2026-01-01", "2026-01-03"}));
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(trailing, (std::vector<std::string>{"2026-01-02", "2026-01-01"}));
  ASSERT_TRUE(both.tick());
  EXPECT_EQ(trailing, std::vector<std::string>{"2026-01-01"});
  EXPECT_EQ(open, std::vector<std::string>{"2026-01-01"});
}

TEST(MultiAssetSensors, KnowWhatIsMadeOfAPartition) {
  Defs defs;
  auto days =
      defs.asset({.key = "days", .partitions = daily_partitions("2026-01-01")}, [] { return 1; });
  defs.asset(
      {.key = "weeks", .partitions = weekly_partitions("2025-12-28")},
      [](const ByPartition<int>& of) { return static_cast<int>(of.size()); }, by_partition(days));
  std::vector<std::string> weeks;
  bool all = true, one = false;
  defs.multi_asset_sensor({.name = "both"}, {"days"}, [&](AssetsTick& tick) -> Result<TickResult> {
    TREADLE_TRY(weeks, tick.downstream_partition_keys("2026-01-05", "days", "weeks"));
    TREADLE_TRY(all, tick.all_partitions_materialized("days"));
    TREADLE_TRY(one, tick.all_partitions_materialized("days", {"2026-01-05"}));
    return TickResult();
  });
  const std::string home = new_home();
  ASSERT_TRUE(
      materialize(defs, {.selection = "days", .partition = "2026-01-05", .home = home}).success());
  const auto told = evaluate_tick(defs, "both", {.home = home});
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(weeks, std::vector<std::string>{"2026-01-04"});
  EXPECT_FALSE(all);
  EXPECT_TRUE(one);
}

TEST(MultiAssetSensors, BringAssetsOfOnePartitionTogether) {
  Both both(static_partitions({"eu", "us"}));
  std::map<std::string, std::size_t> assets;
  both.sense([&](AssetsTick& tick) -> Result<TickResult> {
    TREADLE_TRY(const auto all, tick.latest_by_partition_and_asset());
    for (const auto& [partition, events] : all) assets[partition] = events.size();
    return TickResult();
  });
  both.make("orders", "eu");
  both.make("customers", "eu");
  both.make("orders", "us");
  const auto told = both.tick();
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(assets, (std::map<std::string, std::size_t>{{"eu", 2}, {"us", 1}}));
}

// The sensor for freshness checks asks again only when the answer can have changed.
TEST(FreshnessSensors, AskFirstOfAllThenWhenOverdueOrUpdated) {
  Defs defs;
  defs.asset("orders", [] { return 1; });
  const std::string home = new_home();
  add_record_checks(defs, {"orders"}, last_update_freshness({.lower_bound = kHour}),
                    {.home = home});
  add_sensor_for_freshness_checks(defs, {"orders"}, {}, {{"by", "sensor"}});
  const auto due = [&](Micros at = 0) {
    const auto told = evaluate_tick(defs, "freshness_checks_sensor", {.home = home, .at = at});
    EXPECT_TRUE(told) << told.error().message;
    return told->requests;
  };
  const auto first = due();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(
      first[0].checks,
      (std::vector<std::pair<AssetKey, std::string>>{{AssetKey("orders"), "freshness_check"}}));
  EXPECT_EQ(first[0].tags.at("by"), "sensor");

  // Made, then checked: it passes for an hour.
  ASSERT_TRUE(materialize(defs, {.home = home}).success());
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(due(system_clock().now() + 2 * kHour).size(), 1U);
}

TEST(FreshnessSensors, OfAssetsWithoutSuchACheckAreRefused) {
  Defs defs;
  defs.asset("orders", [] { return 1; });
  EXPECT_THROW(add_sensor_for_freshness_checks(defs, {"orders"}), DefinitionError);
}

}  // namespace
}  // namespace treadle
