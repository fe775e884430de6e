// Private to the room: both digests of one long stream, each on a thread of its own.
#pragma once

#include <treadle/base/piece_thread.h>
#include <treadle/blob/store.h>

#include <memory>
#include <string>

namespace treadle::blob {

// One thread computes MD5, a second SHA-256, and hands each chunk to `also` (which writes it); the
// caller's own goes on meanwhile. Single caller.
class PairHasher {
 public:
  explicit PairHasher(Sink also = {});
  PairHasher(const PairHasher&) = delete;
  // Chunks of about kChunk are best. The chunk must not change any more.
  void update(const std::shared_ptr<const std::string>& chunk);
  // The first error of `also`, if any.
  Result<Blob> finish();

 private:
  StreamHasher<Md5> md5_;
  StreamHasher<Sha256> sha256_;
  std::int64_t size_ = 0;
  Sink also_;
  Result<void> wrote_;  // of the second thread, until drained
  PieceThread first_;
  PieceThread second_;
};

}  // namespace treadle::blob
