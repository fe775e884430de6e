// Small write transactions of many threads made one: what a transaction costs beside its own work (its
// begin and commit, the pages that all of them touch) is paid once for all that wait at the same time.
#pragma once

#include <treadle/db/database.h>

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
  std::vector<Waiting*> waiting_;
  bool writing_ = false;  // one of the threads is, for its group
};

}  // namespace treadle::db
