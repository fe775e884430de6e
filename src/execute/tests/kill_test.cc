// A run is killed (SIGKILL) at hundreds of random instants. Each time the record must open and tell a story without gaps or
// repetitions, and `resume` must finish the run without running a finished step again.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <map>
#include <random>
#include <set>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace treadle::execute {
namespace {

using testing::Pipeline;
using Lines = std::vector<std::string>;

constexpr int kLayers = 4;
constexpr int kWidth = 3;

std::string name(int layer, int i) {
  return "s" + std::to_string(layer) + std::to_string(i);
}

// Layers of steps, each reading two of the layer before. Every execution of a step leaves its name in a ledger.
class Scenario {
 public:
  explicit Scenario(const std::string& folder) : ledger_(folder + "/ledger"), pipeline_(folder) {
    for (int layer = 0; layer < kLayers; ++layer) {
      for (int i = 0; i < kWidth; ++i) add(layer, i);
    }
  }
  const plan::Plan& plan() { return pipeline_.plan(); }

  Lines ledger() const {
    const auto text = read_file(real_files(), ledger_);
    Lines lines;
    if (!text) return lines;
    for (std::size_t at = 0; at < text->size();) {
      const std::size_t end = text->find('\n', at);
      lines.push_back(text->substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  // What the file of each asset must hold in the end.
  static int value(int layer, int i) {
    if (layer == 0) return i + 1;
    return value(layer - 1, i) + value(layer - 1, (i + 1) % kWidth);
  }

 private:
  void add(int layer, int i) {
    Lines inputs;
    if (layer > 0) inputs = {name(layer - 1, i), name(layer - 1, (i + 1) % kWidth)};
    pipeline_.ints(name(layer, i), inputs, [this, layer, i](const std::vector<int>& in) {
      const int fd = ::open(ledger_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
      const std::string line = name(layer, i) + "\n";
      EXPECT_EQ(::write(fd, line.data(), line.size()), static_cast<ssize_t>(line.size()));
      ::close(fd);
      return in.empty() ? i + 1 : in[0] + in[1];
    });
  }

  std::string ledger_;
  Pipeline pipeline_;
};

RunOptions options_for(Executor executor, bool resume) {
  RunOptions options;
  options.run_id = "run";
  options.executor = executor;
  options.max_concurrent = 2;
  options.resume = resume;
  return options;
}

void kill_me_after(std::chrono::nanoseconds time) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  itimerspec when{};
  when.it_value.tv_sec = time.count() / 1'000'000'000;
  when.it_value.tv_nsec = std::max<long>(1, time.count() % 1'000'000'000);
  ::timer_create(CLOCK_MONOTONIC, &event, &timer);
  ::timer_settime(timer, 0, &when, nullptr);
}

struct Death {
  std::chrono::nanoseconds after = std::chrono::hours(1);
  bool while_opening = false;  // counted from the start of the process, not of the run
};

// Runs or resumes in a process of its own, which is killed. True when it came to its end before.
bool run_and_kill(const std::string& folder, Executor executor, bool resume, const Death& death) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (death.while_opening) kill_me_after(death.after);
    Scenario scenario(folder);
    const plan::Plan& plan = scenario.plan();
    testing::Home home(folder, db::Durability::kNormal);
    World world = home.world();
    if (!death.while_opening) kill_me_after(death.after);
    const auto result = execute::run(world, plan, options_for(executor, resume));
    ::_exit(result && result->success() ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  // What it has forked must end with it: as a subreaper this process can wait for that.
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

// What the record says of one step, without repeated attempts: each attempt must be the beginning of a whole one.
void check_step(const std::string& step, const std::vector<EventType>& events, int reads) {
  std::vector<EventType> whole;
  for (int i = 0; i < reads; ++i) {
    whole.push_back(EventType::kLoadedInput);
    whole.push_back(EventType::kStepInput);
  }
  for (const EventType type : {EventType::kStepOutput, EventType::kAssetMaterialization,
                               EventType::kHandledOutput, EventType::kStepSuccess}) {
    whole.push_back(type);
  }
  std::size_t at = 0;
  bool started = false;
  for (const EventType type : events) {
    if (type == EventType::kStepStart || type == EventType::kStepRestarted) {
      EXPECT_EQ(type == EventType::kStepRestarted, started) << step;
      started = true;
      at = 0;
      continue;
    }
    ASSERT_TRUE(started && at < whole.size()) << step << " after its end: " << to_string(type);
    EXPECT_EQ(to_string(type), to_string(whole[at])) << step;
    ++at;
  }
}

// Steps that the record says have succeeded, after checking all that it says.
std::set<std::string> check_record(testing::Home& home) {
  std::set<std::string> succeeded;
  std::map<std::string, std::vector<EventType>> by_step;
  std::map<EventType, int> of_run;
  std::int64_t last_id = 0;
  for (const Event& event : home.events("run")) {
    EXPECT_GT(event.id, last_id);
    last_id = event.id;
    if (event.step_key.empty() || event.type == EventType::kResourceInitStarted ||
        event.type == EventType::kResourceInitSuccess) {
      ++of_run[event.type];
      continue;
    }
    if (event.type == EventType::kAssetMaterializationPlanned) continue;
    const int layer = event.step_key[1] - '0';
    const int i = event.step_key[2] - '0';
    if (event.type == EventType::kStepStart && layer > 0) {
      EXPECT_TRUE(succeeded.contains(name(layer - 1, i))) << event.step_key;
      EXPECT_TRUE(succeeded.contains(name(layer - 1, (i + 1) % kWidth))) << event.step_key;
    }
    EXPECT_FALSE(succeeded.contains(event.step_key))
        << event.step_key << " after its success: " << to_string(event.type);
    if (event.type == EventType::kStepSuccess) succeeded.insert(event.step_key);
    by_step[event.step_key].push_back(event.type);
  }
  EXPECT_LE(of_run[EventType::kRunStart], 1);
  EXPECT_LE(of_run[EventType::kRunSuccess], 1);
  for (const auto& [step, events] : by_step) {
    check_step(step, events, step[1] == '0' ? 0 : 2);
  }
  return succeeded;
}

class Kill : public ::testing::TestWithParam<Executor> {
 protected:
  void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
};

enum class When { kBefore, kMidway, kAfter };

// One life of a run: killed, killed again while it is resumed, and then finished. Returns where the first kill came.
When kill_and_resume(const std::string& folder, Executor executor, const Death& first,
                     const Death& second) {
  bool finished = run_and_kill(folder, executor, false, first);
  When when = finished ? When::kAfter : When::kBefore;
  for (int round = 0; round < 2 && !finished; ++round) {
    std::set<std::string> before;
    {
      testing::Home home(folder, db::Durability::kNormal);
      const auto run = home.record().find_run("run");
      EXPECT_TRUE(run) << run.error().message;
      if (!run || !*run) return when;  // killed before there was a run
      before = check_record(home);
      if ((*run)->status == RunStatus::kSuccess) {
        if (round == 0) when = When::kAfter;
        break;
      }
      if (round == 0) when = When::kMidway;
      EXPECT_NE((*run)->status, RunStatus::kFailure);
      if ((*run)->status == RunStatus::kStarted) {
        EXPECT_TRUE(*home.record().interrupted("run"));
      }
    }
    Scenario scenario(folder);
    const std::size_t executed = scenario.ledger().size();
    // The second time, nobody disturbs it.
    finished = run_and_kill(folder, executor, true, round == 0 ? second : Death{});
    const Lines ledger = scenario.ledger();
    for (std::size_t i = executed; i < ledger.size(); ++i) {
      EXPECT_FALSE(before.contains(ledger[i])) << ledger[i] << " had succeeded and ran again";
    }
  }
  testing::Home home(folder, db::Durability::kNormal);
  EXPECT_EQ(check_record(home).size(), static_cast<std::size_t>(kLayers * kWidth));
  EXPECT_EQ(home.record().find_run("run")->value().status, RunStatus::kSuccess);
  for (int i = 0; i < kWidth; ++i) {
    EXPECT_EQ(*read_file(real_files(), join_path(folder, name(kLayers - 1, i))),
              std::to_string(Scenario::value(kLayers - 1, i)));
  }
  return when;
}

TEST_P(Kill, AtAnyInstantLosesNothingThatWasFinished) {
  const int rounds = GetParam() == Executor::kProcess ? 200 : 300;
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);

  const auto begin = std::chrono::steady_clock::now();
  // A sanitizer makes forks slow; fewer rounds show the same.
  const auto enough = begin + std::chrono::seconds(12);
  {
    const testing::TemporaryFolder folder;
    ASSERT_TRUE(run_and_kill(folder.path(), GetParam(), false, {}));
  }
  const double all =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // About as long as the run itself takes: found by trying, and so in step with the load of the machine.
  double span = all / 2;
  std::map<When, int> hits;
  int round = 0;
  for (; round < rounds && !HasFailure() && std::chrono::steady_clock::now() < enough; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const testing::TemporaryFolder folder;
    const auto death = [&](bool while_opening) {
      std::uniform_real_distribution<double> instant(0, while_opening ? all : span);
      return Death{std::chrono::nanoseconds(static_cast<std::int64_t>(instant(random) * 1e9)),
                   while_opening};
    };
    const bool while_opening = round % 8 == 0;
    const When when =
        kill_and_resume(folder.path(), GetParam(), death(while_opening), death(round % 8 == 1));
    if (while_opening) continue;
    ++hits[when];
    span *= when == When::kAfter ? 0.97 : 1.01;
  }
  // Otherwise this has shown nothing.
  EXPECT_GE(hits[When::kMidway], round / 4)
      << hits[When::kBefore] << " before, " << hits[When::kAfter] << " after";
}

INSTANTIATE_TEST_SUITE_P(Executors, Kill,
                         ::testing::Values(Executor::kInProcess, Executor::kProcess),
                         [](const auto& info) {
                           return info.param == Executor::kProcess ? "Process" : "InProcess";
                         });

}  // namespace
}  // namespace treadle::execute
