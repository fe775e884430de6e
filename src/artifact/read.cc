// Content out of the store: into memory, or into a folder.
#include "core.h"
#include "entry_blobs.h"
#include "rows.h"
#include <treadle/artifact/reading.h>
#include <treadle/artifact/store.h>
#include <treadle/base/random.h>
#include <treadle/blob/store.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <span>
#include <thread>

namespace treadle::artifact {
namespace {

Result<Sha256> get_sha256(const Entry& entry) {
  if (const auto blob = sha256_of(entry)) return *blob;
  return fail(Errc::kCorrupt,
              "The manifest does not say where the content of '" + entry.path + "' is.");
}

constexpr std::size_t kSliceOfDownload = 64;

std::size_t threads_for_download(const std::vector<const Entry*>& wanted) {
  constexpr unsigned kMost = 4;
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, kMost);
  return std::min<std::size_t>(cores, wanted.size() / kSliceOfDownload);
}

}  // namespace

// Why a file of a version cannot be read. Damage is remembered.
Error Store::unreadable(Error error, const Version& version, const Entry& entry) {
  if (error.code == Errc::kNotFound) error.code = Errc::kCorrupt;  // the manifest promised it
  std::string cure;
  if (error.code == Errc::kCorrupt) {
    cure =
        " Log the same file again to repair it, and run `treadle artifact verify` to see what "
        "else is damaged.";
    const auto blob = sha256_of(entry);
    if (blob && !core_->read_only) (void)core_->blobs->mark_bad(*blob);
  }
  return {error.code, "Cannot read the file '" + entry.path + "' of " + version.text() + ": " +
                          error.message + cure};
}

Result<std::string> Store::read(const Version& version, const std::string& path,
                                std::int64_t limit) {
  TREADLE_TRY(const std::shared_ptr<const Manifest> manifest, manifest_of(version));
  TREADLE_TRY(const Entry* entry, find_entry(*manifest, version, path));
  TREADLE_TRY(const Sha256 sha256, get_sha256(*entry));
  auto content = core_->blobs->reader()->read(sha256, limit);
  if (!content) return fail(unreadable(std::move(content).error(), version, *entry));
  return content;
}

Result<std::vector<std::string>> Store::download(const Version& version, const std::string& folder,
                                                 const std::string& only_path) {
  TREADLE_TRY(const std::shared_ptr<const Manifest> manifest, manifest_of(version));
  std::vector<const Entry*> wanted;
  std::vector<Sha256> blobs;
  const auto want = [&](const Entry& entry) -> Result<void> {
    TREADLE_TRY(const Sha256 sha256, get_sha256(entry));
    wanted.push_back(&entry);
    blobs.push_back(sha256);
    return {};
  };
  if (!only_path.empty()) {
    TREADLE_TRY(const Entry* entry, find_entry(*manifest, version, only_path));
    TREADLE_CHECK(want(*entry));
  } else {
    for (const Entry& entry : manifest->entries) {
      if (entry.reference.empty()) TREADLE_CHECK(want(entry));
    }
  }

  const std::string root = absolute_path(folder);
  TREADLE_CHECK(core_->files.make_folders(root));
  EntryFolders folders(core_->files, root);
  for (const Entry* entry : wanted) {
    TREADLE_CHECK(check_entry_path(entry->path));
    const std::size_t slash = entry->path.rfind('/');
    if (slash != std::string::npos) {
      TREADLE_CHECK(folders.make(std::string_view(entry->path).substr(0, slash)));
    }
  }

  // Files are made by several threads: most of the time of a small one goes to the file system.
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex failed_mutex;
  std::optional<std::pair<std::size_t, Error>> failed;
  const auto fail_at = [&](std::size_t i, Error error) {
    stop = true;
    const std::lock_guard lock(failed_mutex);
    if (!failed || i < failed->first) failed.emplace(i, std::move(error));
  };
  const auto work = [&] {
    const std::unique_ptr<blob::Reader> reader = core_->blobs->reader();
    // A neighbour in the same folder, so that the rename is atomic; a random name, because the real
    // one with a suffix may be too long.
    const std::string suffix = ".part-" + to_hex(random_bytes(6));
    while (!stop) {
      const std::size_t begin = next.fetch_add(kSliceOfDownload);
      if (begin >= wanted.size()) return;
      const std::size_t end = std::min(begin + kSliceOfDownload, wanted.size());
      if (auto ok = reader->locate(std::span(blobs).subspan(begin, end - begin)); !ok) {
        return fail_at(begin, std::move(ok).error());
      }
      for (std::size_t i = begin; i < end && !stop; ++i) {
        const std::string target = join_path(root, wanted[i]->path);
        const std::string part = join_path(parent_path(target), suffix);
        auto ok = reader->copy(blobs[i], part);
        if (ok) ok = core_->files.rename(part, target);
        if (ok) continue;
        (void)core_->files.remove(part);
        return fail_at(i, unreadable(std::move(ok).error(), version, *wanted[i]));
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < threads_for_download(wanted); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failed) return fail(std::move(failed->second));

  std::vector<std::string> written;
  written.reserve(wanted.size());
  for (const Entry* entry : wanted) written.push_back(join_path(root, entry->path));
  return written;
}

}  // namespace treadle::artifact
