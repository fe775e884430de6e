// What only a PostgreSQL can show: that it goes away and comes back.
#include <treadle/base/digest.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <atomic>
#include <sys/resource.h>
#include <thread>

namespace treadle::db {
namespace {

class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    url_ = test_url(testing::TempDir() + to_hex(random_bytes(8))).value();
    if (url_.empty()) GTEST_SKIP() << "the tests run on SQLite";
    database_ = open_postgres(url_).value();
    ASSERT_TRUE(database_->write([](Session& session) {
      return session.execute("create table t (id integer primary key, name text unique, n real)");
    }));
  }
  static Result<void> insert(Session& session, const std::string& name) {
    TREADLE_TRY(Statement * s, session.prepare("insert into t (name) values ($1)"));
    s->bind(1, name);
    return s->run();
  }
  // Ends all other connections of this test's schema, as a restart of the database does.
  static Result<void> hang_up(Session& session) {
    TREADLE_TRY(
        Statement * s,
        session.prepare("select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid "
                        "<> pg_backend_pid() and application_name like 'treadle %' and "
                        "datname = current_database()"));
    return s->run();
  }
  std::int64_t count() {
    std::int64_t n = -1;
    EXPECT_TRUE(database_->read([&](Session& session) -> Result<void> {
      TREADLE_TRY(Statement * s, session.prepare("select count(*) from t"));
      TREADLE_CHECK(s->step());
      n = s->integer(0);
      return {};
    }));
    return n;
  }
  std::string url_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresTest, AConnectionThatWasEndedBetweenTransactionsIsMadeAgain) {
  ASSERT_EQ(count(), 0);
  ASSERT_TRUE(open_postgres(url_).value()->write(&hang_up));
  EXPECT_TRUE(database_->write([](Session& s) { return insert(s, "a"); }));
  EXPECT_EQ(count(), 1);
}

TEST_F(PostgresTest, ATransactionThatLosesItsConnectionIsRefusedAndLeavesNothing) {
  const auto other = open_postgres(url_).value();
  const auto result = database_->write([&](Session& session) -> Result<void> {
    TREADLE_CHECK(insert(session, "a"));
    (void)session.changes();
    TREADLE_CHECK(other->read(&hang_up));
    TREADLE_CHECK(insert(session, "b"));
    return {};
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kBusy);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(database_->write([](Session& s) { return insert(s, "a"); }));
  EXPECT_EQ(count(), 1);
}

// The dead one has our process id, which was given again: it began at another time.
TEST_F(PostgresTest, WhoTakesThePlaceOfADeadProcessWaitsUntilNothingOfItIsCarriedOutAnyMore) {
  std::string own;
  ASSERT_TRUE(database_->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s,
                session.prepare("select application_name from pg_stat_activity where "
                                "pid = pg_backend_pid()"));
    TREADLE_CHECK(s->step());
    own = s->text(0);
    return {};
  }));
  std::string name = own.substr(0, own.rfind(' ')) + " 1";
  for (std::size_t at = 0; (at = name.find(' ', at)) != std::string::npos;) {
    name.replace(at, 1, "%20");
  }
  auto dead = open_postgres(url_ + (url_.find('?') == std::string::npos ? "?" : "&") +
                            "application_name=" + name)
                  .value();
  ASSERT_TRUE(dead->write([](Session& s) { return insert(s, "last words"); }));
  std::atomic<bool> gone = false;
  std::thread end([&] {
    // Once the successor is there, too.
    std::int64_t connections = 0;
    while (connections < 1) {
      ASSERT_TRUE(database_->read([&](Session& session) -> Result<void> {
        TREADLE_TRY(Statement * s,
                    session.prepare("select count(*) from pg_stat_activity where application_name "
                                    "= $1 and pid <> pg_backend_pid() and query like '%treadle%'"));
        s->bind(1, own);
        TREADLE_CHECK(s->step());
        connections = s->integer(0);
        return {};
      }));
    }
    gone = true;
    dead.reset();
  });
  const auto successor = open_postgres(url_);
  EXPECT_TRUE(gone);
  end.join();
  EXPECT_TRUE(successor);
}

TEST_F(PostgresTest, AFailureThatWasNotWaitedForIsFoundAtTheEnd) {
  const auto result = database_->write([](Session& session) -> Result<void> {
    for (const char* name : {"a", "b", "a", "c"}) TREADLE_CHECK(insert(session, name));
    return {};
  });
  EXPECT_EQ(result.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(count(), 0);
  const auto again = database_->write([](Session& session) -> Result<void> {
    for (int i = 0; i < 1000; ++i) TREADLE_CHECK(insert(session, std::to_string(i)));
    return {};
  });
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(count(), 1000);
}

TEST_F(PostgresTest, TextIsOrderedByItsBytesAndNumbersMayFollowReals) {
  ASSERT_TRUE(database_->write([](Session& session) -> Result<void> {
    for (const char* name : {"b", "A", "a", "B"}) TREADLE_CHECK(insert(session, name));
    TREADLE_TRY(Statement * s, session.prepare("update t set n = $1 where name = $2"));
    s->bind(1, 0.25).bind(2, "a");
    TREADLE_CHECK(s->run());
    s->bind(1, 3).bind(2, "b");
    TREADLE_CHECK(s->run());
    s->bind_null(1).bind(2, "B");
    return s->run();
  }));
  std::string names;
  double sum = 0;
  ASSERT_TRUE(database_->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select name, n from t order by name"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      names += s->text(0);
      sum += s->real(1);
    }
  }));
  EXPECT_EQ(names, "ABab");
  EXPECT_EQ(sum, 3.25);
}

TEST_F(PostgresTest, TheRowsOfALargeResultAreNotHeldInMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what was freed, and memory of its own";
#endif
  const auto most = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
  };
  const auto before = most();
  std::size_t bytes = 0;
  ASSERT_TRUE(database_->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select repeat('x', 1000000 + n) from "
                                               "generate_series(1, 200) as n"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      bytes += s->text(0).size();
    }
  }));
  EXPECT_EQ(bytes, 200'020'100U);
  EXPECT_LT(most() - before, 60) << "MiB";
}

TEST_F(PostgresTest, AQueryThatFailsAfterItsFirstRowsFailsThere) {
  int rows = 0;
  const auto result = database_->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s,
                session.prepare("select 1 / (3 - n) from generate_series(1, 5) as n"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      ++rows;
    }
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(rows, 2);
  EXPECT_EQ(count(), 0);
}

TEST_F(PostgresTest, AConnectionThatIsLostBetweenTwoRowsFailsTheTransaction) {
  const auto other = open_postgres(url_).value();
  int rows = 0;
  const auto result = database_->read([&](Session& session) -> Result<void> {
    TREADLE_TRY(Statement * s, session.prepare("select repeat('x', 100000) from "
                                               "generate_series(1, 1000) as n"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      if (++rows == 3) TREADLE_CHECK(other->read(&hang_up));
    }
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kBusy);
  EXPECT_LT(rows, 1000);
  EXPECT_EQ(count(), 0);
}

TEST(PostgresUrl, ItsPasswordIsNeverShown) {
  const auto refused =
      open_postgres("postgresql://ada:secret@127.0.0.1:1/treadle", {.reconnect_ms = 0});
  if (!refused && refused.error().code == Errc::kUnsupported) GTEST_SKIP() << "no libpq here";
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kBusy);
  EXPECT_NE(refused.error().message.find("ada@127.0.0.1:1/treadle"), std::string::npos);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  const auto unreadable = open_postgres("postgresql://ada:sec%zz@host/x");
  EXPECT_EQ(unreadable.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(unreadable.error().message.find("sec%zz"), std::string::npos);
}

}  // namespace
}  // namespace treadle::db
