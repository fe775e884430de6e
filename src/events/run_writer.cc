#include "run_writer.h"

#include "rows.h"

namespace treadle::events {

GroupCommitWriter::GroupCommitWriter(db::Database& database, std::string run_id, std::int64_t run,
                                     RunLock lock)
    : database_(database),
      run_id_(std::move(run_id)),
      run_(run),
      lock_(std::move(lock)),
      thread_([this] { work(); }) {}

GroupCommitWriter::~GroupCommitWriter() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void GroupCommitWriter::complete(Event& event) const {
  event.run_id = run_id_;
  if (event.time == 0) event.time = system_clock().now();
}

void GroupCommitWriter::append(Event event) {
  complete(event);
  bool idle = false;
  {
    const std::scoped_lock lock(mutex_);
    idle = queue_.empty() && !busy_;
    queue_.push_back(std::move(event));
  }
  if (idle) wake_.notify_one();
}

void GroupCommitWriter::work() {
  std::unique_lock lock(mutex_);
  std::vector<Event> group;
  while (true) {
    wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    group.swap(queue_);
    const bool broken = error_.has_value();
    busy_ = true;
    lock.unlock();
    Result<void> result;
    if (!broken) {
      result = database_.write([&](db::Session& session) -> Result<void> {
        for (const Event& event : group) TREADLE_CHECK(insert_event(session, run_, event));
        return {};
      });
    }
    group.clear();
    lock.lock();
    busy_ = false;
    if (!result && !error_) {
      error_ = std::move(result).error();
      broken_ = true;
    }
    committed_.notify_all();
  }
}

Result<void> GroupCommitWriter::flush() {
  std::unique_lock lock(mutex_);
  committed_.wait(lock, [&] { return queue_.empty() && !busy_; });
  if (error_) return fail(*error_);
  return {};
}

Result<void> GroupCommitWriter::finish(RunStatus status, Event last) {
  TREADLE_CHECK(flush());
  complete(last);
  return database_.write(
      [&](db::Session& session) -> Result<void> {
        TREADLE_CHECK(insert_event(session, run_, last));
        TREADLE_TRY(db::Statement * s,
                    session.prepare("update runs set status = $1, finished = $2 where id = $3"));
        s->bind(1, static_cast<std::int64_t>(status)).bind(2, last.time).bind(3, run_);
        return s->run();
      },
      db::Sync::kYes);
}

}  // namespace treadle::events
