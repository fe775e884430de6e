// td::wandb: outputs and inputs as W&B artifacts.
#include <treadle/app/home.h>
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

class Wandb : public testing::Test {
 protected:
  Wandb() : home_(td::join_path(testing::TempDir(), "treadle-wandb-" + td::random_uuid())) {
    defs_.io_manager("wandb", td::wandb::artifacts_io_manager());
  }
  ~Wandb() override { (void)td::remove_tree(home_); }
  td::RunReport run() { return td::materialize(defs_, {.home = home_}); }
  td::artifact::Version version(const std::string& name) {
    auto home = td::app::Home::open({.path = home_});
    return *(*home)->store().get(*td::parse_artifact_ref(name));
  }
  const std::string home_;
  td::Defs defs_;
};

TEST_F(Wandb, AnOutputIsAVersionWithItsConfiguration) {
  td::wandb::ArtifactConfiguration config{
      .type = "table", .description = "three numbers", .aliases = {"best"}};
  config.add_references = {{"s3://bucket/key", "elsewhere"}};
  defs_.asset(
      {.key = "numbers", .metadata = {td::wandb::configuration(config)}, .io_manager = "wandb"},
      [] { return std::vector<int>{1, 2, 3}; });
  const auto report = run();
  ASSERT_TRUE(report.success());
  const auto made = version("numbers");
  EXPECT_EQ(made.type, "table");
  EXPECT_EQ(made.description, "three numbers");
  EXPECT_EQ(made.aliases, (std::vector<std::string>{
                              "best", "dagster-run-" + report.run_id().substr(0, 8), "latest"}));
  EXPECT_EQ(made.file_count, 2);
  EXPECT_NE(made.metadata.find("\"source_integration\":\"dagster_wandb\""), std::string::npos);
}

TEST_F(Wandb, AnInputReadsTheVersionItNames) {
  int round = 0;
  auto model = defs_.asset({.key = "model", .io_manager = "wandb"}, [&] { return ++round; });
  std::vector<int> seen;
  defs_.asset(
      "score",
      [&](int value) {
        seen.push_back(value);
        return value;
      },
      td::with(model, {td::wandb::configuration({.version = "v0"})}));
  ASSERT_TRUE(run().success());
  ASSERT_TRUE(run().success());
  EXPECT_EQ(seen, (std::vector<int>{1, 1}));
}

TEST_F(Wandb, WrongCombinationsAreRefused) {
  defs_.asset({.key = "numbers",
               .metadata = {td::wandb::configuration({.get_path = "x"})},
               .io_manager = "wandb"},
              [] { return 1; });
  EXPECT_FALSE(run().success());
}

}  // namespace
