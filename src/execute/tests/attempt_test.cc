#include "../attempt.h"

#include "../provenance.h"
#include "../step_events.h"

#include <gtest/gtest.h>

#include <csignal>

namespace treadle::execute {
namespace {

using Kind = Verdict::Kind;

AttemptReport failed(StepFailure failure) {
  AttemptReport report;
  report.failure = std::move(failure);
  return report;
}

TEST(Verdict, AnAttemptWithoutFailureIsASuccess) {
  EXPECT_EQ(judge({}, {}, 1, 0).kind, Kind::kSuccess);
}

TEST(Verdict, WithoutAPolicyAFailureIsFinal) {
  EXPECT_EQ(judge(failed({}), {}, 1, 0).kind, Kind::kFailure);
}

TEST(Verdict, APolicyAllowsSoManyRetriesAndNoMore) {
  const RetryPolicy policy{.max_retries = 2, .delay = 3, .backoff = Backoff::kLinear};
  const Verdict first = judge(failed({}), policy, 1, 0);
  EXPECT_EQ(first.kind, Kind::kRetry);
  EXPECT_EQ(first.seconds_to_wait, 3);
  EXPECT_EQ(judge(failed({}), policy, 2, 0).seconds_to_wait, 6);
  const Verdict last = judge(failed({}), policy, 3, 0);
  EXPECT_EQ(last.kind, Kind::kFailure);
  EXPECT_EQ(last.exceeded, 2);
}

TEST(Verdict, AFailureThatForbidsRetriesIsFinalWhateverThePolicy) {
  StepFailure failure;
  failure.allow_retries = false;
  EXPECT_EQ(judge(failed(failure), RetryPolicy{.max_retries = 5}, 1, 0).kind, Kind::kFailure);
}

TEST(Verdict, ARequestedRetryDoesNotAskThePolicy) {
  StepFailure failure;
  failure.retry = StepFailure::RetryRequest{.max_retries = 1, .seconds_to_wait = 0.5};
  const Verdict first = judge(failed(failure), {}, 1, 0);
  EXPECT_EQ(first.kind, Kind::kRetry);
  EXPECT_EQ(first.seconds_to_wait, 0.5);
  EXPECT_EQ(judge(failed(failure), RetryPolicy{.max_retries = 9}, 2, 0).kind, Kind::kFailure);
}

TEST(Verdict, AnInterruptedStepIsNeverTriedAgain) {
  StepFailure failure;
  failure.interrupted = true;
  EXPECT_EQ(judge(failed(failure), RetryPolicy{.max_retries = 9}, 1, 0).kind, Kind::kInterrupted);
}

TEST(Crash, ASignalIsNamed) {
  EXPECT_EQ(crash_failure("a", {.signal = SIGSEGV}).message,
            "The process of step \"a\" was killed by SIGSEGV before the step had ended.");
}

TEST(Crash, AnExitCodeIsTold) {
  EXPECT_EQ(crash_failure("a", {.code = 3}).message,
            "The process of step \"a\" exited with code 3 before the step had ended.");
}

TEST(StepEvents, AFailureKeepsItsCauses) {
  StepFailure failure{.message = "outer \"x\"", .error_class = "ValueError", .stack = "line 1\n"};
  failure.cause.push_back({.message = "inner"});
  EXPECT_EQ(failure_to_json(failure),
            R"({"message":"outer \"x\"","cls_name":"ValueError","stack":"line 1\n",)"
            R"("cause":{"message":"inner","cls_name":null,"stack":null,"cause":null}})");
}

TEST(StepEvents, AFailedStepOfADeadProcessSaysHowItDied) {
  AttemptReport report = failed(crash_failure("a", {.signal = SIGKILL}));
  report.exit = ProcessExit{.signal = SIGKILL};
  const Event event = step_failure("a", report, {.kind = Kind::kFailure}, 2);
  EXPECT_EQ(event.message, "Execution of step \"a\" failed.");
  EXPECT_EQ(event.level, LogLevel::kError);
  EXPECT_NE(event.payload.find(R"("exit":{"signal":"SIGKILL","number":9})"), std::string::npos);
  EXPECT_NE(event.payload.find(R"("error_source":"UNEXPECTED_ERROR","attempt":2)"),
            std::string::npos);
}

TEST(StepEvents, PlannedAssetsAreNamedByTheirPartsAsDagsterDoes) {
  EXPECT_EQ(materialization_planned("j", "raw__iris", "raw/iris").message,
            R"(j intends to materialize asset ["raw", "iris"])");
}

TEST(StepEvents, DurationsReadAsDagsterWritesThem) {
  EXPECT_EQ(duration_text(5'772), "5.77ms");
  EXPECT_EQ(duration_text(15'400), "15ms");
  EXPECT_EQ(duration_text(4'100'000), "4.1s");
  EXPECT_EQ(duration_text(125'000'000), "2m5s");
}

TEST(DataVersion, IsTheDigestOfTheCodeVersionAndTheInputsInOrderOfTheirKeys) {
  Provenance provenance{.code_version = "1"};
  provenance.inputs = {{"b", "vb"}, {"a", "va"}};
  // sha256("1vavb"), as Dagster computes it.
  EXPECT_EQ(derive_data_version(provenance, "run"),
            "48eed3488e6d92a14cade3044722f34f742ee58e8f46f869cdb10259b38c7fe2");
}

TEST(DataVersion, OfUnknownCodeIsNewInEveryRun) {
  EXPECT_NE(derive_data_version({}, "run 1"), derive_data_version({}, "run 2"));
}

}  // namespace
}  // namespace treadle::execute
