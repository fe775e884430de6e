#include "../readiness.h"

#include <gtest/gtest.h>

namespace treadle::execute {
namespace {

using State = Readiness::State;
using Steps = std::vector<std::uint32_t>;

const Steps kFirstOutput{0};

// 0 -> 1 -> 2, and 3 alone.
std::vector<StepShape> chain_and_one() {
  return {{.upstream = {}, .downstream = {1}},
          {.upstream = {0}, .downstream = {2}, .reads = {{0, 0}}},
          {.upstream = {1}, .downstream = {}, .reads = {{1, 0}}},
          {.upstream = {}, .downstream = {}}};
}

TEST(Readiness, WhatHasNoUpstreamIsReadyFromTheBeginning) {
  Readiness readiness(chain_and_one());
  EXPECT_EQ(readiness.begin().ready, (Steps{0, 3}));
}

TEST(Readiness, AStepIsReadyWhenTheLastOfItsUpstreamStepsSucceeded) {
  Readiness readiness({{.upstream = {}, .downstream = {2}},
                       {.upstream = {}, .downstream = {2}},
                       {.upstream = {0, 1}, .downstream = {}, .reads = {{0, 0}, {1, 0}}}});
  readiness.begin();
  EXPECT_EQ(readiness.succeed(1, kFirstOutput).ready, Steps{});
  EXPECT_EQ(readiness.succeed(0, kFirstOutput).ready, Steps{2});
}

TEST(Readiness, AFailureDropsExactlyWhatDependsOnIt) {
  Readiness readiness(chain_and_one());
  readiness.begin();
  const Readiness::Change change = readiness.fail(0);
  EXPECT_EQ(change.ready, Steps{});
  ASSERT_EQ(change.dropped.size(), 2u);
  EXPECT_EQ(change.dropped[0], (Dropped{.step = 1, .failed = {0}}));
  EXPECT_EQ(change.dropped[1], (Dropped{.step = 2, .not_executed = {1}}));
  EXPECT_EQ(readiness.state(1), State::kAbandoned);
  EXPECT_EQ(readiness.state(3), State::kReady);
}

TEST(Readiness, AnOptionalOutputLeftOutSkipsItsReadersAndTheirs) {
  Readiness readiness({{.upstream = {}, .downstream = {1, 2}, .reads = {}, .outputs = 2},
                       {.upstream = {0}, .downstream = {3}, .reads = {{0, 0}}},
                       {.upstream = {0}, .downstream = {}, .reads = {{0, 1}}},
                       {.upstream = {1}, .downstream = {}, .reads = {{1, 0}}}});
  readiness.begin();
  const Steps second{1};
  const Readiness::Change change = readiness.succeed(0, second);
  EXPECT_EQ(change.ready, Steps{2});
  ASSERT_EQ(change.dropped.size(), 2u);
  EXPECT_EQ(change.dropped[0], (Dropped{.step = 1, .missing = {{0, 0}}}));
  EXPECT_EQ(change.dropped[1], (Dropped{.step = 3, .missing = {{1, 0}}}));
  EXPECT_EQ(readiness.state(3), State::kSkipped);
}

TEST(Readiness, AStepWaitsForAllUpstreamStepsBeforeItIsDropped) {
  Readiness readiness({{.upstream = {}, .downstream = {2}},
                       {.upstream = {}, .downstream = {2}},
                       {.upstream = {0, 1}, .downstream = {}, .reads = {{0, 0}, {1, 0}}}});
  readiness.begin();
  EXPECT_TRUE(readiness.fail(0).dropped.empty());
  const Readiness::Change change = readiness.fail(1);
  ASSERT_EQ(change.dropped.size(), 1u);
  EXPECT_EQ(change.dropped[0].failed, (Steps{0, 1}));
}

TEST(Readiness, StepsDoneEarlierCountAndAreNotReady) {
  Readiness readiness(chain_and_one());
  const std::vector<Readiness::Done> done{{0, {0}}};
  EXPECT_EQ(readiness.begin(done).ready, (Steps{1, 3}));
  EXPECT_EQ(readiness.state(0), State::kSuccess);
}

TEST(Readiness, AnOutputLeftOutEarlierStillSkipsItsReaders) {
  Readiness readiness(chain_and_one());
  const std::vector<Readiness::Done> done{{0, {}}};
  const Readiness::Change change = readiness.begin(done);
  EXPECT_EQ(change.ready, Steps{3});
  ASSERT_EQ(change.dropped.size(), 2u);
  EXPECT_EQ(change.dropped[1].step, 2u);
}

TEST(Readiness, AVeryLongChainIsDroppedWithoutRunningOutOfStack) {
  constexpr std::uint32_t kSteps = 300'000;
  std::vector<StepShape> steps(kSteps);
  for (std::uint32_t i = 0; i < kSteps; ++i) {
    if (i > 0) steps[i].upstream = {i - 1};
    if (i + 1 < kSteps) steps[i].downstream = {i + 1};
  }
  Readiness readiness(std::move(steps));
  readiness.begin();
  EXPECT_EQ(readiness.fail(0).dropped.size(), kSteps - 1);
}

}  // namespace
}  // namespace treadle::execute
