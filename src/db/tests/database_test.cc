#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/db/grouped_writes.h>
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace treadle::db {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(real_files().make_folders(folder)); }
  void TearDown() override { ASSERT_TRUE(remove_tree(folder)); }
  std::unique_ptr<Database> open() {
    auto database = open_for_test(path, {.durability = Durability::kOff});
    EXPECT_TRUE(database) << database.error().message;
    return std::move(database).value();
  }
  static Result<void> make_table(Database& database) {
    static constexpr Migration kTable[] = {
        {1, "create table facts (id integer primary key, name text unique, data blob)"}};
    return migrate(database, "test", kTable);
  }
  static Result<void> insert(Session& session, std::string_view name, std::string_view data = {}) {
    TREADLE_TRY(Statement * s, session.prepare("insert into facts (name, data) values ($1, $2)"));
    s->bind(1, name).bind_blob(2, data);
    return s->run();
  }
  static std::int64_t count(Database& database) {
    std::int64_t n = -1;
    EXPECT_TRUE(database.read([&](Session& session) -> Result<void> {
      TREADLE_TRY(Statement * s, session.prepare("select count(*) from facts"));
      TREADLE_CHECK(s->step());
      n = s->integer(0);
      return {};
    }));
    return n;
  }
  std::string folder = testing::TempDir() + "db-" + to_hex(random_bytes(6));
  std::string path = join_path(folder, "t.db");
};

TEST_F(DatabaseTest, WhatIsCommittedIsReadBackWithItsTypes) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  const std::string data(
      "\0\x01"
      "b",
      3);
  ASSERT_TRUE(database->write([&](Session& s) { return insert(s, "한글", data); }));
  ASSERT_TRUE(database->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select name, data, null, 1.5 from facts"));
    EXPECT_TRUE(s->step().value());
    EXPECT_EQ(s->text(0), "한글");
    EXPECT_EQ(s->text(1), data);
    EXPECT_TRUE(s->is_null(2));
    EXPECT_EQ(s->real(3), 1.5);
    EXPECT_FALSE(s->step().value());
    return {};
  }));
}

TEST_F(DatabaseTest, ParametersAreNumberedByTheirNameAndNotByTheirPlace) {
  auto database = open();
  ASSERT_TRUE(database->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select $3, $1, $3"));
    s->bind(1, "one").bind(3, "three");
    EXPECT_TRUE(s->step().value());
    EXPECT_EQ(s->text(0), "three");
    EXPECT_EQ(s->text(1), "one");
    EXPECT_EQ(s->text(2), "three");
    return {};
  }));
  EXPECT_FALSE(database->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select $3, $1, $3"));
    s->bind(2, "nothing");
    return s->run();
  })) << "there is no $2";
}

TEST_F(DatabaseTest, AFailedBodyLeavesNothingBehind) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  const auto result = database->write([&](Session& s) -> Result<void> {
    TREADLE_CHECK(insert(s, "a"));
    return fail(Errc::kCancelled, "no");
  });
  EXPECT_EQ(result.error().code, Errc::kCancelled);
  EXPECT_EQ(count(*database), 0);
}

TEST_F(DatabaseTest, RowsGoOnWhereTheyWereWhenOtherStatementsComeBetween) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    for (const char* name : {"a", "b", "c", "d"}) TREADLE_CHECK(insert(session, name));
    return {};
  }));
  std::string seen;
  const auto result = database->write([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * outer, session.prepare("select name from facts order by id limit 4"));
    while (true) {
      TREADLE_TRY(const bool row, outer->step());
      if (!row) break;
      // One that is not stepped to its end, one without rows, and one that counts.
      TREADLE_TRY(Statement * inner, session.prepare("select name from facts order by id desc"));
      TREADLE_CHECK(inner->step());
      TREADLE_CHECK(insert(session, std::string(outer->text(0)) + "+"));
      EXPECT_EQ(session.changes(), 1);
      seen += std::string(outer->text(0)) + std::string(inner->text(0)) + " ";
    }
    return {};
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(seen, "ad ba+ cb+ dc+ ");
  EXPECT_EQ(count(*database), 8);
}

TEST_F(DatabaseTest, ADuplicateIsAlreadyExistsAndTheConnectionGoesOn) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  ASSERT_TRUE(database->write([&](Session& s) { return insert(s, "a"); }));
  const auto again = database->write([&](Session& s) { return insert(s, "a"); });
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  ASSERT_TRUE(database->write([&](Session& s) { return insert(s, "b"); }));
  EXPECT_EQ(count(*database), 2);
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsCorruptAndStaysUntouched) {
  const std::string garbage(5000, 'g');
  ASSERT_TRUE(write_file_atomic(real_files(), path, garbage, false));
  const auto database = open_sqlite(path);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Errc::kCorrupt);
  EXPECT_NE(database.error().message.find(path), std::string::npos);
  EXPECT_EQ(read_file(real_files(), path).value(), garbage);
}

TEST_F(DatabaseTest, ANewerSchemaIsRefused) {
  auto database = open();
  static constexpr Migration kNewer[] = {{1, "create table a (x integer)"},
                                         {2, "create table b (x integer)"}};
  static constexpr Migration kOlder[] = {{1, "create table a (x integer)"}};
  ASSERT_TRUE(migrate(*database, "test", kNewer));
  EXPECT_TRUE(migrate(*database, "test", kNewer)) << "nothing to do is fine";
  EXPECT_EQ(migrate(*database, "test", kOlder).error().code, Errc::kUnsupported);
}

TEST_F(DatabaseTest, MigrationsThatFailLeaveTheOldSchema) {
  auto database = open();
  static constexpr Migration kBad[] = {{1, "create table a (x integer)"}, {2, "create nonsense"}};
  static constexpr Migration kGood[] = {{1, "create table a (x integer)"}};
  EXPECT_FALSE(migrate(*database, "test", kBad));
  EXPECT_TRUE(migrate(*database, "test", kGood)) << "table a was rolled back";
}

TEST_F(DatabaseTest, ThreadsTakeTurnsAndLoseNothing) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        if (!database->write([&](Session& s) { return insert(s, name); })) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(count(*database), 200);
}

TEST_F(DatabaseTest, SixteenProcessesWriteAtOnceFromCreationOn) {
  constexpr int kProcesses = 16;
  constexpr int kRows = 40;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = fork();
    if (child == 0) {
      auto database = open_for_test(path);
      if (!database || !make_table(**database)) _exit(1);
      for (int i = 0; i < kRows; ++i) {
        const std::string name = std::to_string(p) + "-" + std::to_string(i);
        if (!(*database)->write([&](Session& s) { return insert(s, name); })) _exit(2);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(count(*open()), kProcesses * kRows);
}

TEST_F(DatabaseTest, AfterCloseForForkBothSidesGoOn) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  database->close_for_fork();
  const pid_t child = fork();
  if (child == 0) _exit(database->write([&](Session& s) { return insert(s, "child"); }) ? 0 : 1);
  ASSERT_TRUE(database->write([&](Session& s) { return insert(s, "parent"); }));
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(count(*database), 2);
}

TEST_F(DatabaseTest, ReadersSeeOneSnapshotWhileWritersGoOn) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  ASSERT_TRUE(database->write([&](Session& s) { return insert(s, "a"); }));
  ASSERT_TRUE(database->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select count(*) from facts"));
    EXPECT_TRUE(s->step().value());
    EXPECT_EQ(s->integer(0), 1);
    TREADLE_CHECK(database->write([&](Session& w) { return insert(w, "b"); }));
    TREADLE_TRY(Statement * again, session.prepare("select count(*) from facts"));
    EXPECT_TRUE(again->step().value());
    EXPECT_EQ(again->integer(0), 1);
    return {};
  }));
  EXPECT_EQ(count(*database), 2);
}

TEST_F(DatabaseTest, AReadOnlyDatabaseRefusesWritesWithTheCure) {
  {
    ASSERT_TRUE(make_table(*open()));
  }
  auto database = open_for_test(path, {.read_only = true}).value();
  EXPECT_EQ(count(*database), 0);
  const auto result = database->write([&](Session& s) { return insert(s, "a"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kReadOnly);
}

TEST_F(DatabaseTest, GroupedWritesAreEachAtomicForItself) {
  auto database = open();
  ASSERT_TRUE(make_table(*database));
  GroupedWrites grouped(*database);
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::atomic<int> refused = 0;
  std::atomic<int> heard = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        // Every fifth writes, and fails after that: nothing of it stays, all of the others does.
        const auto body = [name, i](Session& session) -> Result<void> {
          TREADLE_CHECK(insert(session, name));
          if (i % 5 == 0) return fail(Errc::kInvalidArgument, "no " + name);
          return {};
        };
        grouped.write(body, [&, name](const Result<void>& outcome) {
          ++heard;
          if (outcome) return;
          EXPECT_EQ(outcome.error().message, "no " + name);
          ++refused;
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(heard, kThreads * kEach);
  EXPECT_EQ(refused, kThreads * kEach / 5);
  EXPECT_EQ(count(*database), kThreads * kEach * 4 / 5);
}

}  // namespace
}  // namespace treadle::db
