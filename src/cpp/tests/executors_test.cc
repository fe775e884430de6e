#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <unistd.h>

namespace treadle {
namespace {

// A job of four steps that say in which process and how many at once they run.
struct Counted {
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::string run() {
    const int at_once = ++now;
    int seen = most;
    while (seen < at_once && !most.compare_exchange_weak(seen, at_once)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    --now;
    return std::to_string(::getpid());
  }
};

struct FourSteps {
  Counted counted;
  Defs defs;
  explicit FourSteps(std::optional<Executor> executor = {}, std::string config = {}) {
    auto work = op({.name = "work", .tags = {{"uses", "gpu"}}}, [this] { return counted.run(); });
    defs.job("night",
             [&](Compose& c) {
               for (int i = 0; i < 4; ++i) c("work" + std::to_string(i), work);
             },
             {.config = std::move(config), .executor = std::move(executor)});
  }
  RunReport run(RunJobOptions options = {}) {
    options.temporary_home = true;
    RunReport report = run_job(defs, "night", std::move(options));
    EXPECT_TRUE(report.success()) << report.problem();
    return report;
  }
  // How many of the steps ran in a process of their own.
  static int forked(const RunReport& report) {
    int others = 0;
    for (int i = 0; i < 4; ++i)
      others += report.output<std::string>("work" + std::to_string(i)).value() !=
                std::to_string(::getpid());
    return others;
  }
};

TEST(Executors, InProcessRunsOneStepAfterTheOther) {
  FourSteps four(in_process_executor());
  EXPECT_EQ(FourSteps::forked(four.run({.max_concurrent = 0})), 0);
  EXPECT_EQ(four.counted.most, 1);
}

TEST(Executors, MultithreadRunsAsManyAtOnceAsItSays) {
  FourSteps four(multithread_executor({.max_concurrent = 2}));
  EXPECT_EQ(FourSteps::forked(four.run()), 0);
  EXPECT_LE(four.counted.most, 2);
}

TEST(Executors, MultiprocessGivesEachStepItsProcess) {
  FourSteps four(multiprocess_executor({.max_concurrent = 2}));
  EXPECT_EQ(FourSteps::forked(four.run()), 4);
}

TEST(Executors, TagLimitsOfAJobHold) {
  FourSteps four(multithread_executor(
      {.max_concurrent = 4, .tag_limits = {{.key = "uses", .value = "gpu", .limit = 1}}}));
  four.run();
  EXPECT_EQ(four.counted.most, 1);
}

TEST(Executors, WhatTheCallerSaysComesBeforeTheJobs) {
  FourSteps four(multiprocess_executor());
  EXPECT_EQ(FourSteps::forked(four.run({.executor = in_process_executor()})), 0);
  FourSteps plain;
  EXPECT_EQ(FourSteps::forked(plain.run({.own_processes = true})), 4);
}

TEST(Executors, TheConfigurationOfARunChangesTheJobsExecutor) {
  FourSteps four(multithread_executor({.max_concurrent = 4}));
  four.run({.config = R"({"execution": {"config": {"max_concurrent": 1}}})"});
  EXPECT_EQ(four.counted.most, 1);
}

TEST(Executors, WithoutOneTheConfigurationChooses) {
  FourSteps four;
  EXPECT_EQ(
      FourSteps::forked(four.run(
          {.config = R"({"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}})"})),
      4);
  four.run(
      {.config = RunConfig().execution(ConfigValue::dict({{"in_process", ConfigValue::dict()}}))});
  EXPECT_EQ(four.counted.most, 1);
}

TEST(Executors, TheConfigurationOfTheJobItselfCounts) {
  FourSteps four({}, R"({"execution": {"config": {"multiprocess": {}}}})");
  EXPECT_EQ(FourSteps::forked(four.run()), 4);
}

TEST(Executors, WrongConfigurationIsToldBeforeAnythingRuns) {
  FourSteps four(multithread_executor());
  const RunReport report = run_job(
      four.defs, "night",
      {.config = R"({"execution": {"config": {"max_concurent": 1, "retries": {"off": {}}}}})",
       .temporary_home = true});
  EXPECT_FALSE(report.success());
  EXPECT_NE(report.problem().find("max_concurrent"), std::string::npos) << report.problem();
  EXPECT_NE(report.problem().find("root:execution:config:retries"), std::string::npos)
      << report.problem();
  EXPECT_EQ(four.counted.most, 0);
}

TEST(Executors, DefinitionsSayItForJobsAndAssetsThatDoNot) {
  Defs defs;
  defs.executor(multiprocess_executor());
  auto pid = defs.asset("pid", [] { return static_cast<int>(::getpid()); });
  defs.job("here", "*", {.executor = in_process_executor()});
  const RunReport all = materialize(defs, {.temporary_home = true});
  ASSERT_TRUE(all.success()) << all.problem();
  EXPECT_NE(all.value(pid).value(), static_cast<int>(::getpid()));
  const RunReport here = run_job(defs, "here", {.temporary_home = true});
  ASSERT_TRUE(here.success()) << here.problem();
  EXPECT_EQ(here.value(pid).value(), static_cast<int>(::getpid()));
}

TEST(Executors, RetriesCanBeSwitchedOff) {
  std::atomic<int> attempts = 0;
  const auto failing = [&](const Executor& executor) {
    attempts = 0;
    Defs defs;
    auto work =
        op({.name = "work", .retry_policy = RetryPolicy{.max_retries = 2}}, [&]() -> Result<int> {
          ++attempts;
          return fail("never");
        });
    defs.job("night", [&](Compose& c) { c(work); }, {.executor = executor});
    EXPECT_FALSE(run_job(defs, "night", {.temporary_home = true}).success());
    return attempts.load();
  };
  EXPECT_EQ(failing(multithread_executor()), 3);
  EXPECT_EQ(failing(multithread_executor({.retries = false})), 1);
}

TEST(Executors, MergingRefusesTwoDifferentOnes) {
  Defs one, two;
  one.executor(in_process_executor());
  two.executor(multiprocess_executor());
  EXPECT_THROW(one.merge(two), DefinitionError);
  Defs three;
  three.merge(two);
  EXPECT_EQ(three.definitions().executor, multiprocess_executor());
}

}  // namespace
}  // namespace treadle
