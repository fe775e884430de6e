#include "pack.h"

#include <treadle/base/random.h>

namespace treadle::blob {

Result<PackWriter> PackWriter::create(const Context& context) {
  PackWriter pack(context);
  pack.name_ = random_uuid() + ".pack";
  auto file = context.files.create(pack.path());
  if (!file) return fail(cannot_write(context, std::move(file).error()));
  pack.file_ = std::move(*file);
  pack.buffer_.reserve(kChunk + kPackLimit);
  pack.buffer_ = kPackMagic;
  pack.size_ = static_cast<std::int64_t>(kPackMagic.size());
  return pack;
}

Result<std::int64_t> PackWriter::append(const Sha256& sha256, std::string_view bytes) {
  buffer_ += view(sha256);
  auto size = static_cast<std::uint64_t>(bytes.size());
  for (int i = 0; i < 8; ++i, size >>= 8) buffer_ += static_cast<char>(size & 0xff);
  size_ += static_cast<std::int64_t>(kPackRecordHead);
  const std::int64_t offset = size_;
  size_ += static_cast<std::int64_t>(bytes.size());
  if (bytes.size() >= kChunk) {  // not copied: it may be most of the memory there is
    TREADLE_CHECK(flush());
    TREADLE_CHECK(write(bytes));
    return offset;
  }
  buffer_ += bytes;
  if (buffer_.size() >= kChunk) TREADLE_CHECK(flush());
  return offset;
}

Result<void> PackWriter::write(std::string_view bytes) {
  if (auto ok = context_->files.write(file_, bytes); !ok) {
    return fail(cannot_write(*context_, std::move(ok).error().with_context("'" + path() + "'")));
  }
  return {};
}

Result<void> PackWriter::flush() {
  TREADLE_CHECK(write(buffer_));
  buffer_.clear();
  return {};
}

Result<void> PackWriter::finish() {
  TREADLE_CHECK(flush());
  buffer_ = {};
  if (context_->sync) {
    if (auto ok = context_->files.sync(file_); !ok) {
      return fail(cannot_write(*context_, std::move(ok).error().with_context("'" + path() + "'")));
    }
    if (auto ok = context_->files.sync_folder(context_->packs()); !ok) {
      return fail(cannot_write(*context_, std::move(ok).error()));
    }
  }
  file_ = OpenFile();
  return {};
}

Result<std::int64_t> insert_pack(db::Session& session, const PackWriter& pack, Micros created) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into blob_pack (id, name, size, created) select "
                              "coalesce(max(id), 0) + 1, $1, $2, $3 from blob_pack returning id"));
  s->bind(1, pack.name()).bind(2, pack.size()).bind(3, created);
  TREADLE_TRY(const bool inserted, s->step());
  if (!inserted) return fail(Errc::kInternal, "blob_pack took no row.");
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  return id;
}

}  // namespace treadle::blob
