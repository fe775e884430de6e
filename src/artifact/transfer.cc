// Copying and exporting; import.cc is the way back.
#include "core.h"
#include "entry_blobs.h"
#include "export_document.h"
#include "filler.h"
#include "members.h"
#include "rows.h"
#include "tar.h"
#include <treadle/artifact/lineage.h>
#include <treadle/artifact/transfer.h>
#include <treadle/base/random.h>

#include <algorithm>

namespace treadle::artifact {
namespace {

Result<ExportDocument> document_of(Store& store, const Version& version) {
  ExportDocument out;
  out.version = version;
  TREADLE_TRY(out.code, code_of(store, version));
  TREADLE_TRY(out.manifest.entries, store.entries(version));
  return out;
}

class Progress {
 public:
  Progress(const TransferProgress& report, std::int64_t all) : report_(report), all_(all) {}
  void add(std::int64_t bytes) {
    done_ += bytes;
    if (report_) report_(done_, all_);
  }

 private:
  const TransferProgress& report_;
  std::int64_t done_ = 0;
  const std::int64_t all_;
};

Result<void> stream(blob::Reader& reader, const Version& version, const Entry& entry,
                    const blob::Sink& sink) {
  const auto blob = sha256_of(entry);
  if (!blob) {
    return fail(Errc::kCorrupt, "The manifest of " + version.text() +
                                    " does not say where the content of '" + entry.path + "' is.");
  }
  auto ok = reader.stream(*blob, sink);
  if (ok) return {};
  return fail(
      std::move(ok).error().with_context("The file '" + entry.path + "' of " + version.text()));
}

}  // namespace

namespace {

// The next version of the collection is numbered so, unless it has one of a higher number.
Result<void> continue_at(Core& core, const DraftSpec& spec, int index) {
  const ArtifactRef ref = core.with_defaults({spec.entity, spec.project, spec.collection, ""});
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(std::optional<CollectionRow> row,
                find_row(session, ref.entity, ref.project, ref.collection));
    if (!row) {
      TREADLE_TRY(row, insert_collection(session, ref, spec.type, CollectionKind::kSequence, "",
                                         core.clock.now()));
    }
    return run(session,
               "update artifact_collection set next_index = $1 where id = $2 and next_index < $1",
               [&](db::Statement& s) { s.bind(1, index).bind(2, row->id); });
  });
}

}  // namespace

Result<Logged> copy(Store& from, const Version& version, Store& to, const ArriveOptions& options) {
  TREADLE_TRY(const ExportDocument document, document_of(from, version));
  DraftSpec spec = spec_of(version, options);
  if (document.code) spec.code = std::make_shared<const CodeSource>(*document.code);
  TREADLE_TRY(Filler filler, Filler::open(to, spec, document.manifest, options.progress));
  const std::unique_ptr<blob::Reader> reader = from.blobs().reader();
  TREADLE_CHECK(reader->locate(blobs_of(document.manifest.entries)));
  for (const Entry& entry : document.manifest.entries) {
    if (!filler.needs(entry)) continue;
    TREADLE_CHECK(filler.add(
        entry, [&](const blob::Sink& sink) { return stream(*reader, version, entry, sink); }));
  }
  if (options.keep_number) TREADLE_CHECK(continue_at(to.core(), spec, version.index));
  return filler.commit();
}

Result<void> export_folder(Store& store, const Version& version, const std::string& folder,
                           const TransferProgress& progress) {
  Files& files = store.core().files;
  const auto there = files.list(folder);
  if (there && !there->empty()) {
    return fail(Errc::kAlreadyExists,
                "The folder '" + folder + "' is not empty. Export into a new one.");
  }
  if (!there && there.error().code != Errc::kNotFound) return fail(there.error());
  TREADLE_TRY(const ExportDocument document, document_of(store, version));
  const std::string root = absolute_path(folder);
  const std::string files_folder = join_path(root, "files");
  TREADLE_CHECK(files.make_folders(files_folder));
  Progress done(progress, version.size);
  TREADLE_CHECK(store.download(version, files_folder));
  done.add(version.size);
  // Last, so that a folder without it is seen to be a part only.
  return write_file_atomic(files, join_path(root, kExportName), export_text(document), true);
}

Result<void> export_archive(Store& store, const Version& version, const std::string& path,
                            const TransferProgress& progress) {
  Files& files = store.core().files;
  if (files.stat(path, false)) {
    return fail(Errc::kAlreadyExists,
                "There is a '" + path + "' already. Export under a new name.");
  }
  TREADLE_TRY(const ExportDocument document, document_of(store, version));
  const std::string part = path + ".part-" + to_hex(random_bytes(6));
  const auto write = [&]() -> Result<void> {
    TREADLE_TRY(OpenFile file, files.create(part));
    TarWriter tar(files, std::move(file), version.created);
    const std::string head = export_text(document);
    TREADLE_CHECK(tar.begin(kExportName, static_cast<std::int64_t>(head.size())));
    TREADLE_CHECK(tar.write(head));
    TREADLE_CHECK(tar.end_file());
    Progress done(progress, version.size);
    const std::unique_ptr<blob::Reader> reader = store.blobs().reader();
    TREADLE_CHECK(reader->locate(blobs_of(document.manifest.entries)));
    for (const Entry& entry : document.manifest.entries) {
      if (!entry.reference.empty()) continue;
      TREADLE_CHECK(tar.begin(kExportFiles + entry.path, entry.size));
      TREADLE_CHECK(stream(*reader, version, entry,
                           [&](std::string_view bytes) { return tar.write(bytes); }));
      TREADLE_CHECK(tar.end_file());
      done.add(entry.size);
    }
    TREADLE_CHECK(tar.finish());
    return files.rename(part, path);
  };
  auto ok = write();
  if (!ok) (void)files.remove(part);
  return ok;
}

}  // namespace treadle::artifact
