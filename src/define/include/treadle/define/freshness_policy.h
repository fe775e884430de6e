// By when an asset must have been materialized.
//
//   FreshnessPolicy::time_window({.fail = 24 * kHour, .warn = 12 * kHour});
//   FreshnessPolicy::cron("0 10 * * *", 1 * kHour, "Europe/Berlin");   // each day between nine and ten
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <string>

namespace treadle {

struct FreshnessPolicy {
  // Older than this fails, or warns; 0 = a policy with a deadline, or never warns.
  Micros fail_window = 0;
  Micros warn_window = 0;
  // At each tick it must have been materialized at most so long before.
  std::string deadline_cron = {};
  Micros lower_bound = 0;
  std::string timezone = "UTC";

  // kInvalidArgument says which rule is broken.
  static Result<FreshnessPolicy> time_window(Micros fail, Micros warn = 0);
  static Result<FreshnessPolicy> cron(std::string deadline, Micros lower_bound,
                                      std::string timezone = "UTC");
  bool operator==(const FreshnessPolicy&) const = default;
};

}  // namespace treadle
