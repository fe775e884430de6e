// Private to the room: one connection to a PostgreSQL. Commands that give no rows are sent without
// waiting for their answer (libpq's pipeline), so that a transaction of a hundred inserts costs two
// round trips; a failure among them is found at the next command that gives rows, or at the end.
// The rows of a query are taken from the connection as they are stepped through; those that are not
// yet when the next command needs an answer are taken into memory.
#pragma once

#include "libpq.h"
#include <treadle/db/database.h>

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace treadle::db {

struct PostgresTarget {
  std::string url;
  std::string label;  // the URL without its password, for messages
  Options options;
};

class PostgresConnection;

class PostgresStatement final : public Statement {
 public:
  PostgresStatement(PostgresConnection& connection, std::string_view sql, bool gives_rows);
  ~PostgresStatement() override { reset(); }
  PostgresStatement(const PostgresStatement&) = delete;

  Statement& bind(int parameter, std::int64_t value) override;
  Statement& bind(int parameter, double value) override;
  Statement& bind(int parameter, std::string_view text) override;
  Statement& bind_blob(int parameter, std::string_view bytes) override;
  Statement& bind_null(int parameter) override;
  Result<bool> step() override;
  std::int64_t integer(int column) const override;
  double real(int column) const override;
  std::string_view text(int column) const override;
  bool is_null(int column) const override;

  // Back to its start: no row is current, all parameters keep their values.
  void reset();
  // A row to be stepped to later.
  void keep(PGresult* row) { waiting_.push_back(row); }
  // The server may not know it: it was prepared in a transaction that failed.
  void doubt() { prepared_ = false; }

 private:
  struct Parameter {
    bool named = false;     // is in the text
    unsigned type = 0;      // what was bound last, 0 = null or text of a kind the server knows
    unsigned declared = 0;  // as the statement was prepared
    bool null = true;
    bool binary = false;
    std::string_view view;
    std::string own;  // numbers, and text that had to be changed
  };
  Parameter* parameter(int number);
  Result<void> prepare_once();
  Result<void> send();
  std::string_view raw(int column) const;
  unsigned type(int column) const;

  PostgresConnection& connection_;
  const std::string sql_;
  std::string name_;
  const bool gives_rows_;
  bool prepared_ = false;
  bool bad_parameter_ = false;
  std::vector<Parameter> parameters_;      // by number, [0] unused
  bool running_ = false;                   // it was sent, and not stepped to its end
  PGresult* row_ = nullptr;                // the current one
  std::deque<PGresult*> waiting_;          // rows after it that had to make room for other answers
  mutable std::deque<std::string> shown_;  // numbers read as text
};

class PostgresConnection final : public Session {
 public:
  PostgresConnection() = default;
  ~PostgresConnection() override { close(); }
  PostgresConnection(const PostgresConnection&) = delete;

  // Error kBusy: nobody is there, or not yet ready.
  Result<void> open(const PostgresTarget& target);
  void close();
  // False as well: the other side hung up while nothing was asked.
  bool is_alive();

  Result<void> begin_write();
  Result<void> begin_read();
  // Commits when `result` is a success, else rolls back. The first failure of the database is what is
  // returned, whatever the body made of it.
  Result<void> end(Result<void> result);

  Result<Statement*> prepare(std::string_view sql) override;
  Result<void> execute(const std::string& sql) override;
  Result<bool> has_table(std::string_view name) override;
  std::int64_t changes() override;
  std::int64_t last_insert_id() override;

 private:
  friend class PostgresStatement;
  enum class Sent : std::uint8_t { kPrepare, kChange, kRows, kSync };

  Result<PostgresStatement*> statement(std::string_view sql, bool gives_rows);
  Result<void> finish_with(std::string_view sql);
  // Remembers a command that was handed to libpq, or that it was not accepted.
  Result<void> note(Sent what, bool accepted);
  // Takes the answers to all that was sent. Of a query, which is the last, its rows are left to be
  // taken by next_row when `to` asks for them.
  Result<void> receive(PostgresStatement* to = nullptr);
  Result<void> take_answers(PostgresStatement* to = nullptr);
  // The next row of the query whose rows are coming; null after the last one, and where the query
  // failed (see check). A failure is the connection's.
  Result<PGresult*> next_row();
  // Takes what is left of that query: nobody may wait for its end.
  Result<void> take_rows();
  Result<void> sync();
  // The failure that this transaction has met already, if any: nothing more is sent then.
  Result<void> check() const;
  tl::unexpected<Error> fail_with(Error error);
  tl::unexpected<Error> lost();
  Error error_of(const PGresult* result) const;
  Result<void> plain(const std::string& sql);
  void wait_for_the_dead();

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  const Libpq* pq_ = nullptr;
  PGconn* handle_ = nullptr;
  std::string label_;
  std::deque<Sent> sent_;                 // not answered yet
  bool rows_are_coming_ = false;          // the first of `sent_` is a query whose rows were begun
  PostgresStatement* reading_ = nullptr;  // whose they are, unless nobody wants them any more
  std::optional<Error> failed_;
  std::int64_t changes_ = 0;
  std::vector<PostgresStatement*> new_;  // prepared in this transaction
  std::uint64_t next_name_ = 0;
  std::unordered_map<std::string, std::unique_ptr<PostgresStatement>, TextHash, std::equal_to<>>
      statements_;
};

}  // namespace treadle::db
