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

template <class Small, class Large>
Result<void> LocalReader::with_content(const Sha256& blob, const Small& small, const Large& large) {
  for (const bool fresh : {false, true}) {
    TREADLE_TRY(const Place place, place_of(blob, fresh));
    if (place.kind != Place::Kind::kInline && place.blob.size > static_cast<std::int64_t>(kChunk)) {
      const auto file = open(place);
      if (!file && file.error().code == Errc::kNotFound && !fresh) continue;
      if (!file) return fail(unreadable(place, file.error()));
      return large(place, **file);
    }
    TREADLE_TRY(const std::string content, read(blob, place.blob.size));
    return small(content);
  }
  return absent(blob);
}

Result<void> LocalReader::stream(const Sha256& blob, const Sink& sink) {
  return with_content(blob, sink, [&](const Place& place, const OpenFile& file) {
    return stream_place(place, file, place.offset, sink);
  });
}

Result<void> LocalReader::copy(const Sha256& blob, const std::string& path) {
  return with_content(
      blob,
      [&](const std::string& content) -> Result<void> {
        TREADLE_TRY(const OpenFile to, context_.files.create(path));
        if (auto ok = context_.files.write(to, content); !ok) {
          return fail(std::move(ok).error().with_context("'" + path + "'"));
        }
        return {};
      },
      [&](const Place& place, const OpenFile& file) { return copy_place(place, file, path); });
}

Result<void> LocalReader::stream_place(const Place& place, const OpenFile& from,
                                       std::int64_t offset, const Sink& sink) const {
  StreamHasher<Sha256> hasher;
  std::string chunk;
  std::int64_t done = 0;
  while (done < place.blob.size) {
    const auto want = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(kChunk), place.blob.size - done));
    if (auto ok = context_.files.read_at(from, offset + done, want, chunk); !ok) {
      return fail(std::move(ok).error().with_context("Cannot read " + describe(place)));
    }
    if (chunk.empty()) break;
    hasher.update(chunk);
    done += static_cast<std::int64_t>(chunk.size());
    TREADLE_CHECK(sink(chunk));
  }
  if (done == place.blob.size && hasher.finish() == place.blob.sha256) return {};
  return fail(Errc::kCorrupt, "The stored bytes of " + describe(place) +
                                  " are not what was put there: the disk or another program "
                                  "changed them.");
}

Result<void> LocalReader::copy_place(const Place& place, const OpenFile& from,
                                     const std::string& path) const {
  TREADLE_TRY(const OpenFile to, context_.files.create(path));
  bool shared = false;
  if (place.kind == Place::Kind::kFile) {
    TREADLE_TRY(shared, context_.files.clone(from, to));
  }
  // A clone is checked as it lies there.
  if (shared) {
    return stream_place(place, to, 0, [](std::string_view) { return Result<void>(); });
  }
  return stream_place(place, from, place.offset, [&](std::string_view chunk) -> Result<void> {
    if (auto ok = context_.files.write(to, chunk); !ok) {
      return fail(std::move(ok).error().with_context("'" + path + "'"));
    }
    return {};
  });
}

}  // namespace treadle::blob
