// Logging a version: gather what is to go in, put its bytes, commit.
#include "checks.h"
#include "commit.h"
#include "core.h"
#include "entry_blobs.h"
#include "stat_cache.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/store.h>
#include <treadle/artifact/walk.h>
#include <treadle/blob/store.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>

namespace treadle::artifact {

// What a draft names on disk.
struct Store::Gathered {
  std::vector<FoundFile> files;           // without their paths, which sources have
  std::vector<blob::SourceFile> sources;  // one for each of files
  std::string cache_file;
  bool all_known = true;  // every source's digests came from the cache
  Micros looked_at = 0;   // before the first was looked at
};

namespace {

constexpr int kMostAttempts = 10;
constexpr std::size_t kCacheFromFiles = 16;
constexpr std::int64_t kCacheFromBytes = 1024 * 1024;
std::vector<DraftFolder> folders_of(const Draft& draft) {
  std::vector<DraftFolder> folders;
  if (!draft.folder.empty()) folders.push_back({draft.folder, draft.folder_prefix});
  folders.insert(folders.end(), draft.more_folders.begin(), draft.more_folders.end());
  return folders;
}

Entry entry_of(std::string path, const blob::Blob& blob, std::string extra) {
  return {std::move(path), to_base64(blob.md5), to_hex(blob.sha256), blob.size, "",
          std::move(extra)};
}

// The manifest, given the blobs of the draft's kBytes entries and of the gathered files (kFile
// entries first, in their order, then the folder's).
Result<Manifest> manifest_for(const Draft& draft, const std::vector<Entry>& base,
                              const std::vector<FoundFile>& files,
                              const std::vector<blob::Blob>& bytes,
                              const std::vector<blob::Blob>& file_blobs) {
  std::vector<Entry> entries;
  entries.reserve(draft.entries.size() + files.size());
  std::size_t next_bytes = 0;
  std::size_t next_file = 0;
  for (const DraftEntry& entry : draft.entries) {
    switch (entry.source) {
      case DraftEntry::Source::kBytes:
        entries.push_back(entry_of(entry.path, bytes[next_bytes++], entry.extra));
        break;
      case DraftEntry::Source::kFile:
        entries.push_back(entry_of(entry.path, file_blobs[next_file++], entry.extra));
        break;
      case DraftEntry::Source::kReference:
        entries.push_back({entry.path, entry.reference_digest, "", entry.reference_size,
                           entry.reference, entry.extra});
        break;
    }
  }
  for (; next_file < files.size(); ++next_file) {
    entries.push_back(entry_of(files[next_file].entry, file_blobs[next_file], ""));
  }
  if (base.empty()) return make_manifest(std::move(entries));
  TREADLE_TRY(const Manifest own, make_manifest(std::move(entries)));
  return overlay(base, own);
}

Pending pending_for(const Draft& draft, const Manifest& manifest) {
  Pending out;
  out.draft = &draft;
  out.digest = manifest_digest(manifest);
  out.content_digest = content_digest(manifest);
  for (const Entry& entry : manifest.entries) {
    out.size += std::max<std::int64_t>(entry.size, 0);
    ++out.file_count;
  }
  return out;
}

}  // namespace

Result<Store::Gathered> Store::gather(const Draft& draft) {
  Gathered out;
  out.looked_at = core_->clock.now();
  for (const DraftEntry& entry : draft.entries) {
    if (entry.source != DraftEntry::Source::kFile) continue;
    FoundFile found{absolute_path(entry.file), entry.path, {}};
    TREADLE_TRY(found.stat, core_->files.stat(found.path));
    if (found.stat.kind != FileStat::Kind::kFile) {
      return fail(Errc::kInvalidArgument, "'" + entry.file + "' is not a file.");
    }
    out.files.push_back(std::move(found));
  }
  for (const DraftFolder& given : folders_of(draft)) {
    TREADLE_TRY(std::vector<FoundFile> found,
                walk(core_->files, absolute_path(given.folder), core_->home));
    if (!given.prefix.empty()) {
      for (FoundFile& file : found) file.entry = given.prefix + "/" + file.entry;
    }
    if (out.files.empty()) {
      out.files = std::move(found);
    } else {
      std::move(found.begin(), found.end(), std::back_inserter(out.files));
    }
  }
  std::int64_t bytes = 0;
  for (const FoundFile& file : out.files) bytes += file.stat.size;
  if (out.files.empty()) return out;
  StatCache cache;
  if (out.files.size() >= kCacheFromFiles || bytes >= kCacheFromBytes) {
    const std::string key =
        draft.folder.empty() ? out.files.front().path : absolute_path(draft.folder) + "/";
    out.cache_file = join_path(join_path(core_->home, "cache/stat"), to_hex(sha256(key)));
    cache = StatCache::load(core_->files, out.cache_file);
  }
  out.sources.reserve(out.files.size());
  for (FoundFile& file : out.files) {
    blob::SourceFile source{std::move(file.path), file.stat.size, std::nullopt};
    if (const blob::Blob* known = cache.find(source.path, file.stat)) source.known = *known;
    out.all_known = out.all_known && source.known;
    out.sources.push_back(std::move(source));
  }
  return out;
}

ArtifactRef Store::place_of(const Draft& draft) const {
  return core_->with_defaults({draft.entity, draft.project, draft.collection, ""});
}

// What an incremental draft begins with.
Result<std::vector<Entry>> Store::base_entries(const Draft& draft) {
  if (draft.base == 0) return std::vector<Entry>();
  TREADLE_TRY(const std::optional<Version> base, Catalog(*this).find_version(draft.base));
  if (!base) {
    return fail(Errc::kNotFound,
                "The version that '" + draft.collection +
                    "' is to begin with does not exist (any more). Begin with another one.");
  }
  TREADLE_TRY(std::vector<Entry> all, entries(*base));
  for (const std::string& path : draft.removed) {
    const auto gone = [&](const Entry& entry) {
      return entry.path == path || entry.path.starts_with(path + "/");
    };
    if (std::erase_if(all, gone) == 0) {
      return fail(Errc::kNotFound, "There is no file or folder '" + path + "' in " + base->text() +
                                       " to leave out.");
    }
  }
  return all;
}

Result<Logged> Store::log(const Draft& draft) {
  TREADLE_CHECK(core_->check_writable());
  TREADLE_CHECK(check_draft(draft, place_of(draft)));
  TREADLE_TRY(const std::vector<Entry> base, base_entries(draft));
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    TREADLE_TRY(const Gathered gathered, gather(draft));
    TREADLE_TRY(std::optional<Logged> logged, try_log(draft, gathered, base));
    if (logged) return *std::move(logged);
  }
  return fail(Errc::kBusy, "Garbage collection kept removing content while '" + draft.collection +
                               "' was being logged. Try again when it is done.");
}

// Nothing: content that was thought to be in the store was collected meanwhile.
Result<std::optional<Logged>> Store::try_log(const Draft& draft, const Gathered& gathered,
                                             const std::vector<Entry>& base) {
  const auto pending_with = [&](const Manifest& manifest) {
    Pending pending = pending_for(draft, manifest);
    pending.ref = place_of(draft);
    return pending;
  };
  // Whether the newest version is this already, aliases and all: then nothing need be written.
  const auto nothing_to_do = [&](const Pending& pending) -> Result<std::optional<Logged>> {
    std::optional<Version> same;
    TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const bool damaged, core_->blobs->is_damaged(session));
      if (damaged) return {};  // what was logged before may need to be put again
      TREADLE_TRY(same, find_same(session, pending));
      return {};
    }));
    if (!same || !has_names(*same, draft)) return std::nullopt;
    return Logged{*std::move(same), false};
  };

  const bool has_files = !gathered.files.empty();
  if (has_files && gathered.all_known) {
    std::vector<blob::Blob> bytes;
    for (const DraftEntry& entry : draft.entries) {
      if (entry.source != DraftEntry::Source::kBytes) continue;
      bytes.push_back(
          {sha256(entry.bytes), md5(entry.bytes), static_cast<std::int64_t>(entry.bytes.size())});
    }
    std::vector<blob::Blob> known;
    known.reserve(gathered.sources.size());
    for (const blob::SourceFile& source : gathered.sources) known.push_back(*source.known);
    TREADLE_TRY(const Manifest manifest, manifest_for(draft, base, gathered.files, bytes, known));
    TREADLE_TRY(std::optional<Logged> done, nothing_to_do(pending_with(manifest)));
    if (done) return done;
  }

  const std::unique_ptr<blob::Batch> batch = core_->blobs->begin();
  if (draft.progress) batch->on_progress(draft.progress);
  TREADLE_TRY(const std::vector<blob::Blob> file_blobs, batch->add_files(gathered.sources));
  std::vector<blob::Blob> bytes;
  for (const DraftEntry& entry : draft.entries) {
    if (entry.source != DraftEntry::Source::kBytes) continue;
    TREADLE_TRY(const blob::Blob blob, batch->add(entry.bytes));
    bytes.push_back(blob);
  }
  TREADLE_TRY(Manifest manifest, manifest_for(draft, base, gathered.files, bytes, file_blobs));
  Pending pending = pending_with(manifest);
  const auto remember = [&] {
    if (gathered.cache_file.empty() || gathered.all_known) return;
    std::vector<HashedFile> cached;
    cached.reserve(gathered.files.size());
    for (std::size_t i = 0; i < gathered.files.size(); ++i) {
      cached.push_back({gathered.sources[i].path, &gathered.files[i].stat, &file_blobs[i]});
    }
    // A cache that cannot be written only costs time.
    (void)StatCache::save(core_->files, gathered.cache_file, std::move(cached), gathered.looked_at);
  };
  if (has_files) {
    TREADLE_TRY(std::optional<Logged> done, nothing_to_do(pending));
    if (done) {
      remember();
      return done;
    }
  }
  TREADLE_CHECK(batch->rely_on(blobs_of(base)));
  TREADLE_TRY(const blob::Blob document, batch->add(manifest_text(manifest)));
  pending.manifest_sha256 = document.sha256;
  manifest = {};  // all there is to say of it is in `pending`
  if (draft.code && !draft.code->diff.empty()) {
    TREADLE_TRY(const blob::Blob diff, batch->add(draft.code->diff));
    pending.code_diff = diff.sha256;
  }
  TREADLE_CHECK(batch->finish());

  std::optional<Logged> logged;
  bool collected = false;
  const auto body = [&](db::Session& session) -> Result<void> {
    TREADLE_TRY(logged, commit(session, pending, *batch, core_->clock.now()));
    collected = !logged;
    if (collected) return fail(Errc::kBusy, "Content was collected meanwhile.");
    return {};
  };
  auto committed = core_->database.write(
      body, core_->durability == db::Durability::kFull ? db::Sync::kYes : db::Sync::kNo);
  if (collected) return std::nullopt;
  if (!committed) return fail(std::move(committed).error());
  remember();
  return logged;
}

}  // namespace treadle::artifact
