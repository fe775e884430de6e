// One port over SQLite (embedded, default) and PostgreSQL: connection, transaction, statement, row.
// Knows no table. One SQL text serves both: `$1` parameters, `returning`, `on conflict`, tables
// defined with integer, bigint, smallint, text, bytea; `integer primary key` numbers rows by itself;
// text compares by its bytes and `like` by case.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace treadle::db {

// How much of a machine's death a commit survives. A killed *process* loses no commit under any of
// them.
enum class Durability : std::uint8_t {
  kFull,    // fsync at every commit
  kNormal,  // fsync at commits that ask for it (Sync::kYes), and at checkpoints
  kOff,     // never fsync: tests
};
enum class Sync : bool { kNo = false, kYes = true };

// A prepared statement: bind, step until false, read columns of the current row. Owned by its
// Session and reused: do not keep it beyond the transaction. Parameters and columns count from 1
// and 0 as in SQL and SQLite.
class Statement {
 public:
  virtual ~Statement() = default;
  virtual Statement& bind(int parameter, std::int64_t value) = 0;
  virtual Statement& bind(int parameter, double value) = 0;
  // The text must live until the statement is stepped to its end or reset.
  virtual Statement& bind(int parameter, std::string_view text) = 0;
  virtual Statement& bind_blob(int parameter, std::string_view bytes) = 0;
  virtual Statement& bind_null(int parameter) = 0;
  Statement& bind(int parameter, int value) {
    return bind(parameter, static_cast<std::int64_t>(value));
  }
  Statement& bind(int parameter, bool value) {
    return bind(parameter, static_cast<std::int64_t>(value));
  }
  Statement& bind(int parameter, const char* text) {
    return bind(parameter, std::string_view(text));
  }
  Statement& bind(int parameter, const std::string& text) {
    return bind(parameter, std::string_view(text));
  }

  // True: a row is there. False: done; the statement is reset and may be bound again. What changes
  // rows without giving any may be carried out later; its failure is then that of a later step or
  // of the transaction. Whatever fails, the transaction can only be given up.
  virtual Result<bool> step() = 0;
  // Runs to the end, ignoring rows.
  Result<void> run();

  // Views are valid until the next step().
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;  // also for blobs
  virtual bool is_null(int column) const = 0;
};

// The connection inside one transaction. Single thread.
class Session {
 public:
  virtual ~Session() = default;
  // Prepared once per connection and text; bad SQL (kInternal) or a broken database (kCorrupt) fails
  // here or at the first step.
  virtual Result<Statement*> prepare(std::string_view sql) = 0;
  // One or more statements without parameters or results.
  virtual Result<void> execute(const std::string& sql) = 0;
  virtual Result<bool> has_table(std::string_view name) = 0;
  // Rows changed by the last insert, update or delete.
  virtual std::int64_t changes() = 0;
  // Key of the last row inserted into a table with an `integer primary key`.
  virtual std::int64_t last_insert_id() = 0;
};

using TransactionBody = std::function<Result<void>(Session&)>;

// Thread-safe: writers of one process take turns, readers see one consistent snapshot and never
// wait for writers. Several processes may open the same database; a writer waits its turn instead
// of failing with "locked".
class Database {
 public:
  virtual ~Database() = default;
  // Runs `body` in one write transaction: commits when it returns success, rolls back otherwise.
  virtual Result<void> write(const TransactionBody& body, Sync sync = Sync::kNo) = 0;
  // Runs `body` in one read transaction.
  virtual Result<void> read(const TransactionBody& body) = 0;
  // Closes the connections so that this process may fork; the next use opens them again (in parent
  // and child alike). Waits for running transactions. See docs/decisions on forking.
  virtual void close_for_fork() = 0;
  virtual Durability durability() const = 0;
};

struct Options {
  Durability durability = Durability::kNormal;
  int busy_timeout_ms = 60'000;  // how long a writer waits for its turn
  bool read_only = false;
  // PostgreSQL: how long a transaction waits for a database that was there and is gone, before it
  // fails with kBusy.
  int reconnect_ms = 30'000;
};

// Opens or creates the file. Errors name the path: kReadOnly, kDiskFull, kCorrupt (not a database,
// truncated), kPermissionDenied.
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const Options& options = {});

// Connects to a database of PostgreSQL 12 or newer that exists; `url` as libpq takes it,
// "postgresql://user@host:5432/name?options". Tables are made in the first schema of its search
// path; two of our databases may share one of theirs in different schemas. Writers of all processes
// take turns by an advisory lock. Text is kept as UTF-8: what is none becomes U+FFFD. Errors:
// kBusy, kNotFound (no such database), kPermissionDenied, kInvalidArgument (the URL),
// kUnsupported (libpq is not installed). Why so: docs/decisions.
Result<std::unique_ptr<Database>> open_postgres(const std::string& url,
                                                const Options& options = {});
bool is_postgres_url(std::string_view text);

// One step of a room's schema. Versions count from 1 without gaps; a shipped step is never edited.
struct Migration {
  int version;
  const char* sql;
};
// Brings the tables of `room` up to date, in one transaction, under the database's write lock (of all
// processes). A
// database written by a newer version is refused (kUnsupported) and left alone.
Result<void> migrate(Database& database, std::string_view room,
                     std::span<const Migration> migrations);

}  // namespace treadle::db
