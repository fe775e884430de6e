// Pools that runs and processes share: who waits for whom, and what a run says that waits for a paused one.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace treadle::execute {
namespace {

using testing::Pipeline;
using testing::TemporaryFolder;
using Limits = std::map<std::string, int>;

class Pools : public testing::RunTest {
 protected:
  // Shared pools `limits`, and what a run reads of them while it waits.
  RunOptions options(Limits limits, std::function<Limits()> read) {
    RunOptions o;
    o.shared_pools = std::move(limits);
    o.read_shared_pools = std::move(read);
    o.pools_folder = join_path(folder.path(), "pools");
    o.observer = [this](const Event& event) {
      if (event.type == EventType::kLog) told.push_back(event.message);
    };
    return o;
  }
  std::vector<std::string> told;
};

// One end of each of two pipes, so that an end that dies is noticed.
struct Ends {
  int in;
  int out;
  void say() const { ASSERT_EQ(::write(out, "!", 1), 1); }
  bool hears() const {
    char c = 0;
    return ::read(in, &c, 1) == 1;
  }
};

int run_in_this_process(const std::string& folder, const RunOptions& options,
                        const std::function<void()>& body) {
  testing::Home home(folder);
  Pipeline pipeline(folder);
  pipeline
      .step("a", {},
            [&](StepContext& context) {
              body();
              return Pipeline::put(context, 0, 1);
            })
      .pool = "gpu";
  World world = home.world();
  const auto result = execute::run(world, pipeline.plan(), options);
  return result && result->success() ? 0 : 1;
}

TEST(PoolsOfProcesses, OneWaitsUntilTheOtherGivesThePlaceBack) {
  const TemporaryFolder here;
  const TemporaryFolder there;
  int down[2];
  int up[2];
  ASSERT_EQ(::pipe(down), 0);
  ASSERT_EQ(::pipe(up), 0);
  const std::string began = join_path(there.path(), "began");
  RunOptions options;
  options.shared_pools = {{"gpu", 1}};
  options.pools_folder = join_path(here.path(), "pools");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(down[1]);
    ::close(up[0]);
    const Ends parent{down[0], up[1]};
    if (!parent.hears()) ::_exit(2);
    // Asked only of a run that waits.
    options.read_shared_pools = [&, said = false]() mutable {
      if (!std::exchange(said, true)) parent.say();
      return Limits{{"gpu", 1}};
    };
    ::_exit(run_in_this_process(there.path(), options, [&] {
      (void)write_file_atomic(real_files(), began, "yes", false);
    }));
  }
  ::close(down[0]);
  ::close(up[1]);
  const Ends other{up[0], down[1]};
  EXPECT_EQ(run_in_this_process(here.path(), options,
                                [&] {
                                  other.say();
                                  EXPECT_TRUE(other.hears()) << "it did not wait";
                                  EXPECT_FALSE(read_file(real_files(), began));
                                  EXPECT_EQ(taken_pool_places(options.pools_folder, "gpu", 1), 1);
                                }),
            0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(read_file(real_files(), began));
  EXPECT_EQ(taken_pool_places(options.pools_folder, "gpu", 1), 0);
  EXPECT_EQ(used_pools(options.pools_folder), std::vector<std::string>{"gpu"});
  ::close(up[0]);
  ::close(down[1]);
}

TEST_F(Pools, ARunSaysOnceThatItsPoolIsPausedAndGoesOnWhenItHasRoom) {
  for (const Executor executor : {Executor::kInProcess, Executor::kProcess}) {
    for (const Limits& later : {Limits{{"odd name", 1}}, Limits{}}) {
      told.clear();
      Pipeline steps(folder.path());
      steps.nothing("free", {});
      steps.nothing("a", {}).pool = "odd name";
      steps.nothing("b", {}).pool = "odd name";
      int reads = 0;
      RunOptions o = options({{"odd name", 0}}, [&] {
        return !told.empty() || ++reads > 20 ? later : Limits{{"odd name", 0}};
      });
      o.executor = executor;
      World world = home.world();
      const auto result = execute::run(world, steps.plan(), o);
      ASSERT_TRUE(result);
      EXPECT_TRUE(result->success());
      EXPECT_LE(reads, 20);
      ASSERT_EQ(told.size(), 1u);
      EXPECT_NE(told[0].find("pool 'odd name', which is paused"), std::string::npos) << told[0];
      EXPECT_NE(told[0].find("`treadle pool set 'odd name' 1`"), std::string::npos) << told[0];
    }
  }
}

TEST_F(Pools, ARunThatWaitsForAPausedPoolCanBeCancelled) {
  Cancellation cancellation;
  pipeline.nothing("a", {}).pool = "gpu";
  RunOptions o = options({{"gpu", 0}}, {});
  o.cancellation = &cancellation;
  o.observer = [&](const Event& event) {
    if (event.type == EventType::kLog) cancellation.request();
  };
  const RunResult result = run(o);
  EXPECT_EQ(result.status, RunStatus::kCanceled);
  EXPECT_EQ(status(result, "a"), StepStatus::kPending);
}

TEST_F(Pools, ARunThatMayTakeOnlySoLongDoesNotWaitForAPausedPoolForEver) {
  pipeline.nothing("a", {}).pool = "gpu";
  RunOptions o = options({{"gpu", 0}}, {});
  o.tags["dagster/max_runtime"] = "0.2";
  const RunResult result = run(o);
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(status(result, "a"), StepStatus::kPending);
}

}  // namespace
}  // namespace treadle::execute
