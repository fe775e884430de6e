// Cancellation and resources in this process.
#include "pipeline.h"

#include <gtest/gtest.h>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;
using Lines = std::vector<std::string>;

class Cancel : public testing::RunTest {};

TEST_F(Cancel, WhatHasNotStartedIsNotStarted) {
  Cancellation cancellation;
  pipeline.step("a", {}, [&](StepContext& context) {
    cancellation.request();
    EXPECT_TRUE(context.cancelled());
    return Pipeline::put(context, 0, 1);
  });
  pipeline.nothing("b", {"a"});
  RunOptions options;
  options.cancellation = &cancellation;
  const RunResult result = run(options);
  EXPECT_EQ(result.status, RunStatus::kCanceled);
  EXPECT_EQ(status(result, "a"), StepStatus::kSuccess);
  EXPECT_EQ(status(result, "b"), StepStatus::kPending);
  EXPECT_EQ(result.steps[1].attempts, 0);
  EXPECT_EQ(home.record().find_run(result.run_id)->value().status, RunStatus::kCanceled);
  only(result, EventType::kRunCanceling);
  EXPECT_EQ(only(result, EventType::kRunCanceled).message,
            "Execution of run for \"__ASSET_JOB\" canceled.");
}

TEST_F(Cancel, ARunThatHadNothingLeftToDoIsASuccess) {
  Cancellation cancellation;
  pipeline.step("a", {}, [&](StepContext& context) {
    cancellation.request();
    return Pipeline::put(context, 0, 1);
  });
  RunOptions options;
  options.cancellation = &cancellation;
  EXPECT_TRUE(run(options).success());
}

TEST_F(Cancel, AnInterruptedStepCancelsTheRun) {
  StepDef& a = pipeline.step("a", {}, [](StepContext&) -> StepOutcome {
    StepFailure f = failure("", "KeyboardInterrupt");
    f.interrupted = true;
    return tl::unexpected(std::move(f));
  });
  a.retry_policy = RetryPolicy{.max_retries = 3};
  pipeline.nothing("b", {"a"});
  const RunResult result = run();
  EXPECT_EQ(result.status, RunStatus::kCanceled);
  EXPECT_EQ(status(result, "b"), StepStatus::kPending);
  EXPECT_NE(only(result, EventType::kStepFailure).payload.find(R"("error_source":"INTERRUPT")"),
            std::string::npos);
}

TEST_F(Cancel, AStepThatWaitsForItsRetryIsNotTriedAgain) {
  Cancellation cancellation;
  int calls = 0;
  StepDef& a = pipeline.step("a", {}, [&](StepContext&) -> StepOutcome {
    ++calls;
    cancellation.request();
    return tl::unexpected(failure("x"));
  });
  a.retry_policy = RetryPolicy{.max_retries = 3, .delay = 3600};
  pipeline.nothing("b", {"a"});
  RunOptions options;
  options.cancellation = &cancellation;
  EXPECT_EQ(run(options).status, RunStatus::kCanceled);
  EXPECT_EQ(calls, 1);
}

TEST_F(Cancel, ARunInWhichOnlyARetryIsLeftIsCanceledWithIt) {
  Cancellation cancellation;
  pipeline.step("a", {}, [](StepContext&) -> StepOutcome { return tl::unexpected(failure("x")); })
      .retry_policy = RetryPolicy{.max_retries = 3, .delay = 3600};
  RunOptions options;
  options.cancellation = &cancellation;
  options.observer = [&](const Event& event) {
    if (event.type == EventType::kStepUpForRetry) cancellation.request();
  };
  EXPECT_EQ(run(options).status, RunStatus::kCanceled);
}

// A resource that writes down what happens to it.
class Noted final : public Resource {
 public:
  Noted(Lines& notes, Lines required, bool fails = false)
      : notes_(notes), required_(std::move(required)), fails_(fails) {}
  tl::expected<Value, StepFailure> set_up(const SetupContext& context) override {
    notes_.push_back("up " + context.key);
    for (const auto& [name, value] : context.required) {
      EXPECT_TRUE(value) << name << " was not set up before " << context.key;
    }
    if (fails_) return tl::unexpected(failure("no " + context.key, "ValueError"));
    return Value::of(std::string("the " + context.key));
  }
  StepOutcome tear_down(const Value& value) override {
    notes_.push_back("down " + *value.get<std::string>());
    return {};
  }
  std::vector<std::string> required_resources() const override { return required_; }

 private:
  Lines& notes_;
  Lines required_;
  bool fails_;
};

class Resources : public testing::RunTest {
 protected:
  Lines notes;
};

TEST_F(Resources, AreSetUpInOrderOnceAndTornDownInReverseEvenAfterAFailure) {
  auto& resources = pipeline.definitions().resources;
  resources["client"] = std::make_shared<Noted>(notes, Lines{"key"});
  resources["key"] = std::make_shared<Noted>(notes, Lines{});
  resources["unused"] = std::make_shared<Noted>(notes, Lines{});
  for (const char* name : {"a", "b"}) {
    pipeline
        .step(name, {},
              [&](StepContext& context) -> StepOutcome {
                EXPECT_EQ(*context.resource("client").get<std::string>(), "the client");
                return tl::unexpected(failure("x"));
              })
        .required_resources = {"client"};
  }
  RunOptions options;
  options.max_concurrent = 1;
  const RunResult result = run(options);
  EXPECT_EQ(notes, (Lines{"up key", "up client", "down the client", "down the key"}));
  EXPECT_EQ(only(result, EventType::kResourceInitSuccess).message,
            "Finished initialization of resources [client, io_manager, key].");
}

TEST_F(Resources, OneThatCannotBeSetUpFailsTheRunBeforeAnyStep) {
  auto& resources = pipeline.definitions().resources;
  resources["first"] = std::make_shared<Noted>(notes, Lines{});
  resources["second"] = std::make_shared<Noted>(notes, Lines{"first"}, true);
  pipeline.nothing("a").required_resources = {"second"};
  const RunResult result = run();
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(result.failure->message, "no second");
  EXPECT_EQ(status(result, "a"), StepStatus::kPending);
  EXPECT_EQ(notes, (Lines{"up first", "up second", "down the first"}));
  EXPECT_EQ(home.story(result.run_id),
            (Lines{"RUN_START", "RESOURCE_INIT_STARTED", "RESOURCE_INIT_FAILURE", "RUN_FAILURE"}));
  EXPECT_EQ(only(result, EventType::kRunFailure).message,
            "Execution of run for \"__ASSET_JOB\" failed. An exception was thrown during "
            "execution.");
}

}  // namespace
}  // namespace treadle::execute
