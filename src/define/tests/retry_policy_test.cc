#include <treadle/define/retry_policy.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

RetryPolicy policy(double delay, Backoff backoff, Jitter jitter) {
  return {.max_retries = 3, .delay = delay, .backoff = backoff, .jitter = jitter};
}

TEST(RetryDelay, BacksOffAsDagsterDoes) {
  EXPECT_DOUBLE_EQ(retry_delay(policy(2, Backoff::kConstant, Jitter::kNone), 3, 0.9), 2);
  EXPECT_DOUBLE_EQ(retry_delay(policy(2, Backoff::kLinear, Jitter::kNone), 3, 0.9), 6);
  EXPECT_DOUBLE_EQ(retry_delay(policy(2, Backoff::kExponential, Jitter::kNone), 1, 0.9), 2);
  EXPECT_DOUBLE_EQ(retry_delay(policy(2, Backoff::kExponential, Jitter::kNone), 3, 0.9), 14);
}

TEST(RetryDelay, JitterStaysInItsRange) {
  const RetryPolicy full = policy(2, Backoff::kLinear, Jitter::kFull);
  EXPECT_DOUBLE_EQ(retry_delay(full, 2, 0), 0);
  EXPECT_DOUBLE_EQ(retry_delay(full, 2, 0.5), 2);
  const RetryPolicy plus_minus = policy(2, Backoff::kLinear, Jitter::kPlusMinus);
  EXPECT_DOUBLE_EQ(retry_delay(plus_minus, 2, 0), 2);
  EXPECT_DOUBLE_EQ(retry_delay(plus_minus, 2, 0.75), 5);
}

TEST(RetryDelay, IsNeverNegativeAndStaysFinite) {
  EXPECT_DOUBLE_EQ(retry_delay(policy(-1, Backoff::kConstant, Jitter::kPlusMinus), 1, 0), 0);
  EXPECT_DOUBLE_EQ(retry_delay(policy(0, Backoff::kExponential, Jitter::kFull), 1 << 30, 0.5), 0);
  EXPECT_LT(retry_delay(policy(1, Backoff::kExponential, Jitter::kNone), 1 << 30, 0.5), 1e30);
}

}  // namespace
}  // namespace treadle
