// Files on disk into a batch: the reading and hashing half of LocalBatch.
#include "batch.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace treadle::blob {
namespace {

constexpr std::size_t kInlineUpToFiles = 16;  // more go into a pack together
constexpr std::size_t kSliceFiles = 256;
constexpr std::int64_t kSliceBytes = 4 * 1024 * 1024;
constexpr std::size_t kThreadsFromFiles = 64;
constexpr std::int64_t kThreadsFromBytes = 8 * 1024 * 1024;
constexpr unsigned kMostThreads = 4;

struct Slice {
  std::size_t begin;
  std::size_t end;
};

std::vector<Slice> slices_of(std::span<const SourceFile> files) {
  std::vector<Slice> out;
  std::size_t begin = 0;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    bytes += std::min<std::int64_t>(files[i].size, kPackLimit);
    if (i + 1 - begin < kSliceFiles && bytes < kSliceBytes) continue;
    out.push_back({begin, i + 1});
    begin = i + 1;
    bytes = 0;
  }
  if (begin < files.size()) out.push_back({begin, files.size()});
  return out;
}

std::size_t threads_for(std::span<const SourceFile> files, std::size_t slices) {
  std::int64_t bytes = 0;
  for (const SourceFile& file : files) bytes += file.size;
  if (files.size() < kThreadsFromFiles && bytes < kThreadsFromBytes) return 1;
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  return std::min<std::size_t>(cores, slices);
}

}  // namespace

Result<std::vector<Blob>> LocalBatch::add_files(std::span<const SourceFile> files) {
  std::vector<Blob> out(files.size());
  const std::vector<Slice> slices = slices_of(files);
  std::size_t unknown = 0;
  for (const SourceFile& file : files) {
    bytes_all_ += file.size;
    if (!file.known) ++unknown;
  }
  // With room for what comes beside the files, a manifest above all.
  rows_.reserve(rows_.size() + unknown + kInlineUpToFiles);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex error_mutex;
  std::optional<Error> error;
  const auto work = [&] {
    while (!stop) {
      const std::size_t i = next++;
      if (i >= slices.size()) return;
      const Slice slice = slices[i];
      const std::size_t count = slice.end - slice.begin;
      auto ok =
          add_slice(files.subspan(slice.begin, count), std::span(out).subspan(slice.begin, count),
                    files.size() <= kInlineUpToFiles);
      if (ok) continue;
      stop = true;
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::move(ok).error();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < threads_for(files, slices.size()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (error) return fail(*std::move(error));
  return out;
}

Result<void> LocalBatch::add_slice(std::span<const SourceFile> files, std::span<Blob> out,
                                   bool may_inline) {
  std::vector<std::optional<Hashed>> read(files.size());
  std::vector<Sha256> asked;
  std::vector<std::size_t> asked_for;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].known) {
      out[i] = *files[i].known;
    } else {
      TREADLE_TRY(read[i], read_small(files[i]));
      if (!read[i]) {
        TREADLE_TRY(out[i], add_large(files[i]));
        continue;
      }
      out[i] = read[i]->blob;
    }
    advance(files[i].known || read[i] ? out[i].size : 0);
    asked.push_back(out[i].sha256);
    asked_for.push_back(i);
  }
  if (asked.empty()) return {};
  TREADLE_TRY(const std::vector<bool> there, present(asked));
  for (std::size_t k = 0; k < asked.size(); ++k) {
    if (there[k] || is_pending(asked[k])) continue;
    const std::size_t i = asked_for[k];
    if (!read[i]) {  // a cache knew the digests, the store no longer has the content
      TREADLE_TRY(read[i], read_small(files[i]));
      if (!read[i]) {
        TREADLE_TRY(out[i], add_large(files[i]));
        continue;
      }
      out[i] = read[i]->blob;
    }
    TREADLE_CHECK(keep(out[i], read[i]->content, may_inline));
  }
  return {};
}

void LocalBatch::advance(std::int64_t bytes) {
  if (!progress_ || bytes == 0) return;
  const std::lock_guard lock(progress_mutex_);
  bytes_done_ += bytes;
  progress_(bytes_done_, bytes_all_);
}

// Nothing: the file is larger than what goes into a pack.
Result<std::optional<LocalBatch::Hashed>> LocalBatch::read_small(const SourceFile& file) const {
  if (file.size > static_cast<std::int64_t>(kPackLimit)) return std::nullopt;
  Hashed out;
  TREADLE_TRY(const OpenFile open, context_.files.open_read(file.path));
  // One byte more than expected shows the end of the file in one call.
  auto ok = context_.files.read_at(open, 0, static_cast<std::size_t>(file.size) + 1, out.content);
  if (!ok) return fail(std::move(ok).error().with_context("'" + file.path + "'"));
  if (static_cast<std::int64_t>(out.content.size()) >
      file.size) {  // it grew, or the hint was wrong
    ok = context_.files.read_at(open, 0, kPackLimit + 1, out.content);
    if (!ok) return fail(std::move(ok).error().with_context("'" + file.path + "'"));
    if (out.content.size() > kPackLimit) return std::nullopt;
  }
  out.blob = {sha256(out.content), md5(out.content), static_cast<std::int64_t>(out.content.size())};
  return out;
}

}  // namespace treadle::blob
