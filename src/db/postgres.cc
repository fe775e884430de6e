// PostgreSQL behind the port: one connection for writing, a few for reading, opened when they are
// first used and again when the database was gone.
#include "postgres_connection.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace treadle::db {
namespace {

constexpr std::size_t kMostReaders = 4;
constexpr auto kBetweenTries = std::chrono::milliseconds(200);

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(PostgresTarget target) : target_(std::move(target)) {}

  // A first connection that fails is a wrong address more often than a database that is about to come.
  Result<void> open() {
    const std::scoped_lock lock(write_mutex_);
    return writer_.open(target_);
  }

  Result<void> write(const TransactionBody& body, Sync) override {
    const std::scoped_lock lock(write_mutex_);
    TREADLE_CHECK(connect(writer_));
    if (auto begun = writer_.begin_write(); !begun) return writer_.end(std::move(begun));
    return writer_.end(body(writer_));
  }

  Result<void> read(const TransactionBody& body) override {
    Reader reader(*this);
    PostgresConnection& connection = reader.connection();
    TREADLE_CHECK(connect(connection));
    if (auto begun = connection.begin_read(); !begun) return connection.end(std::move(begun));
    return connection.end(body(connection));
  }

  void close_for_fork() override {
    const std::scoped_lock lock(write_mutex_);
    std::unique_lock readers(read_mutex_);
    returned_.wait(readers, [&] { return idle_.size() == readers_.size(); });
    writer_.close();
    for (const auto& reader : readers_) reader->close();
  }

  Durability durability() const override { return target_.options.durability; }

 private:
  // A connection for reading, taken from those that are idle and given back.
  class Reader {
   public:
    explicit Reader(PostgresDatabase& database) : database_(database) {
      std::unique_lock lock(database_.read_mutex_);
      database_.returned_.wait(lock, [&] {
        return !database_.idle_.empty() || database_.readers_.size() < kMostReaders;
      });
      if (database_.idle_.empty()) {
        database_.readers_.push_back(std::make_unique<PostgresConnection>());
        connection_ = database_.readers_.back().get();
      } else {
        connection_ = database_.idle_.back();
        database_.idle_.pop_back();
      }
    }
    ~Reader() {
      {
        const std::scoped_lock lock(database_.read_mutex_);
        database_.idle_.push_back(connection_);
      }
      database_.returned_.notify_one();
    }
    Reader(const Reader&) = delete;
    PostgresConnection& connection() { return *connection_; }

   private:
    PostgresDatabase& database_;
    PostgresConnection* connection_ = nullptr;
  };

  // Nothing of the transaction has begun yet, so waiting for a database that restarts harms nobody.
  Result<void> connect(PostgresConnection& connection) const {
    if (connection.is_alive()) return {};
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::milliseconds(target_.options.reconnect_ms);
    while (true) {
      auto opened = connection.open(target_);
      if (opened || opened.error().code != Errc::kBusy) return opened;
      if (Clock::now() + kBetweenTries > until) return opened;
      std::this_thread::sleep_for(kBetweenTries);
    }
  }

  const PostgresTarget target_;
  std::mutex write_mutex_;
  PostgresConnection writer_;
  std::mutex read_mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<PostgresConnection>> readers_;
  std::vector<PostgresConnection*> idle_;
};

// "postgresql://user@host:port/name" of all that the URL says: what may be shown to anybody.
Result<std::string> label_of(const std::string& url) {
  TREADLE_TRY(const Libpq* pq, load_libpq());
  // Why it fails is not asked for: the text may quote the password.
  PQconninfoOption* options = pq->PQconninfoParse(url.c_str(), nullptr);
  if (options == nullptr) {
    return fail(Errc::kInvalidArgument,
                "The database's URL cannot be read. It looks like "
                "postgresql://user:password@host:5432/name; special characters in it are written "
                "as %40.");
  }
  std::string user;
  std::string host;
  std::string port;
  std::string name;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "user") user = std::string(option->val) + "@";
    if (keyword == "host") host = option->val;
    if (keyword == "port") port = ":" + std::string(option->val);
    if (keyword == "dbname") name = option->val;
  }
  pq->PQconninfoFree(options);
  return "'postgresql://" + user + host + port + "/" + name + "'";
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

Result<std::unique_ptr<Database>> open_postgres(const std::string& url, const Options& options) {
  TREADLE_TRY(std::string label, label_of(url));
  auto database =
      std::make_unique<PostgresDatabase>(PostgresTarget{url, std::move(label), options});
  TREADLE_CHECK(database->open());
  return database;
}

}  // namespace treadle::db
