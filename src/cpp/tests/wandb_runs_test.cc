#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

class WandbRuns : public testing::Test {
 protected:
  void TearDown() override { (void)td::remove_tree(home); }
  const std::string home = testing::TempDir() + "wandb-runs-" + td::random_uuid();
};

TEST_F(WandbRuns, WhatIsLoggedIsReadBack) {
  auto run = td::wandb::init({.project = "iris",
                              .id = "r1",
                              .name = "first",
                              .tags = {"cpp"},
                              .config = R"({"lr":0.1})",
                              .home = home});
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->path(), "local/iris/r1");
  for (int epoch = 0; epoch < 10; ++epoch) {
    ASSERT_TRUE(run->log({{"epoch", epoch}, {"loss", 1.0 / (epoch + 1)}}));
  }
  ASSERT_TRUE(run->log_json(R"({"note":"done"})"));
  ASSERT_TRUE(run->set_summary(R"({"best":{"epoch":9}})"));
  ASSERT_TRUE(run->finish());
  EXPECT_FALSE(run->log({{"late", 1}}));

  auto api = td::wandb::Api::open(home);
  ASSERT_TRUE(api);
  const auto found = api->run("iris/r1").value();
  EXPECT_EQ(found.display_name, "first");
  EXPECT_EQ(found.state, td::tracking::State::kFinished);
  EXPECT_EQ(found.config, R"({"lr":0.1})");
  EXPECT_NE(found.summary.find(R"("best":{"epoch":9})"), std::string::npos);
  const auto points = api->series("r1", "loss").value();
  ASSERT_EQ(points.size(), 10U);
  EXPECT_EQ(points[3], (td::tracking::Point{3, 0.25}));
  EXPECT_EQ(api->history("local/iris/r1")->size(), 11U);
  EXPECT_EQ(api->runs("iris", R"({"config.lr":{"$gt":0.05},"tags":"cpp"})")->size(), 1U);
  EXPECT_EQ(api->run("nothing").error().code, td::Errc::kNotFound);
}

TEST_F(WandbRuns, AStepJoinsItsRunAndAnExceptionFailsIt) {
  td::Defs defs;
  defs.asset("model", [&](td::Context& context) {
    auto run = td::wandb::init({.project = "iris", .id = context.run_id(), .home = home});
    if (!run) throw std::runtime_error(run.error().message);
    if (auto logged = run->log({{"loss", 0.5}}); !logged) throw std::runtime_error("log");
    if (context.retry_number() == 0) throw std::runtime_error("no luck");
    return 1;
  });
  const auto report = td::materialize(defs, {.home = home});
  EXPECT_FALSE(report.success());
  auto api = td::wandb::Api::open(home);
  const auto found = api->run(report.run_id()).value();
  EXPECT_EQ(found.state, td::tracking::State::kFailed);
  EXPECT_EQ(api->series(report.run_id(), "loss")->size(), 1U);
}

}  // namespace
