#include "reader.h"

namespace treadle::blob {
namespace {

tl::unexpected<Error> absent(const Sha256& blob) {
  return fail(Errc::kNotFound, "There is no blob " + to_hex(blob) + " in the store.");
}

}  // namespace

Result<void> LocalReader::locate(std::span<const Sha256> blobs) {
  return context_.database.read([&](db::Session& session) -> Result<void> {
    for (const Sha256& blob : blobs) {
      if (places_.contains(blob)) continue;
      TREADLE_TRY(std::optional<Place> place, find_place(context_, session, blob, false));
      // Inline content is fetched when it is read, so that memory stays constant.
      if (place && place->kind != Place::Kind::kInline) places_.emplace(blob, *std::move(place));
    }
    return {};
  });
}

Result<Place> LocalReader::place_of(const Sha256& blob, bool fresh) {
  if (!fresh) {
    if (const auto it = places_.find(blob); it != places_.end()) return it->second;
  }
  std::optional<Place> place;
  TREADLE_CHECK(context_.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(place, find_place(context_, session, blob, true));
    return {};
  }));
  if (!place) return absent(blob);
  return *std::move(place);
}

Result<const OpenFile*> LocalReader::open(const Place& place) {
  if (open_ && open_path_ == place.file) return &open_;
  auto file = context_.files.open_read(place.file);
  if (!file) return fail(std::move(file).error());
  open_ = std::move(*file);
  open_path_ = place.file;
  return &open_;
}

Result<std::string> LocalReader::read(const Sha256& blob, std::int64_t limit) {
  for (const bool fresh : {false, true}) {
    TREADLE_TRY(const Place place, place_of(blob, fresh));
    if (place.blob.size > limit) {
      return fail(Errc::kInvalidArgument, "The content has " + format_size(place.blob.size) +
                                              ", more than the " + format_size(limit) +
                                              " asked for at most. Download it to a file.");
    }
    if (place.kind == Place::Kind::kInline) return read_place(context_, place, nullptr);
    // A file that is gone may have been rewritten by a sweep: the database knows where it went.
    const auto file = open(place);
    if (!file && file.error().code == Errc::kNotFound && !fresh) continue;
    if (!file) return fail(unreadable(place, file.error()));
    return read_place(context_, place, *file);
  }
  return absent(blob);
}

Result<void> LocalReader::copy(const Sha256& blob, const std::string& path) {
  for (const bool fresh : {false, true}) {
    TREADLE_TRY(const Place place, place_of(blob, fresh));
    if (place.kind != Place::Kind::kInline && place.blob.size > static_cast<std::int64_t>(kChunk)) {
      const auto file = open(place);
      if (!file && file.error().code == Errc::kNotFound && !fresh) continue;
      if (!file) return fail(unreadable(place, file.error()));
      return copy_place(place, **file, path);
    }
    TREADLE_TRY(const std::string content, read(blob, place.blob.size));
    TREADLE_TRY(const OpenFile to, context_.files.create(path));
    if (auto ok = context_.files.write(to, content); !ok) {
      return fail(std::move(ok).error().with_context("'" + path + "'"));
    }
    return {};
  }
  return absent(blob);
}

Result<void> LocalReader::copy_place(const Place& place, const OpenFile& from,
                                     const std::string& path) {
  TREADLE_TRY(const OpenFile to, context_.files.create(path));
  ContentHasher hasher;
  std::string chunk;
  std::int64_t done = 0;
  while (done < place.blob.size) {
    const auto want = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(kChunk), place.blob.size - done));
    if (auto ok = context_.files.read_at(from, place.offset + done, want, chunk); !ok) {
      return fail(std::move(ok).error().with_context("Cannot read " + describe(place)));
    }
    if (chunk.empty()) break;
    hasher.update(chunk);
    done += static_cast<std::int64_t>(chunk.size());
    if (auto ok = context_.files.write(to, chunk); !ok) {
      return fail(std::move(ok).error().with_context("'" + path + "'"));
    }
  }
  if (done != place.blob.size || hasher.finish().sha256 != place.blob.sha256) {
    return fail(Errc::kCorrupt, "The stored bytes of " + describe(place) +
                                    " are not what was put there: the disk or another program "
                                    "changed them.");
  }
  return {};
}

}  // namespace treadle::blob
