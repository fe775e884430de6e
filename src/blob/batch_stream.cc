// Content in pieces, and large content, into a batch.
#include "batch.h"
#include "incoming.h"
#include <treadle/base/random.h>

namespace treadle::blob {

// Keeps small content in memory; from kPackLimit on, in a file.
class LocalBatch::StreamWriter final : public Writer {
 public:
  explicit StreamWriter(LocalBatch& batch) : batch_(batch) {}

  Result<void> write(std::string_view bytes) override {
    if (!large_ && small_.size() + bytes.size() <= kPackLimit) {
      small_ += bytes;
      return {};
    }
    if (!large_) {
      TREADLE_TRY(large_, Incoming::create(batch_.context_));
      TREADLE_CHECK(large_->write(small_));
      small_ = {};
    }
    return large_->write(bytes);
  }

  Result<Blob> finish() override {
    if (!large_) return batch_.add(small_);
    return batch_.add_incoming(*large_);
  }

 private:
  LocalBatch& batch_;
  std::string small_;
  std::unique_ptr<Incoming> large_;
};

Result<std::unique_ptr<Writer>> LocalBatch::writer() {
  return std::make_unique<StreamWriter>(*this);
}

Result<Blob> LocalBatch::add_large(const SourceFile& source) {
  TREADLE_TRY(const std::unique_ptr<Incoming> incoming, Incoming::create(context_));
  TREADLE_CHECK(incoming->copy_from(source.path, [this](std::int64_t bytes) { advance(bytes); }));
  return add_incoming(*incoming);
}

Result<Blob> LocalBatch::add_incoming(Incoming& incoming) {
  TREADLE_TRY(const Blob blob, incoming.hash());
  if (is_pending(blob.sha256)) return blob;
  TREADLE_TRY(const std::vector<bool> there, present({&blob.sha256, 1}));
  if (there[0]) return blob;
  Row row{.blob = blob, .has_file = true};
  row.text = to_hex(blob.sha256) + "." + to_hex(random_bytes(4));
  TREADLE_TRY(const bool placed, incoming.place(row.text));
  const std::lock_guard lock(mutex_);
  if (!placed) {
    collected_ = true;
    return blob;
  }
  singles_written_ = true;
  if (!row_of_.emplace(blob.sha256, rows_.size()).second) {  // another thread had the same
    TREADLE_CHECK(context_.files.remove(join_path(context_.singles(), row.text)));
    return blob;
  }
  rows_.push_back(std::move(row));
  return blob;
}

Result<void> LocalBatch::rely_on(std::span<const Sha256> blobs) {
  TREADLE_TRY(const std::vector<bool> there, present(blobs));
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (there[i] || is_pending(blobs[i])) continue;
    return fail(Errc::kCorrupt, "The blob " + to_hex(blobs[i]) +
                                    " is not in the store, or is damaged. Put the file that has it "
                                    "again, and run `treadle artifact verify`.");
  }
  return {};
}

}  // namespace treadle::blob
