// What a home knows of partitions, runs and checks, as conditions ask for it.
#include <treadle/app/automation.h>
#include <treadle/app/partition_runs.h>
#include <treadle/app/partitions.h>
#include <treadle/base/random.h>
#include <treadle/define/time_grid.h>
#include <treadle/plan/partitions.h>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace treadle::app {
namespace {

using Texts = std::vector<std::string>;

class AutomationFacts : public ::testing::Test {
 protected:
  static constexpr Micros kFebruary = 1'769'904'000'000'000;  // 2026-02-01

  void SetUp() override {
    home = Home::open({.temporary = true}).value();
    days = *daily_partitions("2026-01-01");
    StepDef step;
    step.name = "sales";
    OutputDef output;
    output.asset.key = AssetKey("sales");
    output.asset.partitions = days;
    output.asset.automation_condition = AutomationCondition::execution_failed();
    step.outputs.push_back(output);
    definitions.steps.push_back(std::move(step));
    StepDef plain;
    plain.name = "model";
    OutputDef made;
    made.asset.key = AssetKey("model");
    made.asset.automation_condition =
        AutomationCondition::any_checks_match(AutomationCondition::check_passed());
    plain.outputs.push_back(made);
    CheckDef check;
    check.name = "good";
    check.asset = AssetKey("model");
    plain.checks.push_back(check);
    definitions.steps.push_back(std::move(plain));
    graph = std::make_unique<plan::AssetGraph>(definitions);
  }

  Event event(EventType type, const std::string& asset, const std::string& partition = "",
              const std::string& payload = "") {
    Event e;
    e.type = type;
    e.step_key = e.asset_key = asset;
    e.partition = partition;
    e.payload = payload;
    return e;
  }
  // A run with these events; it ends so, or goes on for as long as the writer lives.
  std::unique_ptr<events::RunWriter> run(std::vector<Event> told,
                                         std::optional<RunStatus> end = RunStatus::kSuccess,
                                         std::map<std::string, std::string> tags = {}) {
    treadle::Run one;
    one.run_id = random_uuid();
    one.tags = std::move(tags);
    one.step_keys = {"sales", "model"};
    EXPECT_TRUE(home->record().add_run(one));
    auto writer = home->record().execute_run(one.run_id).value();
    for (Event& e : told) writer->append(std::move(e));
    if (!end) {
      EXPECT_TRUE(writer->flush());
      return writer;
    }
    EXPECT_TRUE(writer->finish(*end, event(EventType::kRunSuccess, "")));
    return nullptr;
  }
  Event planned(const std::string& first, const std::string& last) {
    return event(EventType::kAssetMaterializationPlanned, "sales", "",
                 R"({"partitions":[[")" + first + R"(",")" + last + R"("]]})");
  }
  automate::Facts facts() {
    auto moment = automation_moment(*home, *graph, kFebruary, {});
    EXPECT_TRUE(moment) << (moment ? "" : moment.error().message);
    return moment->facts;
  }
  std::string text(const PartitionSubset& subset) const {
    return PartitionSet::at(days, kFebruary)->text(subset);
  }

  std::unique_ptr<Home> home;
  PartitionsPtr days;
  Definitions definitions;
  std::unique_ptr<plan::AssetGraph> graph;
};

TEST_F(AutomationFacts, WhatARunOverARangeHasNotMadeYetIsRunning) {
  const auto running = run({planned("2026-01-03", "2026-01-06"),
                            event(EventType::kAssetMaterialization, "sales", "2026-01-04")},
                           std::nullopt, {{"dagster/backfill", "b"}});
  const automate::Facts now = facts();
  EXPECT_EQ(text(now.assets[0].present), "2026-01-04");
  EXPECT_EQ(text(now.assets[0].running), "2026-01-03, 2026-01-05, 2026-01-06");
  EXPECT_EQ(now.assets[0].backfilling, now.assets[0].running);
  EXPECT_TRUE(now.assets[1].running.empty());
}

TEST_F(AutomationFacts, WhatLaterRunsOfABackfillAreToMakeIsBackfillingBeforeTheyBegin) {
  const std::vector<plan::NodeId> sales{graph->find(AssetKey("sales"))};
  const auto chosen = choose_partitions(
      home.get(), *graph, sales, {.partitions = "2026-01-03...2026-01-05,2026-01-09"}, kFebruary);
  ASSERT_TRUE(chosen) << chosen.error().message;
  ASSERT_EQ(chosen->tags.size(), 4U);
  EXPECT_EQ(chosen->tags[0].at("dagster/backfill"), chosen->tags[3].at("dagster/backfill"));
  run({planned("2026-01-03", "2026-01-03"),
       event(EventType::kAssetMaterialization, "sales", "2026-01-03")},
      RunStatus::kSuccess, chosen->tags[0]);
  EXPECT_TRUE(facts().assets[0].backfilling.empty());
  const auto second = run({planned("2026-01-04", "2026-01-04")}, std::nullopt, chosen->tags[1]);
  EXPECT_EQ(text(facts().assets[0].running), "2026-01-04");
  EXPECT_EQ(text(facts().assets[0].backfilling), "2026-01-04, 2026-01-05, 2026-01-09");
}

TEST_F(AutomationFacts, ARunOfASinglePartitionIsNoBackfill) {
  const auto chosen = choose_partitions(home.get(), *graph, {graph->find(AssetKey("sales"))},
                                        {.partition = "2026-01-03"}, kFebruary);
  ASSERT_TRUE(chosen);
  EXPECT_FALSE(chosen->tags[0].contains("dagster/backfill"));
}

TEST_F(AutomationFacts, WhatIsQueuedRunsOverThePartitionsOfItsTags) {
  treadle::Run queued;
  queued.run_id = random_uuid();
  queued.status = RunStatus::kQueued;
  queued.step_keys = {"sales"};
  queued.tags = {{"dagster/asset_partition_range_start", "2026-01-10"},
                 {"dagster/asset_partition_range_end", "2026-01-12"}};
  ASSERT_TRUE(home->record().add_run(queued));
  EXPECT_EQ(text(facts().assets[0].running), "2026-01-10...2026-01-12");
}

TEST_F(AutomationFacts, TheLatestRunThatHasEndedSaysWhatFailed) {
  run({planned("2026-01-03", "2026-01-06"),
       event(EventType::kAssetMaterialization, "sales", "2026-01-04")},
      RunStatus::kFailure);
  EXPECT_EQ(text(facts().assets[0].failed), "2026-01-03, 2026-01-05, 2026-01-06");
  run({planned("2026-01-05", "2026-01-05"),
       event(EventType::kAssetMaterialization, "sales", "2026-01-05")});
  EXPECT_EQ(text(facts().assets[0].failed), "2026-01-03, 2026-01-06");
  run({planned("2026-01-06", "2026-01-07")}, RunStatus::kCanceled);
  EXPECT_EQ(text(facts().assets[0].failed), "2026-01-03");
  run({planned("2026-01-06", "2026-01-06")}, RunStatus::kFailure);
  EXPECT_EQ(text(facts().assets[0].failed), "2026-01-03, 2026-01-06");
}

TEST_F(AutomationFacts, ChecksAreWhatTheirLatestRunSays) {
  const auto planned_check = [&] {
    return event(EventType::kAssetCheckEvaluationPlanned, "model", "", R"({"check":"good"})");
  };
  const auto check = [&] { return facts().checks[0]; };
  const PartitionSubset yes = PartitionSubset::one(0);
  {
    const auto running = run({planned_check()}, std::nullopt);
    EXPECT_EQ(check().running, yes);
  }
  run({planned_check()}, RunStatus::kFailure);
  EXPECT_EQ(check().execution_failed, yes);
  EXPECT_TRUE(check().running.empty());
  run({planned_check()}, RunStatus::kSuccess);
  EXPECT_EQ(check().left_out, yes);
  run({planned_check(),
       event(EventType::kAssetCheckEvaluation, "model", "", R"({"check":"good","passed":true})")});
  EXPECT_EQ(check().passed, yes);
  EXPECT_TRUE(check().left_out.empty());
  run({planned_check()}, RunStatus::kFailure);
  EXPECT_TRUE(check().passed.empty());
  run({event(EventType::kAssetMaterialization, "model")});
  EXPECT_TRUE(check().execution_failed.empty()) << "of what was made again nothing is known";
}

// Keys that come and go, partitions that are made and fail, over more facts than a summary waits for:
// always what the plain history says.
TEST_F(AutomationFacts, PartitionsAreThoseOfThePlainHistory) {
  const PartitionsPtr images = *dynamic_partitions("images");
  std::mt19937 random(11);
  std::vector<std::string> keys;
  std::map<std::string, char> last;
  int next = 0;
  for (int round = 0; round < 25; ++round) {
    Texts added;
    for (int i = static_cast<int>(random() % 90); i >= 0; --i)
      added.push_back("k" + std::to_string(next++));
    ASSERT_TRUE(home->record().add_dynamic_partitions("images", added));
    keys.insert(keys.end(), added.begin(), added.end());
    if (round % 4 == 3) {
      const std::string gone = keys[random() % keys.size()];
      ASSERT_TRUE(home->record().delete_dynamic_partitions("images", {gone}));
      std::erase(keys, gone);
      if (random() % 2 == 0) {
        ASSERT_TRUE(home->record().add_dynamic_partitions("images", {gone}));
        keys.push_back(gone);
      }
    }
    std::vector<Event> told;
    for (int i = 0; i < 300; ++i) {
      const std::string& key = keys[random() % keys.size()];
      const bool made = random() % 3 != 0;
      told.push_back(
          event(made ? EventType::kAssetMaterialization : EventType::kAssetFailedToMaterialize,
                "images", key));
      // What was once made stays so when it fails later.
      char& state = last[key];
      state = made ? 'm' : state == 'm' || state == 'b' ? 'b' : 'f';
    }
    run(std::move(told));
    const PartitionSet set = PartitionSet::at(images, kFebruary, &home->dynamic_keys()).value();
    ASSERT_EQ(set.keys(set.all()), keys);
    const auto status = partition_status(*home, AssetKey("images"), set).value();
    std::set<std::string> made, failed;
    for (const std::string& key : keys) {
      const auto at = last.find(key);
      if (at == last.end()) continue;
      if (at->second != 'f') made.insert(key);
      if (at->second != 'm') failed.insert(key);
    }
    const auto keys_of = [&](const PartitionSubset& subset) {
      const Texts list = set.keys(subset);
      return std::set<std::string>(list.begin(), list.end());
    };
    ASSERT_EQ(keys_of(status.materialized), made) << round;
    ASSERT_EQ(keys_of(status.failed), failed) << round;
  }
}

// A summary that was written when a window did not exist yet.
TEST_F(AutomationFacts, WindowsThatWereMadeBeforeTheyExistAreNotForgotten) {
  std::vector<Event> told;
  const PartitionSet all = PartitionSet::at(days, days->grid().start_of(700)).value();
  for (const std::string& key : all.keys(all.all()))
    told.push_back(event(EventType::kAssetMaterialization, "sales", key));
  run(std::move(told));
  const PartitionSet few = PartitionSet::at(days, kFebruary).value();
  EXPECT_EQ(partition_status(*home, AssetKey("sales"), few)->materialized, few.all());
  EXPECT_EQ(partition_status(*home, AssetKey("sales"), all)->materialized, all.all());
}

}  // namespace
}  // namespace treadle::app
