#include "layout.h"

namespace treadle::blob {
namespace {

constexpr std::string_view kFind =
    "select o.md5, o.size, o.pack_offset, p.name, o.file from blob_object o "
    "left join blob_pack p on p.id = o.pack_id where o.sha256 = $1";
constexpr std::string_view kFindWithContent =
    "select o.md5, o.size, o.pack_offset, p.name, o.file, o.content from blob_object o "
    "left join blob_pack p on p.id = o.pack_id where o.sha256 = $1";

}  // namespace

Error cannot_write(const Context& context, Error error) {
  const std::string where = "the store in '" + context.folder + "'";
  switch (error.code) {
    case Errc::kDiskFull:
      error.message = "There is no space left for " + where + " (" + error.message +
                      "). Nothing was changed. Free some space, or run `treadle artifact gc`.";
      break;
    case Errc::kReadOnly:
    case Errc::kPermissionDenied:
      error.code = Errc::kReadOnly;
      error.message = "Cannot write to " + where + " (" + error.message +
                      "). Nothing was changed. Make the folder writable, or choose another home.";
      break;
    default:
      error.message = "Cannot write to " + where + ": " + error.message + ". Nothing was changed.";
  }
  return error;
}

Result<std::optional<Place>> find_place(const Context& context, db::Session& session,
                                        const Sha256& blob, bool with_content) {
  TREADLE_TRY(db::Statement * s, session.prepare(with_content ? kFindWithContent : kFind));
  s->bind_blob(1, view(blob));
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  Place place;
  place.blob = {blob, digest_from<Md5>(s->text(0)), s->integer(1)};
  if (!s->is_null(3)) {
    place.kind = Place::Kind::kPack;
    place.offset = s->integer(2);
    place.file = join_path(context.packs(), s->text(3));
  } else if (!s->is_null(4)) {
    place.kind = Place::Kind::kFile;
    place.file = join_path(context.singles(), s->text(4));
  } else if (with_content) {
    place.content = s->text(5);
  }
  TREADLE_CHECK(s->run());
  return place;
}

std::string describe(const Place& place) {
  std::string out = "blob " + to_hex(place.blob.sha256);
  if (place.kind == Place::Kind::kInline) return out + " in the database";
  out += " in '" + place.file + "'";
  if (place.kind == Place::Kind::kPack) out += " at byte " + std::to_string(place.offset);
  return out;
}

Error unreadable(const Place& place, const Error& why) {
  return {why.code == Errc::kNotFound ? Errc::kCorrupt : why.code,
          "Cannot read " + describe(place) + ": " + why.message + "."};
}

Result<std::string> read_place(const Context& context, const Place& place, const OpenFile* open) {
  std::string content;
  if (place.kind == Place::Kind::kInline) {
    content = place.content;
  } else {
    OpenFile own;
    if (open == nullptr) {
      auto file = context.files.open_read(place.file);
      if (!file) return fail(unreadable(place, file.error()));
      own = std::move(*file);
      open = &own;
    }
    if (auto ok = context.files.read_at(*open, place.offset,
                                        static_cast<std::size_t>(place.blob.size), content);
        !ok) {
      return fail(std::move(ok).error().with_context("Cannot read " + describe(place)));
    }
  }
  if (static_cast<std::int64_t>(content.size()) != place.blob.size ||
      sha256(content) != place.blob.sha256) {
    return fail(Errc::kCorrupt, "The stored bytes of " + describe(place) +
                                    " are not what was put there: the disk or another program "
                                    "changed them.");
  }
  return content;
}

}  // namespace treadle::blob
