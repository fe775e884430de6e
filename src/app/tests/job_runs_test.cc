#include <treadle/app/job_runs.h>
#include <treadle/define/partitioned_config.h>

#include <gtest/gtest.h>

namespace treadle::app {
namespace {

Definitions with_job(JobDef job) {
  Definitions definitions;
  job.name = "nightly";
  definitions.jobs.push_back(std::move(job));
  return definitions;
}

execute::RunOptions run_of_job() {
  execute::RunOptions run;
  run.job_name = "nightly";
  return run;
}

TEST(JobRuns, TheJobSaysWhatTheRunLeavesOpen) {
  const Definitions definitions = with_job(
      {.config = R"({"ops": {}})", .executor = multiprocess_executor({.max_concurrent = 3})});
  auto run = run_of_job();
  ASSERT_TRUE(fill_in(definitions, run));
  EXPECT_EQ(run.run_config, R"({"ops": {}})");
  EXPECT_EQ(run.executor, execute::Executor::kProcess);
  EXPECT_EQ(run.max_concurrent, 3);
  EXPECT_TRUE(run.executor_said);
}

TEST(JobRuns, TheRunsConfigurationStays) {
  const Definitions definitions = with_job({.config = R"({"ops": {}})"});
  auto run = run_of_job();
  run.run_config = R"({"execution": {"config": {"in_process": {"retries": {"disabled": {}}}}}})";
  ASSERT_TRUE(fill_in(definitions, run));
  EXPECT_EQ(run.executor, execute::Executor::kInProcess);
  EXPECT_EQ(run.max_concurrent, 1);
  EXPECT_FALSE(run.retries);
}

TEST(JobRuns, NobodySaysAnExecutor) {
  auto run = run_of_job();
  run.max_concurrent = 5;
  ASSERT_TRUE(fill_in(with_job({}), run));
  EXPECT_FALSE(run.executor_said);
  EXPECT_EQ(run.max_concurrent, 5);
}

TEST(JobRuns, OfAPartitionItsConfigurationAndTags) {
  auto config = std::make_shared<PartitionedConfigDef>();
  config->config_of = [](const std::string& key) -> Result<std::string> {
    return R"({"key": ")" + key + "\"}";
  };
  config->tags_of = [](const std::string& key) -> Result<std::map<std::string, std::string>> {
    return std::map<std::string, std::string>{{"of", key}, {"mine", "no"}};
  };
  const Definitions definitions = with_job({.partitioned_config = config});
  auto run = run_of_job();
  EXPECT_TRUE(waits_for_partition(&definitions.jobs[0], run));
  run.tags = {{"dagster/partition", "a"}, {"mine", "yes"}};
  EXPECT_FALSE(waits_for_partition(&definitions.jobs[0], run));
  ASSERT_TRUE(fill_in(definitions, run));
  EXPECT_EQ(run.run_config, R"({"key": "a"})");
  EXPECT_EQ(run.tags.at("of"), "a");
  EXPECT_EQ(run.tags.at("mine"), "yes");
}

}  // namespace
}  // namespace treadle::app
