#include "graph_of.h"
#include <treadle/plan/plan.h>

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

std::vector<NodeId> ids(const AssetGraph& g, const std::vector<std::string>& keys) {
  std::vector<NodeId> out;
  for (const std::string& key : keys) out.push_back(g.find(key));
  return out;
}

std::vector<NodeId> everything(const AssetGraph& g) {
  return g.topological_order();
}

std::string names(const Plan& plan) {
  std::string text;
  for (const PlannedStep& step : plan.steps) {
    if (!text.empty()) text += ' ';
    text += step.def->name;
  }
  return text;
}

const PlannedStep& planned(const Plan& plan, const std::string& name) {
  for (const PlannedStep& step : plan.steps) {
    if (step.def->name == name) return step;
  }
  throw std::out_of_range("not planned: " + name);
}

std::string waits_for(const Plan& plan, const std::string& name) {
  std::string text;
  for (const std::uint32_t i : planned(plan, name).upstream) {
    if (!text.empty()) text += ' ';
    text += plan.steps.at(i).def->name;
  }
  return text;
}

TEST(MakePlan, RunsProducersBeforeConsumers) {
  const Definitions d =
      define({"model <- train", "train test <- raw", "raw", "eval <- model test"});
  const AssetGraph g(d);
  const auto plan = make_plan(g, everything(g));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "raw train_and_test model eval");
  EXPECT_EQ(waits_for(*plan, "raw"), "");
  EXPECT_EQ(waits_for(*plan, "eval"), "train_and_test model");
  EXPECT_EQ(planned(*plan, "train_and_test").downstream, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(plan->graph, &g);
}

TEST(MakePlan, SaysWhereEachInputComesFrom) {
  const Definitions d = define({"!csv", "a <- csv unknown", "b <- a", "c <- b a"});
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"c", "a"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "a c");
  const auto& a = plan->steps[0].inputs;
  ASSERT_EQ(a.size(), 2u);
  EXPECT_EQ(a[0].from, PlannedInput::From::kOutside);
  EXPECT_EQ(a[1].from, PlannedInput::From::kOutside);
  EXPECT_EQ(a[1].node, g.find("unknown"));
  const auto& c = plan->steps[1].inputs;
  EXPECT_EQ(c[0].from, PlannedInput::From::kStored);
  EXPECT_EQ(c[0].node, g.find("b"));
  EXPECT_EQ(c[1].from, PlannedInput::From::kStep);
  EXPECT_EQ(c[1].step, 0u);
}

TEST(MakePlan, IgnoresSelectedSourcesAndRepetitions) {
  const Definitions d = define({"!csv", "a <- csv"});
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"csv", "a", "a"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "a");
  EXPECT_EQ(plan->steps[0].outputs, std::vector<std::uint32_t>{0});
}

TEST(MakePlan, RefusesPartOfAMultiAssetThatMakesAllAtOnce) {
  Definitions d = define({"train test <- raw", "raw"});
  d.steps[0].place = {"pipeline.py", 12};
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"test"}));
  ASSERT_FALSE(plan);
  ASSERT_EQ(plan.error().size(), 1u);
  EXPECT_EQ(plan.error()[0].code, "invalid_subset");
  EXPECT_EQ(plan.error()[0].place.line, 12);
  EXPECT_EQ(
      plan.error()[0].message,
      "Step 'train_and_test' makes all its assets at once, but only 'test' of them is selected.");
  EXPECT_EQ(plan.error()[0].cure, "Select 'train' as well, or declare the step with can_subset.");
}

TEST(MakePlan, TakesPartOfAMultiAssetThatCanSubset) {
  Definitions d = define({"train test <- raw", "raw", "model <- train test"});
  d.steps[0].can_subset = true;
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"test", "model"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "train_and_test model");
  EXPECT_EQ(plan->steps[0].outputs, std::vector<std::uint32_t>{1});
  EXPECT_EQ(plan->steps[1].inputs[0].from, PlannedInput::From::kStored);
  EXPECT_EQ(plan->steps[1].inputs[1].from, PlannedInput::From::kStep);
}

TEST(MakePlan, ConsumersWaitForABlockingCheckAndOtherChecksDoNot) {
  Definitions d = define({"a", "b <- a", "c <- b"});
  d.steps.push_back(check_step("hard", "a", true));
  d.steps.push_back(check_step("soft", "a", false));
  const AssetGraph g(d);
  const auto plan = make_plan(g, everything(g));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "a a_hard b c a_soft");
  EXPECT_EQ(waits_for(*plan, "b"), "a a_hard");
  EXPECT_EQ(waits_for(*plan, "c"), "b");
  EXPECT_EQ(waits_for(*plan, "a_soft"), "a");
  EXPECT_EQ(waits_for(*plan, "a_hard"), "a");
}

TEST(MakePlan, ChecksRunForSelectedAssetsOnlyAndNotWhenToldSo) {
  Definitions d = define({"a", "b <- a"});
  d.steps.push_back(check_step("hard", "a", true));
  const AssetGraph g(d);
  EXPECT_EQ(names(*make_plan(g, ids(g, {"b"}))), "b");
  EXPECT_EQ(names(*make_plan(g, ids(g, {"a", "b"}), false)), "a b");
  EXPECT_EQ(names(*make_plan(g, ids(g, {"a"}))), "a a_hard");
}

TEST(MakePlan, ACheckMayLiveInTheStepOfItsAsset) {
  Definitions d = define({"a b"});
  d.steps[0].can_subset = true;
  CheckDef on_a, on_b;
  on_a.name = "rows";
  on_a.asset = "a";
  on_b.name = "rows";
  on_b.asset = "b";
  on_b.blocking = true;
  d.steps[0].checks = {on_a, on_b};
  d.steps.push_back(step_of({"c"}, {"b"}));
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"b", "c"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->steps[0].checks, std::vector<std::uint32_t>{1});
  EXPECT_EQ(waits_for(*plan, "c"), "a_and_b");
  EXPECT_TRUE(make_plan(g, ids(g, {"b"}), false)->steps[0].checks.empty());
}

TEST(MakePlan, ACheckStepWaitsForItsAssetThoughItReadsNothing) {
  Definitions d = define({"z"});
  d.steps.insert(d.steps.begin(), check_step("fresh", "z", false));
  d.steps[0].inputs.clear();
  const AssetGraph g(d);
  const auto plan = make_plan(g, everything(g));
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "z z_fresh");
  EXPECT_EQ(plan->steps[1].outputs, std::vector<std::uint32_t>{0}) << "its result, no asset";
}

TEST(MakePlan, ACheckStepForManyAssetsRunsWholeUnlessItCanSubset) {
  Definitions d = define({"a", "b"});
  StepDef both = check_step("positive", "a", false);
  CheckDef on_b = both.checks[0];
  on_b.asset = "b";
  both.checks.push_back(on_b);
  both.name = "both";
  d.steps.push_back(both);
  {
    const AssetGraph g(d);
    const auto plan = make_plan(g, ids(g, {"b"}));
    EXPECT_EQ(planned(*plan, "both").checks, (std::vector<std::uint32_t>{0, 1}));
  }
  d.steps.back().can_subset = true;
  const AssetGraph g(d);
  const auto plan = make_plan(g, ids(g, {"b"}));
  EXPECT_EQ(planned(*plan, "both").checks, std::vector<std::uint32_t>{1});
}

TEST(MakePlan, NothingSelectedIsAnEmptyPlan) {
  const Definitions d = define({"a"});
  const AssetGraph g(d);
  EXPECT_TRUE(make_plan(g, {})->steps.empty());
}

TEST(CompleteSteps, AddsWhatTheSameCallsMakeAnyway) {
  Definitions d = define({"!csv", "a <- csv", "x y <- a", "p q <- a"});
  d.steps[2].can_subset = true;
  const AssetGraph g(d);
  EXPECT_EQ(keys_of(g, complete_steps(g, ids(g, {"q", "y", "csv"}))), "csv x y q");
  EXPECT_EQ(keys_of(g, complete_steps(g, {})), "");
  EXPECT_TRUE(make_plan(g, complete_steps(g, ids(g, {"x"}))));
}

TEST(PlanForSteps, TakesTheNamedStepsWhole) {
  Definitions d = define({"a", "x y <- a", "b <- x"});
  d.steps.push_back(check_step("ok", "b", false));
  const AssetGraph g(d);
  const auto plan = plan_for_steps(g, {"b_ok", "b", "x_and_y"});
  ASSERT_TRUE(plan);
  EXPECT_EQ(names(*plan), "x_and_y b b_ok");
  EXPECT_EQ(plan->steps[0].outputs, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(plan->steps[0].inputs[0].from, PlannedInput::From::kStored);
  EXPECT_EQ(plan->steps[2].checks, std::vector<std::uint32_t>{0});
}

TEST(PlanForSteps, NamesAStepThatIsGone) {
  const Definitions d = define({"training_set"});
  const AssetGraph g(d);
  const auto plan = plan_for_steps(g, {"trainning_set"});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Errc::kNotFound);
  EXPECT_EQ(plan.error().message,
            "The definitions have no step 'trainning_set' any more. Did you mean 'training_set'? "
            "Restore the step, or start a new run instead of resuming this one.");
}

TEST(MakePlan, LooksAtSelectedSourceAssetsBeforeWhatFollowsFromThemRuns) {
  Definitions d = define({"model <- raw", "!raw", "!other"});
  d.steps.push_back(observing_step("look", {"raw"}));
  const AssetGraph g(d);
  const auto both = make_plan(g, ids(g, {"raw", "other", "model"}));
  ASSERT_TRUE(both);
  EXPECT_EQ(names(*both), "look model");
  EXPECT_EQ(waits_for(*both, "model"), "look");
  const auto made_only = make_plan(g, ids(g, {"model"}));
  ASSERT_TRUE(made_only);
  EXPECT_EQ(names(*made_only), "model");
}

TEST(MakePlan, RunsTheNamedChecksWhetherOrNotTheirAssetIsSelected) {
  Definitions d = define({"a", "b"});
  d.steps.push_back(check_step("first", "a", false));
  d.steps.push_back(check_step("second", "a", false));
  const AssetGraph g(d);
  const CheckNames first = {{AssetKey("a"), "first"}};
  const auto alone = make_plan(g, {}, true, &first);
  ASSERT_TRUE(alone);
  EXPECT_EQ(names(*alone), "a_first");
  const auto with_another = make_plan(g, ids(g, {"a", "b"}), true, &first);
  ASSERT_TRUE(with_another);
  EXPECT_EQ(names(*with_another), "a b a_first");
  const CheckNames none;
  EXPECT_EQ(names(*make_plan(g, ids(g, {"a"}), true, &none)), "a");
}

}  // namespace
}  // namespace treadle::plan
