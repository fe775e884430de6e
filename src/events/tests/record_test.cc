#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>
#include <treadle/events/record.h>

#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace treadle::events {
namespace {

class RecordTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(real_files().make_folders(folder));
    database =
        db::open_for_test(join_path(folder, "t.db"), {.durability = db::Durability::kOff}).value();
    record = Record::open(*database, folder).value();
  }
  void TearDown() override {
    record.reset();
    database.reset();
    ASSERT_TRUE(remove_tree(folder));
  }
  static Event event(EventType type, const std::string& step = "", const std::string& asset = "",
                     const std::string& payload = "") {
    Event e;
    e.type = type;
    e.step_key = step;
    e.asset_key = asset;
    e.payload = payload;
    e.message = "m";
    return e;
  }
  void add_run(const std::string& id) {
    treadle::Run run;
    run.run_id = id;
    run.job_name = "job";
    run.created = 1;
    run.tags = {{"team", "ml"}};
    run.step_keys = {"a", "b\"c"};
    ASSERT_TRUE(record->add_run(run));
  }
  std::string folder = testing::TempDir() + "record-" + to_hex(random_bytes(6));
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Record> record;
};

// What a step forks may outlive the process that executes the run.
TEST_F(RecordTest, AForkedProcessDoesNotKeepARunAlive) {
  add_run("r1");
  database->close_for_fork();
  int lives[2];  // closed when the grandchild is gone
  int ready[2];
  ASSERT_EQ(::pipe(lives), 0);
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t executing = ::fork();
  if (executing == 0) {
    const auto writer = record->execute_run("r1");
    if (::fork() == 0) {
      ::close(ready[0]);
      ::close(lives[1]);
      char c = 0;
      static_cast<void>(::write(ready[1], "x", 1) + ::read(lives[0], &c, 1));
      ::_exit(0);
    }
    char c = 0;
    static_cast<void>(::read(ready[0], &c, 1));
    ::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(executing, nullptr, 0), executing);
  EXPECT_TRUE(record->interrupted("r1").value());
  EXPECT_TRUE(record->execute_run("r1"));
  for (const int fd : {lives[0], lives[1], ready[0], ready[1]}) ::close(fd);
}

TEST_F(RecordTest, AForkedProcessLeavesTheLockToItsParent) {
  add_run("r1");
  const auto writer = record->execute_run("r1");
  ASSERT_TRUE(writer);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(record->interrupted("r1").value());
}

TEST_F(RecordTest, ARunIsReadBackAsItWasAdded) {
  add_run("r1");
  const auto run = record->find_run("r1").value();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->step_keys, (std::vector<std::string>{"a", "b\"c"}));
  EXPECT_EQ(run->tags.at("team"), "ml");
  EXPECT_EQ(run->status, RunStatus::kNotStarted);
  EXPECT_FALSE(record->find_run("r2").value());
  treadle::Run again;
  again.run_id = "r1";
  EXPECT_EQ(record->add_run(again).error().code, Errc::kAlreadyExists);
  again.run_id = "a/b";
  EXPECT_EQ(record->add_run(again).error().code, Errc::kInvalidArgument);
}

TEST_F(RecordTest, EventsComeBackInTheOrderOfAppending) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  for (int i = 0; i < 500; ++i) writer->append(event(EventType::kLog, std::to_string(i)));
  ASSERT_TRUE(writer->flush());
  ASSERT_TRUE(writer->finish(RunStatus::kSuccess, event(EventType::kRunSuccess)));
  writer.reset();
  const auto events = record->events({.run_id = "r1"}).value();
  ASSERT_EQ(events.size(), 501U);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(events[i].step_key, std::to_string(i));
  EXPECT_EQ(events.back().type, EventType::kRunSuccess);
  EXPECT_GT(events.back().time, 0);
  EXPECT_EQ(events.front().run_id, "r1");
  EXPECT_EQ(record->find_run("r1").value()->status, RunStatus::kSuccess);

  EXPECT_EQ(record->events({.run_id = "r1", .after_id = events[498].id}).value().size(), 2U);
  EXPECT_EQ(record->events({.types = {EventType::kRunSuccess}}).value().size(), 1U);
  const auto newest = record->events({.limit = 1, .newest_first = true}).value();
  EXPECT_EQ(newest.front().type, EventType::kRunSuccess);
}

TEST_F(RecordTest, ItsReadersSeeWhatTheRunsOfThisProcessHaveReported) {
  add_run("r1");
  const auto writer = record->execute_run("r1").value();
  for (std::size_t n = 1; n <= 200; ++n) {
    writer->append(event(EventType::kAssetMaterialization, "a", "a"));
    ASSERT_EQ(record->events({.run_id = "r1"})->size(), n);
    ASSERT_EQ(record->latest_materializations()->size(), 1U);
  }
}

TEST_F(RecordTest, WhatIsQueuedIsCommittedWhenTheWriterGoes) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  writer->append(event(EventType::kRunStart));
  writer.reset();
  EXPECT_EQ(record->events({.run_id = "r1"}).value().size(), 1U);
}

TEST_F(RecordTest, DynamicPartitionsComeInPagesAndSayWhenNumbersHaveMoved) {
  ASSERT_EQ(record->add_dynamic_partitions("images", {"c", "a", "b", "a"}).value(), 3);
  ASSERT_EQ(record->add_dynamic_partitions("others", {"x"}).value(), 1);
  const auto first = record->dynamic_partitions_page("images", 0, 2).value();
  EXPECT_EQ(first.keys, (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(first.removals, 0);
  const auto second = record->dynamic_partitions_page("images", first.last, 2).value();
  EXPECT_EQ(second.keys, std::vector<std::string>{"b"});
  const auto none = record->dynamic_partitions_page("images", second.last, 2).value();
  EXPECT_TRUE(none.keys.empty());
  EXPECT_EQ(none.last, second.last);
  EXPECT_EQ(record->count_dynamic_partitions("images").value(), 3);
  EXPECT_EQ(record->dynamic_partition_names().value(),
            (std::vector<std::string>{"images", "others"}));
  ASSERT_EQ(record->delete_dynamic_partitions("images", {"a", "z"}).value(), 1);
  ASSERT_EQ(record->delete_dynamic_partitions("images", {"z"}).value(), 0);
  EXPECT_EQ(record->dynamic_partitions_page("images").value().removals, 1);
  EXPECT_EQ(record->dynamic_partitions_page("others").value().removals, 0);
}

TEST_F(RecordTest, WhatAnAssetWasIsForgottenWithItsSummary) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  for (const EventType type :
       {EventType::kAssetMaterialization, EventType::kAssetFailedToMaterialize}) {
    Event one = event(type, "a", "raw/a");
    one.partition = type == EventType::kAssetMaterialization ? "x" : "y";
    writer->append(std::move(one));
  }
  ASSERT_TRUE(writer->finish(RunStatus::kSuccess, event(EventType::kRunSuccess)));
  writer.reset();
  const Record::HistoryAsked asked{AssetKey("raw/a"), "f"};
  ASSERT_EQ(record->partition_histories({asked}).value().at(0).since.size(), 2U);
  ASSERT_TRUE(record->save_partition_summaries(
      {{AssetKey("raw/a"),
        {.fingerprint = "f", .event = 100, .materialized = "x", .failed = "y"}}}));
  const auto known = record->partition_histories({asked, {AssetKey("raw/a"), "other"}}).value();
  EXPECT_EQ(known.at(0).summary.value().materialized, "x");
  EXPECT_TRUE(known.at(0).since.empty());
  EXPECT_FALSE(known.at(1).summary) << "of another numbering";
  EXPECT_EQ(known.at(1).since.size(), 2U);
  ASSERT_TRUE(record->wipe_asset(AssetKey("raw/a")));
  const auto wiped = record->partition_histories({asked}).value().at(0);
  EXPECT_FALSE(wiped.summary);
  EXPECT_TRUE(wiped.since.empty());
}

TEST_F(RecordTest, AssetEventsAreThoseOfEventsWithoutTheirWords) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  writer->append(
      event(EventType::kAssetMaterializationPlanned, "a", "raw/a", R"({"partitions":[]})"));
  writer->append(event(EventType::kLog, "a"));
  writer->append(event(EventType::kAssetMaterialization, "a", "raw/a", R"({"long":"text"})"));
  ASSERT_TRUE(writer->flush());
  const auto events = record->asset_events({.run_id = "r1"}).value();
  ASSERT_EQ(events.rows.size(), 2U);
  EXPECT_EQ(events.run_ids, std::vector<std::string>{"r1"});
  EXPECT_EQ(events.rows[0].payload, R"({"partitions":[]})");
  EXPECT_EQ(events.rows[1].payload, "");
  EXPECT_EQ(events.rows[1].asset_key, "raw/a");
  EXPECT_EQ(record->latest_updates().value().at(0).run_id, "r1");
}

TEST_F(RecordTest, TheLatestMaterializationWinsAndCarriesItsProvenance) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  writer->append(
      event(EventType::kAssetMaterialization, "a", "raw/a",
            R"({"metadata":{"provenance":{"type":"text"}},"provenance":{"data_version":"1"}})"));
  writer->append(event(
      EventType::kAssetMaterialization, "a", "raw/a",
      R"({"output":"x \"provenance\":{","provenance":{"data_version":"2}","inputs":[{"asset":"b","data_version":"7"}]}})"));
  ASSERT_TRUE(writer->flush());
  const auto latest = record->latest_materializations().value();
  ASSERT_EQ(latest.size(), 1U);
  EXPECT_EQ(latest[0].asset, AssetKey("raw/a"));
  EXPECT_EQ(latest[0].provenance.data_version, "2}");
  ASSERT_EQ(latest[0].provenance.inputs.size(), 1U);
  EXPECT_EQ(latest[0].provenance.inputs[0].data_version, "7");
  EXPECT_EQ(record->latest_materializations("other").value().size(), 0U);
  EXPECT_EQ(record->asset_keys().value(), std::vector<AssetKey>{"raw/a"});
}

TEST_F(RecordTest, TheLatestResultOfEachCheckIsKnown) {
  add_run("r1");
  auto writer = record->execute_run("r1").value();
  for (const char* passed : {"false", "true"}) {
    writer->append(event(
        EventType::kAssetCheckEvaluation, "c", "a",
        std::string(R"({"check":"good","passed":)") + passed +
            R"(,"severity":"WARN","blocking":true,"metadata":{"n":{"type":"int","raw_value":1}}})"));
  }
  ASSERT_TRUE(writer->flush());
  const auto checks = record->latest_checks("a").value();
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_TRUE(checks[0].passed);
  EXPECT_TRUE(checks[0].blocking);
  EXPECT_FALSE(checks[0].error_severity);
  EXPECT_EQ(checks[0].metadata, R"({"n":{"type":"int","raw_value":1}})");
}

TEST_F(RecordTest, ARunIsFoundByTheBeginningOfItsId) {
  add_run("abc1");
  add_run("abd2");
  EXPECT_EQ(record->get_run_by_prefix("abc").value().run_id, "abc1");
  EXPECT_EQ(record->get_run_by_prefix("ab").error().code, Errc::kInvalidArgument);
  EXPECT_EQ(record->get_run_by_prefix("x%").error().code, Errc::kNotFound);
  EXPECT_EQ(record->get_run_by_prefix("").error().code, Errc::kNotFound);
}

TEST_F(RecordTest, RunsAreFilteredNewestFirst) {
  add_run("r1");
  add_run("r2");
  ASSERT_TRUE(record->add_run_tags("r2", {{"team", "ops"}}));
  EXPECT_EQ(record->runs().value().front().run_id, "r2");
  const auto ops = record->runs({.tags = {{"team", "ops"}}}).value();
  ASSERT_EQ(ops.size(), 1U);
  EXPECT_EQ(ops[0].run_id, "r2");
  EXPECT_EQ(record->runs({.statuses = {RunStatus::kSuccess}}).value().size(), 0U);
  EXPECT_EQ(record->runs({.job_name = "job", .limit = 1}).value().size(), 1U);
}

TEST_F(RecordTest, ARunWhoseProcessWasKilledIsInterruptedAndLosesNothingCommitted) {
  add_run("r1");
  database->close_for_fork();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto writer = record->execute_run("r1").value();
    writer->append(event(EventType::kRunStart));
    if (!writer->flush() || write(ready[1], "x", 1) != 1) _exit(1);
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_FALSE(record->interrupted("r1").value()) << "its process lives";
  EXPECT_EQ(record->execute_run("r1").error().code, Errc::kBusy);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(record->interrupted("r1").value());
  EXPECT_EQ(record->events({.run_id = "r1"}).value().size(), 1U);
  auto writer = record->execute_run("r1").value();
  EXPECT_FALSE(record->interrupted("r1").value());
}

TEST_F(RecordTest, AReportOutsideOfARunIsRecorded) {
  EXPECT_GT(record->report(event(EventType::kAssetMaterialization, "", "a")).value(), 0);
  EXPECT_EQ(record->latest_materializations("a").value().size(), 1U);
  Event stray = event(EventType::kLog);
  stray.run_id = "nope";
  EXPECT_EQ(record->report(stray).error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace treadle::events
