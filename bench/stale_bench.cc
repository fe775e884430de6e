// stale_bench COUNT: materializes COUNT assets in chains of ten, then prints as JSON the seconds it
// takes to load what is known of them and to decide that none is stale.
#include <treadle/app/home.h>
#include <treadle/plan/staleness.h>
#include <treadle/treadle.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace td = treadle;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int count = std::atoi(argv[1]);

  td::Defs defs;
  std::optional<td::Asset<void>> before;
  for (int index = 0; index < count; ++index) {
    td::AssetOptions options{.key = "asset_" + std::to_string(index), .code_version = "1"};
    if (index % 10 != 0) options.deps = {before->key()};
    before = defs.asset(std::move(options), [] {});
  }
  const td::RunReport report = td::materialize(defs);
  if (!report.success()) {
    std::fprintf(stderr, "%s\n", report.problem().c_str());
    return 1;
  }

  const auto home = td::app::Home::open({});
  if (!home) return 1;
  const td::plan::AssetGraph graph(defs.definitions());
  const auto started = std::chrono::steady_clock::now();
  const auto facts = td::app::load_facts(**home, graph);
  if (!facts) return 1;
  const auto statuses = td::plan::find_stale(
      graph, *facts, [](const td::plan::Node& node) { return node.info->code_version; });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;

  const auto fresh = std::count_if(statuses.begin(), statuses.end(), [](const auto& status) {
    return status.staleness == td::plan::Staleness::kFresh;
  });
  if (fresh != count) {
    std::fprintf(stderr, "only %td of %d assets are fresh\n", fresh, count);
    return 1;
  }
  std::printf("{\"seconds\": %.6f}\n", seconds.count());
}
