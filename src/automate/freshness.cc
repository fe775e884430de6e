#include <treadle/automate/freshness.h>
#include <treadle/base/cron.h>

#include <fmt/format.h>

namespace treadle::automate {
namespace {

// The end of the last window that counts; nothing: none has ended yet.
std::optional<Micros> last_deadline(const FreshnessPolicy& policy, Micros now) {
  // Checked when the policy was made.
  const auto schedule = CronSchedule::parse(policy.deadline_cron, policy.timezone);
  return schedule ? schedule->at_or_before(now) : std::nullopt;
}

}  // namespace

FreshnessState evaluate_freshness(const FreshnessPolicy& policy, std::optional<Micros> latest,
                                  Micros now) {
  if (!latest) return FreshnessState::kUnknown;
  if (policy.deadline_cron.empty()) {
    const Micros age = now - *latest;
    if (age >= policy.fail_window) return FreshnessState::kFail;
    if (policy.warn_window != 0 && age >= policy.warn_window) return FreshnessState::kWarn;
    return FreshnessState::kPass;
  }
  const auto deadline = last_deadline(policy, now);
  return !deadline || *latest >= *deadline - policy.lower_bound ? FreshnessState::kPass
                                                                : FreshnessState::kFail;
}

std::string describe_freshness(const FreshnessPolicy& policy, std::optional<Micros> latest,
                               Micros now) {
  if (!latest) return "never materialized";
  const std::string age = fmt::format("materialized {} ago", format_duration(now - *latest));
  const FreshnessState state = evaluate_freshness(policy, latest, now);
  if (policy.deadline_cron.empty()) {
    if (state == FreshnessState::kFail)
      return fmt::format("{}, which is more than the {} it may be old", age,
                         format_duration(policy.fail_window));
    if (state == FreshnessState::kWarn)
      return fmt::format("{}: it fails when it is {} old", age,
                         format_duration(policy.fail_window));
    return age;
  }
  const auto deadline = last_deadline(policy, now);
  if (!deadline) return age;
  const auto zone = TimeZone::find(policy.timezone);
  return fmt::format("{}; the deadline of {} asked for one at most {} before it", age,
                     format_in_zone(*deadline, zone ? **zone : TimeZone::utc()),
                     format_duration(policy.lower_bound));
}

}  // namespace treadle::automate
