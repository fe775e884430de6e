#include <treadle/base/suggest.h>
#include <treadle/cpp/compose.h>
#include <treadle/cpp/op.h>
#include <treadle/define/type_name.h>

namespace treadle {
namespace cpp {
namespace {

std::string name_at(const std::vector<std::string>& names, std::size_t index, const char* prefix) {
  return index < names.size() && !names[index].empty() ? names[index]
                                                       : prefix + std::to_string(index + 1);
}

Place op_place_of(const std::source_location& where) {
  return where.line() == 0 ? Place{} : Place{where.file_name(), static_cast<int>(where.line())};
}

// The input or output of that name, to be told more of.
template <class Defs>
auto& named(std::vector<Defs>& defs, const std::string& name, const StepDef& step,
            const std::source_location& where, const char* what) {
  std::vector<std::string> names;
  for (Defs& def : defs) {
    if (def.name == name) return def;
    names.push_back(def.name);
  }
  throw DefinitionError(
      {Problem{.code = "unknown_name",
               .subject = step.name,
               .place = op_place_of(where),
               .message = "Op '" + step.name + "' has no " + what + " '" + name + "'." +
                          did_you_mean(name, names),
               .cure = std::string("Name the ") + what + "s in the options of the op."}});
}

}  // namespace

void set_input_config(InputDef& input, ConfigType type) {
  input.config = std::make_shared<const ConfigType>(std::move(type));
}

void describe_check(OutputDef& output) {
  output.stores_value = false;
  output.required = false;
}

void hand_over_check(Context& context, std::size_t index, CheckResult result) {
  const StepDef* def = context.step().definition();
  for (std::size_t i = 0; def != nullptr && i < def->checks.size(); ++i) {
    if (def->checks[i].output == def->outputs[index].name) {
      return report_check(context, i, std::move(result));
    }
  }
  context.report(ExpectationResult{.success = result.passed,
                                   .label = def != nullptr ? def->outputs[index].name : "result",
                                   .description = std::move(result.description),
                                   .metadata = std::move(result.metadata)});
}

std::shared_ptr<StepDef> new_op(OpOptions options, std::size_t inputs, std::size_t outputs) {
  auto step = std::make_shared<StepDef>();
  step->name = std::move(options.name);
  step->op_name = step->name;
  for (std::size_t i = 0; i < inputs; ++i) {
    step->inputs.emplace_back().name = name_at(options.inputs, i, "in");
  }
  for (std::size_t i = 0; i < outputs; ++i) {
    OutputDef& output = step->outputs.emplace_back();
    if (outputs > 1) {
      output.name = name_at(options.outputs, i, "out");
    } else if (!options.outputs.empty()) {
      output.name = options.outputs[0];
    }
    output.io_manager_key = options.io_manager;
    output.asset.description = options.description;
    output.asset.code_version = options.code_version;
  }
  for (auto& [name, more] : options.in) {
    InputDef& input = named(step->inputs, name, *step, options.where, "input");
    input.metadata = std::move(more.metadata);
    input.io_manager_key = std::move(more.io_manager);
    if (more.value) input.value = std::move(more.value);
  }
  for (auto& [name, more] : options.out) {
    OutputDef& output = named(step->outputs, name, *step, options.where, "output");
    output.metadata = std::move(more.metadata);
    if (!more.description.empty()) output.asset.description = std::move(more.description);
    if (!more.io_manager.empty()) output.io_manager_key = std::move(more.io_manager);
    if (!more.code_version.empty()) output.asset.code_version = std::move(more.code_version);
  }
  step->required_resources = std::move(options.resources);
  step->retry_policy = std::move(options.retry_policy);
  step->op_tags = std::move(options.tags);
  step->hooks = std::move(options.hooks);
  step->pool = std::move(options.pool);
  step->time_limit = options.time_limit;
  step->place = op_place_of(options.where);
  return step;
}

bool input_is_list(Context& context, std::size_t input) {
  return context.step().input_is_list(input);
}

std::size_t input_size(Context& context, std::size_t input) {
  return context.step().input_size(input);
}

Value load_element(Context& context, std::size_t input, std::size_t index,
                   const std::type_info& wanted) {
  auto value = context.step().load_input_at(input, index);
  if (!value) throw std::move(value).error();
  if (value->type() == nullptr || *value->type() != wanted) {
    throw to_failure("Value " + std::to_string(index + 1) + " of the list for input " +
                     std::to_string(input + 1) + " of step '" + context.step_key() + "' came as " +
                     (*value ? type_name(*value->type()) : "nothing") +
                     ", but the function takes a list of " + type_name(wanted) + ".");
  }
  return std::move(*value);
}

void hand_over_dynamic(Context& context, std::size_t index, std::string mapping_key, Value value,
                       const std::type_info& type) {
  OutputReport report;
  report.output = index;
  report.value = std::move(value);
  report.type_name = type_name(type);
  report.mapping_key = std::move(mapping_key);
  context.merge_metadata(index, report.metadata);
  if (auto done = context.step().handle_output(std::move(report)); !done) {
    throw std::move(done).error();
  }
}

std::shared_ptr<GraphDef> new_graph(std::string name, std::source_location where) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = std::move(name);
  graph->place = op_place_of(where);
  return graph;
}

std::shared_ptr<GraphDef> new_graph(const GraphOptions& options) {
  auto graph = new_graph(options.name, options.where);
  graph->description = options.description;
  graph->tags = options.tags;
  graph->config = options.config_mapping;
  return graph;
}

void add_graph_input(GraphDef& graph, bool nothing, const GraphOptions& options) {
  GraphInput& input = graph.inputs.emplace_back();
  input.name = name_at(options.inputs, graph.inputs.size() - 1, "in");
  input.nothing = nothing;
}

void add_graph_output(GraphDef& graph, NodeOutput from, bool several, const GraphOptions& options) {
  GraphOutput& output = graph.outputs.emplace_back();
  const std::size_t index = graph.outputs.size() - 1;
  if (several || index < options.outputs.size())
    output.name = name_at(options.outputs, index, "out");
  output.from = std::move(from);
}

}  // namespace cpp

namespace {

[[noreturn]] void refuse_for_graph(const GraphDef& graph, std::size_t input, const char* what) {
  throw DefinitionError(
      {Problem{.code = "bad_graph_argument",
               .subject = graph.name,
               .place = graph.place,
               .message = "Input " + std::to_string(input + 1) + " of graph '" + graph.name +
                          "' is given " + what + ", which a graph cannot take.",
               .cure = "Give it the output of a node: an op that makes or collects it."}});
}

}  // namespace

Compose::Placed Compose::place(std::shared_ptr<const StepDef> op,
                               std::shared_ptr<const GraphDef> inner, NodeOptions options,
                               std::vector<cpp::Argument> arguments) {
  const std::string& own = op ? op->name : inner->name;
  NodeDef node;
  node.name = options.alias.empty() ? own : std::move(options.alias);
  if (node.name == own) {
    const int uses = ++uses_[own];
    if (uses > 1) node.name += "_" + std::to_string(uses);
  }
  node.tags = std::move(options.tags);
  node.hooks = std::move(options.hooks);
  node.retry_policy = std::move(options.retry_policy);

  // What is given may change how this use takes it: then it has a definition of its own.
  std::shared_ptr<StepDef> changed;
  const auto definition = [&]() -> StepDef& {
    if (!changed) changed = std::make_shared<StepDef>(*op);
    return *changed;
  };
  std::shared_ptr<GraphDef> changed_graph;
  std::size_t order = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    cpp::Argument& argument = arguments[i];
    if (argument.unwired) {
      if (op && !op->inputs[i].value && op->inputs[i].config)
        definition().inputs[i].optional = true;
      continue;
    }
    std::string name;
    if (argument.order_only) {
      if (!op) refuse_for_graph(*inner, i, "a node to come after");
      name = "after" + std::to_string(++order);
      InputDef& input = definition().inputs.emplace_back();
      input.name = name;
      input.loads_value = false;
    } else {
      name = op ? op->inputs[i].name : inner->inputs[i].name;
    }
    if (argument.value) {
      if (op) {
        definition().inputs[i].value = std::move(argument.value);
      } else {
        if (!changed_graph) changed_graph = std::make_shared<GraphDef>(*inner);
        changed_graph->inputs[i].value = std::move(argument.value);
      }
      continue;
    }
    graph_.dependencies.push_back({.node = node.name,
                                   .input = std::move(name),
                                   .kind = argument.kind,
                                   .from = std::move(argument.from),
                                   .asset = std::move(argument.asset)});
  }
  if (changed_graph) inner = std::move(changed_graph);
  Placed placed{.name = node.name, .outputs = {}};
  if (op) {
    for (const OutputDef& output : op->outputs) placed.outputs.push_back(output.name);
  } else {
    for (const GraphOutput& output : inner->outputs) placed.outputs.push_back(output.name);
  }
  node.op = changed ? std::shared_ptr<const StepDef>(changed) : std::move(op);
  node.graph = std::move(inner);
  graph_.nodes.push_back(std::move(node));
  return placed;
}

}  // namespace treadle
