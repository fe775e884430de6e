#include <treadle/sweep/space.h>

#include <gtest/gtest.h>

#include <set>

namespace treadle::sweep {
namespace {

Space space(std::string_view yaml) {
  auto out = Space::parse(yaml);
  EXPECT_TRUE(out) << out.error().message;
  return *std::move(out);
}

std::string error(std::string_view yaml) {
  const auto out = Space::parse(yaml);
  return out ? "" : out.error().message;
}

TEST(Space, AGridIsTheProductOfItsValuesNestedOnesToo) {
  const Space s = space(R"(
method: grid
parameters:
  param1:
    values: [1, 2, 3]
  param2:
    parameters:
      param3:
        values:
        - 1
        - 2
        - 3
      param4:
        value: 1
)");
  EXPECT_EQ(s.grid_size(), 9);
  EXPECT_EQ(*s.grid_point(0),
            R"({"param1":{"value":1},"param2":{"value":{"param3":1,"param4":1}}})");
  EXPECT_EQ(*s.grid_point(1),
            R"({"param1":{"value":1},"param2":{"value":{"param3":2,"param4":1}}})");
  EXPECT_EQ(*s.grid_point(8),
            R"({"param1":{"value":3},"param2":{"value":{"param3":3,"param4":1}}})");
  EXPECT_FALSE(s.grid_point(9));
}

TEST(Space, AGridWalksWholeNumbersAndSteps) {
  EXPECT_EQ(space("method: grid\nparameters: {n: {min: 2, max: 5}}").grid_size(), 4);
  const Space s =
      space("method: grid\nparameters: {n: {distribution: q_uniform, min: 0, max: 1, q: 0.25}}");
  EXPECT_EQ(s.grid_size(), 5);
  EXPECT_EQ(*s.grid_point(1), R"({"n":{"value":0.25}})");
  EXPECT_NE(error("method: grid\nparameters: {lr: {min: 0.1, max: 0.2}}").find("'lr' has no end"),
            std::string::npos);
}

TEST(Space, ValuesAreReadAsPythonsYamlWritesThem) {
  const Space s = space(R"(
method: grid
parameters:
  p:
    values:
    - one two
    - '"five six"'
    - '008'
    - 1.0e-05
    - null
    - true
    - 'true'
)");
  EXPECT_EQ(*s.grid_point(0), R"({"p":{"value":"one two"}})");
  EXPECT_EQ(*s.grid_point(1), R"({"p":{"value":"\"five six\""}})");
  EXPECT_EQ(*s.grid_point(2), R"({"p":{"value":"008"}})");
  EXPECT_EQ(*s.grid_point(3), R"({"p":{"value":1e-05}})");
  EXPECT_EQ(*s.grid_point(4), R"({"p":{"value":null}})");
  EXPECT_EQ(*s.grid_point(5), R"({"p":{"value":true}})");
  EXPECT_EQ(*s.grid_point(6), R"({"p":{"value":"true"}})");
}

TEST(Space, RandomPointsStayInTheirBoundsAndComeBackForASeed) {
  const Space s = space(R"(
method: random
parameters:
  n: {distribution: q_uniform, min: 0, max: 256, q: 8}
  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}
  pick: {values: [a, b, c], probabilities: [0, 1, 0]}
)");
  EXPECT_FALSE(s.grid_size());
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string point = s.random_point(seed);
    EXPECT_EQ(point, s.random_point(seed));
    EXPECT_NE(point.find(R"("pick":{"value":"b"})"), std::string::npos) << point;
    seen.insert(point);
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(Space, BayesComesNearTheBestFasterThanChance) {
  const Space s = space(R"(
method: bayes
metric: {name: loss, goal: minimize}
parameters: {x: {min: 0.0, max: 1.0}, y: {min: 0.0, max: 1.0}}
)");
  const auto number = [](const std::string& point, const std::string& name) {
    const auto at = point.find("\"" + name + "\":{\"value\":");
    return std::stod(point.substr(at + name.size() + 12));
  };
  const auto loss = [&](const std::string& point) {
    const double x = number(point, "x") - 0.73;
    const double y = number(point, "y") - 0.21;
    return x * x + y * y;
  };
  std::vector<Trial> trials;
  double best = 1e9;
  double by_chance = 1e9;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const std::string point = s.bayes_point(trials, i);
    trials.push_back({point, loss(point)});
    best = std::min(best, trials.back().result);
    by_chance = std::min(by_chance, loss(s.random_point(i)));
  }
  EXPECT_LT(best, 0.002);
  EXPECT_LT(best, by_chance);
}

TEST(Space, WhatIsWrongIsNamed) {
  EXPECT_NE(error("method: guess").find("not 'guess'"), std::string::npos);
  EXPECT_NE(error("a: [").find("no YAML"), std::string::npos);
  EXPECT_NE(error("method: random\nparameters: {lr: {min: 1}}").find("'lr'"), std::string::npos);
  EXPECT_NE(error("method: random\nparameters: {lr: {distribution: odd}}").find("'odd'"),
            std::string::npos);
  EXPECT_NE(error("method: random\nparameters: {p: {values: [1, 2], probabilities: [1]}}")
                .find("probabilities"),
            std::string::npos);
}

}  // namespace
}  // namespace treadle::sweep
