// A home of its own for each test, with a clock the test moves.
#pragma once

#include <treadle/artifact/store.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>
#include <treadle/tracking/store.h>

#include <gtest/gtest.h>

namespace treadle::tracking {

class TestClock final : public Clock {
 public:
  Micros now() override { return time; }
  Micros time = 1'700'000'000'000'000;
};

struct TestHome {
  explicit TestHome(StoreOptions options = {}) {
    folder = testing::TempDir() + "tracking-" + random_uuid();
    EXPECT_TRUE(real_files().make_folders(folder));
    database =
        db::open_for_test(folder + "/treadle.db", {.durability = db::Durability::kOff}).value();
    artifacts = artifact::Store::open(*database, folder).value();
    store =
        Store::open(*database, *artifacts, {.clock = clock, .crashed_after = options.crashed_after})
            .value();
  }
  ~TestHome() {
    store.reset();
    artifacts.reset();
    database.reset();
    (void)remove_tree(folder);
  }
  Run start(const std::string& id, const RunChanges& changes = {}) {
    auto started = store->start({"", "", id}, changes);
    EXPECT_TRUE(started) << started.error().message;
    clock.time += 1'000;
    return started->run;
  }
  // Sends lines of history.
  Result<StreamReply> send(const Run& run, std::int64_t offset,
                           const std::vector<std::string>& lines,
                           Stream stream = Stream::kHistory) {
    StreamUpdate update;
    Lines& to = stream == Stream::kHistory ? update.history.emplace() : update.events.emplace();
    to.offset = offset;
    to.lines.assign(lines.begin(), lines.end());
    return store->stream(run.key, update);
  }

  TestClock clock;
  std::string folder;
  std::unique_ptr<db::Database> database;
  std::unique_ptr<artifact::Store> artifacts;
  std::unique_ptr<Store> store;
};

}  // namespace treadle::tracking
