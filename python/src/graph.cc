#include "graph.h"

#include "codec.h"
#include "convert.h"
#include "definitions.h"
#include "hook.h"
#include "io_manager.h"
#include "resource.h"
#include "step_body.h"
#include <treadle/define/graph.h>

#include <unordered_map>
#include <unordered_set>

namespace treadle::python {
namespace {

// Runs `definition._run_step(step)`. Thread-safe.
class OpBody final : public StepBody {
 public:
  OpBody(nb::object definition, nb::object function)
      : definition_(std::move(definition)), function_(std::move(function)) {}

  StepOutcome run(StepContext& context) override {
    const nb::gil_scoped_acquire gil;
    const StepScope step(context);
    try {
      definition_.get().attr("_run_step")(step.object());
    } catch (nb::python_error& error) {
      return tl::unexpected<StepFailure>(step.failure(error));
    }
    return {};
  }

  std::string derived_code_version() override {
    const nb::gil_scoped_acquire gil;
    try {
      return text_of(package().derive_code_version(function_.get()));
    } catch (nb::python_error& error) {
      return {};  // code that cannot be told has no version
    }
  }

  bool wants_calling_thread() const override { return needs_calling_thread(); }

 private:
  Object definition_;
  Object function_;
};

HookDef hook_of(nb::handle told) {
  const Items items(told);
  return {.name = items.text(0),
          .required_resources = texts_of(items.at(1)),
          .body = make_python_hook(nb::borrow(items.at(2)))};
}

// All but `known` ones: a step calls a hook once, however often it is added.
std::vector<HookDef> hooks_of(nb::handle told, const std::unordered_set<PyObject*>& known) {
  const Items items(told);
  std::vector<HookDef> hooks;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!known.contains(Items(items.at(i)).at(2).ptr())) hooks.push_back(hook_of(items.at(i)));
  }
  return hooks;
}

std::unordered_set<PyObject*> hook_objects(nb::handle told) {
  const Items items(told);
  std::unordered_set<PyObject*> objects;
  for (std::size_t i = 0; i < items.size(); ++i) {
    objects.insert(Items(items.at(i)).at(2).ptr());
  }
  return objects;
}

InputDef op_input_of(nb::handle told) {
  const Items items(told);
  InputDef input;
  input.name = items.text(0);
  input.loads_value = items.flag(1);
  input.io_manager_key = items.text(2);
  input.metadata = metadata_of(items.at(3));
  if (items.flag(4)) input.value = value_of(nb::borrow(items.at(5)));
  input.optional = items.flag(6);
  input.type_name = items.text(7);
  input.checks_type = input.loads_value;
  if (input.loads_value) input.codec = python_codec();
  return input;
}

OutputDef op_output_of(nb::handle told) {
  const Items items(told);
  OutputDef output;
  output.name = items.text(0);
  output.required = items.flag(1);
  output.stores_value = items.flag(2);
  output.io_manager_key = items.text(3);
  output.dynamic = items.flag(4);
  output.metadata = metadata_of(items.at(5));
  output.asset.code_version = items.text(6);
  output.codec = python_codec();
  return output;
}

std::shared_ptr<const StepDef> op_of(nb::handle told) {
  const Items items(told);
  auto step = std::make_shared<StepDef>();
  step->name = items.text(0);
  step->op_name = step->name;
  const Items inputs(items.at(1));
  for (std::size_t i = 0; i < inputs.size(); ++i) step->inputs.push_back(op_input_of(inputs.at(i)));
  const Items outputs(items.at(2));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    step->outputs.push_back(op_output_of(outputs.at(i)));
  }
  step->required_resources = texts_of(items.at(3));
  step->retry_policy = retry_policy_of(items.at(4));
  step->op_tags = tags_of(items.at(5));
  step->place = {items.text(6), static_cast<int>(items.integer(7))};
  step->body = std::make_shared<OpBody>(nb::borrow(items.at(8)), nb::borrow(items.at(9)));
  step->pool = items.text(10);
  return step;
}

// An op or a graph that is used at many places is converted once: by the tuple that tells of it.
struct Converted {
  std::unordered_set<PyObject*> job_hooks;
  std::unordered_map<PyObject*, std::shared_ptr<const StepDef>> ops;
  std::unordered_map<PyObject*, std::shared_ptr<const GraphDef>> graphs;
};

std::shared_ptr<const GraphDef> graph_of(nb::handle told, Converted& converted);

NodeDef node_of(nb::handle told, Converted& converted) {
  const Items items(told);
  NodeDef node;
  node.name = items.text(0);
  if (!items.is_none(1)) {
    auto& op = converted.ops[items.at(1).ptr()];
    if (!op) op = op_of(items.at(1));
    node.op = op;
  } else {
    auto graph = converted.graphs[items.at(2).ptr()];
    if (!graph) converted.graphs[items.at(2).ptr()] = graph = graph_of(items.at(2), converted);
    node.graph = graph;
  }
  node.tags = tags_of(items.at(3));
  node.hooks = hooks_of(items.at(4), converted.job_hooks);
  node.retry_policy = retry_policy_of(items.at(5));
  return node;
}

Dependency dependency_of(nb::handle told) {
  const Items items(told);
  Dependency dependency;
  dependency.node = items.text(0);
  dependency.input = items.text(1);
  dependency.kind = static_cast<Dependency::Kind>(items.integer(2));
  if (dependency.kind == Dependency::Kind::kAsset) {
    dependency.asset = key_of(items.at(3));
    return dependency;
  }
  const Items from(items.at(3));
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Items one(from.at(i));
    dependency.from.push_back({one.text(0), one.text(1)});
  }
  return dependency;
}

std::shared_ptr<const GraphDef> graph_of(nb::handle told, Converted& converted) {
  const Items items(told);
  auto graph = std::make_shared<GraphDef>();
  graph->name = items.text(0);
  graph->description = items.text(1);
  const Items nodes(items.at(2));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    graph->nodes.push_back(node_of(nodes.at(i), converted));
  }
  const Items dependencies(items.at(3));
  for (std::size_t i = 0; i < dependencies.size(); ++i) {
    graph->dependencies.push_back(dependency_of(dependencies.at(i)));
  }
  const Items inputs(items.at(4));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Items one(inputs.at(i));
    GraphInput input{.name = one.text(0), .value = std::nullopt, .nothing = one.flag(3)};
    if (one.flag(1)) input.value = value_of(nb::borrow(one.at(2)));
    graph->inputs.push_back(std::move(input));
  }
  const Items outputs(items.at(5));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Items one(outputs.at(i));
    graph->outputs.push_back({one.text(0), {one.text(1), one.text(2)}});
  }
  graph->tags = tags_of(items.at(6));
  graph->place = {items.text(7), static_cast<int>(items.integer(8))};
  return graph;
}

}  // namespace

GraphAssetDef graph_asset_of(nb::handle told) {
  const Items items(told);
  Converted converted;
  GraphAssetDef asset;
  asset.name = items.text(0);
  asset.graph = graph_of(items.at(1), converted);
  const Items inputs(items.at(2));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    InputDef input = asset_input_of(inputs.at(i));
    std::string name = input.name;
    asset.inputs.emplace(std::move(name), std::move(input));
  }
  const Items outputs(items.at(3));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    OutputDef output = asset_output_of(outputs.at(i));
    std::string name = output.name;
    asset.outputs.emplace(std::move(name), std::move(output));
  }
  asset.hooks = hooks_of(items.at(4), {});
  asset.can_subset = items.flag(5);
  asset.place = {items.text(6), static_cast<int>(items.integer(7))};
  // By the graph's output: (name, check).
  if (items.size() > 8) {
    const Items checks(items.at(8));
    for (std::size_t i = 0; i < checks.size(); ++i) {
      const Items one(checks.at(i));
      asset.checks.emplace(one.text(0), check_of(one.at(1)));
    }
  }
  return asset;
}

void check_graph(nb::handle told, nb::handle kind) {
  Converted converted;
  const std::vector<Problem> problems = find_problems(*graph_of(told, converted), text_of(kind));
  if (!problems.empty()) raise_problems(problems);
}

std::vector<HookDef> asset_hooks_of(nb::handle told) {
  return hooks_of(told, {});
}

JobDef op_job_of(nb::handle told) {
  const Items items(told);
  Converted converted;
  converted.job_hooks = hook_objects(items.at(6));
  JobDef job;
  job.name = items.text(0);
  job.description = items.text(1);
  job.tags = tags_of(items.at(2));
  job.retry_policy = retry_policy_of(items.at(3));
  job.graph = graph_of(items.at(4), converted);
  for (const auto& [name, value] : nb::cast<nb::dict>(items.at(5))) {
    job.input_values.emplace(text_of(name), value_of(nb::borrow(value)));
  }
  job.hooks = hooks_of(items.at(6), {});
  job.op_tags = tags_of(items.at(7));
  job.place = {items.text(8), static_cast<int>(items.integer(9))};
  const Items resources(items.at(10));
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const Items one(resources.at(i));
    job.resources.emplace(one.text(0),
                          make_python_resource(nb::borrow(one.at(1)), texts_of(one.at(2))));
  }
  const Items managers(items.at(11));
  for (std::size_t i = 0; i < managers.size(); ++i) {
    const Items one(managers.at(i));
    job.io_managers.emplace(one.text(0),
                            make_python_io_manager(nb::borrow(one.at(1)), texts_of(one.at(2))));
  }
  return job;
}

}  // namespace treadle::python
