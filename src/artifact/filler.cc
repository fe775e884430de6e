#include "filler.h"

#include "entry_blobs.h"

#include <algorithm>

namespace treadle::artifact {
namespace {

constexpr std::int64_t kFlushBytes = 64LL * 1024 * 1024;  // how much an interruption costs at most
constexpr std::size_t kFlushItems = 5000;

}  // namespace

DraftSpec spec_of(const Version& version, const ArriveOptions& options) {
  DraftSpec spec;
  spec.entity = options.as.entity.empty() ? version.entity : options.as.entity;
  spec.project = options.as.project.empty() ? version.project : options.as.project;
  spec.collection = options.as.collection.empty() ? version.collection : options.as.collection;
  spec.type = version.type;
  spec.description = version.description;
  spec.metadata = version.metadata;
  if (options.keep_aliases) spec.aliases = version.aliases;
  spec.aliases.insert(spec.aliases.end(), options.aliases.begin(), options.aliases.end());
  spec.tags = version.tags;
  spec.ttl_seconds = version.ttl_seconds;
  spec.history_step = version.history_step;
  spec.run_id = version.run_id;
  spec.expected_digest = version.digest;
  spec.distributed_id = "transfer/" + version.digest;
  return spec;
}

Filler::Filler(Store& to, std::int64_t draft, TransferProgress progress)
    : to_(to), draft_(draft), progress_(std::move(progress)) {}

Result<Filler> Filler::open(Store& to, DraftSpec spec, const Manifest& manifest,
                            TransferProgress progress) {
  TREADLE_TRY(const DraftState draft, Drafts(to).open(spec));
  Filler out(to, draft.id, std::move(progress));
  TREADLE_TRY(const std::vector<Sha256> missing, to.blobs().missing(blobs_of(manifest.entries)));
  out.needed_.insert(missing.begin(), missing.end());
  for (const Entry& entry : manifest.entries) out.all_ += std::max<std::int64_t>(entry.size, 0);
  out.batch_ = to.blobs().begin();
  for (const Entry& entry : manifest.entries) {
    if (out.needs(entry)) continue;
    out.items_.push_back({entry, false});
    out.done_ += std::max<std::int64_t>(entry.size, 0);
  }
  TREADLE_CHECK(out.batch_->rely_on([&] {
    std::vector<Sha256> there;
    for (const DraftItem& item : out.items_) {
      if (const auto blob = sha256_of(item.entry)) there.push_back(*blob);
    }
    return there;
  }()));
  TREADLE_CHECK(out.flush());
  return out;
}

bool Filler::needs(const Entry& entry) const {
  if (!entry.reference.empty()) return false;
  const auto blob = sha256_of(entry);
  return !blob || needed_.contains(*blob);
}

Result<void> Filler::add(const Entry& entry, const Produce& produce) {
  TREADLE_TRY(const std::unique_ptr<blob::Writer> writer, batch_->writer());
  std::int64_t size = 0;
  TREADLE_CHECK(produce([&](std::string_view bytes) -> Result<void> {
    size += static_cast<std::int64_t>(bytes.size());
    if (entry.size >= 0 && size > entry.size) {
      return fail(Errc::kCorrupt, "The file '" + entry.path + "' is longer than the " +
                                      std::to_string(entry.size) + " bytes its manifest says.");
    }
    return writer->write(bytes);
  }));
  TREADLE_TRY(const blob::Blob blob, writer->finish());
  if (to_base64(blob.md5) != entry.md5 ||
      (!entry.sha256.empty() && to_hex(blob.sha256) != entry.sha256)) {
    return fail(Errc::kCorrupt, "The content of '" + entry.path +
                                    "' is not what its manifest says: it was damaged or changed.");
  }
  Entry known = entry;
  known.sha256 = to_hex(blob.sha256);
  known.size = blob.size;
  items_.push_back({std::move(known), false});
  bytes_ += blob.size;
  done_ += blob.size;
  if (progress_) progress_(done_, all_);
  if (bytes_ < kFlushBytes && items_.size() < kFlushItems) return {};
  return flush();
}

Result<void> Filler::flush() {
  Core& core = to_.core();
  TREADLE_CHECK(batch_->finish());
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(get_pending(session, draft_));
    TREADLE_TRY(const bool recorded, batch_->record(session));
    if (!recorded) {
      return fail(Errc::kBusy,
                  "Garbage collection removed content during the transfer. Start it again: it goes "
                  "on where it stopped.");
    }
    for (const DraftItem& item : items_) TREADLE_CHECK(put_item(session, draft_, item));
    return bump(session, draft_);
  }));
  for (const DraftItem& item : items_) {
    if (const auto blob = sha256_of(item.entry)) needed_.erase(*blob);
  }
  items_.clear();
  bytes_ = 0;
  batch_ = core.blobs->begin();
  return {};
}

Result<Logged> Filler::commit() {
  TREADLE_CHECK(flush());
  return Drafts(to_).commit(draft_);
}

}  // namespace treadle::artifact
