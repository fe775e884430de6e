// Exports on their way back into a store.
#include "core.h"
#include "export_document.h"
#include "filler.h"
#include "tar.h"
#include <treadle/artifact/transfer.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

namespace treadle::artifact {
namespace {

constexpr std::size_t kChunk = 1024 * 1024;
constexpr std::int64_t kLargestDocument = 1LL << 30;

Result<void> stream_file(Files& files, const OpenFile& file, std::int64_t offset, std::int64_t size,
                         const blob::Sink& sink) {
  std::string chunk;
  std::int64_t done = 0;
  while (done < size) {
    const auto want = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(kChunk), size - done));
    TREADLE_CHECK(files.read_at(file, offset + done, want, chunk));
    if (chunk.empty()) return fail(Errc::kCorrupt, "A file ends before its size says.");
    done += static_cast<std::int64_t>(chunk.size());
    TREADLE_CHECK(sink(chunk));
  }
  return {};
}

Result<Filler> open_filler(Store& store, const ExportDocument& document,
                           const ArriveOptions& options) {
  DraftSpec spec = spec_of(document.version, options);
  if (document.code) spec.code = std::make_shared<const CodeSource>(*document.code);
  return Filler::open(store, std::move(spec), document.manifest, options.progress);
}

const Entry* find_entry(const Manifest& manifest, std::string_view path) {
  const auto it =
      std::lower_bound(manifest.entries.begin(), manifest.entries.end(), path,
                       [](const Entry& entry, std::string_view p) { return entry.path < p; });
  return it != manifest.entries.end() && it->path == path ? &*it : nullptr;
}

std::string resolved_path(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? std::string(real.get()) : std::string();
}

Result<Logged> import_folder(Store& store, const std::string& folder,
                             const ArriveOptions& options) {
  Files& files = store.core().files;
  const auto text = read_file(files, join_path(folder, kExportName));
  if (!text) {
    return fail(Errc::kInvalidArgument,
                "The folder '" + folder + "' has no " + kExportName +
                    ": it is no export, or one that was not finished. To keep a folder of files, "
                    "put it.");
  }
  TREADLE_TRY(const ExportDocument document, parse_export(*text));
  TREADLE_TRY(Filler filler, open_filler(store, document, options));
  const std::string root = resolved_path(join_path(folder, "files"));
  for (const Entry& entry : document.manifest.entries) {
    if (!filler.needs(entry)) continue;
    const std::string path = join_path(root, entry.path);
    // A link could lead to what the importer may read and the sender may not.
    if (root.empty() || resolved_path(path) != path) {
      return fail(Errc::kCorrupt, "The file '" + entry.path + "' is not in '" + folder +
                                      "/files', or is a symbolic link.");
    }
    TREADLE_TRY(const FileStat stat, files.stat(path, false));
    if (stat.kind != FileStat::Kind::kFile) {
      return fail(Errc::kCorrupt, "'" + path + "' is not a regular file.");
    }
    TREADLE_TRY(const OpenFile file, files.open_read(path));
    TREADLE_CHECK(filler.add(entry, [&](const blob::Sink& sink) {
      return stream_file(files, file, 0, stat.size, sink);
    }));
  }
  return filler.commit();
}

Result<Logged> import_archive(Store& store, const std::string& path, const ArriveOptions& options) {
  Files& files = store.core().files;
  TREADLE_TRY(const OpenFile file, files.open_read(path));
  TarReader tar(files, file, path);
  const auto bad = [&](const std::string& why) {
    return fail(Errc::kCorrupt, "The archive '" + path + "' " + why);
  };
  TREADLE_TRY(const std::optional<TarMember> head, tar.next());
  if (!head || head->path != kExportName) {
    return bad("does not begin with " + std::string(kExportName) + ": it is no export.");
  }
  if (head->size > kLargestDocument) return bad("has a document that is too large.");
  std::string text;
  TREADLE_CHECK(files.read_at(file, head->offset, static_cast<std::size_t>(head->size), text));
  TREADLE_TRY(const ExportDocument document, parse_export(text));
  TREADLE_TRY(Filler filler, open_filler(store, document, options));
  std::set<std::string, std::less<>> seen;
  const std::string_view prefix = kExportFiles;
  while (true) {
    TREADLE_TRY(const std::optional<TarMember> member, tar.next());
    if (!member) break;
    const std::string_view name = member->path;
    if (!name.starts_with(prefix))
      return bad("has the member '" + member->path + "' outside files/.");
    const std::string entry_path(name.substr(prefix.size()));
    TREADLE_CHECK(check_entry_path(entry_path));
    const Entry* entry = find_entry(document.manifest, entry_path);
    if (entry == nullptr || !entry->reference.empty()) {
      return bad("has the member '" + member->path + "', which its manifest does not name.");
    }
    if (!seen.insert(entry_path).second) return bad("has the member '" + member->path + "' twice.");
    if (entry->size != member->size) {
      return bad("has the member '" + member->path + "' with another size than its manifest says.");
    }
    if (!filler.needs(*entry)) continue;
    TREADLE_CHECK(filler.add(*entry, [&](const blob::Sink& sink) {
      return stream_file(files, file, member->offset, member->size, sink);
    }));
  }
  for (const Entry& entry : document.manifest.entries) {
    if (!entry.reference.empty() || seen.contains(entry.path)) continue;
    return bad("ends before the member '" + std::string(prefix) + entry.path +
               "': it is a part only.");
  }
  return filler.commit();
}

}  // namespace

Result<Logged> import(Store& store, const std::string& path, const ArriveOptions& options) {
  TREADLE_TRY(const FileStat stat, store.core().files.stat(path));
  if (stat.kind == FileStat::Kind::kFolder) return import_folder(store, path, options);
  return import_archive(store, path, options);
}

}  // namespace treadle::artifact
