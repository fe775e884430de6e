#include <treadle/cpp/defs.h>
#include <treadle/cpp/graph_asset.h>

namespace treadle {
namespace cpp {
namespace {

// A graph of one op, which is called like the asset that it makes.
std::shared_ptr<const GraphDef> graph_of_op(std::shared_ptr<const StepDef> op, std::string name) {
  auto graph = std::make_shared<GraphDef>();
  graph->name = op->name;
  graph->place = op->place;
  for (const InputDef& input : op->inputs) {
    graph->inputs.push_back({.name = input.name, .value = {}, .nothing = !input.loads_value});
    graph->dependencies.push_back({.node = name, .input = input.name, .from = {{"", input.name}}});
  }
  for (const OutputDef& output : op->outputs) {
    graph->outputs.push_back({.name = output.name, .from = {name, output.name}});
  }
  NodeDef& node = graph->nodes.emplace_back();
  node.name = std::move(name);
  node.op = std::move(op);
  return graph;
}

[[noreturn]] void refuse_count(const GraphAssetDef& def, const std::string& what, std::size_t given,
                               std::size_t named) {
  throw DefinitionError(
      {Problem{.code = "wrong_output_count",
               .subject = def.name,
               .place = def.place,
               .message = "Graph '" + def.graph->name + "' gives " + std::to_string(given) + " " +
                          what + ", but " + std::to_string(named) + " are named.",
               .cure = "Name one for each that the graph gives, in order."}});
}

}  // namespace

void wire_graph_asset(GraphAssetParts& parts, const std::shared_ptr<const StepDef>& op,
                      const std::shared_ptr<const GraphDef>& graph, std::vector<InputDef> inputs,
                      const std::vector<bool>& is_check) {
  GraphAssetDef& def = parts.def;
  if (op) {
    def.graph = graph_of_op(op, def.name);
    def.name.clear();
  } else {
    def.graph = graph;
  }
  std::size_t next = 0;
  for (InputDef& input : inputs) {
    if (input.loads_value) {
      def.inputs.emplace(def.graph->inputs[next++].name, std::move(input));
    } else {
      def.deps.push_back(std::move(input.asset));
    }
  }
  std::size_t outputs = 0, checks = 0;
  for (const bool check : is_check) ++(check ? checks : outputs);
  if (outputs != parts.outputs.size()) {
    refuse_count(def, "assets", outputs, parts.outputs.size());
  }
  if (checks != parts.checks.size()) refuse_count(def, "checks", checks, parts.checks.size());
  outputs = checks = 0;
  for (std::size_t i = 0; i < is_check.size(); ++i) {
    const std::string& name = def.graph->outputs[i].name;
    if (is_check[i]) {
      def.checks.emplace(name, parts.checks[checks++]);
    } else {
      def.outputs.emplace(name, parts.outputs[outputs++]);
    }
  }
}

}  // namespace cpp

void Defs::add_graph_asset(GraphAssetDef def) {
  std::vector<Problem> wrong = find_problems(*def.graph);
  if (!wrong.empty()) throw DefinitionError(std::move(wrong));
  for (StepDef& step : flatten(def)) definitions_.steps.push_back(std::move(step));
}

}  // namespace treadle
