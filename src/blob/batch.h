// Private to the room: content on its way into a local store. See Batch in store.h.
#pragma once

#include "pack.h"

#include <mutex>
#include <optional>
#include <unordered_map>

namespace treadle::blob {

class Incoming;

// add_files() works with threads of its own; otherwise single thread.
class LocalBatch final : public Batch {
 public:
  explicit LocalBatch(const Context& context) : context_(context) {}
  ~LocalBatch() override;

  Result<Blob> add(std::string_view bytes) override;
  Result<std::vector<Blob>> add_files(std::span<const SourceFile> files) override;
  void on_progress(Progress progress) override { progress_ = std::move(progress); }
  Result<void> rely_on(std::span<const Sha256> blobs) override;
  Result<std::unique_ptr<Writer>> writer() override;
  bool empty() const override { return rows_.empty(); }
  Result<void> finish() override;
  Result<bool> record(db::Session& session) override;

 private:
  // A row to be.
  struct Row {
    Blob blob;
    std::int64_t offset = 0;  // in its pack
    int pack = -1;            // index in packs_
    bool has_file = false;    // of its own
    std::string text{};       // has_file: the name in files/; without a pack: the content, inline
  };
  class StreamWriter;
  struct Hashed {
    Blob blob;
    std::string content;
  };

  // One slice of add_files: reads, hashes, asks what is there already, keeps the rest.
  Result<void> add_slice(std::span<const SourceFile> files, std::span<Blob> out, bool may_inline);
  Result<std::optional<Hashed>> read_small(const SourceFile& file) const;
  Result<Blob> add_large(const SourceFile& file);
  Result<Blob> add_incoming(Incoming& incoming);
  // Keeps small content that is not in the store.
  Result<void> keep(const Blob& blob, std::string_view content, bool may_inline);
  Result<void> append_to_pack(Row& row, std::string_view content);
  // Which of these the store has already.
  Result<std::vector<bool>> present(std::span<const Sha256> blobs);
  bool is_pending(const Sha256& blob);
  bool fits_inline(std::size_t size) const;

  void advance(std::int64_t bytes);

  const Context& context_;
  Progress progress_;
  std::mutex progress_mutex_;
  std::int64_t bytes_done_ = 0;
  std::int64_t bytes_all_ = 0;
  std::mutex mutex_;  // guards what follows
  std::vector<PackWriter> packs_;
  std::vector<Row> rows_;
  std::unordered_map<Sha256, std::size_t, Sha256Hash> row_of_;
  std::size_t inline_bytes_ = 0;
  bool singles_written_ = false;
  std::optional<std::int64_t> generation_;  // of the store, when it said what it has
  bool collected_ = false;                  // content that was here is gone: record() will refuse
  bool recorded_ = false;
};

}  // namespace treadle::blob
