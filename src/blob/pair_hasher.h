// Private to the room: both digests of one long stream, each on a thread of its own.
#pragma once

#include <treadle/blob/store.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace treadle::blob {

// The caller's thread computes MD5, a second one SHA-256 a few chunks behind, and hands each chunk to
// `also` (which writes it). Single caller.
class PairHasher {
 public:
  explicit PairHasher(Sink also = {});
  ~PairHasher();
  PairHasher(const PairHasher&) = delete;
  // Chunks of about kChunk are best. The chunk must not change any more.
  void update(std::shared_ptr<const std::string> chunk);
  // The first error of `also`, if any.
  Result<Blob> finish();

 private:
  void work();

  StreamHasher<Md5> md5_;
  StreamHasher<Sha256> sha256_;
  std::int64_t size_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const std::string>> waiting_;  // null = the end
  Sink also_;
  Result<void> wrote_;  // of the second thread, until it has ended
  std::thread thread_;
};

}  // namespace treadle::blob
