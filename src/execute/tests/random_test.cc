// Random graphs with random failures: what runs, what is dropped and in which order must follow from the graph alone, whatever
// the executor and however many steps run at once.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;

struct Node {
  std::vector<int> upstream;
  bool fails = false;
  bool calling_thread = false;
};

std::string name(int i) {
  return "s" + std::to_string(i);
}

std::vector<Node> random_graph(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::vector<Node> nodes(2 + below(30));
  const int often = 2 + below(6);  // wide or deep
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
    std::set<int> upstream;
    for (int n = i > 0 ? below(4) : 0; n > 0; --n) {
      upstream.insert(below(often) == 0 ? i - 1 : below(i));
    }
    nodes[i].upstream.assign(upstream.begin(), upstream.end());
    nodes[i].fails = below(12) == 0;
    nodes[i].calling_thread = below(4) == 0;
  }
  return nodes;
}

// What must become of each step.
std::vector<StepStatus> expected(const std::vector<Node>& nodes) {
  std::vector<StepStatus> statuses;
  for (const Node& node : nodes) {
    StepStatus status = node.fails ? StepStatus::kFailure : StepStatus::kSuccess;
    for (const int up : node.upstream) {
      if (statuses[up] != StepStatus::kSuccess) status = StepStatus::kSkipped;
    }
    statuses.push_back(status);
  }
  return statuses;
}

void run_one(std::mt19937& random, Executor executor) {
  const std::vector<Node> nodes = random_graph(random);
  const testing::TemporaryFolder folder;
  testing::Home home(folder.path());
  Pipeline pipeline(folder.path());
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
    std::vector<std::string> inputs;
    for (const int up : nodes[i].upstream) inputs.push_back(name(up));
    StepDef& step = pipeline.nothing(name(i), inputs);
    Pipeline::body(step).calling_thread = nodes[i].calling_thread;
    if (nodes[i].fails) {
      Pipeline::body(step).function = [](StepContext&) -> StepOutcome {
        return tl::unexpected(failure("x"));
      };
    }
  }
  const plan::Plan& plan = pipeline.plan();
  RunOptions options;
  options.executor = executor;
  options.max_concurrent = 1 + static_cast<int>(random() % 4);
  World world = home.world();
  const auto result = execute::run(world, plan, options);
  ASSERT_TRUE(result) << result.error().message;

  const std::vector<StepStatus> statuses = expected(nodes);
  bool success = true;
  for (const StepResult& step : result->steps) {
    const int i = std::stoi(step.step_key.substr(1));
    EXPECT_EQ(step.status, statuses[i]) << step.step_key;
    success &= statuses[i] != StepStatus::kFailure;
  }
  EXPECT_EQ(result->success(), success);

  std::set<int> succeeded;
  std::map<EventType, int> count;
  for (const Event& event : home.events(result->run_id)) {
    ++count[event.type];
    if (event.step_key.empty()) continue;
    const int i = std::stoi(event.step_key.substr(1));
    if (event.type == EventType::kStepSuccess) {
      EXPECT_TRUE(succeeded.insert(i).second) << event.step_key;
    }
    if (event.type != EventType::kStepStart) continue;
    EXPECT_NE(statuses[i], StepStatus::kSkipped) << event.step_key;
    for (const int up : nodes[i].upstream) {
      EXPECT_TRUE(succeeded.contains(up)) << event.step_key << " before " << name(up);
    }
  }
  EXPECT_EQ(count[EventType::kStepStart],
            count[EventType::kStepSuccess] + count[EventType::kStepFailure]);
}

void run_many(int graphs, Executor executor) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < graphs && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("graph " + std::to_string(i));
    run_one(random, executor);
  }
}

TEST(RandomGraphs, EndAsTheyMustOnThreads) {
  run_many(300, Executor::kInProcess);
}

TEST(RandomGraphs, EndAsTheyMustInProcesses) {
  run_many(25, Executor::kProcess);
}

}  // namespace
}  // namespace treadle::execute
