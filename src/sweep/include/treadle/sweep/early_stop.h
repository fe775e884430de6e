// Ending runs that fall behind, as `early_terminate: {type: hyperband}` of a sweep's config asks. Runs
// are compared when they have reported the metric so many times (the brackets); of those that got
// there, the best share of 1/eta goes on.
//
//   TREADLE_TRY(const Space space, Space::parse("... early_terminate: {type: hyperband, min_iter: 3}"));
//   if (space.hyperband()) stop = runs_behind(*space.hyperband(), *space.metric(), curves, running);
#pragma once

#include <treadle/sweep/space.h>

#include <string>
#include <vector>

namespace treadle::sweep {

// What a run reported of the metric, in order.
struct Curve {
  std::string run_id;
  std::vector<double> values;
};

// Those of `running` that the others have left behind. Values that are not finite count as the worst.
std::vector<std::string> runs_behind(const Hyperband& rule, const Metric& metric,
                                     const std::vector<Curve>& curves,
                                     const std::vector<std::string>& running);

}  // namespace treadle::sweep
