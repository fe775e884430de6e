#include "local_store.h"

#include "batch.h"
#include "reader.h"
#include "schema.h"

namespace treadle::blob {

std::unique_ptr<Batch> LocalStore::begin() {
  return std::make_unique<LocalBatch>(context_);
}

std::unique_ptr<Reader> LocalStore::reader() {
  return std::make_unique<LocalReader>(context_);
}

Result<std::string> LocalStore::read(db::Session& session, const Sha256& blob, std::int64_t limit) {
  TREADLE_TRY(const std::optional<Place> place, find_place(context_, session, blob, true));
  if (!place) {
    return fail(Errc::kNotFound, "There is no blob " + to_hex(blob) + " in the store.");
  }
  if (place->blob.size > limit) {
    return fail(Errc::kInvalidArgument, "The content has " + format_size(place->blob.size) +
                                            ", more than the " + format_size(limit) +
                                            " asked for at most. Download it to a file.");
  }
  return read_place(context_, *place, nullptr);
}

Result<std::vector<Sha256>> LocalStore::missing(std::span<const Sha256> blobs) {
  std::vector<Sha256> out;
  TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, missing(session, blobs));
    return {};
  }));
  return out;
}

Result<std::vector<Sha256>> LocalStore::missing(db::Session& session,
                                                std::span<const Sha256> blobs) {
  std::vector<Sha256> out;
  TREADLE_TRY(db::Statement * s, session.prepare("select 1 from blob_object where sha256 = $1"));
  for (const Sha256& blob : blobs) {
    s->bind_blob(1, view(blob));
    TREADLE_TRY(const bool found, s->step());
    if (!found) {
      out.push_back(blob);
      continue;
    }
    TREADLE_CHECK(s->run());
  }
  return out;
}

Result<std::vector<std::optional<Blob>>> LocalStore::find_md5(db::Session& session,
                                                              std::span<const Md5> digests) {
  std::vector<std::optional<Blob>> out(digests.size());
  TREADLE_TRY(db::Statement * s,
              session.prepare("select sha256, size, bad from blob_object where md5 = $1"));
  for (std::size_t i = 0; i < digests.size(); ++i) {
    s->bind_blob(1, view(digests[i]));
    int found = 0;
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      ++found;
      if (s->integer(2) == 0) out[i] = {digest_from<Sha256>(s->text(0)), digests[i], s->integer(1)};
    }
    if (found > 1) out[i].reset();  // which of them is meant cannot be told
  }
  return out;
}

Result<void> LocalStore::mark_bad(const Sha256& blob) {
  return context_.database.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare("update blob_object set bad = 1 where sha256 = $1"));
    s->bind_blob(1, view(blob));
    return s->run();
  });
}

Result<bool> LocalStore::is_damaged(db::Session& session) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select 1 from blob_object where bad = 1 limit 1"));
  return s->step();
}

Result<std::unique_ptr<BlobStore>> open_local_store(db::Database& database,
                                                    const std::string& folder,
                                                    const LocalOptions& options) {
  Context context{.database = database,
                  .files = options.files,
                  .clock = options.clock,
                  .folder = absolute_path(folder),
                  .sync = options.sync,
                  .read_only = options.read_only};
  TREADLE_CHECK(migrate_tables(database));  // reads only, when the tables are there
  if (!options.read_only) {
    bool created = false;
    for (const std::string& path : {context.packs(), context.singles(), context.temporary()}) {
      if (context.files.stat(path)) continue;
      if (auto ok = context.files.make_folders(path); !ok) {
        return fail(cannot_write(context, std::move(ok).error()));
      }
      created = true;
    }
    if (created && options.sync) {
      for (const std::string& path : {context.folder, parent_path(context.folder)}) {
        if (auto ok = context.files.sync_folder(path); !ok) {
          return fail(cannot_write(context, std::move(ok).error()));
        }
      }
    }
  }
  return std::make_unique<LocalStore>(std::move(context));
}

}  // namespace treadle::blob
