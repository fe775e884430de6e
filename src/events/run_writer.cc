#include "run_writer.h"

#include "rows.h"

namespace treadle::events {
namespace {

constexpr int kMostAttempts = 3;  // each waits for a database that is gone, see db::Options

Result<bool> is_kept(db::Session& session, std::int64_t run, const Event& event) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select 1 from events where run = $1 and time = $2 and type = $3 and "
                              "step_key = $4 and message = $5 and payload = $6"));
  s->bind(1, run).bind(2, event.time).bind(3, static_cast<std::int64_t>(event.type));
  s->bind(4, event.step_key).bind(5, event.message).bind(6, event.payload);
  return s->step();
}

}  // namespace

void OpenWriters::add(GroupCommitWriter* writer) {
  const std::scoped_lock lock(mutex_);
  writers_.push_back(writer);
}

void OpenWriters::remove(GroupCommitWriter* writer) {
  const std::scoped_lock lock(mutex_);
  std::erase(writers_, writer);
}

void OpenWriters::flush() {
  if (::getpid() != pid_) return;  // a fork of a step's: the writers' threads are not here
  const std::scoped_lock lock(mutex_);
  // A writer that cannot commit says so when its run ends.
  for (GroupCommitWriter* writer : writers_) (void)writer->flush();
}

GroupCommitWriter::GroupCommitWriter(db::Database& database, std::string run_id, std::int64_t run,
                                     RunLock lock, OpenWriters& open)
    : database_(database),
      run_id_(std::move(run_id)),
      run_(run),
      lock_(std::move(lock)),
      open_(open),
      thread_([this] { work(); }) {
  open_.add(this);
}

GroupCommitWriter::~GroupCommitWriter() {
  open_.remove(this);
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
    ++appended_;
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
    if (!broken) result = commit(group, nullptr, db::Sync::kNo);
    const std::size_t done = group.size();
    group.clear();
    lock.lock();
    busy_ = false;
    done_ += done;
    if (!result && !error_) {
      error_ = std::move(result).error();
      broken_ = true;
    }
    committed_.notify_all();
  }
}

// A database that went away in the middle may have kept the group or not: it is asked when it is back.
Result<void> GroupCommitWriter::commit(const std::vector<Event>& group,
                                       const db::TransactionBody& last, db::Sync sync) {
  Result<void> result;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    result = database_.write(
        [&](db::Session& session) -> Result<void> {
          if (attempt > 0) {
            TREADLE_TRY(const bool kept, is_kept(session, run_, group.back()));
            if (kept) return {};
          }
          for (const Event& event : group) TREADLE_CHECK(insert_event(session, run_, event));
          return last ? last(session) : Result<void>();
        },
        sync);
    if (result || result.error().code != Errc::kBusy) return result;
  }
  return result;
}

Result<void> GroupCommitWriter::flush() {
  std::unique_lock lock(mutex_);
  committed_.wait(lock, [&, until = appended_] { return done_ >= until; });
  if (error_) return fail(*error_);
  return {};
}

Result<void> GroupCommitWriter::finish(RunStatus status, Event last) {
  TREADLE_CHECK(flush());
  complete(last);
  return commit(
      {last},
      [&](db::Session& session) -> Result<void> {
        TREADLE_TRY(db::Statement * s,
                    session.prepare("update runs set status = $1, finished = $2 where id = $3"));
        s->bind(1, static_cast<std::int64_t>(status)).bind(2, last.time).bind(3, run_);
        return s->run();
      },
      db::Sync::kYes);
}

}  // namespace treadle::events
