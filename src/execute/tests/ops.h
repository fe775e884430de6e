// For the tests of this room: jobs of ops over ints, and an IO manager that keeps each value in a file named after the run, the
// step, the output and the mapping key that made it.
#pragma once

#include "pipeline.h"
#include <treadle/define/graph.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace treadle::execute::testing {

class OpFiles final : public IOManager {
 public:
  explicit OpFiles(std::string folder) : folder_(std::move(folder)) {}
  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    const int number = *value.get<int>();
    const std::string path = path_of(context.step.run_id(), context.step.step_key(),
                                     context.output.name, context.mapping_key);
    const auto written = write_file_atomic(real_files(), path, std::to_string(number), false);
    if (!written) return tl::unexpected(failure(written.error().message, "IOError"));
    context.artifact = "kept:" + std::to_string(number);
    return {};
  }
  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    const auto text = read_file(
        real_files(), path_of(context.upstream_run, context.upstream_step,
                              context.upstream_output->name, context.upstream_mapping_key));
    if (!text) return tl::unexpected(failure(text.error().message, "IOError"));
    if (context.artifact != "kept:" + *text) {
      return tl::unexpected(failure("wrong artifact " + context.artifact + " for " + *text));
    }
    return Value::of(std::stoi(*text));
  }

 private:
  std::string path_of(const std::string& run, const std::string& step, const std::string& output,
                      const std::string& mapping_key) const {
    return join_path(folder_, run + "!" + step + "!" + output + "!" + mapping_key);
  }
  std::string folder_;
};

using Ints = std::vector<int>;
// All inputs by value, lists flattened.
using OpFunction = std::function<StepOutcome(StepContext&, const Ints&)>;

inline StepOutcome load_all(StepContext& context, std::size_t inputs, Ints& values) {
  for (std::size_t i = 0; i < inputs; ++i) {
    for (std::size_t n = 0; n < context.input_size(i); ++n) {
      TREADLE_TRY(const Value value, context.load_input_at(i, n));
      if (value) values.push_back(*value.get<int>());
    }
  }
  return {};
}

inline StepOutcome put(StepContext& context, std::size_t output, int value,
                       std::string mapping_key = {}) {
  OutputReport report;
  report.output = output;
  report.value = Value::of(value);
  report.mapping_key = std::move(mapping_key);
  return context.handle_output(std::move(report));
}

// An op with these inputs and one output "result".
inline std::shared_ptr<StepDef> op(const std::string& name, const std::vector<std::string>& inputs,
                                   OpFunction function) {
  auto def = std::make_shared<StepDef>();
  def->name = name;
  for (const std::string& input : inputs) def->inputs.emplace_back().name = input;
  def->outputs.emplace_back();
  auto body = std::make_shared<LambdaBody>();
  body->function = [function, n = inputs.size()](StepContext& context) -> StepOutcome {
    Ints values;
    TREADLE_CHECK(load_all(context, n, values));
    return function(context, values);
  };
  def->body = std::move(body);
  return def;
}

inline std::shared_ptr<StepDef> sum(const std::string& name, const std::vector<std::string>& inputs,
                                    int plus = 0) {
  return op(name, inputs, [plus](StepContext& context, const Ints& values) {
    int total = plus;
    for (const int v : values) total += v;
    return put(context, 0, total);
  });
}

// Values 1..n under the keys k1..kn.
inline std::shared_ptr<StepDef> fan(const std::string& name, int n) {
  auto def = op(name, {}, [n](StepContext& context, const Ints&) -> StepOutcome {
    for (int i = 1; i <= n; ++i) {
      TREADLE_CHECK(put(context, 0, i, "k" + std::to_string(i)));
    }
    return {};
  });
  def->outputs[0].dynamic = true;
  return def;
}

class OpsTest : public RunTest {
 protected:
  OpsTest() {
    definitions.io_managers["io_manager"] = std::make_shared<OpFiles>(folder.path());
    job.name = "j";
    graph->name = "j";
  }
  void add(std::shared_ptr<const StepDef> def, std::string alias = {}) {
    NodeDef& node = graph->nodes.emplace_back();
    node.name = alias.empty() ? def->name : std::move(alias);
    node.op = std::move(def);
  }
  void wire(const std::string& node, const std::string& input, const std::vector<std::string>& from,
            Dependency::Kind kind = Dependency::Kind::kDirect) {
    Dependency d{.node = node, .input = input, .kind = kind, .from = {}};
    for (const std::string& f : from) {
      const std::size_t dot = f.find('.');
      d.from.push_back({.node = f.substr(0, dot),
                        .output = dot == std::string::npos ? "result" : f.substr(dot + 1)});
    }
    graph->dependencies.push_back(std::move(d));
  }
  RunResult execute(const plan::Plan& plan, RunOptions options = {}) {
    options.job_name = job.name;
    World world = home.world();
    auto result = execute::run(world, plan, options);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return std::move(*result);
  }
  plan::Plan plan_of(const std::vector<std::string>& again = {}) {
    job.graph = graph;
    for (const Problem& problem : find_problems(*graph)) ADD_FAILURE() << problem.text();
    auto plan = plan::plan_job_again(definitions, job, again);
    if (!plan) {
      ADD_FAILURE() << plan.error().front().text();
      return {};
    }
    return std::move(*plan);
  }
  RunResult run_job(RunOptions options = {}) { return execute(plan_of(), std::move(options)); }
  RunResult run_again(const RunResult& parent, const std::vector<std::string>& steps,
                      RunOptions options = {}) {
    options.parent_run_id = parent.run_id;
    options.root_run_id = parent.run_id;
    return execute(plan_of(steps), std::move(options));
  }
  // What a step's output was stored as; -1 when it was not.
  int value(const RunResult& result, const std::string& step, const std::string& output = "result",
            const std::string& mapping_key = {}) {
    auto text = read_file(real_files(), join_path(folder.path(), result.run_id + "!" + step + "!" +
                                                                     output + "!" + mapping_key));
    return text ? std::stoi(*text) : -1;
  }
  // "a ok b failed c skipped", in the order of their names.
  std::string ends(const RunResult& result) {
    std::map<std::string, std::string> by_key;
    for (const StepResult& step : result.steps) {
      by_key[step.step_key] = step.status == StepStatus::kSuccess   ? "ok"
                              : step.status == StepStatus::kFailure ? "failed"
                              : step.status == StepStatus::kSkipped ? "skipped"
                                                                    : "pending";
    }
    std::string text;
    for (const auto& [key, end] : by_key) text += (text.empty() ? "" : " ") + key + " " + end;
    return text;
  }
  std::vector<std::string> messages(const RunResult& result, std::vector<EventType> types) {
    std::vector<std::string> texts;
    for (const Event& e : home.events(result.run_id, std::move(types))) {
      texts.push_back(e.step_key + ": " + e.message);
    }
    return texts;
  }

  Definitions definitions;
  JobDef job;
  std::shared_ptr<GraphDef> graph = std::make_shared<GraphDef>();
};

}  // namespace treadle::execute::testing
