// What the run loop and the record cost per step: assets that do nothing, side by side and as a chain, in this process and in
// forked ones, with the record durable as it is by default.
//   run_bench [FOLDER [STEPS]]     the folder is made and removed; default below the current one
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/database.h>
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

void measure(const char* title, const std::string& folder, int repeats, int count, bool chain,
             const execute::RunOptions& options) {
  const Definitions definitions = assets(count, chain);
  const plan::AssetGraph graph(definitions);
  std::vector<plan::NodeId> all(graph.nodes().size());
  for (plan::NodeId id = 0; id < all.size(); ++id) all[id] = id;
  const plan::Plan plan = *plan::make_plan(graph, all);
  const Cost cost = best(folder, repeats, plan, options);
  fmt::print("{:<44} {:>8.1f} us each {:>8.1f} us of this process's time\n", title,
             cost.wall * 1e6 / count, cost.cpu * 1e6 / count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "run_bench." + random_uuid().substr(0, 8);
  const int count = argc > 2 ? std::max(1, std::atoi(argv[2])) : 1000;
  execute::RunOptions options;
  measure("in process, side by side", folder, 5, count, false, options);
  measure("in process, a chain", folder, 5, count, true, options);
  options.max_concurrent = 1;
  measure("in process, side by side, one at a time", folder, 5, count, false, options);
  options.max_concurrent = 0;
  options.executor = execute::Executor::kProcess;
  measure("in forked processes, side by side", folder, 3, std::max(1, count / 5), false, options);
  measure("in forked processes, a chain", folder, 3, std::max(1, count / 5), true, options);
  static_cast<void>(remove_tree(folder));
}
