#include <treadle/base/piece_thread.h>

namespace treadle {

PieceThread::PieceThread(std::function<void(std::string_view)> take)
    : take_(std::move(take)), thread_([this] { work(); }) {}

PieceThread::~PieceThread() {
  push(nullptr);
  thread_.join();
}

void PieceThread::push(Piece piece) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting; });
  waiting_.push_back(std::move(piece));
  changed_.notify_all();
}

void PieceThread::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.empty(); });
}

void PieceThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    Piece piece = waiting_.front();
    if (!piece) return;
    lock.unlock();
    take_(*piece);
    piece.reset();
    lock.lock();
    waiting_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace treadle
