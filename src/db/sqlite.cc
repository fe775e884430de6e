// SQLite behind the port. The only file of the tree that includes sqlite3.h.
#include <treadle/base/files.h>
#include <treadle/db/database.h>
#include <treadle/db/tune.h>

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <random>
#include <string>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace treadle::db {
namespace {

Errc code_of(int rc) {
  switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kBusy;
    case SQLITE_READONLY:
      return Errc::kReadOnly;
    case SQLITE_FULL:
      return Errc::kDiskFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::kCorrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::kPermissionDenied;
    case SQLITE_CONSTRAINT:
      return Errc::kAlreadyExists;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return Errc::kIo;
    default:
      return Errc::kInternal;
  }
}

std::string cure_for(Errc code) {
  switch (code) {
    case Errc::kBusy:
      return " Another process has held the database for too long.";
    case Errc::kReadOnly:
      return " The home cannot be written: check its owner and permissions, or choose another with "
             "--home.";
    case Errc::kDiskFull:
      return " Free some space on that disk; nothing of this change was kept.";
    case Errc::kCorrupt:
      return " The file is damaged or is no Treadle database: restore it from a backup, or move it "
             "away to "
             "start anew.";
    default:
      return "";
  }
}

class Connection;

class SqliteStatement final : public Statement {
 public:
  SqliteStatement(Connection& connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {
    // SQLite numbers `$n` by first appearance; ours are numbered by n, as in PostgreSQL.
    const int count = sqlite3_bind_parameter_count(statement);
    for (int index = 1; index <= count; ++index) {
      const char* name = sqlite3_bind_parameter_name(statement, index);
      const int parameter = name != nullptr ? std::atoi(name + 1) : index;
      if (parameter < 1) continue;
      if (static_cast<std::size_t>(parameter) >= index_of_.size()) {
        index_of_.resize(static_cast<std::size_t>(parameter) + 1, 0);
      }
      index_of_[static_cast<std::size_t>(parameter)] = index;
    }
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }

  Statement& bind(int parameter, std::int64_t value) override {
    fresh();
    note(sqlite3_bind_int64(statement_, index_of(parameter), value));
    return *this;
  }
  Statement& bind(int parameter, double value) override {
    fresh();
    note(sqlite3_bind_double(statement_, index_of(parameter), value));
    return *this;
  }
  Statement& bind(int parameter, std::string_view text) override {
    fresh();
    note(sqlite3_bind_text(statement_, index_of(parameter),
                           text.data() == nullptr ? "" : text.data(), static_cast<int>(text.size()),
                           SQLITE_STATIC));
    return *this;
  }
  Statement& bind_blob(int parameter, std::string_view bytes) override {
    fresh();
    note(sqlite3_bind_blob64(statement_, index_of(parameter),
                             bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                             SQLITE_STATIC));
    return *this;
  }
  Statement& bind_null(int parameter) override {
    fresh();
    note(sqlite3_bind_null(statement_, index_of(parameter)));
    return *this;
  }

  Result<bool> step() override;

  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string_view()
                           : std::string_view(static_cast<const char*>(data), size);
  }
  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }

  void reset() {
    if (running_) sqlite3_reset(statement_);
    running_ = false;
  }

 private:
  // A statement left in the middle of its rows cannot be bound.
  void fresh() {
    if (running_) reset();
  }
  int index_of(int parameter) const {
    const auto i = static_cast<std::size_t>(parameter);
    return i < index_of_.size() ? index_of_[i] : 0;
  }
  void note(int rc) {
    if (rc != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = rc;
  }

  Connection& connection_;
  sqlite3_stmt* statement_;
  std::vector<int> index_of_;  // SQLite's index of our parameter
  bool running_ = false;
  int bind_error_ = SQLITE_OK;
};

// Transparent look-up of statements by text.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

class Connection final : public Session {
 public:
  ~Connection() override { close(); }

  bool is_open() const { return handle_ != nullptr; }

  Result<void> open(const std::string& path, const Options& options) {
    // Without it every allocation of every connection takes one lock, to count. Refused, and no matter,
    // where the process used SQLite before us.
    static const int without_counts = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)without_counts;
    path_ = path;
    const int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
        (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (const int rc = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr); rc != SQLITE_OK) {
      auto error = error_for(rc, "cannot open");
      close();
      return error;
    }
    // A process that ends leaves the log in place for the next one: folding it into the database
    // and removing it would cost two syncs and an unlink each time. Readers find all of it there,
    // and automatic checkpoints keep it small.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    timeout_ms_ = options.busy_timeout_ms;
    sqlite3_busy_handler(handle_, &Connection::wait_for_turn, this);
    sqlite3_extended_result_codes(handle_, 1);
    const char* synchronous = options.durability == Durability::kFull     ? "full"
                              : options.durability == Durability::kNormal ? "normal"
                                                                          : "off";
    std::string setup =
        "pragma temp_store=memory; pragma foreign_keys=on; pragma case_sensitive_like=on; "
        "pragma mmap_size=268435456;";
    if (!options.read_only) setup += "pragma journal_mode=wal; pragma journal_size_limit=67108864;";
    setup += std::string("pragma synchronous=") + synchronous + ";";
    setup += "pragma wal_autocheckpoint=4000;";
    auto result = execute(setup);
    if (!result) close();
    return result;
  }

  void close() {
    stepped_.clear();
    statements_.clear();
    if (handle_ != nullptr) sqlite3_close_v2(handle_);
    handle_ = nullptr;
  }

  Result<Statement*> prepare(std::string_view sql) override {
    if (const auto it = statements_.find(sql); it != statements_.end()) {
      it->second->reset();
      return it->second.get();
    }
    sqlite3_stmt* raw = nullptr;
    const int rc = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (rc != SQLITE_OK) return error_for(rc, "cannot use");
    auto statement = std::make_unique<SqliteStatement>(*this, raw);
    Statement* pointer = statement.get();
    statements_.emplace(std::string(sql), std::move(statement));
    return pointer;
  }

  Result<void> execute(const std::string& sql) override {
    const int rc = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return error_for(rc, "cannot use");
    return {};
  }

  Result<bool> has_table(std::string_view name) override {
    TREADLE_TRY(Statement * s, prepare("select 1 from sqlite_master where name = $1"));
    s->bind(1, name);
    return s->step();
  }
  std::int64_t changes() override { return sqlite3_changes64(handle_); }
  std::int64_t last_insert_id() override { return sqlite3_last_insert_rowid(handle_); }

  // "begin" and the like: parsed once.
  Result<void> control(std::string_view sql) {
    TREADLE_TRY(Statement * s, prepare(sql));
    return s->run();
  }

  // Every statement back to its start: an open read would keep the transaction from ending.
  void reset_statements() {
    for (SqliteStatement* statement : stepped_) statement->reset();
    stepped_.clear();
  }
  void note_stepped(SqliteStatement& statement) {
    if (stepped_.empty() || stepped_.back() != &statement) stepped_.push_back(&statement);
  }

  tl::unexpected<Error> error_for(int rc, std::string_view what) const {
    const Errc code = code_of(rc);
    const char* text = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(rc);
    std::string message = std::string(what) + " the database '" + path_ + "': " + text;
    if (const int number = handle_ != nullptr ? sqlite3_system_errno(handle_) : 0;
        number != 0 && (code == Errc::kIo)) {
      message += std::string(" (") + std::strerror(number) + ")";
      const Errc precise = errno_error("", number).code;
      if (precise != Errc::kNotFound) return fail(precise, message + "." + cure_for(precise));
    }
    return fail(code, message + "." + cure_for(code));
  }

 private:
  // SQLite's own handler sleeps whole milliseconds in fixed steps; writers here hold the lock for
  // microseconds, so waiting starts short and is spread at random.
  static int wait_for_turn(void* self, int attempts) {
    auto* connection = static_cast<Connection*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (attempts == 0) connection->waiting_since_ = now;
    const auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - connection->waiting_since_);
    if (waited.count() > connection->timeout_ms_) return 0;
    thread_local std::minstd_rand random(std::random_device{}());
    const int most = attempts < 6 ? 50 << attempts : 3'000;
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<int>(most / 4, most)(random)));
    return 1;
  }

  std::string path_;
  sqlite3* handle_ = nullptr;
  int timeout_ms_ = 0;
  std::chrono::steady_clock::time_point waiting_since_;
  std::unordered_map<std::string, std::unique_ptr<SqliteStatement>, TextHash, std::equal_to<>>
      statements_;
  std::vector<SqliteStatement*> stepped_;  // may be in the middle of their rows
};

Result<bool> SqliteStatement::step() {
  if (bind_error_ != SQLITE_OK) {
    const int rc = std::exchange(bind_error_, SQLITE_OK);
    reset();
    return connection_.error_for(rc, "cannot bind a value for");
  }
  running_ = true;
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) {
    connection_.note_stepped(*this);
    return true;
  }
  if (rc == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = connection_.error_for(rc, "cannot use");
  reset();
  return error;
}

// Held while a database is created or its journal mode set: SQLite answers "locked" at once,
// without waiting, when two processes do that together.
class CreationLock {
 public:
  explicit CreationLock(const std::string& path)
      : fd_(::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (fd_ >= 0) {
      while (flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
      }
    }
  }
  ~CreationLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  CreationLock(const CreationLock&) = delete;

 private:
  int fd_;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, const Options& options)
      : path_(std::move(path)), options_(options) {}

  Result<void> open() {
    const std::scoped_lock lock(write_mutex_);
    return ensure_open(writer_);
  }

  Result<void> write(const TransactionBody& body, Sync sync) override {
    const std::scoped_lock lock(write_mutex_);
    TREADLE_CHECK(ensure_open(writer_));
    const bool full = sync == Sync::kYes && options_.durability == Durability::kNormal;
    if (full) TREADLE_CHECK(writer_.execute("pragma synchronous=full"));
    auto result = transaction(writer_, "begin immediate", body);
    if (full) (void)writer_.execute("pragma synchronous=normal");
    return result;
  }

  void tune() {
    const std::scoped_lock lock(write_mutex_);
    tuned_ = true;
    if (writer_.is_open()) (void)writer_.execute(kTuned);  // of no consequence but for speed
  }

  Result<void> read(const TransactionBody& body) override {
    const std::scoped_lock lock(read_mutex_);
    TREADLE_CHECK(ensure_open(reader_));
    return transaction(reader_, "begin", body);
  }

  void close_for_fork() override {
    const std::scoped_lock lock(write_mutex_, read_mutex_);
    writer_.close();
    reader_.close();
  }

  Durability durability() const override { return options_.durability; }

 private:
  Result<void> ensure_open(Connection& connection) {
    if (connection.is_open()) return {};
    if (options_.read_only) return connection.open(path_, options_);
    const CreationLock lock(path_);
    TREADLE_CHECK(connection.open(path_, options_));
    if (tuned_ && &connection == &writer_) (void)connection.execute(kTuned);
    return {};
  }

  static Result<void> transaction(Connection& connection, std::string_view begin,
                                  const TransactionBody& body) {
    TREADLE_CHECK(connection.control(begin));
    auto result = body(connection);
    connection.reset_statements();
    if (result) result = connection.control("commit");
    if (!result) (void)connection.control("rollback");
    return result;
  }

  static constexpr const char* kTuned =
      "pragma wal_autocheckpoint=16000; pragma cache_size=-16384;";

  const std::string path_;
  const Options options_;
  bool tuned_ = false;
  std::mutex write_mutex_;
  std::mutex read_mutex_;
  Connection writer_;
  Connection reader_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const Options& options) {
  auto database = std::make_unique<SqliteDatabase>(path, options);
  TREADLE_CHECK(database->open());
  return database;
}

void tune_for_many_writes(Database& database) {
  if (auto* sqlite = dynamic_cast<SqliteDatabase*>(&database)) sqlite->tune();
}

}  // namespace treadle::db
