#include <treadle/sweep/early_stop.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace treadle::sweep {
namespace {

constexpr double kWorst = std::numeric_limits<double>::infinity();

// The lower the better.
double best_of(std::span<const double> values, bool maximize) {
  double best = kWorst;
  for (const double value : values) {
    if (std::isfinite(value)) best = std::min(best, maximize ? -value : value);
  }
  return best;
}

// The worst that still goes on, of the runs that have come to the bracket.
double threshold(const Hyperband& rule, bool maximize, const std::vector<Curve>& curves,
                 std::size_t bracket) {
  std::vector<double> bests;
  for (const Curve& curve : curves) {
    if (curve.values.size() < bracket) continue;
    bests.push_back(best_of(std::span(curve.values).first(bracket), maximize));
  }
  std::sort(bests.begin(), bests.end());
  const auto kept = std::ceil(static_cast<double>(bests.size()) / rule.eta);
  return bests[static_cast<std::size_t>(std::max(kept, 1.0)) - 1];
}

}  // namespace

std::vector<std::string> runs_behind(const Hyperband& rule, const Metric& metric,
                                     const std::vector<Curve>& curves,
                                     const std::vector<std::string>& running) {
  std::vector<std::string> out;
  for (const Curve& curve : curves) {
    if (std::find(running.begin(), running.end(), curve.run_id) == running.end()) continue;
    const auto beyond = std::upper_bound(rule.brackets.begin(), rule.brackets.end(),
                                         static_cast<std::int64_t>(curve.values.size()));
    if (beyond == rule.brackets.begin()) continue;
    const auto bracket = static_cast<std::size_t>(*std::prev(beyond));
    // Unless it is strict, what came after the bracket may save a run.
    const auto counted = std::span(curve.values).first(rule.strict ? bracket : curve.values.size());
    if (best_of(counted, metric.maximize) > threshold(rule, metric.maximize, curves, bracket)) {
      out.push_back(curve.run_id);
    }
  }
  return out;
}

}  // namespace treadle::sweep
