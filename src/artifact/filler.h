// Private to the room: content from elsewhere into a draft, verified against what it should be.
#pragma once

#include "draft_rows.h"
#include <treadle/artifact/transfer.h>

#include <functional>
#include <memory>
#include <vector>

namespace treadle::artifact {

class Filler {
 public:
  // Opens a draft that an interrupted transfer of the same content left, or a new one.
  static Result<Filler> open(Store& to, DraftSpec spec, const Manifest& manifest,
                             TransferProgress progress);

  // Whether the content of this entry is needed: the target may have it.
  bool needs(const Entry& entry) const;
  using Produce = std::function<Result<void>(const blob::Sink&)>;
  // kCorrupt when what is produced is not what the entry says.
  Result<void> add(const Entry& entry, const Produce& produce);
  // All entries were added, or were not needed.
  Result<Logged> commit();

 private:
  Filler(Store& to, std::int64_t draft, TransferProgress progress);
  Result<void> flush();

  Store& to_;
  std::int64_t draft_;
  TransferProgress progress_;
  blob::BlobSet needed_;
  std::unique_ptr<blob::Batch> batch_;
  std::vector<DraftItem> items_;
  std::int64_t bytes_ = 0;  // in the batch
  std::int64_t done_ = 0;
  std::int64_t all_ = 0;
};

// What a version says of itself, for a draft in another place.
DraftSpec spec_of(const Version& version, const ArriveOptions& options);

}  // namespace treadle::artifact
