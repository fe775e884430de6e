// Finishing a recorded run without running finished steps again.
#include "pipeline.h"

#include <gtest/gtest.h>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;

class Resume : public testing::RunTest {
 protected:
  RunResult resume(const std::string& run_id) {
    RunOptions options;
    options.run_id = run_id;
    options.resume = true;
    return run(options);
  }
};

TEST_F(Resume, RunsWhatFailedAndWhatWasSkippedAndNothingElse) {
  bool broken = true;
  int a_calls = 0;
  Pipeline::body(pipeline.ints("a", {}, [&](const auto&) { return ++a_calls; })).version = "1";
  pipeline.step("b", {"a"}, [&](StepContext& context) -> StepOutcome {
    if (broken) return tl::unexpected(failure("not today"));
    TREADLE_TRY(const Value a, context.load_input(0));
    return Pipeline::put(context, 0, *a.get<int>() + 1);
  });
  pipeline.ints("c", {"b"}, [](const auto& in) { return in[0] + 1; });
  const RunResult first = run();
  EXPECT_EQ(first.status, RunStatus::kFailure);
  broken = false;
  const RunResult second = resume(first.run_id);
  EXPECT_TRUE(second.success());
  EXPECT_EQ(a_calls, 1);
  EXPECT_EQ(stored("c"), 3);
  EXPECT_EQ(status(second, "a"), StepStatus::kSuccess);
  EXPECT_EQ(home.record().find_run(first.run_id)->value().status, RunStatus::kSuccess);
  // The run began once, and the second attempt at b is the second.
  only(second, EventType::kRunStart);
  EXPECT_EQ(only(second, EventType::kStepRestarted).message,
            "Started re-execution (attempt # 2) of step \"b\".");
  // What a made then is what b was made from now.
  EXPECT_NE(only(second, EventType::kAssetMaterialization, "b")
                .payload.find(R"({"asset":"a","data_version":"v1"})"),
            std::string::npos);
}

TEST_F(Resume, AStepHasItsRetriesAgain) {
  int calls = 0;
  StepDef& a = pipeline.step("a", {}, [&](StepContext& context) -> StepOutcome {
    if (++calls <= 3) return tl::unexpected(failure("x"));
    return Pipeline::put(context, 0, 1);
  });
  a.retry_policy = RetryPolicy{.max_retries = 1};
  const RunResult first = run();
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(resume(first.run_id).success());
  EXPECT_EQ(calls, 4);
}

TEST_F(Resume, AnOptionalOutputLeftOutBeforeStillSkipsItsConsumers) {
  bool broken = true;
  StepDef& multi =
      pipeline.step("multi", {}, [](StepContext& context) { return Pipeline::put(context, 1, 2); });
  multi.outputs[0].name = "m1";
  multi.outputs[0].asset.key = "m1";
  multi.outputs[0].required = false;
  OutputDef& second = multi.outputs.emplace_back();
  second.name = "m2";
  second.asset.key = "m2";
  pipeline.ints("uses_m1", {"m1"}, [](const auto& in) { return in[0]; });
  pipeline.step("uses_m2", {"m2"}, [&](StepContext& context) -> StepOutcome {
    if (broken) return tl::unexpected(failure("x"));
    return Pipeline::put(context, 0, 1);
  });
  const RunResult first = run();
  broken = false;
  const RunResult again = resume(first.run_id);
  EXPECT_TRUE(again.success());
  EXPECT_EQ(status(again, "uses_m1"), StepStatus::kSkipped);
  EXPECT_EQ(status(again, "uses_m2"), StepStatus::kSuccess);
}

TEST_F(Resume, ASuccessfulRunHasNothingToResume) {
  pipeline.nothing("a");
  const RunResult first = run();
  World world = home.world();
  const auto again = execute::run(world, pipeline.plan(), {.run_id = first.run_id, .resume = true});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kInvalidArgument);
  EXPECT_NE(again.error().message.find("has finished successfully"), std::string::npos);
}

TEST_F(Resume, ARunThatIsNotThereIsNotFound) {
  pipeline.nothing("a");
  World world = home.world();
  const auto again = execute::run(world, pipeline.plan(), {.run_id = "nowhere", .resume = true});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace treadle::execute
