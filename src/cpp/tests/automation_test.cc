// Schedules, sensors and conditions through the C++ front door.
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/base/time_zone.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

std::string home_of_ticks() {
  return td::join_path(::testing::TempDir(), "treadle-" + td::random_uuid());
}

td::Micros utc(int year, int month, int day, int hour = 0) {
  td::CivilTime c;
  c.year = year;
  c.month = month;
  c.day = day;
  c.hour = hour;
  return td::local_seconds(c) * td::kMicrosPerSecond;
}

td::Defs two_assets(td::AutomationCondition condition) {
  td::Defs defs;
  auto raw = defs.asset("raw", [] { return 1; });
  defs.asset(
      {.key = "model", .automation_condition = std::move(condition)}, [](int n) { return n; }, raw);
  return defs;
}

TEST(Conditions, EagerRequestsWhatADependencyWasUpdatedOf) {
  const td::Defs defs = two_assets(td::AutomationCondition::eager());
  const std::string home = home_of_ticks();
  const auto first = td::evaluate_automation(defs, {.home = home}).value();
  EXPECT_TRUE(first.requested.empty());
  ASSERT_TRUE(td::materialize(defs, {.selection = "raw", .home = home}).success());
  const auto next = td::evaluate_automation(defs, {.home = home, .cursor = first.cursor}).value();
  const auto* requested = next.find("model");
  ASSERT_NE(requested, nullptr);
  EXPECT_NE(requested->why.find("any_deps_updated"), std::string::npos) << requested->why;
}

TEST(Conditions, OfOnesOwnAreAskedWithTheMoment) {
  const td::Defs defs = two_assets(td::condition("in 2026", [](const td::ConditionContext& c) {
    EXPECT_EQ(c.asset(), "model");
    return c.now() >= utc(2026, 1, 1);
  }));
  const std::string home = home_of_ticks();
  EXPECT_NE(
      td::evaluate_automation(defs, {.home = home, .at = utc(2026, 2, 1)}).value().find("model"),
      nullptr);
  EXPECT_EQ(
      td::evaluate_automation(defs, {.home = home, .at = utc(2025, 2, 1)}).value().find("model"),
      nullptr);
}

TEST(Schedules, WithoutAFunctionRequestTheirJob) {
  td::Defs defs = two_assets({});
  defs.job("all", "*");
  defs.schedule({.name = "nightly", .cron = {"0 3 * * *"}, .job = "all"});
  const auto told = td::evaluate_tick(defs, "nightly", {.home = home_of_ticks()}).value();
  EXPECT_EQ(told.requests.size(), 1u);
}

TEST(Schedules, AreToldTheirTick) {
  td::Defs defs = two_assets({});
  defs.job("all", "*");
  defs.schedule({.name = "nightly", .cron = {"0 3 * * *"}, .job = "all"}, [](td::TickContext& c) {
    return td::RunRequest{.run_key = td::format_utc(c.scheduled())};
  });
  const auto told =
      td::evaluate_tick(defs, "nightly", {.home = home_of_ticks(), .at = utc(2026, 1, 5, 3)})
          .value();
  EXPECT_EQ(told.requests.at(0).run_key.substr(0, 13), "2026-01-05T03");
}

TEST(Schedules, OfPartitionsRunTheWindowThatHasEnded) {
  td::Defs defs;
  defs.asset({.key = "sales", .partitions = td::daily_partitions("2026-01-01")}, [] { return 1; });
  defs.job("daily", "sales");
  defs.schedule_partitions("daily");
  EXPECT_EQ(defs.definitions().schedules.at(0).cron, std::vector<std::string>{"0 0 * * *"});
  const auto told =
      td::evaluate_tick(defs, "daily_schedule", {.home = home_of_ticks(), .at = utc(2026, 1, 5)})
          .value();
  ASSERT_EQ(told.requests.size(), 1u);
  EXPECT_EQ(told.requests[0].partition, "2026-01-04");
}

TEST(Schedules, OfUnknownJobsAreAProblemThatSuggests) {
  td::Defs defs = two_assets({});
  defs.job("nightly", "*");
  defs.schedule({.name = "s", .cron = {"0 3 * * *"}, .job = "nigthly"});
  const auto problems = td::find_problems(defs);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].text().find("Did you mean 'nightly'?"), std::string::npos);
}

TEST(Sensors, AreGivenWhatTheyRemembered) {
  td::Defs defs = two_assets({});
  defs.job("all", "*");
  defs.sensor({.name = "files", .job = "all"}, [](td::TickContext& c) -> td::TickResult {
    if (c.cursor() == "b") return td::SkipReason{"no new files"};
    td::TickResult result = td::RunRequest{.run_key = "b"};
    result.cursor = "b";
    return result;
  });
  const std::string home = home_of_ticks();
  const auto first = td::evaluate_tick(defs, "files", {.home = home}).value();
  EXPECT_EQ(first.cursor, "b");
  EXPECT_EQ(td::evaluate_tick(defs, "files", {.home = home, .cursor = "b"}).value().skip_reason,
            "no new files");
}

TEST(Sensors, OfAnAssetAreCalledOnceForEachMaterialization) {
  td::Defs defs = two_assets({});
  defs.job("all", "*");
  defs.asset_sensor({.name = "on_raw", .job = "all"}, "raw",
                    [](td::TickContext&, const td::Event& event) {
                      return td::RunRequest{.run_key = event.run_id};
                    });
  const std::string home = home_of_ticks();
  const auto report = td::materialize(defs, {.selection = "raw", .home = home});
  const auto told = td::evaluate_tick(defs, "on_raw", {.home = home}).value();
  ASSERT_EQ(told.requests.size(), 1u);
  EXPECT_EQ(told.requests[0].run_key, report.run_id());
  const auto again =
      td::evaluate_tick(defs, "on_raw", {.home = home, .cursor = *told.cursor}).value();
  EXPECT_TRUE(again.requests.empty());
}

TEST(Sensors, OfRunsSeeThoseThatFailed) {
  td::Defs defs;
  defs.asset("bad", []() -> int { throw std::runtime_error("no"); });
  defs.run_status_sensor({.name = "alarm"}, td::RunStatus::kFailure,
                         [](td::TickContext&, const td::Run& run) {
                           return td::SkipReason{"told about " + run.run_id};
                         });
  const std::string home = home_of_ticks();
  const auto report = td::materialize(defs, {.home = home});
  EXPECT_EQ(td::evaluate_tick(defs, "alarm", {.home = home}).value().skip_reason,
            "told about " + report.run_id());
}

}  // namespace
