// Private to the room: the writer of one executing run.
#pragma once

#include "run_lock.h"
#include <treadle/events/record.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace treadle::events {

class GroupCommitWriter;

// The writers of the runs that this process executes: what reads the record first waits until what they
// were given by then is committed. Thread-safe.
class OpenWriters {
 public:
  void add(GroupCommitWriter* writer);
  void remove(GroupCommitWriter* writer);
  void flush();

 private:
  const pid_t pid_ = ::getpid();
  std::mutex mutex_;  // guards all below
  std::vector<GroupCommitWriter*> writers_;
};

class GroupCommitWriter final : public RunWriter {
 public:
  // `open` outlives it.
  GroupCommitWriter(db::Database& database, std::string run_id, std::int64_t run, RunLock lock,
                    OpenWriters& open);
  ~GroupCommitWriter() override;
  void append(Event event) override;
  Result<void> flush() override;
  bool broken() const noexcept override { return broken_.load(std::memory_order_relaxed); }
  Result<void> finish(RunStatus status, Event last) override;

 private:
  void work();
  // One transaction: the events, then what `last` does. Tried again when the database was away.
  Result<void> commit(const std::vector<Event>& group, const db::TransactionBody& last,
                      db::Sync sync);
  void complete(Event& event) const;

  db::Database& database_;
  const std::string run_id_;
  const std::int64_t run_;
  const RunLock lock_;
  OpenWriters& open_;

  std::atomic<bool> broken_ = false;
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::condition_variable committed_;
  std::vector<Event> queue_;
  std::uint64_t appended_ = 0;
  std::uint64_t done_ = 0;  // of those, committed or lost with `error_`
  bool busy_ = false;       // the writer thread is committing a group
  bool stop_ = false;
  std::optional<Error> error_;  // the first; nothing is written after it
  std::thread thread_;
};

}  // namespace treadle::events
