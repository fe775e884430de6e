#include <treadle/base/cron.h>
#include <treadle/define/freshness_policy.h>

#include <fmt/format.h>

namespace treadle {
namespace {
constexpr Micros kMinute = 60 * kMicrosPerSecond;
}

Result<FreshnessPolicy> FreshnessPolicy::time_window(Micros fail_after, Micros warn_after) {
  if (fail_after < kMinute)
    return fail(Errc::kInvalidArgument,
                "The fail_window of a freshness policy cannot be less than 1 minute.");
  if (warn_after != 0 && warn_after < kMinute)
    return fail(Errc::kInvalidArgument,
                "The warn_window of a freshness policy cannot be less than 1 minute.");
  if (warn_after >= fail_after)
    return fail(Errc::kInvalidArgument, "The warn_window must be less than the fail_window.");
  FreshnessPolicy out;
  out.fail_window = fail_after;
  out.warn_window = warn_after;
  return out;
}

Result<FreshnessPolicy> FreshnessPolicy::cron(std::string deadline, Micros lower_bound,
                                              std::string timezone) {
  TREADLE_CHECK(CronSchedule::parse(deadline, timezone));
  if (lower_bound < kMinute)
    return fail(Errc::kInvalidArgument,
                "The lower_bound_delta must be greater than or equal to 1 minute.");
  // Without daylight saving, a thousand ticks show every distance there is.
  constexpr Micros kStart = 1'735'689'600 * kMicrosPerSecond;
  constexpr int kTicks = 1000;
  Micros smallest = 0;
  TREADLE_TRY(const auto plain, CronSchedule::parse(deadline, "UTC"));
  auto tick = plain.at_or_after(kStart);
  for (int i = 0; tick && i < kTicks; ++i) {
    const auto next = plain.next(*tick);
    if (!next) break;
    if (smallest == 0 || *next - *tick < smallest) smallest = *next - *tick;
    tick = next;
  }
  if (smallest != 0 && lower_bound > smallest)
    return fail(
        Errc::kInvalidArgument,
        fmt::format(
            "The lower_bound_delta must be less than or equal to the smallest cron interval, "
            "{} seconds for the deadline '{}'; it is {} seconds.",
            smallest / kMicrosPerSecond, deadline, lower_bound / kMicrosPerSecond));
  FreshnessPolicy out;
  out.deadline_cron = std::move(deadline);
  out.lower_bound = lower_bound;
  out.timezone = std::move(timezone);
  return out;
}

}  // namespace treadle
