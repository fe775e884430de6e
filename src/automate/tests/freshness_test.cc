#include <treadle/automate/freshness.h>
#include <treadle/base/time_zone.h>

#include <gtest/gtest.h>

namespace treadle::automate {
namespace {

constexpr Micros kHour = 3'600'000'000;

Micros at(int day, int hour, int minute = 0) {
  return local_seconds({2026, 3, day, hour, minute, 0}) * kMicrosPerSecond;
}

TEST(Freshness, AWindowPassesWarnsAndFails) {
  const FreshnessPolicy policy = *FreshnessPolicy::time_window(24 * kHour, 12 * kHour);
  const Micros made = at(2, 0);
  EXPECT_EQ(evaluate_freshness(policy, std::nullopt, at(2, 0)), FreshnessState::kUnknown);
  EXPECT_EQ(evaluate_freshness(policy, made, at(2, 11, 59)), FreshnessState::kPass);
  EXPECT_EQ(evaluate_freshness(policy, made, at(2, 12)), FreshnessState::kWarn);
  EXPECT_EQ(evaluate_freshness(policy, made, at(3, 0)), FreshnessState::kFail);
  EXPECT_EQ(describe_freshness(policy, made, at(3, 2)),
            "materialized 26 h 0 min ago, which is more than the 24 h 0 min it may be old");
}

TEST(Freshness, OfADeadlineTheLastOneThatHasPassedCounts) {
  const FreshnessPolicy policy = *FreshnessPolicy::cron("0 10 * * *", kHour, "UTC");
  EXPECT_EQ(evaluate_freshness(policy, at(2, 9, 30), at(2, 9, 59)), FreshnessState::kPass);
  EXPECT_EQ(evaluate_freshness(policy, at(2, 9, 30), at(3, 9, 59)), FreshnessState::kPass);
  EXPECT_EQ(evaluate_freshness(policy, at(2, 9, 30), at(3, 10)), FreshnessState::kFail);
  EXPECT_EQ(evaluate_freshness(policy, at(3, 10, 30), at(3, 10, 31)), FreshnessState::kPass);
  EXPECT_EQ(evaluate_freshness(policy, at(2, 8, 59), at(2, 10)), FreshnessState::kFail)
      << "too early";
}

TEST(Freshness, PoliciesThatCannotBeAreRefused) {
  EXPECT_FALSE(FreshnessPolicy::time_window(1));
  EXPECT_FALSE(FreshnessPolicy::time_window(kHour, kHour));
  EXPECT_FALSE(FreshnessPolicy::cron("0 10 * *", kHour));
  EXPECT_FALSE(FreshnessPolicy::cron("0 * * * *", 2 * kHour));
  EXPECT_FALSE(FreshnessPolicy::cron("0 10 * * *", kHour, "Nowhere/Land"));
}

}  // namespace
}  // namespace treadle::automate
