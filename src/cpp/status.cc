#include "run_report.h"
#include <treadle/app/status.h>
#include <treadle/cpp/status.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>

namespace treadle {
namespace {

std::vector<Why> why_of(std::vector<app::Status::Branch> branches) {
  std::vector<Why> why;
  for (app::Status::Branch& branch : branches) {
    why.push_back({std::move(branch.text), why_of(std::move(branch.because))});
  }
  return why;
}

}  // namespace

Result<std::vector<AssetState>> status(const Definitions& given, StatusOptions options) {
  if (auto problems = plan::check_definitions(given); !problems.empty()) {
    throw DefinitionError(std::move(problems));
  }
  TREADLE_TRY(const auto home, app::Home::open(home_options(options.home, false)));
  Definitions definitions = given;
  app::add_defaults(definitions, *home);
  const plan::AssetGraph graph(definitions);
  plan::Selection selection;
  if (!options.selection.empty()) {
    TREADLE_TRY(selection, plan::parse_selection(options.selection));
  }
  TREADLE_TRY(const auto selected, plan::select(selection, graph));
  const auto unneeded_after =
      static_cast<Micros>(options.unneeded_after_days * static_cast<double>(app::kMicrosPerDay));
  TREADLE_TRY(const app::Status status,
              app::Status::read(home.get(), graph, selected,
                                {.now = system_clock().now(), .unneeded_after = unneeded_after}));
  std::vector<AssetState> states;
  for (const app::AssetReport& asset : status.assets()) {
    AssetState state{.asset = graph.node(asset.node).info->key,
                     .status = std::string(asset.word),
                     .fresh = asset.is_fresh(),
                     .unneeded = asset.unneeded,
                     .why = why_of(status.why(asset)),
                     .failed_checks = asset.failed_checks,
                     .made = asset.made,
                     .consumed = asset.consumed,
                     .partitions = {}};
    if (asset.partitions) {
      const app::PartitionStatus& p = *asset.partitions;
      state.partitions = AssetState::OfPartitions{p.set,    p.materialized, p.missing(),
                                                  p.failed, p.in_progress,  asset.stale.stale};
    }
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace treadle
