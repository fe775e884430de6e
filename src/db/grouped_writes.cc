#include <treadle/db/grouped_writes.h>

#include <utility>

namespace treadle::db {

Result<void> GroupedWrites::write(const TransactionBody& body) {
  Waiting mine{body, fail(Errc::kInternal, "The transaction was not carried out."), false};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  changed_.wait(lock, [&] { return mine.done || !writing_; });
  if (mine.done) return std::move(mine.outcome);
  // This thread writes for all that wait by now.
  writing_ = true;
  const std::vector<Waiting*> group = std::exchange(waiting_, {});
  lock.unlock();
  try {
    carry_out(group);
  } catch (...) {
    end(group);
    throw;
  }
  end(group);
  return std::move(mine.outcome);
}

void GroupedWrites::end(const std::vector<Waiting*>& group) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    for (Waiting* one : group) one->done = true;
  }
  changed_.notify_all();
}

void GroupedWrites::carry_out(const std::vector<Waiting*>& group) {
  if (group.size() > 1) {
    const auto together = database_.write(
        [&](Session& session) -> Result<void> {
          for (const Waiting* one : group) TREADLE_CHECK(one->body(session));
          return {};
        },
        sync_);
    if (together) {
      for (Waiting* one : group) one->outcome = {};
      return;
    }
  }
  for (Waiting* one : group) one->outcome = database_.write(one->body, sync_);
}

}  // namespace treadle::db
