#include "../../define/tests/graph_of.h"
#include <treadle/plan/plan.h>

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

JobDef job_of(std::vector<NodeDef> nodes, std::vector<Dependency> dependencies) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "j";
  graph->nodes = std::move(nodes);
  graph->dependencies = std::move(dependencies);
  JobDef job;
  job.name = "j";
  job.graph = graph;
  return job;
}

// "a b<a c[?]<a.0": steps, what they wait for, and '-' in front of those that are not executed.
std::string text(const tl::expected<Plan, std::vector<Problem>>& plan) {
  if (!plan) {
    std::string problems;
    for (const Problem& p : plan.error()) problems += p.code + ": " + p.message + "\n";
    return problems;
  }
  std::string line;
  for (const PlannedStep& step : plan->steps) {
    if (!line.empty()) line += ' ';
    if (!step.execute) line += '-';
    line += step_key(step);
    for (const std::string& key : step.mapping_keys) line += ":" + key;
    for (std::size_t i = 0; i < step.upstream.size(); ++i) {
      line += (i == 0 ? "<" : ",") + plan->steps[step.upstream[i]].def->name;
    }
  }
  return line;
}

JobDef diamond() {
  return job_of({node(op("d l r")), node(op("b x")), node(op("c x")), node(op("a"))},
                {wire("b.x", "a"), wire("c.x", "a"), wire("d.l", "b"), wire("d.r", "c")});
}

TEST(PlanJob, OrdersStepsByWhatTheyRead) {
  const auto plan = plan_job({}, diamond());
  EXPECT_EQ(text(plan), "a b<a c<a d<b,c");
  const PlannedInput& l = plan->steps[3].inputs[0];
  EXPECT_EQ(l.from, PlannedInput::From::kOutputs);
  EXPECT_EQ(l.outputs, (std::vector<StepOutput>{{.step = 1, .output = 0}}));
}

TEST(PlanJob, SelectsAsDagsterDoes) {
  JobDef job = diamond();
  EXPECT_EQ(text(plan_job({}, job, {"*c"})), "a c<a");
  EXPECT_EQ(text(plan_job({}, job, {"a+"})), "a b<a c<a");
  EXPECT_EQ(text(plan_job({}, job, {"a", "b"})), "a b<a");
  EXPECT_EQ(text(plan_job({}, job, {"++d"})), "a b<a c<a d<b,c");
  EXPECT_EQ(text(plan_job({}, job, {"a*"})), "a b<a c<a d<b,c");
  EXPECT_EQ(text(plan_job({}, job, {"e"})),
            "empty_selection: No qualified ops to execute found for op_selection=['e'].\n");
}

TEST(PlanJob, AnInputThatLosesItsSourceNeedsAValue) {
  EXPECT_EQ(text(plan_job({}, diamond(), {"b"})),
            "unresolved_input: Input 'x' of op 'b' has no way of being resolved: it comes from "
            "step 'a', which is not selected.\n");
  auto with_default = op("b x");
  with_default->inputs[0].value = Value::of(1);
  const JobDef job = job_of({node(op("a")), node(with_default)}, {wire("b.x", "a")});
  const auto plan = plan_job({}, job, {"b"});
  EXPECT_EQ(text(plan), "b");
  EXPECT_EQ(plan->steps[0].inputs[0].from, PlannedInput::From::kValue);
}

TEST(PlanJob, ANodeThatIsAGraphIsSelectedWhole) {
  auto inner = std::make_shared<GraphDef>();
  inner->name = "g";
  inner->nodes = {node(op("x")), node(op("y v"))};
  inner->dependencies = {wire("y.v", "x")};
  const JobDef job = job_of({node(inner), node(op("a"))}, {});
  EXPECT_EQ(text(plan_job({}, job, {"g"})), "g.x g.y<g.x");
  EXPECT_EQ(text(plan_job({}, job, {"*g.y"})), "g.x g.y<g.x");
}

JobDef dynamic() {
  return job_of({node(op("fan -> out*")), node(op("one")), node(op("a x y")), node(op("b x")),
                 node(op("sum xs"))},
                {wire("a.x", "fan.out"), wire("a.y", "one"), wire("b.x", "a"),
                 wire("sum.xs", "b", Dependency::Kind::kCollect)});
}

TEST(PlanJob, KnowsWhatRunsOnceForEachDynamicValue) {
  const auto plan = plan_job({}, dynamic());
  EXPECT_EQ(text(plan), "fan one a[?]<fan,one b[?]<a sum<b");
  EXPECT_EQ(plan->steps[3].mapped_over, (StepOutput{.step = 0, .output = 0}));
  EXPECT_EQ(plan->steps[4].mapped_over.step, kNoStep);
}

TEST(PlanJobAgain, KeepsWhatIsNotRunAgain) {
  EXPECT_EQ(text(plan_job_again({}, diamond(), {"c", "d"})), "-a -b<a c<a d<b,c");
  EXPECT_EQ(text(plan_job_again({}, dynamic(), {"b[k1]", "b[k2]", "sum"})),
            "-fan -one -a[?]<fan,one b[?]:k1:k2<a sum<b");
  EXPECT_EQ(text(plan_job_again({}, dynamic(), {"b[k1]", "b[?]", "sum"})),
            "-fan -one -a[?]<fan,one b[?]<a sum<b");
  EXPECT_EQ(text(plan_job_again({}, diamond(), {"e"})),
            "unknown_step: Can not build subset plan from unknown step: 'e'.\n");
}

std::string again(const std::vector<std::string>& selection, const KnownMappingKeys& keys) {
  const auto plan = plan_job({}, dynamic());
  const auto selected = select_steps_again(*plan, {{}, {}, keys, keys, {}}, selection);
  if (!selected) return selected.error().code + ": " + selected.error().message;
  std::string text;
  for (const std::string& key : *selected) text += (text.empty() ? "" : " ") + key;
  return text;
}

TEST(SelectStepsAgain, AnInstanceIsFollowedByThoseOfItsKey) {
  const KnownMappingKeys keys{{"k1", "k2"}};
  EXPECT_EQ(again({"a[k1]*"}, keys), "a[k1] b[k1] sum");
  EXPECT_EQ(again({"a[k1]+"}, keys), "a[k1] b[k1]");
  EXPECT_EQ(again({"+b[k2]"}, keys), "a[k2] b[k2]");
  EXPECT_EQ(again({"sum", "b[k1]"}, keys), "b[k1] sum");
}

TEST(SelectStepsAgain, AMappedStepMeansAllItsInstances) {
  const KnownMappingKeys keys{{"k1", "k2"}};
  EXPECT_EQ(again({"fan*"}, keys), "fan a[?] b[?] sum");
  EXPECT_EQ(again({"+a[?]"}, keys), "fan one a[?]");
  EXPECT_EQ(again({"fan+"}, keys), "fan a[?]");
  EXPECT_EQ(again({"*"}, keys), "fan one a[?] b[?] sum");
}

TEST(SelectStepsAgain, WhatIsNotThereIsSaidAltogether) {
  const KnownMappingKeys keys{{"k1", "k2"}};
  EXPECT_EQ(again({"a[k3]", "sum", "x"}, keys),
            "unknown_step: Step selection refers to unknown steps: a[k3], x");
  // Which keys there will be is not known before `fan` has run again.
  EXPECT_EQ(again({"fan", "b[k1]"}, keys),
            "unknown_step: Can not build subset plan from unknown step: b[k1]");
  EXPECT_EQ(
      again({"a[?]"}, {}),
      "unresolved_step: Unresolved ExecutionStep \"a[?]\" is resolved by \"fan\" which is not part "
      "of the current step selection or known state from parent run.");
  EXPECT_EQ(again({"fan", "a[?]"}, {}), "fan a[?]");
}

TEST(PlanJob, ThePlanOutlivesTheDefinitions) {
  Plan plan;
  {
    const JobDef job = diamond();
    plan = *plan_job({}, job);
  }
  EXPECT_EQ(plan.steps[3].def->inputs[1].name, "r");
}

Definitions graph_assets(bool can_subset) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "g";
  graph->inputs = {{.name = "raw"}};
  graph->nodes = {node(op("load x")), node(op("left x")), node(op("right x"))};
  graph->dependencies = {wire("load.x", ".raw"), wire("left.x", "load"), wire("right.x", "load")};
  graph->outputs = {{.name = "l", .from = from("left")}, {.name = "r", .from = from("right")}};
  GraphAssetDef def;
  def.name = "g";
  def.graph = graph;
  def.inputs["raw"].asset = "raw";
  def.outputs["l"].asset.key = "l";
  def.outputs["r"].asset.key = "r";
  def.can_subset = can_subset;
  Definitions d;
  d.sources.emplace_back().asset.key = "raw";
  d.steps = flatten(def);
  StepDef& reader = d.steps.emplace_back();
  reader.name = "end";
  reader.inputs.emplace_back().asset = "l";
  reader.outputs.emplace_back().asset.key = "end";
  return d;
}

TEST(MakePlan, AGraphOfAssetsRunsWholeOrWhatItsPickedAssetsNeed) {
  const Definitions d = graph_assets(false);
  const AssetGraph g(d);
  EXPECT_EQ(text(make_plan(g, {g.find("l"), g.find("r"), g.find("end")})),
            "g.load g.left<g.load g.right<g.load end<g.left");
  EXPECT_EQ(text(make_plan(g, {g.find("l")})),
            "invalid_subset: Graph 'g' makes all its assets at once, but only 'l' of them is "
            "selected.\n");
  EXPECT_EQ(complete_steps(g, {g.find("l")}).size(), 2u);
  EXPECT_EQ(g.node(g.find("l")).parents, (std::vector<NodeId>{g.find("raw")}));
  const Definitions e = graph_assets(true);
  const AssetGraph h(e);
  EXPECT_EQ(text(make_plan(h, {h.find("l")})), "g.load g.left<g.load");
}

Definitions graph_with_check(bool can_subset) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "g";
  graph->inputs = {{.name = "raw"}};
  graph->nodes = {node(op("load x")), node(op("make x")), node(op("look x"))};
  graph->dependencies = {wire("load.x", ".raw"), wire("make.x", "load"), wire("look.x", "load")};
  graph->outputs = {{.name = "result", .from = from("make")},
                    {.name = "fine", .from = from("look")}};
  GraphAssetDef def;
  def.name = "g";
  def.graph = graph;
  def.inputs["raw"].asset = "raw";
  def.outputs["result"].asset.key = "made";
  def.checks["fine"] = {.name = "fine", .asset = "made"};
  def.can_subset = can_subset;
  Definitions d;
  StepDef& raw = d.steps.emplace_back();
  raw.name = "raw";
  raw.outputs.emplace_back().asset.key = "raw";
  StepDef& check = d.steps.emplace_back();
  check.name = "raw_ok";
  check.checks.push_back({.name = "ok", .asset = "raw", .blocking = true});
  for (StepDef& step : flatten(def)) d.steps.push_back(std::move(step));
  return d;
}

TEST(MakePlan, AGraphOfAssetsWaitsForBlockingChecksOfWhatItReads) {
  const Definitions d = graph_with_check(false);
  const AssetGraph g(d);
  EXPECT_EQ(text(make_plan(g, {g.find("raw"), g.find("made")})),
            "raw raw_ok<raw g.load<raw,raw_ok g.make<g.load g.look<g.load");
}

// A check made within a graph waits for what the graph wires it to, and so may come before its asset.
TEST(MakePlan, ACheckOfAGraphThatCanBeSubsetRunsWithItsAssetOrAlone) {
  const Definitions d = graph_with_check(true);
  const AssetGraph g(d);
  EXPECT_EQ(text(make_plan(g, {g.find("made")})), "g.load g.make<g.load g.look<g.load");
  EXPECT_EQ(text(make_plan(g, {g.find("made")}, false)), "g.load g.make<g.load");
  const CheckNames only{{"made", "fine"}};
  EXPECT_EQ(text(make_plan(g, {}, false, &only)), "g.load g.look<g.load");
}

}  // namespace
}  // namespace treadle::plan
