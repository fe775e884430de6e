// Whole runs in this process: what is recorded, in which order, and with which words.
#include "pipeline.h"
#include <treadle/base/files.h>

#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;
using Lines = std::vector<std::string>;

class Run : public testing::RunTest {};

TEST_F(Run, RecordsWhatDagsterRecordsInTheSameOrder) {
  pipeline.ints("a", {}, [](const auto&) { return 1; });
  pipeline.ints("b", {"a"}, [](const auto& in) { return in[0] + 1; });
  const RunResult result = run();
  EXPECT_TRUE(result.success());
  EXPECT_EQ(
      home.story(result.run_id),
      (Lines{"RUN_START", "RESOURCE_INIT_STARTED", "RESOURCE_INIT_SUCCESS",  //
             "STEP_START a", "STEP_OUTPUT a", "ASSET_MATERIALIZATION a", "HANDLED_OUTPUT a",
             "STEP_SUCCESS a",  //
             "STEP_START b", "LOADED_INPUT b", "STEP_INPUT b", "STEP_OUTPUT b",
             "ASSET_MATERIALIZATION b", "HANDLED_OUTPUT b", "STEP_SUCCESS b", "RUN_SUCCESS"}));
  EXPECT_EQ(stored("b"), 2);
}

TEST_F(Run, SaysWhatDagsterSays) {
  pipeline.ints("a", {}, [](const auto&) { return 1; });
  pipeline.ints("b", {"a"}, [](const auto& in) { return in[0]; });
  RunOptions options;
  options.job_name = "job";
  const RunResult result = run(options);
  EXPECT_EQ(only(result, EventType::kAssetMaterializationPlanned, "a").message,
            "job intends to materialize asset [\"a\"]");
  EXPECT_EQ(only(result, EventType::kRunStart).message, "Started execution of run for \"job\".");
  EXPECT_EQ(only(result, EventType::kResourceInitStarted).message,
            "Starting initialization of resources [io_manager].");
  EXPECT_EQ(only(result, EventType::kStepStart, "a").message, "Started execution of step \"a\".");
  EXPECT_EQ(only(result, EventType::kStepOutput, "a").message,
            "Yielded output \"result\" of type \"Any\". (Type check passed).");
  EXPECT_EQ(only(result, EventType::kAssetMaterialization, "a").message, "Materialized value a.");
  EXPECT_EQ(only(result, EventType::kHandledOutput, "a").message,
            "Handled output \"result\" using IO manager \"io_manager\"");
  EXPECT_EQ(only(result, EventType::kLoadedInput).message,
            "Loaded input \"a\" using input manager \"io_manager\", from output \"result\" of step "
            "\"a\"");
  EXPECT_EQ(only(result, EventType::kStepInput).message,
            "Got input \"a\" of type \"Any\". (Type check passed).");
  EXPECT_EQ(only(result, EventType::kRunSuccess).message, "Finished execution of run for \"job\".");
}

TEST_F(Run, AStepWithoutAValueIsMaterializedAndNotHandled) {
  pipeline.nothing("a");
  const RunResult result = run();
  EXPECT_EQ(home.story(result.run_id),
            (Lines{"RUN_START", "STEP_START a", "STEP_OUTPUT a", "ASSET_MATERIALIZATION a",
                   "STEP_SUCCESS a", "RUN_SUCCESS"}));
  EXPECT_EQ(only(result, EventType::kStepOutput).message,
            "Yielded output \"result\" of type \"Nothing\". (Type check passed).");
}

TEST_F(Run, KnowsWhichVersionsAMaterializationWasMadeFrom) {
  Pipeline::body(pipeline.ints("a", {}, [](const auto&) { return 7; })).version = "code a";
  Pipeline::body(pipeline.ints("b", {"a"}, [](const auto&) { return 8; })).version = "code b";
  const RunResult result = run();
  const Event event = only(result, EventType::kAssetMaterialization, "b");
  EXPECT_NE(event.payload.find(R"("provenance":{"code_version":"code b","data_version":"v8",)"
                               R"("artifact":"local/default/b:v0",)"
                               R"("inputs":[{"asset":"a","data_version":"v7"}]})"),
            std::string::npos)
      << event.payload;
}

TEST_F(Run, TakesTheVersionOfAnAssetOutsideThePlanFromWhatTheCallerKnows) {
  SourceAssetDef& source = pipeline.definitions().sources.emplace_back();
  source.asset.key = "raw";
  pipeline.nothing("a", {"raw"});
  RunOptions options;
  options.known_versions["raw"] = {.data_version = "digest of raw", .artifact = ""};
  const RunResult result = run(options);
  EXPECT_NE(only(result, EventType::kAssetMaterialization)
                .payload.find(R"({"asset":"raw","data_version":"digest of raw"})"),
            std::string::npos);
}

TEST_F(Run, AVersionGivenByTheUserBeatsTheIOManagers) {
  pipeline.step("a", {}, [](StepContext& context) {
    OutputReport report;
    report.value = Value::of(5);
    report.data_version = "mine";
    report.metadata = {{"rows", 150}};
    report.tags = {{"team", "x"}};
    return context.handle_output(std::move(report));
  });
  const std::string payload = only(run(), EventType::kAssetMaterialization).payload;
  EXPECT_NE(payload.find(R"("data_version":"mine")"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("rows":{)"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("path":{)"), std::string::npos) << payload;
  EXPECT_NE(payload.find(R"("tags":{"team":"x"})"), std::string::npos) << payload;
}

TEST_F(Run, AFailureSkipsOnlyWhatDependsOnIt) {
  pipeline.step("bad", {}, [](StepContext&) -> StepOutcome {
    return tl::unexpected(failure("boom", "ValueError"));
  });
  pipeline.nothing("below", {"bad"});
  pipeline.nothing("further", {"below"});
  pipeline.nothing("other");
  const RunResult result = run();
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(status(result, "bad"), StepStatus::kFailure);
  EXPECT_EQ(status(result, "below"), StepStatus::kSkipped);
  EXPECT_EQ(status(result, "further"), StepStatus::kSkipped);
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
  EXPECT_EQ(only(result, EventType::kLog, "below").message,
            "Dependencies for step below failed: ['bad']. Not executing.");
  EXPECT_EQ(only(result, EventType::kLog, "further").message,
            "Dependencies for step further were not executed: ['below']. Not executing.");
  EXPECT_EQ(only(result, EventType::kRunFailure).message,
            "Execution of run for \"__ASSET_JOB\" failed. Steps failed: ['bad'].");
  const Event event = only(result, EventType::kStepFailure);
  EXPECT_NE(event.payload.find(R"("message":"boom","cls_name":"ValueError")"), std::string::npos);
  EXPECT_NE(event.payload.find(R"("error_source":"USER_CODE_ERROR")"), std::string::npos);
}

TEST_F(Run, StoppingAtTheFirstFailureBeginsNothingElse) {
  pipeline.step("bad", {}, [](StepContext&) -> StepOutcome {
    return tl::unexpected(failure("boom", "ValueError"));
  });
  pipeline.nothing("below", {"bad"});
  pipeline.nothing("other");
  RunOptions options;
  options.max_concurrent = 1;
  options.stop_at_first_failure = true;
  const RunResult result = run(options);
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(status(result, "bad"), StepStatus::kFailure);
  EXPECT_EQ(status(result, "below"), StepStatus::kPending);
  EXPECT_EQ(status(result, "other"), StepStatus::kPending);
  EXPECT_EQ(
      only(result, EventType::kRunFailure).message,
      "Execution of run for \"__ASSET_JOB\" failed. An exception was thrown during execution.");
  EXPECT_TRUE(home.events(result.run_id, {EventType::kLog}).empty());
}

TEST_F(Run, AnOptionalOutputLeftOutSkipsItsConsumers) {
  StepDef& multi =
      pipeline.step("multi", {}, [](StepContext& context) { return Pipeline::put(context, 1, 2); });
  multi.outputs[0].name = "m1";
  multi.outputs[0].asset.key = "m1";
  multi.outputs[0].required = false;
  OutputDef& second = multi.outputs.emplace_back();
  second.name = "m2";
  second.asset.key = "m2";
  pipeline.ints("uses_m1", {"m1"}, [](const auto& in) { return in[0]; });
  pipeline.ints("uses_m2", {"m2"}, [](const auto& in) { return in[0]; });
  const RunResult result = run();
  EXPECT_TRUE(result.success());
  EXPECT_EQ(status(result, "uses_m1"), StepStatus::kSkipped);
  EXPECT_EQ(status(result, "uses_m2"), StepStatus::kSuccess);
  EXPECT_EQ(only(result, EventType::kStepSkipped).message,
            "Skipped execution of step \"uses_m1\".");
  EXPECT_EQ(only(result, EventType::kLog).message,
            "Skipping step uses_m1 due to skipped dependencies: ['multi.m1'].");
}

TEST_F(Run, ARequiredOutputThatDoesNotComeFailsTheStep) {
  pipeline.step("a", {}, [](StepContext&) -> StepOutcome { return {}; });
  const RunResult result = run();
  EXPECT_EQ(result.steps[0].failure->message,
            "Core compute for op \"a\" did not return an output for non-optional output "
            "\"result\"");
  EXPECT_NE(
      only(result, EventType::kStepFailure).payload.find(R"("error_source":"FRAMEWORK_ERROR")"),
      std::string::npos);
}

TEST_F(Run, AnOutputReturnedTwiceFailsTheStep) {
  pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    TREADLE_CHECK(Pipeline::put(context, 0, 1));
    return Pipeline::put(context, 0, 2);
  });
  EXPECT_EQ(run().steps[0].failure->message,
            "Step \"a\" returned its output 'result' more than once.");
}

TEST_F(Run, AnExceptionThatEscapesABodyFailsTheStepAndNotTheRunLoop) {
  pipeline.step("a", {}, [](StepContext&) -> StepOutcome { throw std::out_of_range("too far"); });
  pipeline.nothing("other");
  const RunResult result = run();
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
  EXPECT_EQ(result.steps[0].failure->message, "Step \"a\" let an exception escape: too far");
  EXPECT_EQ(result.steps[0].failure->cause[0].error_class, "std::out_of_range");
}

TEST_F(Run, ABlockingCheckThatFailsIsRecordedAndThenFailsItsStep) {
  StepDef& a = pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    TREADLE_CHECK(Pipeline::put(context, 0, 1));
    return context.report_check({.check = 0, .passed = false, .description = "too few"});
  });
  a.checks.push_back({.name = "rows", .asset = "a", .blocking = true});
  pipeline.nothing("below", {"a"});
  const RunResult result = run();
  EXPECT_EQ(status(result, "a"), StepStatus::kFailure);
  EXPECT_EQ(status(result, "below"), StepStatus::kSkipped);
  EXPECT_EQ(result.steps[0].failure->message,
            "1 blocking asset check failed with ERROR severity:\na: rows");
  EXPECT_EQ(result.steps[0].failure->error_class, "DagsterAssetCheckFailedError");
  const Event event = only(result, EventType::kAssetCheckEvaluation);
  EXPECT_EQ(event.message, "Asset check 'rows' on 'a' did not pass. Description: 'too few'");
  const auto checks = home.record().latest_checks("a");
  ASSERT_EQ(checks->size(), 1u);
  EXPECT_FALSE(checks->front().passed);
  EXPECT_TRUE(checks->front().blocking);
}

TEST_F(Run, ACheckThatOnlyWarnsBlocksNothing) {
  StepDef& a = pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    TREADLE_CHECK(Pipeline::put(context, 0, 1));
    return context.report_check({.check = 0, .passed = false, .error_severity = false});
  });
  a.checks.push_back({.name = "rows", .asset = "a", .blocking = true});
  EXPECT_TRUE(run().success());
}

TEST_F(Run, ACheckWithoutResultFailsItsStep) {
  StepDef& a = pipeline.nothing("a");
  a.checks.push_back({.name = "rows", .asset = "a"});
  EXPECT_EQ(run().steps[0].failure->message,
            "Core compute for op \"a\" did not return an output for non-optional output "
            "\"a_rows\"");
}

TEST_F(Run, AFailedStepIsTriedAgainByItsPolicy) {
  int calls = 0;
  StepDef& a = pipeline.step("a", {}, [&](StepContext& context) -> StepOutcome {
    EXPECT_EQ(context.retry_number(), calls);
    if (++calls < 3) return tl::unexpected(failure("not yet"));
    return Pipeline::put(context, 0, 1);
  });
  a.retry_policy = RetryPolicy{.max_retries = 2, .delay = 0.001};
  const RunResult result = run();
  EXPECT_TRUE(result.success());
  EXPECT_EQ(result.steps[0].attempts, 3);
  EXPECT_FALSE(result.steps[0].failure.has_value());
  const auto retries = home.events(result.run_id, {EventType::kStepUpForRetry});
  ASSERT_EQ(retries.size(), 2u);
  EXPECT_EQ(retries[0].message,
            "Execution of step \"a\" failed and has requested a retry in 0.001 seconds.");
  const auto restarts = home.events(result.run_id, {EventType::kStepRestarted});
  ASSERT_EQ(restarts.size(), 2u);
  EXPECT_EQ(restarts[1].message, "Started re-execution (attempt # 3) of step \"a\".");
}

TEST_F(Run, TheJobsPolicyIsForStepsWithoutTheirOwn) {
  int a_calls = 0;
  int b_calls = 0;
  pipeline.step("a", {}, [&](StepContext&) -> StepOutcome {
    ++a_calls;
    return tl::unexpected(failure("x"));
  });
  pipeline
      .step("b", {},
            [&](StepContext&) -> StepOutcome {
              ++b_calls;
              return tl::unexpected(failure("x"));
            })
      .retry_policy = RetryPolicy{.max_retries = 0};
  RunOptions options;
  options.max_concurrent = 1;
  options.default_retry_policy = RetryPolicy{.max_retries = 1};
  EXPECT_EQ(run(options).status, RunStatus::kFailure);
  EXPECT_EQ(a_calls, 2);
  EXPECT_EQ(b_calls, 1);
}

TEST_F(Run, AStepThatWaitsForItsRetryHoldsUpNoOther) {
  std::atomic<bool> other_ran = false;
  int calls = 0;
  // Its second attempt sees that the other step ran while it waited.
  pipeline
      .step("a", {},
            [&](StepContext& context) -> StepOutcome {
              if (++calls == 1) return tl::unexpected(failure("x"));
              return other_ran ? Pipeline::put(context, 0, 1) : tl::unexpected(failure("y"));
            })
      .retry_policy = RetryPolicy{.max_retries = 1, .delay = 0.01};
  pipeline.step("b", {}, [&](StepContext& context) {
    other_ran = true;
    return Pipeline::put(context, 0, 1);
  });
  RunOptions options;
  options.max_concurrent = 1;
  EXPECT_TRUE(run(options).success());
}

TEST_F(Run, IndependentStepsRunAtOnceAndNoMoreOfThemThanAllowed) {
  // Each of the first three waits for the other two: only three at once get on.
  std::mutex mutex;
  std::condition_variable all_here;
  int inside = 0;
  int most = 0;
  for (int i = 0; i < 9; ++i) {
    pipeline.step("s" + std::to_string(i), {}, [&](StepContext& context) -> StepOutcome {
      std::unique_lock lock(mutex);
      most = std::max(most, ++inside);
      all_here.notify_all();
      const bool met = all_here.wait_for(lock, std::chrono::seconds(20), [&] { return most >= 3; });
      --inside;
      if (!met) return tl::unexpected(failure("alone"));
      return Pipeline::put(context, 0, 1);
    });
  }
  RunOptions options;
  options.max_concurrent = 3;
  EXPECT_TRUE(run(options).success());
  EXPECT_EQ(most, 3);
}

TEST_F(Run, StepsThatWantTheCallingThreadGetItWhileOthersRunBeside) {
  const std::thread::id caller = std::this_thread::get_id();
  std::mutex mutex;
  std::condition_variable changed;
  bool beside = false;
  // Runs on the calling thread and does not end before a step of another thread has run.
  auto& python = pipeline.step("python", {}, [&](StepContext& context) -> StepOutcome {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, std::chrono::seconds(20), [&] { return beside; }) ||
        std::this_thread::get_id() != caller) {
      return tl::unexpected(failure("wrong thread, or nothing beside"));
    }
    return Pipeline::put(context, 0, 1);
  });
  Pipeline::body(python).calling_thread = true;
  pipeline.nothing("first");
  pipeline
      .step("second", {"first"},
            [&](StepContext& context) {
              const std::scoped_lock lock(mutex);
              beside = true;
              changed.notify_all();
              return Pipeline::put(context, 0, 1);
            })
      .inputs[0]
      .loads_value = false;
  RunOptions options;
  options.max_concurrent = 2;
  EXPECT_TRUE(run(options).success());
}

TEST_F(Run, AChainRunsOnTheCallingThreadAlone) {
  std::set<std::thread::id> threads;
  std::string before;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "s" + std::to_string(i);
    auto& def =
        pipeline.step(name, before.empty() ? Lines{} : Lines{before}, [&](StepContext& context) {
          threads.insert(std::this_thread::get_id());
          return Pipeline::put(context, 0, 1);
        });
    for (InputDef& input : def.inputs) input.loads_value = false;
    before = name;
  }
  RunOptions options;
  options.max_concurrent = 4;
  EXPECT_TRUE(run(options).success());
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_F(Run, TheObserverHearsEveryEventInTheRecordedOrderOnTheCallingThread) {
  for (int i = 0; i < 20; ++i) pipeline.nothing("s" + std::to_string(i));
  std::vector<std::string> heard;
  RunOptions options;
  options.max_concurrent = 4;
  options.observer = [&, caller = std::this_thread::get_id()](const Event& event) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_FALSE(event.run_id.empty());
    heard.push_back(event.message);
  };
  const RunResult result = run(options);
  std::vector<std::string> recorded;
  for (const Event& event : home.events(result.run_id)) recorded.push_back(event.message);
  EXPECT_EQ(heard, recorded);
}

TEST_F(Run, AnObserverThatThrowsDisturbsNothing) {
  pipeline.nothing("a");
  RunOptions options;
  options.observer = [](const Event&) { throw std::runtime_error("cannot draw"); };
  EXPECT_TRUE(run(options).success());
}

TEST_F(Run, LogLinesOfTheUserAreEventsAtTheirLevel) {
  pipeline.step("a", {}, [](StepContext& context) {
    context.log(LogLevel::kWarning, "careful");
    return Pipeline::put(context, 0, 1);
  });
  const Event event = only(run(), EventType::kLog, "a");
  EXPECT_EQ(event.level, LogLevel::kWarning);
  EXPECT_EQ(event.message, "careful");
}

TEST_F(Run, ARecordThatCannotBeWrittenStopsTheRunWithTheReasonAndTheRunCanBeResumed) {
  if (!db::test_url("x").value().empty()) GTEST_SKIP() << "fills SQLite's file";
  bool full = true;
  // Would be tried again for ever.
  pipeline
      .step("a", {},
            [&](StepContext& context) -> StepOutcome {
              if (!full) return Pipeline::put(context, 0, 1);
              context.log(LogLevel::kInfo, std::string(50'000, 'x'));
              return tl::unexpected(failure("again"));
            })
      .retry_policy = RetryPolicy{.max_retries = std::numeric_limits<int>::max()};
  const auto limit_pages = [&](const std::string& count) {
    const auto set = home.database().write(
        [&](db::Session& session) { return session.execute("pragma max_page_count = " + count); });
    ASSERT_TRUE(set) << set.error().message;
  };
  limit_pages("1024");  // a disk that is full after 4 MiB
  RunOptions options;
  options.run_id = "full";
  const plan::Plan& plan = pipeline.plan();
  World world = home.world();
  const auto result = execute::run(world, plan, options);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kDiskFull) << result.error().message;
  EXPECT_TRUE(*home.record().interrupted("full"));

  full = false;
  limit_pages("1000000");
  options.resume = true;
  EXPECT_TRUE(run(options).success());
}

TEST_F(Run, ARunIdThatIsTakenIsAnErrorAndChangesNothing) {
  pipeline.nothing("a");
  RunOptions options;
  options.run_id = "once";
  const RunResult first = run(options);
  const std::size_t events = home.events("once").size();
  World world = home.world();
  const auto second = execute::run(world, pipeline.plan(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(home.events("once").size(), events);
}

TEST_F(Run, KeepsWhatParallelStepsPrintToTheStreamsOfCxxApart) {
  std::atomic<int> printing = 0;
  const auto prints = [&](const std::string& text) {
    return [&printing, text](const auto&) {
      ++printing;
      // Both are in the middle of their output at once.
      while (printing < 2) std::this_thread::yield();
      std::cout << text << " out\n";
      std::cerr << text << " err\n";
      return 1;
    };
  };
  pipeline.ints("a", {}, prints("from a"));
  pipeline.ints("b", {}, prints("from b"));
  pipeline.ints("silent", {}, [](const auto&) { return 1; });
  RunOptions options;
  options.max_concurrent = 2;
  options.logs_folder = join_path(this->folder.path(), "logs");
  std::streambuf* const before = std::cout.rdbuf();
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const RunResult result = run(options);
  const std::string shown = ::testing::internal::GetCapturedStdout();
  (void)::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(result.success());
  EXPECT_EQ(std::cout.rdbuf(), before) << "the program's streams are its own again";
  EXPECT_NE(shown.find("from a"), std::string::npos) << "still seen, though it may mix";
  const std::string logs = join_path(options.logs_folder, result.run_id);
  EXPECT_EQ(read_file(real_files(), join_path(logs, "a.out")).value(), "from a out\n");
  EXPECT_EQ(read_file(real_files(), join_path(logs, "a.err")).value(), "from a err\n");
  EXPECT_EQ(read_file(real_files(), join_path(logs, "b.out")).value(), "from b out\n");
  EXPECT_EQ(real_files().list(logs).value().size(), 4U)
      << "no file for a step that printed nothing";
  EXPECT_NE(only(result, EventType::kLogsCaptured, "a").payload.find("a.out"), std::string::npos);
}

}  // namespace
}  // namespace treadle::execute
