#include "graph_of.h"

#include <gtest/gtest.h>

namespace treadle {
namespace {

std::vector<std::string> problems_of(const GraphDef& graph, bool needs_all_inputs = false) {
  std::vector<std::string> texts;
  for (const Problem& p : find_problems(graph, "@job", needs_all_inputs)) {
    texts.push_back(p.code + ": " + p.message);
  }
  return texts;
}
using Texts = std::vector<std::string>;

GraphDef job(std::vector<NodeDef> nodes, std::vector<Dependency> dependencies) {
  GraphDef graph;
  graph.name = "j";
  graph.nodes = std::move(nodes);
  graph.dependencies = std::move(dependencies);
  return graph;
}

TEST(GraphProblems, SaysEveryUnknownNameAtOnce) {
  GraphDef graph = job({node(op("load -> rows")), node(op("clean rows"))},
                       {wire("clean.row", "load.rows"), wire("clean.rows", "load.rwos"),
                        wire("cleen.rows", "load.rows"), wire("load.x", "laod")});
  graph.outputs = {{.name = "a", .from = from("nobody")}, {.name = "b", .from = from("clean.x")}};
  EXPECT_EQ(
      problems_of(graph),
      (Texts{"unknown_input: Invalid dependencies: op \"clean\" does not have input \"row\". "
             "Available inputs: ['rows'].",
             "unknown_output: Invalid dependencies: node \"load\" does not have output \"rwos\". "
             "Listed as dependency for node \"clean\" input \"rows\".",
             "unknown_node: Invalid dependencies: node \"cleen\" in dependency dictionary not "
             "found in node list.",
             "unknown_input: Invalid dependencies: op \"load\" does not have input \"x\". "
             "Available inputs: [].",
             "unknown_node: In @job 'j', output mapping references node 'nobody' which it does not "
             "contain.",
             "unknown_output: In @job 'j', output mapping from op 'clean' references output 'x', "
             "which the node does not contain."}));
  EXPECT_EQ(find_problems(graph)[1].cure, "Did you mean 'rows'?");
}

TEST(GraphProblems, NamesDuplicatesAndUnmappedInputsAndOutputs) {
  GraphDef graph = job({node(op("a")), node(op("a"))}, {});
  graph.inputs = {{.name = "n"}};
  graph.outputs = {{.name = "result", .from = {.node = "", .output = ""}}};
  EXPECT_EQ(problems_of(graph),
            (Texts{"duplicate_node: @job j invoked the same node (a) twice without aliasing.",
                   "unmapped_output: @job 'j' has unmapped output 'result'.",
                   "unmapped_input: @job 'j' has unmapped input 'n'."}));
}

TEST(GraphProblems, FindsCircles) {
  const GraphDef graph = job({node(op("a x")), node(op("b x")), node(op("c x"))},
                             {wire("a.x", "c"), wire("b.x", "a"), wire("c.x", "b")});
  const Texts found = problems_of(graph);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0],
            "cycle: In @job 'j' nodes depend on each other in a circle: a -> b -> c -> a.");
  EXPECT_EQ(problems_of(job({node(op("a x"))}, {wire("a.x", "a")})),
            (Texts{"cycle: Invalid dependencies: circular reference detected in node \"a\" input "
                   "\"x\"."}));
}

TEST(GraphProblems, AnInputThatNothingProvidesIsOneOnlyWhereItMustBe) {
  const GraphDef graph = job({node(op("a x"))}, {});
  EXPECT_TRUE(problems_of(graph).empty());
  EXPECT_EQ(problems_of(graph, true),
            (Texts{"unresolved_input: Input 'x' of op 'a' has no way of being resolved."}));
  auto with_default = op("a x");
  with_default->inputs[0].value = Value::of(1);
  EXPECT_TRUE(problems_of(job({node(with_default)}, {}), true).empty());
}

TEST(GraphProblems, DynamicOutputsMayBeMappedInChainsAndCollected) {
  const GraphDef graph =
      job({node(op("fan -> out*")), node(op("a x")), node(op("b x")), node(op("sum xs"))},
          {wire("a.x", "fan.out"), wire("b.x", "a"), collect("sum.xs", "b")});
  EXPECT_TRUE(problems_of(graph).empty());
}

TEST(GraphProblems, NoNodeIsDownstreamOfTwoDynamicOutputs) {
  const GraphDef graph =
      job({node(op("fan -> out*")), node(op("again x -> out*")), node(op("c x"))},
          {wire("again.x", "fan.out"), wire("c.x", "again.out")});
  EXPECT_EQ(problems_of(graph),
            (Texts{"nested_dynamic: op 'c' cannot be downstream of more than one dynamic output. "
                   "It is downstream of both \"fan:out\" and \"again:out\"."}));
}

TEST(GraphProblems, DynamicOutputsAreNotFannedInNorCollectedWhereTheyAreMapped) {
  const GraphDef graph =
      job({node(op("fan -> out*")), node(op("a x")), node(op("list xs")), node(op("both x xs")),
           node(op("one")), node(op("plain xs"))},
          {wire("a.x", "fan.out"), fan_in("list.xs", {"one", "a"}), wire("both.x", "a"),
           collect("both.xs", "fan.out"), collect("plain.xs", "one")});
  EXPECT_EQ(problems_of(graph),
            (Texts{"collect_without_dynamic: Input 'xs' of op 'plain' collects \"one:result\", "
                   "which is neither a dynamic output nor downstream of one.",
                   "dynamic_in_fan_in: Currently, items in a fan-in dependency cannot be "
                   "downstream of dynamic outputs. Problematic dependency on output \"a:result\", "
                   "downstream of \"fan:out\".",
                   "map_and_collect: op 'both' cannot both collect over dynamic output fan:out and "
                   "be downstream of the dynamic output fan:out."}));
}

TEST(GraphProblems, LooksIntoGraphsInside) {
  auto inner = std::make_shared<GraphDef>();
  inner->name = "inner";
  inner->inputs = {{.name = "n"}};
  inner->nodes = {node(op("start x -> out*")), node(op("a x"))};
  inner->dependencies = {wire("start.x", ".n"), wire("a.x", "start.out")};
  inner->outputs = {{.from = from("a")}};
  const GraphDef graph =
      job({node(op("fan -> out*")), node(inner), node(op("end x"))}, {wire("inner.n", "fan.out")});
  EXPECT_EQ(problems_of(graph),
            (Texts{"nested_dynamic: graph 'inner' cannot be downstream of dynamic output "
                   "\"fan:out\" since input \"n\" maps to a node that is already downstream of "
                   "another dynamic output. Nodes cannot be downstream of more than one dynamic "
                   "output."}));
  // What comes out of it runs once for each value.
  EXPECT_TRUE(problems_of(job({node(op("one")), node(inner), node(op("end xs"))},
                              {wire("inner.n", "one"), collect("end.xs", "inner")}))
                  .empty());
}

TEST(GraphProblems, AJobNeedsTheResourcesIoManagersAndInputsOfItsOps) {
  auto work = op("work x");
  work->required_resources = {"warehouse"};
  work->outputs[0].io_manager_key = "s3";
  work->hooks = {{.name = "slack", .required_resources = {"slack_client"}, .body = nullptr}};
  work->inputs[0].value = Value::of(1);
  Definitions d;
  JobDef& job = d.jobs.emplace_back();
  job.name = "etl";
  auto graph = std::make_shared<GraphDef>();
  graph->name = "etl";
  graph->nodes = {node(work)};
  job.graph = graph;
  job.input_values["n"] = Value::of(1);
  Texts found;
  for (const Problem& p : find_problems(d)) found.push_back(p.code + ": " + p.message);
  EXPECT_EQ(found,
            (Texts{"unknown_input: Error when constructing JobDefinition 'etl': Input value "
                   "provided for key 'n', but job has no top-level input with that name.",
                   "missing_io_manager: io manager with key 's3' required by output 'result' of op "
                   "'work'' was not provided.",
                   "missing_resource: resource with key 'warehouse' required by op 'work' was not "
                   "provided.",
                   "missing_resource: resource with key 'slack_client' required by hook 'slack' "
                   "attached to op 'work' was not provided."}));
}

TEST(GraphProblems, GraphsOfAssetsThatReadEachOtherAreACircle) {
  const auto graph_of = [](const std::string& name, const std::string& reads,
                           const std::string& makes) {
    auto graph = std::make_shared<GraphDef>();
    graph->name = name;
    graph->inputs = {{.name = "x"}};
    graph->nodes = {node(op("first x")), node(op("second x"))};
    graph->dependencies = {wire("first.x", ".x"), wire("second.x", "first")};
    graph->outputs = {{.from = from("second")}};
    GraphAssetDef def;
    def.name = name;
    def.graph = graph;
    def.inputs["x"].asset = reads;
    def.outputs["result"].asset.key = makes;
    return flatten(def);
  };
  Definitions d;
  for (StepDef& step : graph_of("g", "b", "a")) d.steps.push_back(std::move(step));
  for (StepDef& step : graph_of("h", "a", "b")) d.steps.push_back(std::move(step));
  for (StepDef& step : d.steps) step.outputs[0].stores_value = false;
  const std::vector<Problem> problems = find_problems(d);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].code, "cycle");
}

}  // namespace
}  // namespace treadle
