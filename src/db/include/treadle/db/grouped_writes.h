// Small write transactions of many threads made one: what a transaction costs beside its own work (its
// begin and commit, the pages that all of them touch) is paid once for all that come at about the same time.
// While they come thick and fast, one waits a few milliseconds for others.
#pragma once

#include <treadle/db/database.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

namespace treadle::db {

// Thread-safe.
class GroupedWrites {
 public:
  using Done = std::function<void(Result<void>)>;

  explicit GroupedWrites(Database& database, Sync sync = Sync::kNo)
      : database_(database), sync_(sync) {}
  // As Database::write(), atomic for itself: when one of a group fails, each is carried out alone, so that
  // `body` may run twice. No thread waits for it: whoever comes while nobody writes does so, before this
  // returns, for all that come meanwhile, and `done` hears the outcome from that thread. Neither may throw.
  void write(TransactionBody body, Done done);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    TransactionBody body;
    Done done;
  };
  void gather(std::unique_lock<std::mutex>& lock, bool fast);
  void carry_out(const std::vector<Waiting>& group);

  Database& database_;
  const Sync sync_;
  std::mutex mutex_;
  std::condition_variable gathered_;
  std::vector<Waiting> waiting_;
  bool writing_ = false;      // one of the threads is, for all
  Clock::time_point came_{};  // the last one
  int in_vain_ = 0;           // so many more are not worth waiting: the last time nobody else came
};

}  // namespace treadle::db
