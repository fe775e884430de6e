// Content for serving: small in memory, large as a part of an open file.
#include "local_store.h"

namespace treadle::blob {

Result<OpenBlob> LocalStore::open(const Sha256& blob) {
  // A file that is gone may have been rewritten by a sweep: the database knows where it went.
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::optional<Place> place;
    TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(place, find_place(context_, session, blob, true));
      return {};
    }));
    if (!place) {
      return fail(Errc::kNotFound, "There is no blob " + to_hex(blob) + " in the store.");
    }
    OpenBlob out;
    out.size = place->blob.size;
    if (place->kind == Place::Kind::kInline) {
      TREADLE_TRY(out.bytes, read_place(context_, *place, nullptr));
      return out;
    }
    auto file = context_.files.open_read(place->file);
    if (!file && file.error().code == Errc::kNotFound && attempt == 0) continue;
    if (!file) return fail(unreadable(*place, file.error()));
    out.file = std::make_shared<OpenFile>(*std::move(file));
    out.offset = place->offset;
    return out;
  }
  return fail(Errc::kNotFound, "There is no blob " + to_hex(blob) + " in the store.");
}

}  // namespace treadle::blob
