// Private to the room: the local store.
#pragma once

#include "layout.h"
#include <treadle/blob/local_store.h>

namespace treadle::blob {

class LocalStore final : public BlobStore {
 public:
  explicit LocalStore(Context context) : context_(std::move(context)) {}

  std::unique_ptr<Batch> begin() override;
  std::unique_ptr<Reader> reader() override;
  Result<std::string> read(db::Session& session, const Sha256& blob, std::int64_t limit) override;
  Result<OpenBlob> open(const Sha256& blob) override;
  Result<std::vector<Sha256>> missing(std::span<const Sha256> blobs) override;
  Result<std::vector<std::optional<Blob>>> find_md5(db::Session& session,
                                                    std::span<const Md5> digests) override;
  Result<std::vector<Sha256>> missing(db::Session& session, std::span<const Sha256> blobs) override;
  Result<void> mark_bad(const Sha256& blob) override;
  Result<bool> is_damaged(db::Session& session) override;
  Result<Checked> verify(const Progress& progress) override;
  Result<Swept> sweep(const Marker& mark, const SweepOptions& options) override;

 private:
  const Context context_;
};

}  // namespace treadle::blob
