// Whether an asset is as new as its policy wants. Pure.
#pragma once

#include <treadle/define/automation_condition.h>
#include <treadle/define/freshness_policy.h>

#include <optional>
#include <string>

namespace treadle::automate {

// `latest`: when it was last materialized; nothing: never, which is kUnknown. Of a deadline the last
// one that has passed counts: between it and the next one nothing is asked for.
FreshnessState evaluate_freshness(const FreshnessPolicy& policy, std::optional<Micros> latest,
                                  Micros now);
// Why: "materialized 26 h ago, which is more than the 24 h it may be old".
std::string describe_freshness(const FreshnessPolicy& policy, std::optional<Micros> latest,
                               Micros now);

}  // namespace treadle::automate
