#include "artifact_upload.h"

#include <treadle/artifact/walk.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace treadle::client {
namespace {

using artifact::DraftEntry;

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kFilesPerThread = 64;
constexpr std::int64_t kBytesPerThread = 4 << 20;

Result<void> hash_file(UploadItem& item) {
  Files& files = real_files();
  TREADLE_TRY(const OpenFile file, files.open_read(item.file));
  const bool in_parts = item.entry.size >= kMultipartFrom;  // as it was found
  const std::int64_t part_size = part_size_for(item.entry.size);
  StreamHasher<Md5> whole;
  StreamHasher<Md5> part;
  std::string piece;
  std::int64_t at = 0;
  while (true) {
    std::size_t most = kPiece;
    if (in_parts) {
      most = static_cast<std::size_t>(std::min<std::int64_t>(kPiece, part_size - at % part_size));
    }
    TREADLE_CHECK(files.read_at(file, at, most, piece));
    if (piece.empty()) break;
    whole.update(piece);
    at += static_cast<std::int64_t>(piece.size());
    if (!in_parts) continue;
    part.update(piece);
    if (at % part_size == 0) item.part_md5s.push_back(to_hex(part.finish()));
  }
  if (in_parts && at % part_size != 0) item.part_md5s.push_back(to_hex(part.finish()));
  item.entry.size = at;
  item.entry.md5 = to_base64(whole.finish());
  return {};
}

Result<void> find_size(UploadItem& item) {
  TREADLE_TRY(const FileStat stat, real_files().stat(item.file));
  if (stat.kind != FileStat::Kind::kFile)
    return fail(Errc::kInvalidArgument, "'" + item.file + "' is not a file.");
  item.entry.size = stat.size;
  return {};
}

// Several threads where there is much to do; the first error is told.
Result<void> hash_all(std::vector<UploadItem>& items, std::int64_t bytes) {
  std::vector<UploadItem*> files;
  for (UploadItem& item : items) {
    if (!item.file.empty() && item.entry.md5.empty()) files.push_back(&item);
  }
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Result<void> outcome;
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      auto hashed = hash_file(*files[i]);
      if (hashed) continue;
      const std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(hashed);
      next = files.size();
    }
  };
  const bool much = files.size() > kFilesPerThread || (files.size() > 1 && bytes > kBytesPerThread);
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (unsigned i = 1; much && i < std::min(cores, 8U); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return outcome;
}

bool goes_ahead(const UploadItem& item) {
  return !item.file.empty() && item.entry.size >= kAheadFrom && item.entry.size < kMultipartFrom;
}

bool is_removed(const std::string& path, const std::vector<std::string>& removed) {
  return std::any_of(removed.begin(), removed.end(), [&](const std::string& gone) {
    return path == gone || path.starts_with(gone + "/");
  });
}

}  // namespace

std::int64_t part_size_for(std::int64_t size) {
  constexpr std::int64_t kMostParts = 10'000;
  constexpr std::int64_t kRound = 4096;
  if (size <= kMultipartChunk * kMostParts) return kMultipartChunk;
  const std::int64_t least = (size + kMostParts - 1) / kMostParts;
  return (least + kRound - 1) / kRound * kRound;
}

Result<Upload> prepare_upload(std::span<const DraftEntry> entries,
                              std::span<const artifact::DraftFolder> folders,
                              const SendAhead& send_ahead) {
  Upload upload;
  std::int64_t bytes = 0;
  for (const artifact::DraftFolder& folder : folders) {
    TREADLE_TRY(auto found, artifact::walk(real_files(), folder.folder, {}));
    for (artifact::FoundFile& file : found) {
      UploadItem item;
      item.entry.path = folder.prefix.empty() ? file.entry : join_path(folder.prefix, file.entry);
      item.file = std::move(file.path);
      item.entry.size = file.stat.size;
      bytes += file.stat.size;
      upload.items.push_back(std::move(item));
    }
  }
  for (const DraftEntry& given : entries) {
    UploadItem item;
    item.entry.path = given.path;
    item.entry.extra = given.extra;
    switch (given.source) {
      case DraftEntry::Source::kBytes:
        item.bytes = given.bytes;
        item.entry.md5 = to_base64(md5(given.bytes));
        item.entry.size = static_cast<std::int64_t>(given.bytes.size());
        break;
      case DraftEntry::Source::kFile:
        item.file = absolute_path(given.file);
        TREADLE_CHECK(find_size(item));
        bytes += item.entry.size;
        break;
      case DraftEntry::Source::kReference:
        item.entry.reference = given.reference;
        item.entry.md5 = given.reference_digest;
        item.entry.size = given.reference_size;
        break;
    }
    upload.items.push_back(std::move(item));
  }
  std::vector<UploadItem*> ahead;
  for (UploadItem& item : upload.items) {
    if (send_ahead && goes_ahead(item)) ahead.push_back(&item);
  }
  if (!ahead.empty()) TREADLE_CHECK(send_ahead(ahead));
  TREADLE_CHECK(hash_all(upload.items, bytes));
  return upload;
}

Result<void> add_base(Upload& upload, const artifact::Manifest& base,
                      const std::map<std::string, std::string>& birth_ids,
                      const std::vector<std::string>& removed) {
  std::set<std::string> own;
  for (const UploadItem& item : upload.items) own.insert(item.entry.path);
  for (const artifact::Entry& entry : base.entries) {
    if (own.contains(entry.path) || is_removed(entry.path, removed)) continue;
    UploadItem item;
    item.entry = entry;
    item.entry.sha256.clear();
    const auto birth = birth_ids.find(entry.path);
    if (birth != birth_ids.end()) item.birth_id = birth->second;
    if (item.birth_id.empty() && entry.reference.empty()) {
      return fail(Errc::kCorrupt, "The manifest of the version to begin with does not say where '" +
                                      entry.path + "' is kept.");
    }
    upload.items.push_back(std::move(item));
  }
  return {};
}

Result<void> complete(Upload& upload) {
  const auto path = [](const UploadItem& item) -> const std::string& { return item.entry.path; };
  std::stable_sort(upload.items.begin(), upload.items.end(),
                   [&](const auto& a, const auto& b) { return path(a) < path(b); });
  // make_manifest says what is wrong with paths; equal entries under one path become one.
  std::vector<artifact::Entry> entries;
  for (const UploadItem& item : upload.items) entries.push_back(item.entry);
  TREADLE_TRY(const artifact::Manifest manifest, artifact::make_manifest(std::move(entries)));
  const auto same = [&](const auto& a, const auto& b) { return path(a) == path(b); };
  upload.items.erase(std::unique(upload.items.begin(), upload.items.end(), same),
                     upload.items.end());
  upload.digest = artifact::manifest_digest(manifest);
  return {};
}

std::string manifest_document(const Upload& upload) {
  JsonWriter w;
  w.begin_object().field("version", 1).field("storagePolicy", "wandb-storage-policy-v1");
  w.key("storagePolicyConfig").begin_object().field("storageLayout", "V2").end_object();
  w.key("contents").begin_object();
  for (const UploadItem& item : upload.items) {
    const artifact::Entry& entry = item.entry;
    w.key(entry.path).begin_object().field("digest", entry.md5);
    if (!entry.reference.empty()) w.field("ref", entry.reference);
    if (entry.size >= 0) w.field("size", entry.size);
    if (entry.reference.empty()) w.field("birthArtifactID", item.birth_id);
    if (!entry.extra.empty() && entry.extra != "{}") w.key("extra").raw(entry.extra);
    w.end_object();
  }
  w.end_object().end_object();
  return std::move(w).str();
}

}  // namespace treadle::client
