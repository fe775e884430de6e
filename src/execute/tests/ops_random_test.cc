// Random jobs of ops: plain and fanned-in inputs, outputs that are left out, dynamic outputs that are mapped and collected, failures.
// What becomes of each step must follow from a model of a few lines; and a run that was killed at a random instant is finished by
// `resume` without running again what had succeeded.
#include "ops.h"

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <random>
#include <sys/wait.h>

namespace treadle::execute {
namespace {
namespace ops {  // random_test.cc has a model of its own

using testing::Ints;
using testing::op;
using testing::put;

enum class End : std::uint8_t { kMade, kLeftOut, kFailed, kSkipped, kAbandoned };

struct Node {
  enum class Kind : std::uint8_t { kPlain, kList, kDynamic, kCollect };
  Kind kind = Kind::kPlain;
  std::vector<int> sources;
  int over = -1;   // the dynamic node that it is mapped over
  int values = 0;  // of a dynamic one
  bool optional = false;
  bool leaves_out = false;
  bool fails = false;
  int fails_at = 0;  // of a mapped one: at this value
};

std::string name(int i) {
  return "n" + std::to_string(i);
}

std::vector<Node> random_job(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::vector<Node> nodes(3 + below(14));
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
    Node& node = nodes[i];
    std::vector<int> single, dynamic, mapped;
    for (int j = 0; j < i; ++j) {
      if (nodes[j].kind == Node::Kind::kDynamic) {
        dynamic.push_back(j);
      } else {
        (nodes[j].over < 0 ? single : mapped).push_back(j);
      }
    }
    const auto any = [&](const std::vector<int>& of) {
      return of[below(static_cast<int>(of.size()))];
    };
    node.fails = below(12) == 0;
    node.optional = below(5) == 0;
    node.leaves_out = node.optional && below(2) == 0;
    node.values = below(4);
    node.fails_at = below(4);
    const int roll = below(10);
    if (roll < 2) {
      node.kind = Node::Kind::kDynamic;
      if (!single.empty() && below(2) == 0) node.sources = {any(single)};
    } else if (roll < 4 && !(dynamic.empty() && mapped.empty())) {
      node.kind = Node::Kind::kCollect;
      node.sources = {mapped.empty() || (!dynamic.empty() && below(2) == 0) ? any(dynamic)
                                                                            : any(mapped)};
    } else if (roll < 7 && !(dynamic.empty() && mapped.empty())) {
      const int source =
          mapped.empty() || (!dynamic.empty() && below(2) == 0) ? any(dynamic) : any(mapped);
      node.sources = {source};
      node.over = nodes[source].kind == Node::Kind::kDynamic ? source : nodes[source].over;
      if (!single.empty() && below(2) == 0) node.sources.push_back(any(single));
    } else if (!single.empty()) {
      node.kind = below(3) == 0 ? Node::Kind::kList : Node::Kind::kPlain;
      for (int n = 1 + below(3); n > 0; --n) {
        const int source = any(single);
        if (std::find(node.sources.begin(), node.sources.end(), source) == node.sources.end()) {
          node.sources.push_back(source);
        }
      }
    }
  }
  return nodes;
}

// For whom reads a failure: "n3 = list of n0 n1, fails" ...
std::string text(const std::vector<Node>& nodes) {
  static constexpr std::array<const char*, 4> kKinds{"plain", "list", "dynamic", "collect"};
  std::string all;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    all += "\n" + name(static_cast<int>(i)) + " = " + kKinds[static_cast<std::size_t>(node.kind)];
    for (const int s : node.sources) all += " " + name(s);
    if (node.kind == Node::Kind::kDynamic) all += ", values " + std::to_string(node.values);
    if (node.over >= 0) all += ", over " + name(node.over);
    if (node.optional) all += ", optional";
    if (node.leaves_out) all += ", left out";
    if (node.fails) all += ", fails at " + std::to_string(node.fails_at);
  }
  return all;
}

// What must become of each node: one end, or of a mapped one an end for each value of what it is mapped over.
std::vector<std::vector<End>> expected(const std::vector<Node>& nodes) {
  std::vector<std::vector<End>> ends;
  const auto missing = [](End e) { return e == End::kLeftOut || e == End::kSkipped; };
  const auto lost = [](End e) { return e == End::kFailed || e == End::kAbandoned; };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    const bool mapped = node.over >= 0;
    const bool came = mapped && ends[node.over][0] == End::kMade;
    const int instances = !mapped ? 1 : came ? nodes[node.over].values : 0;
    std::vector<End> own;
    for (int k = 0; k < instances; ++k) {
      std::vector<End> sources;
      bool skipped = false;
      for (const int s : node.sources) {
        if (node.kind != Node::Kind::kCollect) {
          sources.push_back(nodes[s].over >= 0 ? ends[s][k] : ends[s][0]);
          continue;
        }
        const int dynamic = nodes[s].over >= 0 ? nodes[s].over : s;
        if (ends[dynamic][0] != End::kMade) {
          sources.push_back(ends[dynamic][0]);
        } else if (nodes[s].over >= 0) {
          sources = ends[s];
        }
      }
      if (node.kind == Node::Kind::kList || node.kind == Node::Kind::kCollect) {
        skipped = !sources.empty() && std::all_of(sources.begin(), sources.end(), missing);
      } else {
        skipped = std::any_of(sources.begin(), sources.end(), missing);
      }
      const bool fails = node.fails && (!mapped || node.fails_at == k);
      const bool leaves_out =
          node.kind == Node::Kind::kDynamic ? node.optional && node.values == 0 : node.leaves_out;
      own.push_back(skipped                                             ? End::kSkipped
                    : std::any_of(sources.begin(), sources.end(), lost) ? End::kAbandoned
                    : fails                                             ? End::kFailed
                    : leaves_out                                        ? End::kLeftOut
                                                                        : End::kMade);
    }
    ends.push_back(std::move(own));
  }
  return ends;
}

// The job itself. With a `ledger`, each execution of a step leaves its key there and nothing fails.
class RandomOps : public testing::OpsTest {
 protected:
  void build(const std::vector<Node>& nodes, const std::string& ledger = {}) {
    *graph = GraphDef();
    graph->name = "j";
    for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
      const Node& node = nodes[i];
      std::vector<std::string> inputs;
      const bool list = node.kind == Node::Kind::kList || node.kind == Node::Kind::kCollect;
      if (list) {
        inputs = {"in"};
      } else {
        for (const int s : node.sources) inputs.push_back("in" + std::to_string(s));
      }
      auto def = op(name(i), inputs, [node, ledger](StepContext& context, const Ints& values) {
        return run_node(node, ledger, context, values);
      });
      def->outputs[0].dynamic = node.kind == Node::Kind::kDynamic;
      def->outputs[0].required = !node.optional;
      add(def);
      if (list) {
        std::vector<std::string> from;
        for (const int s : node.sources) from.push_back(name(s));
        wire(name(i), "in", from,
             node.kind == Node::Kind::kCollect ? Dependency::Kind::kCollect
                                               : Dependency::Kind::kFanIn);
      } else {
        for (const int s : node.sources) wire(name(i), "in" + std::to_string(s), {name(s)});
      }
    }
  }

  static StepOutcome run_node(const Node& node, const std::string& ledger, StepContext& context,
                              const Ints& values) {
    if (!ledger.empty()) {
      const int fd = ::open(ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
      const std::string line = context.step_key() + "\n";
      EXPECT_EQ(::write(fd, line.data(), line.size()), static_cast<ssize_t>(line.size()));
      ::close(fd);
    }
    const std::string at = "k" + std::to_string(node.fails_at);
    if (ledger.empty() && node.fails && (node.over < 0 || context.mapping_key() == at)) {
      return tl::unexpected(testing::failure("it had to be"));
    }
    if (node.kind == Node::Kind::kDynamic) {
      for (int k = 0; k < node.values; ++k) {
        TREADLE_CHECK(put(context, 0, k, "k" + std::to_string(k)));
      }
      return {};
    }
    if (node.leaves_out) return {};
    int total = 1;
    for (const int v : values) total = (total * 31 + v) % 10'007;
    return put(context, 0, total);
  }

  static std::map<std::string, bool> keys_of(const std::vector<Node>& nodes,
                                             const std::vector<std::vector<End>>& ends, End end,
                                             End or_end) {
    std::map<std::string, bool> keys;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (std::size_t k = 0; k < ends[i].size(); ++k) {
        if (ends[i][k] != end && ends[i][k] != or_end) continue;
        const std::string key = "[k" + std::to_string(k) + "]";
        keys[name(static_cast<int>(i)) + (nodes[i].over >= 0 ? key : "")] = true;
      }
    }
    return keys;
  }

  void run_one(std::mt19937& random, Executor executor) {
    const std::vector<Node> nodes = random_job(random);
    SCOPED_TRACE(text(nodes));
    build(nodes);
    const auto ends = expected(nodes);
    RunOptions options;
    options.executor = executor;
    options.max_concurrent = 1 + static_cast<int>(random() % 4);
    if (random() % 2 == 0) options.pools["p"] = 1;
    const RunResult result = run_job(options);
    std::map<std::string, bool> succeeded, failed;
    for (const StepResult& step : result.steps) {
      EXPECT_NE(step.status, StepStatus::kPending) << step.step_key;
      if (step.status == StepStatus::kSuccess) succeeded[step.step_key] = true;
      if (step.status == StepStatus::kFailure) failed[step.step_key] = true;
    }
    EXPECT_EQ(succeeded, keys_of(nodes, ends, End::kMade, End::kLeftOut));
    EXPECT_EQ(failed, keys_of(nodes, ends, End::kFailed, End::kFailed));
    EXPECT_EQ(result.success(), failed.empty());
    // Whatever is skipped says so; what an abandoned step or a dynamic one that never came would have been does not.
    std::map<std::string, bool> skipped;
    for (const Event& e : home.events(result.run_id, {EventType::kStepSkipped})) {
      skipped[e.step_key] = true;
    }
    EXPECT_EQ(skipped, keys_of(nodes, ends, End::kSkipped, End::kSkipped));
  }

  void run_many(int jobs, Executor executor) {
    const char* const again = std::getenv("TREADLE_TEST_SEED");
    const auto seed = again != nullptr ? static_cast<unsigned>(std::strtoul(again, nullptr, 10))
                                       : std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (int i = 0; i < jobs && !HasFailure(); ++i) {
      SCOPED_TRACE("job " + std::to_string(i));
      run_one(random, executor);
    }
  }
};

TEST_F(RandomOps, EndAsTheyMustOnThreads) {
  run_many(400, Executor::kInProcess);
}

TEST_F(RandomOps, EndAsTheyMustInProcesses) {
  run_many(25, Executor::kProcess);
}

TEST_F(RandomOps, AreResumedWhereverTheyWereKilled) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 40 && !HasFailure(); ++round) {
    std::vector<Node> nodes = random_job(random);
    for (Node& node : nodes) {
      node.fails = false;
      node.values += 2;
    }
    const std::string ledger = join_path(folder.path(), "ledger" + std::to_string(round));
    RunOptions options;
    options.run_id = "run" + std::to_string(round);
    options.max_concurrent = 2;
    options.executor = round % 4 == 0 ? Executor::kProcess : Executor::kInProcess;
    build(nodes, ledger);
    const plan::Plan plan = plan_of();
    home.world().prepare_to_fork();
    const pid_t child = ::fork();
    if (child == 0) {
      sigevent event{};
      event.sigev_notify = SIGEV_SIGNAL;
      event.sigev_signo = SIGKILL;
      timer_t timer{};
      itimerspec when{};
      when.it_value.tv_nsec = 1 + static_cast<long>(random() % 6'000'000);
      ::timer_create(CLOCK_MONOTONIC, &event, &timer);
      testing::Home own(folder.path());
      World world = own.world();
      ::timer_settime(timer, 0, &when, nullptr);
      options.job_name = job.name;
      const auto ended = execute::run(world, plan, options);
      ::_exit(ended ? 0 : 1);
    }
    ::waitpid(child, nullptr, 0);
    // The next draws must not depend on what the child drew.
    static_cast<void>(random());
    const auto run = home.record().find_run(options.run_id);
    ASSERT_TRUE(run);
    std::map<std::string, int> finished_before;
    if (run->has_value()) {
      for (const Event& e : home.events(options.run_id, {EventType::kStepSuccess})) {
        ++finished_before[e.step_key];
      }
    }
    if (!*run || (**run).status != RunStatus::kSuccess) {
      options.resume = run->has_value();
      ASSERT_TRUE(execute(plan, options).success());
    }
    std::map<std::string, int> succeeded;
    for (const Event& e : home.events(options.run_id, {EventType::kStepSuccess})) {
      ++succeeded[e.step_key];
    }
    const auto wanted = keys_of(nodes, expected(nodes), End::kMade, End::kLeftOut);
    EXPECT_EQ(succeeded.size(), wanted.size());
    for (const auto& [key, count] : succeeded) {
      EXPECT_EQ(count, 1) << key;
      EXPECT_TRUE(wanted.contains(key)) << key;
    }
    const auto text = read_file(real_files(), ledger);
    for (const auto& [key, count] : finished_before) {
      // It ran once; the key may be in the ledger twice only when its success was not recorded.
      std::size_t times = 0;
      for (std::size_t at = 0; (at = text->find(key + "\n", at)) != std::string::npos; ++at) {
        times += at == 0 || (*text)[at - 1] == '\n';
      }
      EXPECT_EQ(times, 1u) << key;
    }
  }
}

}  // namespace ops
}  // namespace
}  // namespace treadle::execute
