// stale_bench COUNT [why]: materializes COUNT assets in chains of ten, then prints as JSON the seconds it
// takes to load what is known of them and to decide that none is stale. With `why`: to say of each
// why it is stale, down to what has changed, when the code of the first of each chain has.
#include <treadle/app/home.h>
#include <treadle/app/status.h>
#include <treadle/plan/staleness.h>
#include <treadle/treadle.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace td = treadle;

namespace {

int why(td::app::Home& home, const td::Defs& defs, int count) {
  td::Definitions changed = defs.definitions();
  std::vector<td::plan::NodeId> all;
  for (std::size_t i = 0; i < changed.steps.size(); ++i) {
    if (i % 10 == 0) changed.steps[i].outputs[0].asset.code_version = "2";
    all.push_back(static_cast<td::plan::NodeId>(i));
  }
  const td::plan::AssetGraph graph(changed);
  const auto started = std::chrono::steady_clock::now();
  const auto status = td::app::Status::read(&home, graph, all, {.now = td::system_clock().now()});
  if (!status) return 1;
  std::size_t reasons = 0;
  for (const td::app::AssetReport& asset : status->assets()) reasons += status->why(asset).size();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
  if (reasons != static_cast<std::size_t>(count)) return 1;
  std::printf("{\"seconds\": %.6f}\n", seconds.count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
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
  if (argc == 3) return why(**home, defs, count);
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
