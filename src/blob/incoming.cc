#include "incoming.h"

#include <treadle/base/random.h>

#include <fcntl.h>
#include <utility>

namespace treadle::blob {
namespace {

constexpr std::int64_t kWriteBack = 8 << 20;  // bytes the disk is given while more come

// So that the sync at the end has less to wait for. A hint.
void begin_write_back(const OpenFile& file, std::int64_t offset, std::int64_t size) {
  (void)sync_file_range(file.fd(), offset, size, SYNC_FILE_RANGE_WRITE);
}

}  // namespace

Result<std::unique_ptr<Incoming>> Incoming::create(const Context& context) {
  std::unique_ptr<Incoming> out(new Incoming(context));
  out->path_ = join_path(context.temporary(), random_uuid());
  auto file = context.files.create(out->path_);
  if (!file) {
    out->path_.clear();
    return fail(cannot_write(context, std::move(file).error()));
  }
  out->file_ = std::move(*file);
  return out;
}

Incoming::~Incoming() {
  if (!path_.empty()) (void)context_.files.remove(path_);
}

Result<void> Incoming::keep(std::string_view bytes) {
  if (shared_) return {};
  if (auto ok = context_.files.write(file_, bytes); !ok) {
    return fail(cannot_write(context_, std::move(ok).error()));
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  if (context_.sync && size_ - written_back_ >= kWriteBack) {
    begin_write_back(file_, written_back_, size_ - written_back_);
    written_back_ = size_;
  }
  return {};
}

void Incoming::flush() {
  if (!chunk_ || chunk_->empty()) return;
  hasher_.update(std::exchange(chunk_, nullptr));
}

Result<void> Incoming::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!chunk_) {
      chunk_ = std::make_shared<std::string>();
      chunk_->reserve(kChunk);
    }
    const std::size_t part = std::min(bytes.size(), kChunk - chunk_->size());
    chunk_->append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (chunk_->size() == kChunk) flush();
  }
  return {};
}

Result<void> Incoming::copy_from(const std::string& path,
                                 const std::function<void(std::int64_t)>& advance) {
  Files& files = context_.files;
  TREADLE_TRY(const OpenFile from, files.open_read(path));
  auto shared = files.clone(from, file_);
  if (!shared) return fail(cannot_write(context_, std::move(shared).error()));
  shared_ = *shared;
  std::int64_t offset = 0;
  while (true) {
    auto chunk = std::make_shared<std::string>();
    // A clone is read back rather than the file: it cannot change under our eyes.
    if (auto ok = files.read_at(shared_ ? file_ : from, offset, kChunk, *chunk); !ok) {
      return fail(std::move(ok).error().with_context("'" + path + "'"));
    }
    if (chunk->empty()) return {};
    offset += static_cast<std::int64_t>(chunk->size());
    const bool last = chunk->size() < kChunk;
    hasher_.update(chunk);
    advance(static_cast<std::int64_t>(chunk->size()));
    if (last) return {};
  }
}

Result<Blob> Incoming::hash() {
  flush();
  return hasher_.finish();
}

Result<bool> Incoming::place(const std::string& name) {
  if (context_.sync) {
    if (auto ok = context_.files.sync(file_); !ok) {
      return fail(cannot_write(context_, std::move(ok).error()));
    }
  }
  if (auto ok = context_.files.rename(path_, join_path(context_.singles(), name)); !ok) {
    if (ok.error().code == Errc::kNotFound) return false;
    return fail(cannot_write(context_, std::move(ok).error()));
  }
  path_.clear();
  return true;
}

}  // namespace treadle::blob
