// ops_bench COUNT ops|dynamic: runs a job of COUNT ops that do nothing, or a dynamic fan-out of COUNT, and prints the seconds of that
// call as JSON. The C++ half of workloads/run_ops.py.
#include <treadle/treadle.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace td = treadle;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int count = std::atoi(argv[1]);
  const bool dynamic = std::string_view(argv[2]) == "dynamic";

  auto nothing = td::op("nothing", [] {});
  auto spread = td::op("spread", [count] {
    td::Dynamic<int> values;
    for (int i = 0; i < count; ++i) values.add("n" + std::to_string(i), i);
    return values;
  });
  auto work = td::op("work", [](int n) { return n; });
  td::Defs defs;
  defs.job("job", [&](td::Compose& c) {
    if (dynamic) {
      c(spread).map([&](td::Node<int> n) { return c(work, n); });
      return;
    }
    for (int i = 0; i < count; ++i) c("op_" + std::to_string(i), nothing);
  });
  // The home is made before the clock starts, as `DagsterInstance.get()` does in the Python half.
  td::Defs first;
  first.asset("first", [] {});
  if (!td::materialize(first).success()) return 1;

  const auto started = std::chrono::steady_clock::now();
  const td::RunReport report = td::run_job(defs, "job");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  if (!report.success()) {
    std::fprintf(stderr, "%s\n", report.problem().c_str());
    return 1;
  }
  std::printf("{\"seconds\": %.6f}\n", seconds.count());
}
