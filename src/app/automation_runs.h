// Private to the room: what runs say about the assets and checks of a moment.
#pragma once

#include "automation_places.h"

#include <functional>

namespace treadle::app {

// AssetFacts::running and ::backfilling, by runs that have not ended.
Result<void> read_running(events::Record& record, AutomationPlaces& places, automate::Facts& facts);
// AssetFacts::failed, by the latest run that has ended and was to make a partition.
Result<void> read_failed(events::Record& record, AutomationPlaces& places, automate::Facts& facts);
// CheckFacts, by the latest evaluation, or the latest run that was to evaluate the check. `made`: by
// asset, its latest materialization; `run_of`: the index of a run in the facts.
struct LatestMade {
  std::int64_t event_id = 0;
  std::string run_id;
};
Result<void> read_checks(events::Record& record, AutomationPlaces& places,
                         const std::vector<LatestMade>& made,
                         const std::function<Result<std::uint32_t>(const std::string&)>& run_of,
                         automate::Facts& facts);

}  // namespace treadle::app
