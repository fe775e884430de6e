// A long stream handed on piece by piece to a thread of its own: what is done with the pieces there
// (hashing, writing) goes on beside the thread that has the stream.
//
//   StreamHasher<Md5> md5;
//   PieceThread hashing([&](std::string_view piece) { md5.update(piece); });
//   while (read(piece)) hashing.push(std::make_shared<const std::string>(piece));
//   hashing.drain();
//   Md5 digest = md5.finish();
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace treadle {

// One caller. Destroyed, it takes what was pushed first.
class PieceThread {
 public:
  using Piece = std::shared_ptr<const std::string>;  // about 1 MiB is best
  explicit PieceThread(std::function<void(std::string_view)> take);
  ~PieceThread();
  PieceThread(const PieceThread&) = delete;

  // Waits while several pieces lie there: memory stays flat.
  void push(Piece piece);
  // Every piece has been taken when this returns; what `take` touches is the caller's until push().
  void drain();

 private:
  void work();

  static constexpr std::size_t kMostWaiting = 4;
  const std::function<void(std::string_view)> take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> waiting_;  // the first is being taken; null = the end
  std::thread thread_;
};

}  // namespace treadle
