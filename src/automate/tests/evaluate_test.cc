#include "history.h"

namespace treadle::automate {
namespace {

using C = AutomationCondition;
using Keys = std::vector<std::string>;

PartitionsPtr days() {
  return *daily_partitions("2026-01-01");
}
PartitionsPtr letters() {
  return *static_partitions({"a", "b", "c"});
}

// As in Dagster, the first evaluation only takes note: what is there then counts as handled.
TEST(Evaluate, EagerFollowsItsDependenciesFromItsFirstEvaluationOn) {
  History h;
  h.asset("up").asset("down", {"up"}, C::eager());
  EXPECT_EQ(h.tick(), Keys{});
  h.run({"up"});
  EXPECT_EQ(h.tick(), Keys{"down"});
  EXPECT_EQ(h.tick(), Keys{}) << "it has been requested";
  h.run({"down"});
  EXPECT_EQ(h.tick(), Keys{});
  h.run({"up"});
  EXPECT_EQ(h.tick(), Keys{"down"});
}

TEST(Evaluate, EagerAssetsInARowAreRequestedTogether) {
  History h;
  h.asset("a", {}, C::eager()).asset("b", {"a"}, C::eager()).asset("c", {"b"}, C::eager());
  h.asset("source").definitions.steps[0].inputs.push_back(
      {.name = "", .asset = AssetKey("source"), .loads_value = false});
  h.tick();
  h.run({"source"});
  EXPECT_EQ(h.tick(), (Keys{"a", "b", "c"}));
  EXPECT_EQ(h.tick(), Keys{});
}

TEST(Evaluate, AnUpdateByARunThatMakesTheAssetTooIsNoReason) {
  History h;
  h.asset("up").asset("down", {"up"}, C::eager());
  h.run({"up", "down"});
  h.tick();
  h.run({"up", "down"});
  EXPECT_EQ(h.tick(), Keys{});
}

TEST(Evaluate, EagerWaitsForWhatIsInProgress) {
  History h;
  h.asset("up").asset("down", {"up"}, C::eager());
  h.tick();
  h.run({"up"});
  h.running["up"] = PartitionSubset::one(0);
  EXPECT_EQ(h.tick(), Keys{});
  h.running.clear();
  EXPECT_EQ(h.tick(), Keys{"down"}) << "the update is remembered";
}

TEST(Evaluate, OfTimeWindowsEagerMakesTheLatestOnly) {
  History h;
  h.asset("up", {}, {}, days()).asset("down", {"up"}, C::eager(), days());
  h.tick();
  h.run({"up@2026-01-03", "up@2026-01-05"});
  EXPECT_EQ(h.tick(), Keys{"down@2026-01-05"});
  h.now += kDay;
  EXPECT_EQ(h.tick(), Keys{}) << "the new day is missing upstream";
  h.run({"up@2026-01-06"});
  EXPECT_EQ(h.tick(), Keys{"down@2026-01-06"});
}

TEST(Evaluate, OfKeysEagerMakesThoseWhoseDependenciesAreThere) {
  History h;
  h.asset("up", {}, {}, letters()).asset("down", {"up"}, C::eager(), letters());
  h.tick();
  h.run({"up@a", "up@c"});
  EXPECT_EQ(h.tick(), (Keys{"down@a", "down@c"}));
  h.run({"up@b"});
  EXPECT_EQ(h.tick(), Keys{"down@b"});
}

TEST(Evaluate, OnCronWaitsForAllDependenciesSinceTheTick) {
  History h;
  h.asset("a").asset("b").asset("down", {"a", "b"}, C::on_cron("0 * * * *"));
  h.run({"a", "b"});
  EXPECT_EQ(h.tick(), Keys{});
  h.now += kHour;
  h.run({"a"});
  EXPECT_EQ(h.tick(), Keys{});
  h.run({"b"});
  EXPECT_EQ(h.tick(), Keys{"down"});
  h.run({"down"});
  EXPECT_EQ(h.tick(), Keys{});
  h.now += kHour;
  EXPECT_EQ(h.tick(), Keys{});
}

TEST(Evaluate, OnMissingMakesWhatBecomesMissingAfterTheFirstEvaluation) {
  History h;
  h.asset("x", {}, C::on_missing(), days());
  EXPECT_EQ(h.tick(), Keys{}) << "what was missing before is not its business";
  h.now += kDay;
  EXPECT_EQ(h.tick(), Keys{"x@2026-01-06"});
}

TEST(Evaluate, AJobIsRunWhenItsRootsAsk) {
  History h;
  h.asset("a").asset("b", {"a"}).asset("c", {"b"}).asset("d", {"a"});
  JobDef any, all;
  any.name = "any";
  any.selection = "b or c";
  any.automation_condition = C::any_job_root_assets_match(C::any_deps_match(C::newly_updated()) |
                                                          C::missing().newly_true());
  all.name = "all";
  all.selection = "b or c or d";
  all.automation_condition = C::all_job_root_assets_match(C::newly_updated());
  h.definitions.jobs = {any, all};
  EXPECT_EQ(h.tick(), Keys{"any (job)"}) << "b is missing";
  h.run({"c"});
  EXPECT_EQ(h.tick(), Keys{}) << "c is no root";
  h.run({"a"});
  EXPECT_EQ(h.tick(), Keys{"any (job)"});
  h.run({"b"});
  EXPECT_EQ(h.tick(), Keys{}) << "d is a root, too";
  h.run({"b", "d"});
  EXPECT_EQ(h.tick(), Keys{"all (job)"});
  EXPECT_NE(h.why("all (job)").text(*h.entities).find("all_job_root_assets_match(newly_updated)"),
            std::string::npos);
}

TEST(Evaluate, AJobOfPartitionsIsRunForThoseThatItsRootsAskFor) {
  History h;
  h.asset("a", {}, {}, letters()).asset("b", {"a"}, {}, letters());
  JobDef job;
  job.name = "job";
  job.automation_condition = C::any_job_root_assets_match(C::newly_updated());
  h.definitions.jobs = {job};
  h.tick();
  h.run({"a@b"});
  EXPECT_EQ(h.tick(), Keys{"job (job)@b"});
}

// In Dagster a job is evaluated before what its roots depend on.
TEST(Evaluate, AJobWaitsForWhatIsOnlyJustRequested) {
  History h;
  h.asset("source").asset("up", {"source"}, C::eager()).asset("down", {"up"});
  JobDef job;
  job.name = "job";
  job.selection = "down";
  job.automation_condition = C::all_job_root_assets_match(C::eager());
  h.definitions.jobs = {job};
  h.tick();
  h.run({"source"});
  EXPECT_EQ(h.tick(), Keys{"up"});
  h.run({"up"});
  EXPECT_EQ(h.tick(), Keys{"job (job)"});
}

TEST(Evaluate, AnAssetFollowsItsOwnEarlierPartition) {
  History h;
  h.asset("balance", {"balance"}, C::eager().without(C::in_latest_time_window()), days());
  h.definitions.steps[0].inputs[0].partition_mapping = std::make_shared<const PartitionMapping>(
      TimeWindowMapping{.start_offset = -1, .end_offset = -1});
  h.tick();
  h.run({"balance@2026-01-02"});
  EXPECT_EQ(h.tick(), Keys{"balance@2026-01-03"});
  EXPECT_EQ(h.tick(), Keys{});
  h.run({"balance@2026-01-02"});
  EXPECT_EQ(h.tick(), Keys{"balance@2026-01-03"});
}

TEST(Evaluate, WhatHasNoConditionCanBeGivenOne) {
  History h;
  h.asset("a").asset("own", {"a"}, C::on_missing()).asset("b", {"a"});
  h.otherwise = C::eager();
  h.tick();
  h.run({"a"});
  EXPECT_EQ(h.tick(), Keys{"b"});
}

TEST(Evaluate, IgnoredDependenciesDoNotCount) {
  History h;
  h.asset("a").asset("b").asset("down", {"a", "b"}, C::eager().ignore("b"));
  h.tick();
  h.run({"a"});
  EXPECT_EQ(h.tick(), Keys{"down"});
  h.run({"b"});
  EXPECT_EQ(h.tick(), Keys{});
}

TEST(Evaluate, ChecksOfDependenciesCanBeWaitedFor) {
  History h;
  h.asset("up").check("up", "fine", true);
  h.asset("down", {"up"}, C::eager() & C::all_deps_blocking_checks_passed());
  h.tick();
  h.run({"up"});
  EXPECT_EQ(h.tick(), Keys{});
  h.check_results["up:fine"] = false;
  EXPECT_EQ(h.tick(), Keys{});
  h.check_results["up:fine"] = true;
  EXPECT_EQ(h.tick(), Keys{"down"});
}

TEST(Evaluate, ACheckMayHaveAConditionOfItsOwn) {
  History h;
  h.asset("up").check("up", "fine", false, C::eager());
  h.tick();
  h.run({"up"});
  EXPECT_EQ(h.tick(), Keys{"up:fine"});
  EXPECT_EQ(h.tick(), Keys{});
}

TEST(Evaluate, CodeVersionsAndTagsOfRuns) {
  History h;
  h.asset("x", {}, C::code_version_changed());
  h.code_versions["x"] = "1";
  EXPECT_EQ(h.tick(), Keys{});
  h.code_versions["x"] = "2";
  EXPECT_EQ(h.tick(), Keys{"x"});
  EXPECT_EQ(h.tick(), Keys{});

  History t;
  const RunTagFilter no{.keys = std::set<std::string>{"quiet"}, .values = {}};
  t.asset("up").asset(
      "down", {"up"},
      C::any_deps_match(C::newly_updated() & ~C::all_new_updates_have_run_tags(no)));
  t.run({"up"});
  t.tick();
  t.run({"up"}, {{"quiet", "yes"}});
  EXPECT_EQ(t.tick(), Keys{});
  t.run({"up"});
  EXPECT_EQ(t.tick(), Keys{"down"});
}

using Tags = std::map<std::string, std::string>;

// Which of the conditions hold for an asset that such runs made, one after the other, since the last
// evaluation: "any", "all" of the new updates, "latest" run.
std::string held(const RunTagFilter& filter, const std::vector<Tags>& runs) {
  History h;
  h.asset("up");
  h.asset("any", {"up"}, C::any_deps_match(C::any_new_update_has_run_tags(filter)));
  h.asset("all", {"up"}, C::any_deps_match(C::all_new_updates_have_run_tags(filter)));
  h.asset("latest", {"up"}, C::any_deps_match(C::executed_with_tags(filter)));
  h.run({"up"}, {{"first", "yes"}});
  h.tick();
  for (const Tags& tags : runs) h.run({"up"}, tags);
  std::string out;
  for (const std::string& key : h.tick()) out += (out.empty() ? "" : " ") + key;
  return out;
}

TEST(Evaluate, TagsOfRunsAreAskedForByKeyByValueAndByBoth) {
  const Tags both = {{"a", "1"}, {"b", "2"}}, other = {{"a", "9"}, {"b", "2"}},
             only_a = {{"a", "1"}};
  const RunTagFilter keys{.keys = std::set<std::string>{"a", "b"}, .values = {}};
  const RunTagFilter values{.keys = {}, .values = Tags{{"a", "1"}, {"b", "2"}}};
  const RunTagFilter mixed{.keys = std::set<std::string>{"b"}, .values = Tags{{"a", "1"}}};
  const RunTagFilter anything;
  EXPECT_EQ(held(keys, {both}), "all any latest");
  EXPECT_EQ(held(keys, {other}), "all any latest") << "any value will do";
  EXPECT_EQ(held(keys, {only_a}), "") << "both keys are wanted";
  EXPECT_EQ(held(values, {both}), "all any latest");
  EXPECT_EQ(held(values, {other}), "") << "the value is another";
  EXPECT_EQ(held(values, {only_a}), "") << "both values are wanted";
  EXPECT_EQ(held(mixed, {both}), "all any latest");
  EXPECT_EQ(held(mixed, {other}), "") << "the key is there, the value is not";
  EXPECT_EQ(held(mixed, {only_a}), "") << "the value is there, the key is not";
  EXPECT_EQ(held(anything, {only_a}), "all any latest");
  EXPECT_EQ(held(keys, {both, only_a}), "any") << "the latest has them not, one has";
  EXPECT_EQ(held(keys, {only_a, both}), "any latest");
  EXPECT_EQ(held(keys, {both, other}), "all any latest");
  EXPECT_EQ(held(anything, {}), "latest") << "nothing is new";
  EXPECT_EQ(held({.keys = std::set<std::string>{"first"}, .values = {}}, {}), "latest");
  EXPECT_EQ(held({.keys = std::set<std::string>{"first"}, .values = {}}, {both}), "")
      << "what was seen before is not new";
}

TEST(Evaluate, TagsOfRunsAreAskedForByPartition) {
  const RunTagFilter quiet{.keys = std::set<std::string>{"quiet"}, .values = {}};
  for (const bool all : {true, false}) {
    History h;
    h.asset("up", {}, {}, letters());
    h.asset("down", {"up"},
            C::any_deps_match(all ? C::all_new_updates_have_run_tags(quiet)
                                  : C::any_new_update_has_run_tags(quiet)),
            letters());
    h.run({"up@a"});
    h.tick();
    h.run({"up@a", "up@b"}, {{"quiet", "1"}});
    h.run({"up@b"});
    EXPECT_EQ(h.tick(), all ? Keys{"down@a"} : (Keys{"down@a", "down@b"}));
  }
}

TEST(Evaluate, AnyDownstreamConditionsAskWhatComesAfter) {
  History h;
  h.asset("up", {}, C::any_downstream_conditions());
  h.asset("down", {"up"}, C::on_cron("0 * * * *"));
  EXPECT_EQ(h.tick(), Keys{});
  h.now += kHour;
  EXPECT_EQ(h.tick(), (Keys{"down", "up"}));
}

TEST(Evaluate, WhatCanOnlyBeMadeTogetherIsRequestedTogether) {
  History h;
  h.asset("source").asset("one", {"source"}, C::eager());
  OutputDef two;
  two.name = "two";
  two.asset.key = AssetKey("two");
  h.definitions.steps[1].outputs.push_back(two);
  h.tick();
  h.run({"source"});
  EXPECT_EQ(h.tick(), (Keys{"one", "two"}));
}

TEST(Evaluate, ChecksInAFunctionAreRequestedWithItsAssets) {
  History h;
  const C whole = C::eager() & C::all_deps_blocking_checks_passed();
  h.asset("source").asset("up", {"source"}, whole).check("up", "fine", true);
  h.asset("down", {"up"}, whole);
  h.tick();
  h.run({"source"});
  EXPECT_EQ(h.tick(), (Keys{"down", "up", "up:fine"}))
      << "the check is evaluated before down is made";
}

TEST(Evaluate, AnExplanationSaysWhichPartHeldForWhat) {
  History h;
  h.asset("up", {}, {}, days()).asset("down", {"up"}, C::eager(), days());
  h.tick();
  h.run({"up@2026-01-05"});
  h.tick();
  const std::string text = h.why("down").text(*h.entities);
  EXPECT_TRUE(
      text.starts_with("✓ eager  2026-01-05\n├─ ✓ in_latest_time_window  2026-01-05\n├─ ✓ SINCE"))
      << text;
  EXPECT_NE(text.find("│  │  └─ ✓ any_deps_updated  2026-01-05"), std::string::npos) << text;
  EXPECT_NE(text.find("✗ any_deps_missing"), std::string::npos) << text;
  EXPECT_EQ(h.why("down").holds, h.evaluation.results[0].slice);
}

TEST(Evaluate, AMissingAssetInAConditionIsNamed) {
  History h;
  h.asset("x", {}, C::asset_matches("nowhere", C::missing()));
  try {
    h.tick();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("'nowhere'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace treadle::automate
