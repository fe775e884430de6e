#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>
#include <treadle/sweep/sweeps.h>

#include <gtest/gtest.h>

namespace treadle::sweep {
namespace {

class SweepsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(real_files().make_folders(folder_));
    database_ = *db::open_for_test(folder_ + "/treadle.db", {.durability = db::Durability::kOff});
    sweeps_ = *Sweeps::open(*database_);
  }
  void TearDown() override {
    sweeps_.reset();
    database_.reset();
    (void)remove_tree(folder_);
  }
  Sweep add(const std::string& config) {
    Sweep sweep;
    sweep.project_id = 7;
    sweep.config = config;
    return *sweeps_->add(sweep);
  }
  std::vector<Command> beat(const Agent& agent, const std::vector<std::string>& running = {}) {
    return *sweeps_->heartbeat(agent.id, running, "{}", nullptr);
  }
  State state(const Sweep& sweep) { return (*sweeps_->find(sweep.id))->state; }

  const std::string folder_ = testing::TempDir() + "sweeps-" + random_uuid();
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Sweeps> sweeps_;
};

constexpr const char* kGrid = "method: grid\nprogram: train.py\nparameters: {a: {values: [1, 2]}}";

TEST_F(SweepsTest, AnIdleAgentGetsThePointsOfAGridAndLeavesAfterTheLast) {
  const Sweep sweep = add(kGrid);
  EXPECT_EQ(state(sweep), State::kPending);
  EXPECT_EQ(sweep.name.size(), 8U);
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  EXPECT_EQ(state(sweep), State::kRunning);
  const auto first = beat(agent);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].kind, Command::Kind::kRun);
  EXPECT_EQ(first[0].program, "train.py");
  EXPECT_EQ(first[0].arguments, R"({"a":{"value":1}})");
  EXPECT_TRUE(beat(agent, {first[0].run_id}).empty());  // busy
  EXPECT_EQ(beat(agent)[0].arguments, R"({"a":{"value":2}})");
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kExit);
  EXPECT_EQ(state(sweep), State::kFinished);
  const auto given = *sweeps_->assignments(sweep.id);
  ASSERT_EQ(given.size(), 2U);
  EXPECT_EQ(given[0].run_id, first[0].run_id);
  EXPECT_EQ((*sweeps_->assignment(sweep.id, first[0].run_id))->agent_id, agent.id);
}

TEST_F(SweepsTest, APausedSweepHandsNothingOutAndACanceledOneStopsItsRuns) {
  const Sweep sweep = add(kGrid);
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  ASSERT_TRUE(sweeps_->change(sweep.id, {.state = State::kPaused}));
  EXPECT_TRUE(beat(agent).empty());
  ASSERT_TRUE(sweeps_->change(sweep.id, {.state = State::kRunning}));
  const std::string run = beat(agent)[0].run_id;
  ASSERT_TRUE(sweeps_->change(sweep.id, {.state = State::kCanceled}));
  const auto last = beat(agent, {run});
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0].kind, Command::Kind::kStop);
  EXPECT_EQ(last[0].run_id, run);
  EXPECT_EQ(last[1].kind, Command::Kind::kExit);
}

TEST_F(SweepsTest, AFinishedSweepLetsRunningRunsEnd) {
  const Sweep sweep = add(kGrid);
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  const std::string run = beat(agent)[0].run_id;
  ASSERT_TRUE(sweeps_->change(sweep.id, {.state = State::kFinished}));
  EXPECT_TRUE(beat(agent, {run}).empty());
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kExit);
}

TEST_F(SweepsTest, ARunCapEndsARandomSearch) {
  const Sweep sweep = add("method: random\nrun_cap: 2\nparameters: {a: {min: 0, max: 9}}");
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kRun);
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kRun);
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kExit);
}

TEST_F(SweepsTest, AControllersScheduleIsHandedOutOnceEach) {
  const Sweep sweep =
      add("method: grid\ncontroller: {type: local}\nparameters: {a: {values: [1]}}");
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  EXPECT_TRUE(beat(agent).empty());
  ASSERT_TRUE(sweeps_->change(
      sweep.id, {.controller = R"({"schedule":[{"id":"s1","data":{"args":{"a":{"value":5}}}}]})"}));
  const auto given = beat(agent);
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].arguments, R"({"a":{"value":5}})");
  EXPECT_NE((*sweeps_->find(sweep.id))->scheduler.find(given[0].run_id), std::string::npos);
  EXPECT_TRUE(beat(agent).empty());
  ASSERT_TRUE(sweeps_->change(
      sweep.id, {.controller = R"({"schedule":[{"id":"s2","data":null}],"earlystop":["r9"]})"}));
  const auto stop = beat(agent, {"r9"});
  ASSERT_EQ(stop.size(), 1U);
  EXPECT_EQ(stop[0].kind, Command::Kind::kStop);
  EXPECT_EQ(beat(agent)[0].kind, Command::Kind::kExit);
}

TEST_F(SweepsTest, AnAgentOfADeletedSweepIsNotFound) {
  const Sweep sweep = add(kGrid);
  const Agent agent = *sweeps_->add_agent(sweep.id, "host");
  ASSERT_TRUE(sweeps_->remove_project(7));
  const auto answer = sweeps_->heartbeat(agent.id, {}, "{}", nullptr);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::kNotFound);
}

TEST_F(SweepsTest, AConfigThatSaysNothingUsableIsRefused) {
  Sweep sweep;
  sweep.config = "method: grid\nparameters: {a: 3}";
  const auto answer = sweeps_->add(sweep);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::kInvalidArgument);
}

}  // namespace
}  // namespace treadle::sweep
