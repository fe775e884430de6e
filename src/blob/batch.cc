#include "batch.h"

#include <treadle/base/random.h>

#include <algorithm>
#include <numeric>

namespace treadle::blob {
namespace {

// Content that is there stays as it is, unless verify() found it bad.
constexpr std::string_view kInsertBlob =
    "insert into blob_object (sha256, md5, size, created, pack_id, pack_offset, file, content) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (sha256) do update set bad = 0, "
    "pack_id = excluded.pack_id, pack_offset = excluded.pack_offset, file = excluded.file, "
    "content = excluded.content where blob_object.bad = 1";

Result<std::int64_t> read_generation(db::Session& session) {
  TREADLE_TRY(db::Statement * s, session.prepare("select generation from blob_state where id = 1"));
  TREADLE_TRY(const bool found, s->step());
  const std::int64_t generation = found ? s->integer(0) : 0;
  TREADLE_CHECK(s->run());
  return generation;
}

}  // namespace

LocalBatch::~LocalBatch() {
  // Once rows were written only the database knows whether they were committed.
  if (recorded_) return;
  for (const PackWriter& pack : packs_) (void)context_.files.remove(pack.path());
  for (const Row& row : rows_) {
    if (row.has_file) {
      (void)context_.files.remove(join_path(context_.singles(), row.text));
    }
  }
}

Result<Blob> LocalBatch::add(std::string_view bytes) {
  const Blob blob{sha256(bytes), md5(bytes), static_cast<std::int64_t>(bytes.size())};
  if (is_pending(blob.sha256)) return blob;
  if (!fits_inline(bytes.size())) {
    TREADLE_TRY(const std::vector<bool> there, present({&blob.sha256, 1}));
    if (there[0]) return blob;
  }
  TREADLE_CHECK(keep(blob, bytes, true));
  return blob;
}

bool LocalBatch::fits_inline(std::size_t size) const {
  return size <= kInlineLimit && inline_bytes_ + size <= kInlineTotal;
}

bool LocalBatch::is_pending(const Sha256& blob) {
  const std::lock_guard lock(mutex_);
  return row_of_.contains(blob);
}

Result<std::vector<bool>> LocalBatch::present(std::span<const Sha256> blobs) {
  std::vector<bool> out(blobs.size());
  std::int64_t generation = 0;
  TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(generation, read_generation(session));
    TREADLE_TRY(db::Statement * s,
                session.prepare("select 1 from blob_object where sha256 = $1 and bad = 0"));
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      s->bind_blob(1, view(blobs[i]));
      TREADLE_TRY(const bool found, s->step());
      out[i] = found;
      if (found) TREADLE_CHECK(s->run());
    }
    return {};
  }));
  const std::lock_guard lock(mutex_);
  if (!generation_) generation_ = generation;
  if (*generation_ != generation) collected_ = true;
  return out;
}

Result<void> LocalBatch::keep(const Blob& blob, std::string_view content, bool may_inline) {
  const std::lock_guard lock(mutex_);
  if (row_of_.contains(blob.sha256)) return {};
  Row row{.blob = blob};
  if (may_inline && fits_inline(content.size())) {
    inline_bytes_ += content.size();
    row.text = content;
  } else {
    TREADLE_CHECK(append_to_pack(row, content));
  }
  row_of_.emplace(blob.sha256, rows_.size());
  rows_.push_back(std::move(row));
  return {};
}

Result<void> LocalBatch::append_to_pack(Row& row, std::string_view content) {
  if (packs_.empty() || packs_.back().size() >= kPackSize) {
    if (!packs_.empty()) TREADLE_CHECK(packs_.back().finish());
    TREADLE_TRY(PackWriter pack, PackWriter::create(context_));
    packs_.push_back(std::move(pack));
  }
  row.pack = static_cast<int>(packs_.size()) - 1;
  TREADLE_TRY(row.offset, packs_.back().append(row.blob.sha256, content));
  return {};
}

Result<void> LocalBatch::finish() {
  if (!packs_.empty()) TREADLE_CHECK(packs_.back().finish());
  if (singles_written_ && context_.sync) {
    if (auto ok = context_.files.sync_folder(context_.singles()); !ok) {
      return fail(cannot_write(context_, std::move(ok).error()));
    }
  }
  return {};
}

Result<bool> LocalBatch::record(db::Session& session) {
  if (collected_) return false;
  if (generation_) {
    TREADLE_TRY(const std::int64_t now, read_generation(session));
    if (now != *generation_) return false;
  }
  // A sweep with a short grace period takes files without rows for leftovers.
  for (const PackWriter& pack : packs_) {
    if (!context_.files.stat(pack.path())) return false;
  }
  for (const Row& row : rows_) {
    if (!row.has_file) continue;
    if (!context_.files.stat(join_path(context_.singles(), row.text))) return false;
  }
  const Micros now = context_.clock.now();
  recorded_ = true;
  std::vector<std::int64_t> pack_ids;
  for (const PackWriter& pack : packs_) {
    TREADLE_TRY(const std::int64_t id, insert_pack(session, pack, now));
    pack_ids.push_back(id);
  }
  // In the order of the key, so that the index grows page by page.
  std::vector<std::size_t> order(rows_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rows_[a].blob.sha256 < rows_[b].blob.sha256;
  });
  TREADLE_TRY(db::Statement * s, session.prepare(kInsertBlob));
  for (const std::size_t i : order) {
    const Row& row = rows_[i];
    s->bind_blob(1, view(row.blob.sha256)).bind_blob(2, view(row.blob.md5));
    s->bind(3, row.blob.size).bind(4, now);
    s->bind_null(5).bind_null(6).bind_null(7).bind_null(8);
    if (row.pack >= 0) {
      s->bind(5, pack_ids[static_cast<std::size_t>(row.pack)]).bind(6, row.offset);
    } else if (row.has_file) {
      s->bind(7, row.text);
    } else {
      s->bind_blob(8, row.text);
    }
    TREADLE_CHECK(s->run());
  }
  return true;
}

}  // namespace treadle::blob
