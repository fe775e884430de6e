#include <treadle/define/retry_policy.h>

#include <algorithm>
#include <cmath>

namespace treadle {

double retry_delay(const RetryPolicy& policy, int attempt, double random) {
  const double base = std::max(policy.delay, 0.0);
  const int n = std::clamp(attempt, 1, 60);  // beyond, 2^n would leave the range of clocks
  double delay = base;
  switch (policy.backoff) {
    case Backoff::kConstant:
      break;
    case Backoff::kLinear:
      delay = base * n;
      break;
    case Backoff::kExponential:
      delay = base * (std::exp2(n) - 1);
      break;
  }
  switch (policy.jitter) {
    case Jitter::kNone:
      break;
    case Jitter::kFull:
      delay *= random;
      break;
    case Jitter::kPlusMinus:
      delay += (2 * random - 1) * base;
      break;
  }
  return std::max(delay, 0.0);
}

}  // namespace treadle
