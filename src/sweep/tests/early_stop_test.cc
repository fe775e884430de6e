#include <treadle/sweep/early_stop.h>

#include <gtest/gtest.h>

#include <limits>

namespace treadle::sweep {
namespace {

using Names = std::vector<std::string>;

std::vector<std::int64_t> brackets(const std::string& rule) {
  const auto space = Space::parse(
      "method: random\nmetric: {name: loss}\nparameters: {a: {value: 1}}\n"
      "early_terminate: {type: hyperband, " +
      rule + "}");
  return space->hyperband()->brackets;
}

TEST(Hyperband, BracketsGrowFromTheLeastOrShrinkFromTheMost) {
  const auto growing = brackets("min_iter: 3");
  EXPECT_EQ(std::vector<std::int64_t>(growing.begin(), growing.begin() + 4),
            (std::vector<std::int64_t>{3, 9, 27, 81}));
  EXPECT_EQ(brackets("max_iter: 18, s: 2"), (std::vector<std::int64_t>{2, 6}));
  EXPECT_EQ(brackets("max_iter: 16, eta: 2"), (std::vector<std::int64_t>{1, 2, 4, 8}));
}

TEST(Hyperband, ARuleThatSaysNothingIsRefused) {
  for (const char* rule : {"type: hyperband", "type: hyperband, min_iter: 0",
                           "type: hyperband, min_iter: 3, eta: 1", "type: median, min_iter: 3"}) {
    const std::string config =
        std::string("method: random\nmetric: {name: loss}\nparameters: {a: {value: 1}}\n") +
        "early_terminate: {" + rule + "}";
    EXPECT_FALSE(Space::parse(config)) << rule;
  }
}

TEST(Hyperband, WithoutAMetricItEndsNoneAndSaysSo) {
  std::vector<std::string> warnings;
  const auto space = Space::parse(
      "method: random\nparameters: {a: {value: 1}}\n"
      "early_terminate: {type: hyperband, min_iter: 3}",
      &warnings);
  ASSERT_TRUE(space);
  EXPECT_FALSE(space->hyperband());
  EXPECT_EQ(warnings.size(), 1U);
}

TEST(Hyperband, TheBestThirdGoesOn) {
  const Hyperband rule{{2, 6}, 3, false};
  const std::vector<Curve> curves = {
      {"good", {1, 0.1}}, {"middling", {1, 0.5}}, {"bad", {1, 0.9}}, {"young", {5}}};
  const Names running = {"good", "middling", "bad", "young"};
  EXPECT_EQ(runs_behind(rule, {"loss", false}, curves, running), (Names{"middling", "bad"}));
  EXPECT_EQ(runs_behind(rule, {"loss", false}, curves, {"bad"}), (Names{"bad"}));
  EXPECT_EQ(
      runs_behind(rule, {"accuracy", true}, {{"a", {0.1, 0.2}}, {"b", {0.1, 0.9}}}, {"a", "b"}),
      (Names{"a"}));
}

TEST(Hyperband, WhatCameAfterTheBracketSavesARunUnlessItIsStrict) {
  const std::vector<Curve> curves = {{"first", {1, 0.1}}, {"late", {1, 0.9, 0.05}}};
  EXPECT_EQ(runs_behind({{2}, 3, false}, {"loss", false}, curves, {"late"}), Names{});
  EXPECT_EQ(runs_behind({{2}, 3, true}, {"loss", false}, curves, {"late"}), (Names{"late"}));
}

TEST(Hyperband, ARunAloneGoesOnAndNanIsTheWorst) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Hyperband rule{{1}, 3, false};
  EXPECT_EQ(runs_behind(rule, {"loss", false}, {{"only", {nan}}}, {"only"}), Names{});
  EXPECT_EQ(runs_behind(rule, {"loss", false}, {{"a", {nan}}, {"b", {7}}}, {"a", "b"}),
            (Names{"a"}));
}

}  // namespace
}  // namespace treadle::sweep
