#include "pair_hasher.h"

namespace treadle::blob {
namespace {

constexpr std::size_t kMostWaiting = 4;

}  // namespace

PairHasher::PairHasher(Sink also) : also_(std::move(also)), thread_([this] { work(); }) {}

PairHasher::~PairHasher() {
  if (thread_.joinable()) (void)finish();
}

void PairHasher::update(std::shared_ptr<const std::string> chunk) {
  size_ += static_cast<std::int64_t>(chunk->size());
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting; });
    waiting_.push_back(chunk);
  }
  changed_.notify_all();
  md5_.update(*chunk);
}

Result<Blob> PairHasher::finish() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(nullptr);
  }
  changed_.notify_all();
  thread_.join();
  if (!wrote_) return fail(wrote_.error());
  return Blob{sha256_.finish(), md5_.finish(), size_};
}

void PairHasher::work() {
  while (true) {
    std::shared_ptr<const std::string> chunk;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !waiting_.empty(); });
      chunk = std::move(waiting_.front());
      waiting_.pop_front();
    }
    changed_.notify_all();
    if (!chunk) return;
    if (!wrote_) continue;  // nothing of it is wanted any more
    sha256_.update(*chunk);
    if (also_) wrote_ = also_(*chunk);
  }
}

}  // namespace treadle::blob
