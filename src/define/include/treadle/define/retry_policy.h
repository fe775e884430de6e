// Retries of a step that failed. Value; semantics of Dagster's RetryPolicy.
#pragma once

#include <cstdint>

namespace treadle {

enum class Backoff : std::uint8_t { kConstant, kLinear, kExponential };
enum class Jitter : std::uint8_t { kNone, kFull, kPlusMinus };

struct RetryPolicy {
  int max_retries = 1;
  double delay = 0;  // seconds before a retry
  // kLinear: delay * attempt; kExponential: delay * (2^attempt - 1); attempt counts from 1.
  Backoff backoff = Backoff::kConstant;
  // kFull: uniform in [0, d]; kPlusMinus: uniform in [d - delay, d + delay], never negative.
  Jitter jitter = Jitter::kNone;
  bool operator==(const RetryPolicy&) const = default;
};

// Seconds to wait before the `attempt`-th retry (from 1). `random` is uniform in [0, 1): pure, so
// that tests can say it.
double retry_delay(const RetryPolicy& policy, int attempt, double random);

}  // namespace treadle
