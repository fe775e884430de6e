#include <treadle/db/grouped_writes.h>

#include <utility>

namespace treadle::db {
namespace {

constexpr std::chrono::milliseconds kGather{3};
constexpr std::chrono::milliseconds kFast{5};  // apart
constexpr std::size_t kEnough = 8;
// After waiting in vain, so that who sends one after the other is not held up.
constexpr int kPassedOver = 64;

}  // namespace

Result<void> GroupedWrites::write(const TransactionBody& body) {
  Waiting mine{body, fail(Errc::kInternal, "The transaction was not carried out."), false};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  const auto now = Clock::now();
  const bool fast = now - came_ < kFast;
  came_ = now;
  if (waiting_.size() == kEnough) gathered_.notify_one();
  changed_.wait(lock, [&] { return mine.done || !writing_; });
  if (mine.done) return std::move(mine.outcome);
  // This thread writes for all that wait by now.
  writing_ = true;
  if (in_vain_ > 0) {
    --in_vain_;
  } else if (fast) {
    gathered_.wait_for(lock, kGather, [&] { return waiting_.size() >= kEnough; });
    if (waiting_.size() == 1) in_vain_ = kPassedOver;
  }
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
