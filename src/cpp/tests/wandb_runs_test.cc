#include <treadle/app/home.h>
#include <treadle/app/server.h>
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

// A server over a home of its own, and what a program in another place knows of it.
TEST_F(WandbRuns, AHostKeepsThemInsteadOfTheHome) {
  auto kept = td::app::Home::open({.path = home}).value();
  auto server = td::app::Server::open(*kept, {.port = 0, .access_log = "none"}).value();
  server->start();
  const std::string host = server->url();
  const std::string key = server->new_key();
  auto run = td::wandb::init({.project = "iris",
                              .id = "r1",
                              .tags = {"cpp"},
                              .config = R"({"lr":0.1})",
                              .host = host,
                              .api_key = key});
  ASSERT_TRUE(run) << run.error().message;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(run->log({{"loss", 1.0 / (i + 1)}}));
  ASSERT_TRUE(run->set_summary(R"({"best":1})"));
  const std::string note = home + "/note.txt";
  ASSERT_TRUE(td::write_file_atomic(td::real_files(), note, "content", false));
  ASSERT_TRUE(run->save(note, "note.txt"));
  const auto finished = run->finish();
  ASSERT_TRUE(finished) << finished.error().message;

  auto there = td::wandb::Api::open("", host, key);
  ASSERT_TRUE(there);
  auto here = td::wandb::Api::open(home);
  for (auto* api : {&*there, &*here}) {
    const auto found = api->run("iris/r1").value();
    EXPECT_EQ(found.state, td::tracking::State::kFinished);
    EXPECT_EQ(found.tags, std::vector<std::string>{"cpp"});
    EXPECT_NE(found.config.find(R"("lr":0.1)"), std::string::npos);
    EXPECT_NE(found.summary.find(R"("best":1)"), std::string::npos);
    EXPECT_EQ(api->series("iris/r1", "loss", 0)->size(), 10U);
    EXPECT_EQ(api->series("iris/r1", "loss")->at(3), (td::tracking::Point{3, 0.25}));
    EXPECT_EQ(api->history("iris/r1")->size(), 10U);
    EXPECT_EQ(api->runs("iris", R"({"tags":"cpp"})")->size(), 1U);
    EXPECT_EQ(api->read_file("iris/r1", "note.txt").value(), "content");
  }
  auto refused =
      td::wandb::init({.project = "iris", .host = host, .api_key = std::string(40, 'k')});
  EXPECT_EQ(refused.error().code, td::Errc::kPermissionDenied);
  server->stop();
}

}  // namespace
