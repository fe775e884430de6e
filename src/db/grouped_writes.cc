#include <treadle/db/grouped_writes.h>

#include <utility>

namespace treadle::db {
namespace {

constexpr std::chrono::microseconds kQuiet{1500};  // nobody came for so long: nobody will
constexpr std::chrono::milliseconds kLongest{9};
constexpr std::chrono::milliseconds kFast{5};  // apart
constexpr std::size_t kEnough = 64;
// After waiting in vain, so that who sends one after the other is not held up.
constexpr int kPassedOver = 64;

}  // namespace

void GroupedWrites::write(TransactionBody body, Done done) {
  std::unique_lock lock(mutex_);
  waiting_.push_back({std::move(body), std::move(done)});
  const auto now = Clock::now();
  const bool fast = now - came_ < kFast;
  came_ = now;
  if (writing_) {
    if (waiting_.size() == kEnough) gathered_.notify_one();
    return;
  }
  writing_ = true;
  gather(lock, fast);
  while (!waiting_.empty()) {
    const std::vector<Waiting> group = std::exchange(waiting_, {});
    lock.unlock();
    carry_out(group);
    lock.lock();
    gather(lock, true);
  }
  writing_ = false;
}

void GroupedWrites::gather(std::unique_lock<std::mutex>& lock, bool fast) {
  if (in_vain_ > 0) {
    --in_vain_;
    return;
  }
  if (!fast) return;
  const auto until = Clock::now() + kLongest;
  std::size_t before = 0;
  do {
    before = waiting_.size();
    gathered_.wait_for(lock, kQuiet, [&] { return waiting_.size() >= kEnough; });
  } while (waiting_.size() > before && waiting_.size() < kEnough && Clock::now() < until);
  if (waiting_.size() <= 1) in_vain_ = kPassedOver;
}

void GroupedWrites::carry_out(const std::vector<Waiting>& group) {
  if (group.size() > 1) {
    const auto together = database_.write(
        [&](Session& session) -> Result<void> {
          for (const Waiting& one : group) TREADLE_CHECK(one.body(session));
          return {};
        },
        sync_);
    if (together) {
      for (const Waiting& one : group) one.done({});
      return;
    }
  }
  for (const Waiting& one : group) one.done(database_.write(one.body, sync_));
}

}  // namespace treadle::db
