#include "pair_hasher.h"

namespace treadle::blob {

PairHasher::PairHasher(Sink also)
    : also_(std::move(also)),
      first_([this](std::string_view chunk) { md5_.update(chunk); }),
      second_([this](std::string_view chunk) {
        if (!wrote_) return;  // nothing of it is wanted any more
        sha256_.update(chunk);
        if (also_) wrote_ = also_(chunk);
      }) {}

void PairHasher::update(const std::shared_ptr<const std::string>& chunk) {
  size_ += static_cast<std::int64_t>(chunk->size());
  first_.push(chunk);
  second_.push(chunk);
}

Result<Blob> PairHasher::finish() {
  first_.drain();
  second_.drain();
  if (!wrote_) return fail(wrote_.error());
  return Blob{sha256_.finish(), md5_.finish(), size_};
}

}  // namespace treadle::blob
