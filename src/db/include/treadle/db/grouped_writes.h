// Small write transactions of many threads made one: what a transaction costs beside its own work (its
// begin and commit, the pages that all of them touch) is paid once for all that come at about the same time.
// While they come thick and fast from several threads, one waits a few milliseconds for others.
#pragma once

#include <treadle/db/database.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace treadle::db {

// Thread-safe.
class GroupedWrites {
 public:
  explicit GroupedWrites(Database& database, Sync sync = Sync::kNo)
      : database_(database), sync_(sync) {}
  // As Database::write(), atomic for itself: when one of a group fails, each is carried out alone, so that
  // `body` may run twice.
  Result<void> write(const TransactionBody& body);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    const TransactionBody& body;
    Result<void> outcome;
    bool done = false;
  };
  void carry_out(const std::vector<Waiting*>& group);
  void end(const std::vector<Waiting*>& group);

  Database& database_;
  const Sync sync_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable gathered_;
  std::vector<Waiting*> waiting_;
  bool writing_ = false;      // one of the threads is, for its group
  Clock::time_point came_{};  // the last one
  int in_vain_ = 0;           // so many more are not worth waiting: the last time nobody else came
};

}  // namespace treadle::db
