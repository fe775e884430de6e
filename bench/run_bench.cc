// What the run loop and the record cost per step: assets that do nothing, side by side and as a chain, in this process and in
// forked ones, with the record durable as it is by default; and ops that hand each other numbers through memory.
//   run_bench [FOLDER [STEPS]]     the folder is made and removed; default below the current one
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/database.h>
#include <treadle/define/graph.h>
#include <treadle/execute/run.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace treadle;

struct Nothing final : StepBody {
  StepOutcome run(StepContext&) override { return {}; }
  std::string derived_code_version() override { return "1"; }
};

Definitions assets(int count, bool chain) {
  Definitions definitions;
  const auto body = std::make_shared<Nothing>();
  for (int i = 0; i < count; ++i) {
    StepDef& step = definitions.steps.emplace_back();
    step.name = "asset_" + std::to_string(i);
    if (chain && i > 0) {
      InputDef& input = step.inputs.emplace_back();
      input.asset = "asset_" + std::to_string(i - 1);
      input.loads_value = false;
    }
    OutputDef& output = step.outputs.emplace_back();
    output.asset.key = step.name;
    output.stores_value = false;
    step.body = body;
  }
  return definitions;
}

template <class T>
T get(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "run_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

struct Cost {
  double wall = 1e9;  // seconds
  double cpu = 1e9;   // of this process, all threads: what it costs also on a busy machine
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// The best of `repeats` runs, each in a home of its own.
Cost best(const std::string& folder, int repeats, const plan::Plan& plan,
          const execute::RunOptions& options) {
  Cost best;
  for (int i = 0; i < repeats; ++i) {
    const std::string home = join_path(folder, std::to_string(i));
    if (auto made = real_files().make_folders(home); !made) std::exit(1);
    {
      const auto database = get(db::open_sqlite(join_path(home, "treadle.db")));
      const auto record = get(events::Record::open(*database, home));
      execute::World world{*record, system_clock(), [&] { database->close_for_fork(); }};
      const double cpu = cpu_seconds();
      const auto begin = std::chrono::steady_clock::now();
      const execute::RunResult result = get(execute::run(world, plan, options));
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      if (!result.success()) std::exit(1);
      best.wall = std::min(best.wall, took.count());
      best.cpu = std::min(best.cpu, cpu_seconds() - cpu);
    }
    static_cast<void>(remove_tree(home));
  }
  return best;
}

void show(const char* title, const Cost& cost, int count) {
  fmt::print("{:<44} {:>8.1f} us each {:>8.1f} us of this process's time\n", title,
             cost.wall * 1e6 / count, cost.cpu * 1e6 / count);
}

// Gives a number, or one for each value of a dynamic output.
struct Plus final : StepBody {
  explicit Plus(int values) : values(values) {}
  int values;
  StepOutcome run(StepContext& context) override {
    for (int i = 0; i < std::max(1, values); ++i) {
      OutputReport report;
      report.value = Value::of(i);
      if (values > 0) report.mapping_key = "k" + std::to_string(i);
      TREADLE_CHECK(context.handle_output(std::move(report)));
    }
    return {};
  }
};

// Reads all its inputs.
struct Sum final : StepBody {
  StepOutcome run(StepContext& context) override {
    int total = 0;
    for (std::size_t i = 0; i < context.input_size(0); ++i) {
      TREADLE_TRY(const Value value, context.load_input_at(0, i));
      total += *value.get<int>();
    }
    OutputReport report;
    report.value = Value::of(total);
    return context.handle_output(std::move(report));
  }
};

// Keeps nothing: every value is 1.
struct Ones final : IOManager {
  StepOutcome handle_output(OutputContext&, const Value&) override { return {}; }
  tl::expected<Value, StepFailure> load_input(InputContext&) override { return Value::of(1); }
};

std::shared_ptr<StepDef> op(const std::string& name, std::shared_ptr<StepBody> body, bool reads,
                            bool dynamic = false) {
  auto def = std::make_shared<StepDef>();
  def->name = name;
  if (reads) def->inputs.emplace_back().name = "x";
  def->outputs.emplace_back().dynamic = dynamic;
  def->body = std::move(body);
  return def;
}

void add(GraphDef& graph, const std::string& name, std::shared_ptr<const StepDef> def,
         const std::string& from, Dependency::Kind kind = Dependency::Kind::kDirect) {
  NodeDef& node = graph.nodes.emplace_back();
  node.name = name;
  node.op = std::move(def);
  if (from.empty()) return;
  graph.dependencies.push_back(
      {.node = name, .input = "x", .kind = kind, .from = {{.node = from}}});
}

void measure_job(const char* title, const std::string& folder, int repeats, int steps,
                 std::shared_ptr<const GraphDef> graph, const execute::RunOptions& options) {
  Definitions definitions;
  definitions.io_managers["io_manager"] = std::make_shared<Ones>();
  JobDef job;
  job.name = "job";
  job.graph = std::move(graph);
  const auto plan = plan::plan_job(definitions, job);
  if (!plan) std::exit(1);
  show(title, best(folder, repeats, *plan, options), steps);
}

void measure_ops(const std::string& folder, int count) {
  auto chain = std::make_shared<GraphDef>();
  const auto sum = op("sum", std::make_shared<Sum>(), true);
  for (int i = 0; i < count; ++i) {
    add(*chain, "op_" + std::to_string(i),
        i == 0 ? op("one", std::make_shared<Plus>(0), false) : sum,
        i == 0 ? "" : "op_" + std::to_string(i - 1));
  }
  measure_job("a job of ops, a chain", folder, 5, count, chain, {});
  const int wide = 10 * count;
  auto fan = std::make_shared<GraphDef>();
  add(*fan, "fan", op("fan", std::make_shared<Plus>(wide), false, true), "");
  add(*fan, "map", sum, "fan");
  add(*fan, "collect", sum, "map", Dependency::Kind::kCollect);
  measure_job("a dynamic fan-out ten times as wide", folder, 3, wide, fan, {});
}

void measure(const char* title, const std::string& folder, int repeats, int count, bool chain,
             const execute::RunOptions& options) {
  const Definitions definitions = assets(count, chain);
  const plan::AssetGraph graph(definitions);
  std::vector<plan::NodeId> all(graph.nodes().size());
  for (plan::NodeId id = 0; id < all.size(); ++id) all[id] = id;
  const plan::Plan plan = *plan::make_plan(graph, all);
  show(title, best(folder, repeats, plan, options), count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "run_bench." + random_uuid().substr(0, 8);
  const int count = argc > 2 ? std::max(1, std::atoi(argv[2])) : 1000;
  execute::RunOptions options;
  measure("in process, side by side", folder, 5, count, false, options);
  measure("in process, a chain", folder, 5, count, true, options);
  measure_ops(folder, count);
  options.max_concurrent = 1;
  measure("in process, side by side, one at a time", folder, 5, count, false, options);
  options.max_concurrent = 0;
  options.executor = execute::Executor::kProcess;
  measure("in forked processes, side by side", folder, 3, std::max(1, count / 5), false, options);
  measure("in forked processes, a chain", folder, 3, std::max(1, count / 5), true, options);
  static_cast<void>(remove_tree(folder));
}
