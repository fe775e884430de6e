#include "graph_of.h"

#include <gtest/gtest.h>

namespace treadle {
namespace {

// "outer.inner(a=x.result, b=[y.result, z.out])" for each step.
std::vector<std::string> texts(const std::vector<StepDef>& steps) {
  std::vector<std::string> lines;
  for (const StepDef& step : steps) {
    std::string line = step.name + "(";
    for (const InputDef& input : step.inputs) {
      if (line.back() != '(') line += ", ";
      line += input.name + "=";
      std::string sources;
      for (const OutputRef& ref : input.from) {
        if (!sources.empty()) sources += ", ";
        sources += ref.step.empty() ? "value" : ref.step + "." + ref.output;
      }
      if (input.use == InputUse::kList) sources = "[" + sources + "]";
      if (input.use == InputUse::kCollect) sources = "each " + sources;
      if (sources.empty() && input.value) sources = "value";
      if (!input.asset.empty()) sources = "@" + input.asset.text();
      line += sources;
    }
    lines.push_back(line + ")");
  }
  return lines;
}
using Lines = std::vector<std::string>;

TEST(Flatten, NodesBecomeStepsNamedByTheirNesting) {
  auto inner = std::make_shared<GraphDef>();
  inner->name = "inner";
  inner->inputs = {{.name = "n"}};
  inner->nodes = {node(op("twice x")), node(op("add a b"), "sum")};
  inner->dependencies = {wire("twice.x", ".n"), wire("sum.a", "twice"), wire("sum.b", ".n")};
  inner->outputs = {{.name = "total", .from = from("sum")}};
  GraphDef outer;
  outer.name = "outer";
  outer.nodes = {node(op("show x")), node(inner, "first"), node(op("one"))};
  outer.dependencies = {wire("first.n", "one"), wire("show.x", "first.total")};
  ASSERT_TRUE(find_problems(outer).empty());
  const FlatGraph flat = flatten(outer);
  EXPECT_EQ(texts(flat.steps), (Lines{"show(x=first.sum.result)", "first.twice(x=one.result)",
                                      "first.sum(a=first.twice.result, b=one.result)", "one()"}));
  EXPECT_EQ(flat.steps[2].op_name, "add");
}

TEST(Flatten, FanInKeepsItsOrderThroughNesting) {
  auto inner = std::make_shared<GraphDef>();
  inner->name = "inner";
  inner->inputs = {{.name = "a"}, {.name = "b", .value = Value::of(1)}};
  inner->nodes = {node(op("list xs")), node(op("one"))};
  inner->dependencies = {fan_in("list.xs", {".b", "one", ".a"})};
  inner->outputs = {{.from = from("list")}};
  GraphDef outer;
  outer.name = "outer";
  outer.nodes = {node(op("zero")), node(inner)};
  outer.dependencies = {wire("inner.a", "zero")};
  ASSERT_TRUE(find_problems(outer).empty());
  EXPECT_EQ(texts(flatten(outer).steps)[1],
            "inner.list(xs=[value, inner.one.result, zero.result])");
}

TEST(Flatten, SaysWhichInputsOfTheGraphAreLeftOpenAndTakesValuesForThem) {
  GraphDef graph;
  graph.name = "g";
  graph.inputs = {{.name = "n"}};
  graph.nodes = {node(op("twice x")), node(op("list xs"))};
  graph.dependencies = {wire("twice.x", ".n"), fan_in("list.xs", {"twice", ".n"})};
  const FlatGraph open = flatten(graph);
  ASSERT_EQ(open.inputs.size(), 1u);
  EXPECT_EQ(open.inputs[0].name, "n");
  EXPECT_EQ(open.inputs[0].step, 0u);
  EXPECT_EQ(texts(flatten(graph, {}, {{"n", Value::of(3)}}).steps),
            (Lines{"twice(x=value)", "list(xs=[twice.result, value])"}));
}

TEST(Flatten, HooksTagsAndRetriesComeFromTheNodeAndWhatIsAroundIt) {
  struct NoBody final : HookBody {
    tl::expected<bool, StepFailure> run(HookContext&) override { return true; }
  };
  const auto body = std::make_shared<NoBody>();
  const auto hook = [&](const char* name) { return HookDef{name, {}, body}; };
  auto plain = op("work");
  plain->hooks = {hook("own"), hook("shared")};
  plain->op_tags = {{"a", "op"}, {"b", "op"}};
  plain->retry_policy = RetryPolicy{.max_retries = 1};
  auto inner = std::make_shared<GraphDef>();
  inner->name = "inner";
  inner->nodes = {node(plain)};
  inner->nodes[0].tags = {{"b", "node"}};
  inner->nodes[0].retry_policy = RetryPolicy{.max_retries = 7};
  inner->nodes[0].hooks = {hook("node")};
  auto graph = std::make_shared<GraphDef>();
  graph->name = "g";
  graph->nodes = {node(inner)};
  graph->nodes[0].hooks = {hook("around"), hook("shared")};
  JobDef job;
  job.name = "j";
  job.graph = graph;
  job.hooks = {hook("job")};
  job.op_tags = {{"a", "job"}, {"c", "job"}};
  const Definitions own = definitions_of_job({}, job);
  ASSERT_EQ(own.steps.size(), 1u);
  std::vector<std::string> hooks;
  for (const HookDef& h : own.steps[0].hooks) hooks.push_back(h.name);
  EXPECT_EQ(hooks, (std::vector<std::string>{"job", "around", "shared", "node", "own"}));
  EXPECT_EQ(own.steps[0].op_tags, (Tags{{"a", "op"}, {"c", "job"}, {"b", "node"}}));
  EXPECT_EQ(own.steps[0].retry_policy->max_retries, 7);
}

TEST(Flatten, AnInputMayReadAnAsset) {
  GraphDef graph;
  graph.name = "g";
  graph.nodes = {node(op("use x"))};
  graph.dependencies = {{.node = "use",
                         .input = "x",
                         .kind = Dependency::Kind::kAsset,
                         .from = {},
                         .asset = AssetKey("raw/iris")}};
  EXPECT_TRUE(find_problems(graph, "@graph", true).empty());
  EXPECT_EQ(texts(flatten(graph).steps), (Lines{"use(x=@raw/iris)"}));
}

TEST(Flatten, ATagSaysHowLongAnAttemptMayTake) {
  GraphDef graph;
  graph.name = "g";
  graph.nodes = {node(op("a")), node(op("b"))};
  graph.nodes[0].tags = {{"treadle/time_limit", "2.5"}};
  graph.nodes[1].tags = {{"treadle/time_limit", "soon"}};
  const FlatGraph flat = flatten(graph);
  EXPECT_EQ(flat.steps[0].time_limit, 2.5);
  EXPECT_EQ(flat.steps[1].time_limit, 0);
}

TEST(Flatten, AGraphOfAssetsReadsAndMakesThemInItsSteps) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "g";
  graph->inputs = {{.name = "raw"}};
  graph->nodes = {node(op("clean x")), node(op("split x -> train test"))};
  graph->dependencies = {wire("clean.x", ".raw"), wire("split.x", "clean")};
  graph->outputs = {{.name = "a", .from = from("split.train")},
                    {.name = "b", .from = from("split.test")}};
  GraphAssetDef def;
  def.name = "data";
  def.graph = graph;
  def.inputs["raw"].asset = "raw/iris";
  def.deps = {"calendar"};
  def.outputs["a"].asset.key = "train";
  def.outputs["b"].asset.key = "test";
  def.outputs["b"].follows_from = std::vector<AssetKey>{"train"};
  const std::vector<StepDef> steps = flatten(def);
  EXPECT_EQ(texts(steps),
            (Lines{"data.clean(x=@raw/iris, =@calendar)", "data.split(x=data.clean.result)"}));
  EXPECT_EQ(steps[0].graph, "data");
  EXPECT_TRUE(steps[0].outputs[0].asset.key.empty());
  EXPECT_EQ(steps[1].outputs[0].asset.key, AssetKey("train"));
  EXPECT_EQ(*steps[1].outputs[0].follows_from, (std::vector<AssetKey>{"raw/iris", "calendar"}));
  EXPECT_EQ(*steps[1].outputs[1].follows_from, (std::vector<AssetKey>{"train"}));
  Definitions d;
  d.steps = steps;
  d.sources.emplace_back().asset.key = "raw/iris";
  d.sources.emplace_back().asset.key = "calendar";
  for (StepDef& step : d.steps) {
    for (OutputDef& output : step.outputs) output.stores_value = false;
  }
  for (const Problem& problem : find_problems(d)) ADD_FAILURE() << problem.text();
}

TEST(Flatten, AnOpOfAGraphOfAssetsMayStandForACheck) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = "g";
  graph->nodes = {node(op("make")), node(op("look x"))};
  graph->dependencies = {wire("look.x", "make")};
  graph->outputs = {{.name = "result", .from = from("make")},
                    {.name = "table_fine", .from = from("look")}};
  GraphAssetDef def;
  def.name = "table";
  def.graph = graph;
  def.outputs["result"].asset.key = "table";
  def.checks["table_fine"] = {.name = "fine", .asset = "table"};
  const std::vector<StepDef> steps = flatten(def);
  EXPECT_TRUE(steps[0].checks.empty());
  ASSERT_EQ(steps[1].checks.size(), 1u);
  EXPECT_EQ(steps[1].checks[0].name, "fine");
  EXPECT_EQ(steps[1].checks[0].output, "result");
  EXPECT_FALSE(steps[1].outputs[0].stores_value);
}

}  // namespace
}  // namespace treadle
