// Steps in processes of their own: what they report, how they die, and what of them stays.
#include "../channel.h"
#include "../output_capture.h"
#include "../wire.h"
#include "pipeline.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>

namespace treadle::execute {
namespace {

using testing::failure;
using testing::Pipeline;
using Lines = std::vector<std::string>;

// Memory that this process and those it forks see together.
template <class T>
class Shared {
 public:
  Shared()
      : memory_(static_cast<T*>(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    new (memory_) T{};
  }
  ~Shared() { ::munmap(memory_, sizeof(T)); }
  T* operator->() { return memory_; }
  T& operator*() { return *memory_; }

 private:
  T* memory_;
};

// The signal's own effect, also where a sanitizer has taken its place.
void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

class Fork : public testing::RunTest {
 protected:
  RunOptions processes(int max_concurrent = 2) {
    RunOptions options;
    options.executor = Executor::kProcess;
    options.max_concurrent = max_concurrent;
    options.forward_output = false;
    return options;
  }
};

TEST_F(Fork, RecordsTheSameAsInThisProcessAndWhereTheOutputIs) {
  pipeline.ints("a", {}, [](const auto&) { return 1; });
  pipeline.ints("b", {"a"}, [](const auto& in) { return in[0] + 1; });
  RunOptions options = processes();
  options.logs_folder = folder.path() + "/logs";
  const RunResult result = run(options);
  EXPECT_TRUE(result.success());
  EXPECT_EQ(home.story(result.run_id),
            (Lines{"RUN_START",  //
                   "LOGS_CAPTURED a",
                   "RESOURCE_INIT_STARTED a",
                   "RESOURCE_INIT_SUCCESS a",
                   "STEP_START a",
                   "STEP_OUTPUT a",
                   "ASSET_MATERIALIZATION a",
                   "HANDLED_OUTPUT a",
                   "STEP_SUCCESS a",  //
                   "LOGS_CAPTURED b",
                   "RESOURCE_INIT_STARTED b",
                   "RESOURCE_INIT_SUCCESS b",
                   "STEP_START b",
                   "LOADED_INPUT b",
                   "STEP_INPUT b",
                   "STEP_OUTPUT b",
                   "ASSET_MATERIALIZATION b",
                   "HANDLED_OUTPUT b",
                   "STEP_SUCCESS b",
                   "RUN_SUCCESS"}));
  EXPECT_EQ(stored("b"), 2);
  EXPECT_NE(only(result, EventType::kAssetMaterialization, "b")
                .payload.find(R"({"asset":"a","data_version":"v1"})"),
            std::string::npos);
}

TEST_F(Fork, EachStepHasAProcessOfItsOwn) {
  for (const char* name : {"a", "b"}) {
    pipeline.step(name, {},
                  [](StepContext& context) { return Pipeline::put(context, 0, ::getpid()); });
  }
  EXPECT_TRUE(run(processes()).success());
  EXPECT_NE(stored("a"), stored("b"));
  EXPECT_NE(stored("a"), ::getpid());
}

TEST_F(Fork, AStepKilledByASignalFailsAloneWithTheSignalsName) {
  pipeline.step("crash", {}, [](StepContext& context) -> StepOutcome {
    die_by(SIGSEGV);
    return Pipeline::put(context, 0, 1);
  });
  pipeline.nothing("below", {"crash"});
  pipeline.nothing("other");
  const RunResult result = run(processes());
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(status(result, "crash"), StepStatus::kFailure);
  EXPECT_EQ(status(result, "below"), StepStatus::kSkipped);
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
  EXPECT_EQ(result.steps[0].failure->message,
            "The process of step \"crash\" was killed by SIGSEGV before the step had ended.");
  const std::string payload = only(result, EventType::kStepFailure).payload;
  EXPECT_NE(payload.find(R"("exit":{"signal":"SIGSEGV","number":11})"), std::string::npos)
      << payload;
  bool told = false;
  for (const Event& event : home.events(result.run_id, {EventType::kEngineEvent})) {
    told |= event.message ==
            "Multiprocess executor: child process for step crash was terminated by signal 11 "
            "(SIGSEGV).";
  }
  EXPECT_TRUE(told);
}

TEST_F(Fork, AStepThatLeavesByItselfFailsWithItsExitCode) {
  pipeline.step("exits", {}, [](StepContext&) -> StepOutcome { ::_exit(3); });
  const RunResult result = run(processes());
  EXPECT_NE(only(result, EventType::kStepFailure).payload.find(R"("exit":{"code":3})"),
            std::string::npos);
}

TEST_F(Fork, AStepThatClosesAllFilesFailsAloneAndIsTold) {
  pipeline.step("closes", {}, [](StepContext& context) -> StepOutcome {
    for (int fd = 0; fd < 256; ++fd) ::close(fd);
    return Pipeline::put(context, 0, 1);
  });
  pipeline.nothing("other");
  const RunResult result = run(processes());
  EXPECT_NE(result.steps[0].failure->message.find("closed files"), std::string::npos);
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
}

TEST_F(Fork, AStepInterruptedByAnybodyButTheRunFailsAlone) {
  pipeline.step("interrupted", {}, [](StepContext&) -> StepOutcome {
    StepFailure f = failure("", "KeyboardInterrupt");
    f.interrupted = true;
    return tl::unexpected(std::move(f));
  });
  pipeline.nothing("other");
  const RunResult result = run(processes(1));
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_NE(result.steps[0].failure->message.find("from elsewhere"), std::string::npos);
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
}

TEST_F(Fork, ThreadsOfAStepMayAllReportAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 20;
  pipeline.step("talks", {}, [](StepContext& context) -> StepOutcome {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&context, t] {
        for (int i = 0; i < kMessages; ++i) {
          context.log(LogLevel::kInfo,
                      std::string(i % 2 == 0 ? 100'000 : 10, static_cast<char>('a' + t)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return Pipeline::put(context, 0, 1);
  });
  const RunResult result = run(processes());
  EXPECT_TRUE(result.success());
  int whole = 0;
  for (const Event& event : home.events(result.run_id)) {
    if (event.type != EventType::kLog) continue;
    const bool alike = event.message.find_first_not_of(event.message[0]) == std::string::npos;
    whole += alike && (event.message.size() == 10 || event.message.size() == 100'000);
  }
  EXPECT_EQ(whole, kThreads * kMessages);
}

TEST_F(Fork, ACrashIsTriedAgainByThePolicy) {
  Shared<int> calls;
  pipeline
      .step("a", {},
            [&](StepContext& context) -> StepOutcome {
              if (++*calls == 1) die_by(SIGKILL);
              return Pipeline::put(context, 0, context.retry_number());
            })
      .retry_policy = RetryPolicy{.max_retries = 1};
  EXPECT_TRUE(run(processes()).success());
  EXPECT_EQ(stored("a"), 1);
}

TEST_F(Fork, AFailureComesBackWithAllItSays) {
  pipeline.step("a", {}, [](StepContext&) -> StepOutcome {
    StepFailure f = failure("outer", "ValueError");
    f.stack = "line 1\nline 2\n";
    f.metadata = {{"rows", 3}, {"url", MetadataValue::url("http://x")}};
    f.cause.push_back(failure("inner", "KeyError"));
    return tl::unexpected(std::move(f));
  });
  const RunResult result = run(processes());
  const StepFailure& f = *result.steps[0].failure;
  EXPECT_EQ(f.message, "outer");
  EXPECT_EQ(f.stack, "line 1\nline 2\n");
  EXPECT_EQ(f.cause.at(0).error_class, "KeyError");
  EXPECT_EQ(f.metadata, (Metadata{{"rows", 3}, {"url", MetadataValue::url("http://x")}}));
}

TEST_F(Fork, AnEventLongerThanAPacketArrivesWhole) {
  const std::string text(300'000, 'x');
  for (const char* name : {"a", "b", "c"}) {
    pipeline.step(name, {}, [&](StepContext& context) {
      context.log(LogLevel::kInfo, context.step_key() + text);
      return Pipeline::put(context, 0, 1);
    });
  }
  const RunResult result = run(processes(3));
  EXPECT_TRUE(result.success());
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(only(result, EventType::kLog, name).message, name + text);
  }
}

TEST_F(Fork, NoMoreProcessesRunAtOnceThanAllowed) {
  struct Count {
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
  };
  Shared<Count> count;
  for (int i = 0; i < 20; ++i) {
    pipeline.step("s" + std::to_string(i), {}, [&](StepContext& context) {
      const int now = ++count->inside;
      for (int most = count->most; now > most && !count->most.compare_exchange_weak(most, now);) {
      }
      const StepOutcome outcome = Pipeline::put(context, 0, 1);
      --count->inside;
      return outcome;
    });
  }
  EXPECT_TRUE(run(processes(3)).success());
  EXPECT_LE(count->most, 3);
}

TEST_F(Fork, WhatAStepPrintsIsKeptAttemptAfterAttempt) {
  Shared<int> calls;
  pipeline
      .step("a", {},
            [&](StepContext& context) -> StepOutcome {
              ++*calls;
              std::printf("out %d\n", *calls);
              std::cerr << "err " << *calls << "\n";
              if (*calls == 1) die_by(SIGKILL);
              std::cout << "unfinished line";
              return Pipeline::put(context, 0, 1);
            })
      .retry_policy = RetryPolicy{.max_retries = 1};
  RunOptions options = processes();
  options.logs_folder = folder.path() + "/logs";
  const RunResult result = run(options);
  const std::string stem = options.logs_folder + "/" + result.run_id + "/a";
  EXPECT_EQ(*read_file(real_files(), stem + ".out"), "out 1\nout 2\nunfinished line");
  EXPECT_EQ(*read_file(real_files(), stem + ".err"), "err 1\nerr 2\n");
  EXPECT_EQ(home.events(result.run_id, {EventType::kLogsCaptured}).size(), 2u);
}

TEST_F(Fork, WhatAStepPrintsIsAlsoShownUnlessToldOtherwise) {
  pipeline.step("a", {}, [](StepContext& context) {
    std::printf("hello from a\n");
    return Pipeline::put(context, 0, 1);
  });
  RunOptions options = processes();
  options.logs_folder = folder.path() + "/logs";
  options.forward_output = true;
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(run(options).success());
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "hello from a\n");
  options.forward_output = false;
  ::testing::internal::CaptureStdout();
  EXPECT_TRUE(run(options).success());
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(Fork, ResourcesBelongToTheStepsProcess) {
  struct Pid final : Resource {
    tl::expected<Value, StepFailure> set_up(const SetupContext&) override {
      return Value::of(static_cast<int>(::getpid()));
    }
  };
  pipeline.definitions().resources["pid"] = std::make_shared<Pid>();
  pipeline
      .step("a", {},
            [](StepContext& context) {
              return Pipeline::put(context, 0, *context.resource("pid").get<int>() == ::getpid());
            })
      .required_resources = {"pid"};
  EXPECT_TRUE(run(processes()).success());
  EXPECT_EQ(stored("a"), 1);
}

TEST_F(Fork, AResourceThatCannotBeSetUpFailsItsStepOnly) {
  struct Broken final : Resource {
    tl::expected<Value, StepFailure> set_up(const SetupContext&) override {
      return tl::unexpected(failure("no such host"));
    }
  };
  pipeline.definitions().resources["db"] = std::make_shared<Broken>();
  pipeline.nothing("a").required_resources = {"db"};
  pipeline.nothing("other");
  const RunResult result = run(processes());
  EXPECT_EQ(status(result, "a"), StepStatus::kFailure);
  EXPECT_EQ(status(result, "other"), StepStatus::kSuccess);
  only(result, EventType::kResourceInitFailure, "a");
}

TEST_F(Fork, HooksAreCalledAroundEveryFork) {
  Shared<std::atomic<int>> children;
  int before = 0;
  int after = 0;
  Shared<std::atomic<int>> exits;
  pipeline.nothing("a");
  pipeline.nothing("b");
  RunOptions options = processes();
  options.fork_hooks.before = [&] { ++before; };
  options.fork_hooks.after_in_parent = [&] { ++after; };
  options.fork_hooks.after_in_child = [&] { ++*children; };
  options.fork_hooks.before_exit = [&] { ++*exits; };
  EXPECT_TRUE(run(options).success());
  // In this process only the zygote is forked; it and the two steps are children.
  EXPECT_EQ(before, 1);
  EXPECT_EQ(after, 1);
  EXPECT_EQ(*children, 3);
  EXPECT_EQ(*exits, 2);
}

TEST_F(Fork, ACancelledStepIsAskedToStopAndMayEndItsWay) {
  Cancellation cancellation;
  pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    // Waits for the signal without missing it between the look and the wait.
    sigset_t terminate;
    sigset_t before;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, &before);
    context.log(LogLevel::kInfo, "running");
    while (!context.cancelled()) sigsuspend(&before);
    StepFailure f = failure("stopped");
    f.interrupted = true;
    return tl::unexpected(std::move(f));
  });
  pipeline.nothing("b", {"a"});
  RunOptions options = processes();
  options.cancellation = &cancellation;
  options.observer = [&](const Event& event) {
    if (event.type == EventType::kLog) cancellation.request();
  };
  const RunResult result = run(options);
  EXPECT_EQ(result.status, RunStatus::kCanceled);
  EXPECT_EQ(result.steps[0].failure->message, "stopped");
  EXPECT_EQ(status(result, "b"), StepStatus::kPending);
}

TEST_F(Fork, AStepThatDoesNotStopIsKilledAfterTheGrace) {
  Cancellation cancellation;
  pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    context.log(LogLevel::kInfo, "running");
    while (true) ::pause();
  });
  RunOptions options = processes();
  options.cancellation = &cancellation;
  options.terminate_grace_seconds = 0.02;
  options.observer = [&](const Event& event) {
    if (event.type == EventType::kLog) cancellation.request();
  };
  const RunResult result = run(options);
  EXPECT_EQ(result.status, RunStatus::kCanceled);
  EXPECT_NE(only(result, EventType::kStepFailure).payload.find(R"("error_source":"INTERRUPT")"),
            std::string::npos);
}

TEST_F(Fork, NothingOutlivesAKilledCoordinator) {
  struct Pids {
    std::atomic<pid_t> zygote = 0;
    std::atomic<pid_t> step = 0;
  };
  Shared<Pids> pids;
  pipeline.step("a", {}, [&](StepContext& context) -> StepOutcome {
    pids->zygote = ::getppid();
    pids->step = ::getpid();
    context.log(LogLevel::kInfo, "running");
    while (true) ::pause();
  });
  // Orphans become children of this process, which can then wait for their end.
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  World world = home.world();
  world.prepare_to_fork();
  const pid_t coordinator = ::fork();
  if (coordinator == 0) {
    RunOptions options = processes();
    options.observer = [](const Event& event) {
      if (event.type == EventType::kLog) std::raise(SIGKILL);
    };
    static_cast<void>(execute::run(world, pipeline.plan(), options));
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(coordinator, &status, 0), coordinator);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(::waitpid(pids->zygote, &status, 0), pids->zygote);
  EXPECT_EQ(::waitpid(pids->step, &status, 0), pids->step);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(Fork, WhenTheZygoteDiesTheRunEndsAndSaysSo) {
  pipeline.step("a", {}, [](StepContext& context) -> StepOutcome {
    ::kill(::getppid(), SIGKILL);
    while (true) ::pause();
    return Pipeline::put(context, 0, 1);
  });
  pipeline.nothing("b");
  pipeline.nothing("c");
  const RunResult result = run(processes(1));
  EXPECT_EQ(result.status, RunStatus::kFailure);
  EXPECT_EQ(status(result, "c"), StepStatus::kFailure);
  EXPECT_NE(result.steps[0].failure->message.find("is gone"), std::string::npos);
}

TEST(Wire, WhatIsCutOffIsNotRead) {
  AttemptReport report;
  report.failure = failure("x");
  report.outputs.push_back({1, {"v1", "artifact"}});
  const std::string whole = encode(report);
  ASSERT_TRUE(decode_report(whole));
  EXPECT_EQ(decode_report(whole)->outputs[0].version, (KnownVersion{"v1", "artifact", {}}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_report(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(Channel, WhatADeadProcessDidNotFinishSayingIsForgotten) {
  auto whole = Channel::make_pair();
  auto cut = Channel::make_pair();
  ASSERT_TRUE(whole && cut);
  // Only the first packet of a long message gets through, and then the news of its process's end.
  whole->first.queue(MessageKind::kEvent, 7, std::string(100'000, 'x'));
  ASSERT_TRUE(whole->first.flush());
  std::string packet(100'000, '\0');
  packet.resize(::recv(whole->second.fd(), packet.data(), packet.size(), 0));
  ASSERT_LT(packet.size(), 100'000u);
  ASSERT_GT(::send(cut->first.fd(), packet.data(), packet.size(), 0), 0);
  ASSERT_TRUE(cut->first.send(MessageKind::kExit, 7, "gone"));
  Message message;
  ASSERT_EQ(cut->second.receive(message), Channel::Received::kMessage);
  EXPECT_EQ(message.kind, MessageKind::kExit);
  EXPECT_EQ(message.body, "gone");
  EXPECT_EQ(cut->second.receive(message), Channel::Received::kNothingYet);
}

TEST(LogFileName, IsHarmlessWhateverTheStepIsCalled) {
  EXPECT_EQ(log_file_name("raw__iris"), "raw__iris");
  EXPECT_EQ(log_file_name("../x"), "%2e.%2fx");
  EXPECT_EQ(log_file_name("a/b"), "a%2fb");
  const std::string name = log_file_name(std::string(10'000, 'x'));
  EXPECT_LE(name.size(), 200u);
  EXPECT_NE(name, log_file_name(std::string(10'001, 'x')));
}

}  // namespace
}  // namespace treadle::execute
