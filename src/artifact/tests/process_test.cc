// Several processes on one home. They are forked before anything of ours is open.
#include "test_home.h"
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <csignal>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::folder_draft;
using test::must;
using test::TestFolder;

struct Opened {
  explicit Opened(const std::string& home)
      : database(must(db::open_for_test(join_path(home, "treadle.db")))),
        store(must(Store::open(*database, home))) {}
  std::unique_ptr<db::Database> database;
  std::unique_ptr<Store> store;
};

template <class F>
pid_t start(F body) {
  const pid_t child = fork();
  if (child != 0) return child;
  int code = 0;
  try {
    body();
  } catch (const std::exception& error) {
    fprintf(stderr, "child: %s\n", error.what());
    code = 1;
  }
  _exit(code);
}

bool succeeded(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Processes, LoggingToOneCollectionGetNumbersInOrder) {
  const TestFolder home;
  constexpr int kProcesses = 8;
  constexpr int kEach = 20;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    children.push_back(start([&, p] {
      Opened opened(home.path());
      int last = -1;
      for (int i = 0; i < kEach; ++i) {
        const std::size_t size = i % 4 == 0 ? 50'000 : 50;
        const std::string bytes = content(p * 1000 + i, size);
        const Logged logged = must(opened.store->log(draft_of("x", {{"a", bytes}})));
        if (!logged.created || logged.version.index <= last) throw std::runtime_error("order");
        last = logged.version.index;
        if (must(opened.store->read(logged.version, "a")) != bytes) {
          throw std::runtime_error("content");
        }
      }
    }));
  }
  for (const pid_t child : children) EXPECT_TRUE(succeeded(child));
  Opened opened(home.path());
  const auto versions = must(opened.store->versions({"", "", "x", ""}));
  ASSERT_EQ(versions.size(), static_cast<std::size_t>(kProcesses * kEach));
  std::set<std::string> digests;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    EXPECT_EQ(versions[i].index, static_cast<int>(i));
    digests.insert(versions[i].digest);
  }
  EXPECT_EQ(digests.size(), versions.size());
  EXPECT_TRUE(must(opened.store->verify()).problems.empty());
}

// Content comes and goes while others rely on finding it: the collector, even without any grace, never
// takes what a version has.
TEST(Processes, CollectingGarbageWhileOthersLogTakesNothingInUse) {
  const TestFolder home;
  const TestFolder data;
  for (int i = 0; i < 40; ++i) data.write("f" + std::to_string(i), content(i, 4000));
  data.write("large", content(-1, 1'100'000));
  std::vector<pid_t> writers;
  for (int p = 0; p < 3; ++p) {
    writers.push_back(start([&, p] {
      Opened opened(home.path());
      const std::string name = "c" + std::to_string(p);
      // Two collectors that never rest may take content away again and again before it is recorded; then
      // log() says that they do, which is no loss.
      const auto log = [&](const Draft& draft) {
        auto logged = opened.store->log(draft);
        while (!logged && logged.error().code == Errc::kBusy) logged = opened.store->log(draft);
        return must(std::move(logged)).version;
      };
      for (int i = 0; i < 25; ++i) {
        const Version v = log(folder_draft(name, data.path()));
        if (must(opened.store->read(v, "f7")) != content(7, 4000)) throw std::runtime_error("lost");
        must(opened.store->read(v, "large"));
        log(draft_of(name, {{"a", content(i, 10)}}));
        must(opened.store->delete_version(v, true));
      }
      log(folder_draft(name, data.path()));
    }));
  }
  std::vector<pid_t> collectors;
  for (int p = 0; p < 2; ++p) {
    collectors.push_back(start([&] {
      Opened opened(home.path());
      while (true) {
        const auto swept = opened.store->gc({.dry_run = false, .grace = 0});
        // What one collector reads the other may just be taking away, with its version.
        if (!swept && swept.error().code != Errc::kCorrupt) {
          throw std::runtime_error(swept.error().message);
        }
      }
    }));
  }
  for (const pid_t child : writers) EXPECT_TRUE(succeeded(child));
  for (const pid_t collector : collectors) {
    EXPECT_EQ(waitpid(collector, nullptr, WNOHANG), 0) << "a collector stopped";
    kill(collector, SIGKILL);
    waitpid(collector, nullptr, 0);
  }
  Opened opened(home.path());
  for (const Problem& problem : must(opened.store->verify()).problems)
    ADD_FAILURE() << problem.what;
  must(opened.store->gc({.dry_run = false, .grace = 0}));
  for (const Problem& problem : must(opened.store->verify()).problems)
    ADD_FAILURE() << problem.what;
}

TEST(Processes, KilledAtAnyInstantLeaveWholeVersions) {
  const TestFolder home;
  const TestFolder data;
  for (int i = 0; i < 30; ++i) data.write("f" + std::to_string(i), content(i, 4000));
  {
    Opened opened(home.path());
  }
  for (int round = 0; round < 25; ++round) {
    data.write("large", content(round, 1'100'000));
    data.write("f0", content(1000 + round, 4000));
    const pid_t child = start([&] {
      Opened opened(home.path());
      for (int i = 0;; ++i) {
        Draft draft = folder_draft("x", data.path());
        draft.entries =
            draft_of("", {{"n", std::to_string(round) + "/" + std::to_string(i)}}).entries;
        must(opened.store->log(draft));
      }
    });
    usleep(static_cast<useconds_t>(3000 + round * 700));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  Opened opened(home.path());
  for (const Problem& problem : must(opened.store->verify()).problems)
    ADD_FAILURE() << problem.what;
  if (must(opened.store->find({"", "", "x", ""}))) {
    const auto versions = must(opened.store->versions({"", "", "x", ""}));
    for (std::size_t i = 0; i < versions.size(); ++i) {
      EXPECT_EQ(versions[i].index, static_cast<int>(i));
      EXPECT_EQ(must(opened.store->entries(versions[i])).size(), 32U);
    }
  }
  must(opened.store->gc({.dry_run = false, .grace = 0}));
  for (const Problem& problem : must(opened.store->verify()).problems)
    ADD_FAILURE() << problem.what;
}

}  // namespace
}  // namespace treadle::artifact
