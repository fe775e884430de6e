// A database whose n-th step fails, as one does whose process dies there: what was not committed is not
// there afterwards. The step after the last one of a transaction is its commit; dying right after it
// leaves the transaction done and its answer unheard.
#pragma once

#include <treadle/db/database.h>

#include <map>

namespace treadle::artifact::test {

class FaultyDatabase final : public db::Database {
 public:
  explicit FaultyDatabase(db::Database& real) : real_(real) {}

  // From the n-th step of a write from now on (1 = the next) everything fails; 0 = nothing does.
  void die_at(int n) {
    steps_ = 0;
    die_at_ = n;
    dead_ = false;
  }
  bool dead() const { return dead_; }

  Result<void> write(const db::TransactionBody& body, db::Sync sync) override {
    TREADLE_CHECK(step());
    TREADLE_CHECK(real_.write(
        [&](db::Session& session) -> Result<void> {
          FaultySession faulty(session, *this);
          TREADLE_CHECK(body(faulty));
          return step();  // the commit
        },
        sync));
    return step();  // committed, and nobody hears of it
  }
  Result<void> read(const db::TransactionBody& body) override {
    if (dead_) return fail(Errc::kIo, "The process is dead.");
    return real_.read(body);
  }
  void close_for_fork() override { real_.close_for_fork(); }
  db::Durability durability() const override { return real_.durability(); }

 private:
  class FaultyStatement final : public db::Statement {
   public:
    FaultyStatement(db::Statement& real, FaultyDatabase& owner) : real_(real), owner_(owner) {}
    using db::Statement::bind;
    Statement& bind(int parameter, std::int64_t value) override {
      real_.bind(parameter, value);
      return *this;
    }
    Statement& bind(int parameter, double value) override {
      real_.bind(parameter, value);
      return *this;
    }
    Statement& bind(int parameter, std::string_view text) override {
      real_.bind(parameter, text);
      return *this;
    }
    Statement& bind_blob(int parameter, std::string_view bytes) override {
      real_.bind_blob(parameter, bytes);
      return *this;
    }
    Statement& bind_null(int parameter) override {
      real_.bind_null(parameter);
      return *this;
    }
    Result<bool> step() override {
      TREADLE_CHECK(owner_.step());
      return real_.step();
    }
    std::int64_t integer(int column) const override { return real_.integer(column); }
    double real(int column) const override { return real_.real(column); }
    std::string_view text(int column) const override { return real_.text(column); }
    bool is_null(int column) const override { return real_.is_null(column); }

   private:
    db::Statement& real_;
    FaultyDatabase& owner_;
  };

  class FaultySession final : public db::Session {
   public:
    FaultySession(db::Session& real, FaultyDatabase& owner) : real_(real), owner_(owner) {}
    Result<db::Statement*> prepare(std::string_view sql) override {
      TREADLE_TRY(db::Statement * statement, real_.prepare(sql));
      return &statements_.try_emplace(statement, *statement, owner_).first->second;
    }
    Result<void> execute(const std::string& sql) override {
      TREADLE_CHECK(owner_.step());
      return real_.execute(sql);
    }
    Result<bool> has_table(std::string_view name) override { return real_.has_table(name); }
    std::int64_t changes() override { return real_.changes(); }
    std::int64_t last_insert_id() override { return real_.last_insert_id(); }

   private:
    db::Session& real_;
    FaultyDatabase& owner_;
    std::map<db::Statement*, FaultyStatement> statements_;
  };

  Result<void> step() {
    if (die_at_ == 0) return {};
    dead_ = dead_ || ++steps_ >= die_at_;
    if (dead_) return fail(Errc::kIo, "The process died here.");
    return {};
  }

  db::Database& real_;
  int steps_ = 0;
  int die_at_ = 0;
  bool dead_ = false;
};

}  // namespace treadle::artifact::test
