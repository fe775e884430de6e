// assets_bench COUNT nothing|int: materializes COUNT assets in one run and prints the seconds of that
// call as JSON. The C++ half of workloads/run_assets.py.
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
  const bool nothing = std::string_view(argv[2]) == "nothing";

  td::Defs defs;
  for (int index = 0; index < count; ++index) {
    const std::string name = "asset_" + std::to_string(index);
    if (nothing) {
      defs.asset(name, [] {});
    } else {
      defs.asset(name, [index] { return index; });
    }
  }
  // The home is made before the clock starts, as `DagsterInstance.get()` does in the Python half.
  td::Defs first;
  first.asset("first", [] {});
  if (!td::materialize(first).success()) return 1;

  const auto started = std::chrono::steady_clock::now();
  const td::RunReport report = td::materialize(defs);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  if (!report.success()) {
    std::fprintf(stderr, "%s\n", report.problem().c_str());
    return 1;
  }
  std::printf("{\"seconds\": %.6f}\n", seconds.count());
}
