#include "../report.h"

#include "../render.h"

#include <gtest/gtest.h>

namespace treadle::cli {
namespace {

constexpr Micros kStart = 1'800'000'000'000'000;

Event make_event(EventType type, const std::string& step, Micros after, std::string payload = {},
                 std::string asset = {}) {
  Event event;
  event.type = type;
  event.step_key = step;
  event.time = kStart + after;
  event.payload = std::move(payload);
  event.asset_key = std::move(asset);
  event.message = "message";
  return event;
}

Run make_run(RunStatus status) {
  Run run;
  run.run_id = "3f2a91bc-0000-4000-8000-000000000000";
  run.status = status;
  run.started = kStart;
  run.finished = kStart + 2'000'000;
  run.step_keys = {"raw", "model", "evaluation"};
  return run;
}

std::vector<Event> failing_run() {
  return {
      make_event(EventType::kAssetMaterializationPlanned, "raw", 0, "", "raw"),
      make_event(EventType::kAssetMaterializationPlanned, "model", 0, "", "model"),
      make_event(EventType::kAssetMaterializationPlanned, "evaluation", 0, "", "evaluation"),
      make_event(EventType::kStepStart, "raw", 10),
      make_event(
          EventType::kAssetMaterialization, "raw", 20,
          R"({"provenance": {"artifact": "local/default/raw:v0", "data_version": "0123456789abcdef"}})",
          "raw"),
      make_event(
          EventType::kAssetCheckEvaluation, "raw", 25,
          R"({"check": "not_empty", "passed": false, "severity": "WARN", "description": "few rows"})",
          "raw"),
      make_event(EventType::kStepSuccess, "raw", 30, R"({"duration_us": 12000})"),
      make_event(EventType::kStepStart, "model", 40),
      make_event(EventType::kStepUpForRetry, "model", 50,
                 R"({"error": {"message": "flaky", "cls_name": "OSError"}})"),
      make_event(EventType::kStepRestarted, "model", 60, R"({"attempt": 2})"),
      make_event(
          EventType::kStepFailure, "model", 90,
          R"({"error": {"message": "no", "cls_name": "ValueError", "stack": "Traceback:\n  x\nValueError: no\n",
                     "cause": {"message": "deep", "cls_name": "KeyError", "stack": null, "cause": null}},
                     "exit": {"signal": "SIGSEGV", "number": 11}})"),
  };
}

TEST(Report, StepsThatAreKnownOnlyWhenItRunsTakeThePlaceOfTheOneThatWasPlanned) {
  auto run = make_run(RunStatus::kFailure);
  run.step_keys = {"files", "work[?]", "other[?]"};
  const std::vector<Event> events = {
      make_event(EventType::kStepStart, "work[a]", 10),
      make_event(EventType::kStepSuccess, "work[a]", 20),
  };
  const auto keys = [](const RunReport& report) {
    std::vector<std::string> found;
    for (const StepLine& step : report.steps) found.push_back(step.step_key);
    return found;
  };
  EXPECT_EQ(keys(make_report(run, events)),
            (std::vector<std::string>{"files", "other[?]", "work[a]"}));
  run.status = RunStatus::kSuccess;  // nothing was to be done for "other"
  EXPECT_EQ(keys(make_report(run, events)), (std::vector<std::string>{"files", "work[a]"}));
}

TEST(Report, FollowsEachStepToItsEnd) {
  const RunReport report = make_report(make_run(RunStatus::kFailure), failing_run());
  ASSERT_EQ(report.steps.size(), 3u);
  EXPECT_EQ(report.steps[0].outcome, Outcome::kDone);
  EXPECT_EQ(report.steps[0].duration, 12000);
  EXPECT_EQ(report.steps[0].assets.at(0).artifact, "local/default/raw:v0");
  EXPECT_FALSE(report.steps[0].checks.at(0).passed);
  EXPECT_FALSE(report.steps[0].checks.at(0).error_severity);
  EXPECT_EQ(report.steps[1].outcome, Outcome::kFailed);
  EXPECT_EQ(report.steps[1].attempts, 2);
  EXPECT_EQ(report.steps[1].duration, 30);
  EXPECT_EQ(report.steps[1].error.at(0).cause.at(0).message, "deep");
  EXPECT_EQ(report.steps[1].exit, "its process was killed by SIGSEGV");
  EXPECT_EQ(report.steps[2].outcome, Outcome::kPending);
}

TEST(Report, PayloadsThatMakeNoSenseArePassedOver) {
  const RunReport report = make_report(
      make_run(RunStatus::kFailure),
      {make_event(EventType::kStepFailure, "raw", 1, "not json"),
       make_event(EventType::kStepSuccess, "model", 2, R"({"duration_us": "x"})"),
       make_event(EventType::kAssetMaterialization, "model", 2, R"({"provenance": 3})", "model"),
       make_event(EventType::kAssetCheckEvaluation, "model", 2, "[]", "model")});
  EXPECT_EQ(report.steps[0].error.at(0).message, "message");
  EXPECT_TRUE(report.steps[1].assets.at(0).materialized);
}

TEST(Report, TableSaysForEachAssetWhatBecameOfIt) {
  const RunReport report = make_report(make_run(RunStatus::kFailure), failing_run());
  EXPECT_EQ(render_report_table(report, {}),
            "asset       kept as   digest       took  checks\n"
            "raw         raw:v0    0123456789  12 ms  ✗ not_empty (WARN)\n"
            "model       ✗ failed              30 µs\n"
            "evaluation  not run\n");
}

TEST(Report, FailuresShowTheUsersTracebackOnceAndItsCause) {
  const std::string text =
      render_failures(make_report(make_run(RunStatus::kFailure), failing_run()), {});
  EXPECT_EQ(text,
            "✗ model, after 2 attempts: its process was killed by SIGSEGV\n"
            "    KeyError: deep\n"
            "\n"
            "    which led to:\n"
            "    Traceback:\n"
            "      x\n"
            "    ValueError: no\n");
}

TEST(Report, TracebacksCannotWriteToTheTerminal) {
  ErrorText error{"\x1b[2Jboom", "E\x1b", "line\x1b]0;t\x07\n", {}};
  EXPECT_EQ(render_error(error).find('\x1b'), std::string::npos);
}

TEST(Report, LeftOutMeansAnOptionalOutputOfAGoodStep) {
  treadle::Run run = make_run(RunStatus::kSuccess);
  run.step_keys = {"split"};
  const RunReport report =
      make_report(run, {make_event(EventType::kAssetMaterializationPlanned, "split", 0, "", "rare"),
                        make_event(EventType::kStepStart, "split", 1),
                        make_event(EventType::kStepSuccess, "split", 2)});
  EXPECT_NE(render_report_table(report, {}).find("rare   left out"), std::string::npos)
      << render_report_table(report, {});
}

TEST(ShortArtifact, LeavesOutTheDefaultsOnly) {
  EXPECT_EQ(short_artifact("local/default/model:v3"), "model:v3");
  EXPECT_EQ(short_artifact("team/default/model:v3"), "team/default/model:v3");
}

}  // namespace
}  // namespace treadle::cli
