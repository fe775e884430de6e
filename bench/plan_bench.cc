// Planning 30,000 assets: what a command pays before it knows that nothing is to be done.
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>
#include <treadle/plan/staleness.h>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace treadle;

std::string key_of(int i) {
  return "area_" + std::to_string(i % 50) + "/daily_table_" + std::to_string(i);
}

// A source and assets of one, two or three inputs, some of them far back; keys too long for a string's own buffer.
Definitions definitions_of(int assets) {
  Definitions definitions;
  definitions.sources.emplace_back().asset.key = "landing/files";
  for (int i = 0; i < assets; ++i) {
    StepDef& step = definitions.steps.emplace_back();
    step.name = "step_of_daily_table_" + std::to_string(i);
    OutputDef& output = step.outputs.emplace_back();
    output.asset.key = key_of(i);
    output.asset.group = "area_" + std::to_string(i % 50);
    output.stores_value = false;
    if (i < 10) {
      step.inputs.emplace_back().asset = "landing/files";
      continue;
    }
    step.inputs.emplace_back().asset = key_of(i - 10);
    if (i % 3 != 0) step.inputs.emplace_back().asset = key_of(i / 2);
    if (i % 3 == 2) step.inputs.emplace_back().asset = key_of(i * 7 % i);
  }
  return definitions;
}

plan::Facts facts_of(const plan::AssetGraph& graph) {
  plan::Facts facts(graph.nodes().size());
  for (plan::NodeId id = 0; id < facts.size(); ++id) {
    facts[id].materialized = true;
    facts[id].run_id = "5f0c1c9e-93a8-4b8f-9b66-6a2a2d9c4f5e";
    facts[id].provenance.code_version = "0123456789abcdef0123456789abcdef";
    facts[id].provenance.data_version = "digest-of-the-artifact-" + std::to_string(id);
    for (const plan::NodeId parent : graph.node(id).parents) {
      facts[id].provenance.inputs.push_back(
          {graph.node(parent).info->key, "digest-of-the-artifact-" + std::to_string(parent)});
    }
  }
  return facts;
}

std::string same_code(const plan::Node&) {
  return "0123456789abcdef0123456789abcdef";
}

void build_graph(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const plan::AssetGraph graph(definitions);
    benchmark::DoNotOptimize(graph.nodes().data());
  }
}

void build_graph_and_find_stale(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  const plan::Facts facts = facts_of(plan::AssetGraph(definitions));
  for (auto _ : state) {
    const plan::AssetGraph graph(definitions);
    for (const plan::AssetStatus& status : plan::find_stale(graph, facts, same_code)) {
      if (status.staleness != plan::Staleness::kFresh) state.SkipWithError("something is stale");
    }
  }
}

void find_problems_of_good_definitions(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    if (!find_problems(definitions).empty()) state.SkipWithError("there are problems");
  }
}

void plan_everything(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  const plan::AssetGraph graph(definitions);
  for (auto _ : state) {
    const auto plan = plan::make_plan(graph, graph.topological_order());
    if (!plan || plan->steps.size() != definitions.steps.size()) state.SkipWithError("bad plan");
  }
}

void select_upstream_of_a_group(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  const plan::AssetGraph graph(definitions);
  for (auto _ : state) {
    const auto selection =
        plan::parse_selection("+(group:area_7 or key:\"area_1/*\") and not tag:old=yes");
    benchmark::DoNotOptimize(plan::select(*selection, graph));
  }
}

void select_every_key_by_name(benchmark::State& state) {
  const Definitions definitions = definitions_of(static_cast<int>(state.range(0)));
  const plan::AssetGraph graph(definitions);
  std::string text;
  for (const StepDef& step : definitions.steps) text += step.outputs[0].asset.key.text() + ",";
  for (auto _ : state) {
    benchmark::DoNotOptimize(plan::select(*plan::parse_selection(text), graph));
  }
}

BENCHMARK(build_graph)->Arg(30'000)->Unit(benchmark::kMillisecond);
BENCHMARK(build_graph_and_find_stale)->Arg(3'000)->Arg(30'000)->Unit(benchmark::kMillisecond);
BENCHMARK(find_problems_of_good_definitions)
    ->Arg(3'000)
    ->Arg(30'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(plan_everything)->Arg(30'000)->Unit(benchmark::kMillisecond);
BENCHMARK(select_upstream_of_a_group)->Arg(30'000)->Unit(benchmark::kMillisecond);
BENCHMARK(select_every_key_by_name)->Arg(30'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
