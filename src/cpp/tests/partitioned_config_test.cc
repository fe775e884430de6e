#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <string>

namespace treadle {
namespace {

struct Load {
  Required<std::string> from;
  int rows = 1;
};
TREADLE_FIELDS(Load, from, rows)

std::string day_of(Micros time) {
  return format_time(time, "%Y-%m-%d");
}

// A job of one op that says what it was configured with.
struct Nightly {
  Defs defs;
  explicit Nightly(PartitionedConfig config) {
    auto load = op(
        "load",
        [](Context& c, const Load& l) {
          return c.partition_key() + " from " + *l.from + ", " + std::to_string(l.rows);
        },
        Config<Load>());
    defs.job("nightly", [&](Compose& c) { c(load); }, {.partitioned_config = std::move(config)});
  }
  std::string run(const std::string& partition, std::string config = {}) {
    const RunReport report =
        run_job(defs, "nightly",
                {.config = std::move(config), .temporary_home = true, .partition = partition});
    return report.success() ? report.output<std::string>("load").value() : report.problem();
  }
};

PartitionedConfig daily() {
  return daily_partitioned_config(
      "2026-01-01",
      [](const TimeWindow& day) {
        return RunConfig().op("load", Load{.from = {day_of(day.start)}, .rows = 7});
      },
      {},
      [](const TimeWindow& day) {
        return std::map<std::string, std::string>{{"until", day_of(day.end)}};
      });
}

TEST(PartitionedConfigs, ARunIsConfiguredByItsPartition) {
  Nightly nightly(daily());
  EXPECT_EQ(nightly.run("2026-01-05"), "2026-01-05 from 2026-01-05, 7");
}

TEST(PartitionedConfigs, WhatARunSaysComesFirst) {
  Nightly nightly(daily());
  EXPECT_EQ(nightly.run("2026-01-05", RunConfig().op("load", Load{.from = {"afar"}})),
            "2026-01-05 from afar, 1");
}

TEST(PartitionedConfigs, ItsTagsAreThoseOfTheRun) {
  Nightly nightly(daily());
  const RunReport report =
      run_job(nightly.defs, "nightly", {.temporary_home = true, .partition = "2026-01-05"});
  ASSERT_TRUE(report.success()) << report.problem();
  const auto config = daily();
  EXPECT_EQ(config.tags("2026-01-05").value().at("until"), "2026-01-06");
}

TEST(PartitionedConfigs, AllKindsGiveTheirKeysAndConfigs) {
  const auto of_key = [](const std::string& key) {
    return RunConfig().op("load", Load{.from = {key}});
  };
  const auto of_window = [](const TimeWindow& w) {
    return RunConfig().op("load", Load{.from = {format_time(w.end, "%Y-%m-%d-%H:%M")}});
  };
  const auto said = [](const PartitionedConfig& config, const std::string& key) {
    const Json json = Json::parse(config.run_config(key).value()).value();
    return std::string(json["ops"]["load"]["config"]["from"].as_string().value_or("?"));
  };
  const PartitionedConfig regions = static_partitioned_config({"eu", "us"}, of_key);
  EXPECT_EQ(regions.partition_keys().value(), (std::vector<std::string>{"eu", "us"}));
  EXPECT_EQ(said(regions, "us"), "us");
  EXPECT_EQ(said(dynamic_partitioned_config("customers", of_key), "ada"), "ada");
  EXPECT_EQ(said(hourly_partitioned_config("2026-01-01-00:00", of_window), "2026-01-01-05:00"),
            "2026-01-01-06:00");
  EXPECT_EQ(
      said(daily_partitioned_config("2026-01-01", of_window, {.hour_offset = 3}), "2026-01-02"),
      "2026-01-03-03:00");
  EXPECT_EQ(said(weekly_partitioned_config("2026-01-04", of_window), "2026-01-04"),
            "2026-01-11-00:00");
  EXPECT_EQ(said(monthly_partitioned_config("2026-01-01", of_window), "2026-02-01"),
            "2026-03-01-00:00");
}

TEST(PartitionedConfigs, AFunctionThatFailsNamesJobAndPartition) {
  Nightly nightly(static_partitioned_config(
      {"eu"}, [](const std::string&) -> Result<RunConfig> { return fail("no such table"); }));
  const std::string problem = nightly.run("eu");
  EXPECT_NE(problem.find("job 'nightly', partition 'eu'"), std::string::npos) << problem;
  EXPECT_NE(problem.find("no such table"), std::string::npos) << problem;
}

TEST(PartitionedConfigs, AKeyThatIsNoneIsRefusedWithTheNearest) {
  Nightly nightly(daily());
  const std::string problem = nightly.run("2026-01-32");
  EXPECT_NE(problem.find("2026-01-3"), std::string::npos) << problem;
  EXPECT_FALSE(daily().run_config("2025-12-31").has_value());
}

TEST(PartitionedConfigs, MisuseIsRefusedWhereItIsWritten) {
  EXPECT_THROW(partitioned_config(Partitions(static_partitions({"a"})),
                                  [](const TimeWindow&) { return RunConfig(); }),
               DefinitionError);
  Defs defs;
  auto load = op("load", [] { return 1; });
  const auto declare = [&](JobOptions options) {
    defs.job("nightly", [&](Compose& c) { c(load); }, std::move(options));
  };
  EXPECT_THROW(declare({.config = "{}", .partitioned_config = daily()}), DefinitionError);
  EXPECT_THROW(declare({.partitions = static_partitions({"a"}), .partitioned_config = daily()}),
               DefinitionError);
}

TEST(PartitionedConfigs, AJobOfAssetsTakesOneOfTheirPartitions) {
  Defs defs;
  auto sales = defs.asset(
      {.key = "sales", .partitions = daily_partitions("2026-01-01")},
      [](const Load& l) { return *l.from; }, Config<Load>());
  const auto config = daily_partitioned_config("2026-01-01", [](const TimeWindow& day) {
    return RunConfig().op("sales", Load{.from = {day_of(day.start)}});
  });
  defs.job("nightly", "sales", {.partitioned_config = config});
  const RunReport report =
      run_job(defs, "nightly", {.temporary_home = true, .partition = "2026-01-05"});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(sales, "2026-01-05").value(), "2026-01-05");

  defs.asset("plain", [] { return 1; });
  defs.job("wrong", "plain", {.partitioned_config = config});
  EXPECT_FALSE(defs.problems().empty());
}

TEST(PartitionedConfigs, SchedulesOfPartitionsAskWithIt) {
  Nightly nightly(daily());
  nightly.defs.schedule_partitions("nightly", {.hour_of_day = 3});
  const ScheduleDef& schedule = nightly.defs.definitions().schedules.at(0);
  EXPECT_EQ(schedule.name, "nightly_schedule");
  EXPECT_EQ(schedule.cron, std::vector<std::string>{"0 3 * * *"});
  // 2026-01-06 03:00 UTC
  const auto told = evaluate_tick(nightly.defs, "nightly_schedule", {.at = 1767668400'000'000});
  ASSERT_TRUE(told) << told.error().message;
  ASSERT_EQ(told->requests.size(), 1U);
  EXPECT_EQ(told->requests[0].partition, "2026-01-05");
  EXPECT_EQ(told->requests[0].tags.at("until"), "2026-01-06");
  EXPECT_EQ(told->requests[0].config,
            R"({"ops":{"load":{"config":{"from":"2026-01-05","rows":7}}}})");
}

TEST(PartitionedConfigs, SchedulesRefuseWhatWindowsDoNotHave) {
  Nightly nightly(daily());
  EXPECT_THROW(nightly.defs.schedule_partitions("nightly", {.day_of_week = 1}), DefinitionError);
  EXPECT_THROW(nightly.defs.schedule_partitions("nightly", {.day_of_month = 1}), DefinitionError);
  EXPECT_THROW(nightly.defs.schedule_partitions("nightly", {.cron = {"0 3 * * *"}}),
               DefinitionError);
}

}  // namespace
}  // namespace treadle
