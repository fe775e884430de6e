// Private to the room: where things are in a local store, and how large they may be.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/files.h>
#include <treadle/blob/store.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace treadle::blob {

inline constexpr std::size_t kInlineLimit = 16 * 1024;        // one blob in a row
inline constexpr std::size_t kInlineTotal = 64 * 1024;        // all of a batch; the rest is packed
inline constexpr std::size_t kPackLimit = 1024 * 1024;        // larger files stand alone
inline constexpr std::int64_t kPackSize = 128 * 1024 * 1024;  // a new pack beyond this
inline constexpr std::size_t kChunk = 1024 * 1024;            // read and written at a time

inline constexpr std::string_view kPackMagic = "TREADLE-PACK-01\n";
inline constexpr std::size_t kPackRecordHead =
    40;  // SHA-256, then the size in 8 bytes, little endian

// What the parts of a local store share. Lives as long as the store.
struct Context {
  db::Database& database;
  Files& files;
  Clock& clock;
  std::string folder;
  bool sync;
  bool read_only;

  std::string packs() const { return join_path(folder, "packs"); }
  std::string singles() const { return join_path(folder, "files"); }
  std::string temporary() const { return join_path(folder, "tmp"); }
};

// A digest as SQL keeps it, and back. The view lives as long as the digest.
template <class Digest>
std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
template <class Digest>
Digest digest_from(std::string_view bytes) {
  Digest out{};
  if (bytes.size() == out.size()) std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

// An error of writing into the store, with the cure that fits its code.
Error cannot_write(const Context& context, Error error);

// One row of blob_object: where content is.
struct Place {
  Blob blob;
  enum class Kind : std::uint8_t { kInline, kPack, kFile } kind = Kind::kInline;
  std::string file;  // path of the pack or file
  std::int64_t offset = 0;
  std::string content;  // kInline, when asked for
};
Result<std::optional<Place>> find_place(const Context& context, db::Session& session,
                                        const Sha256& blob, bool with_content);
// Reads and verifies what stands at a place. kCorrupt also when the file is gone.
Result<std::string> read_place(const Context& context, const Place& place, const OpenFile* open);
// Why the file of a place cannot be opened; one that is gone is kCorrupt.
Error unreadable(const Place& place, const Error& why);
// "blob 12ab... in /home/blobs/packs/x.pack at byte 56".
std::string describe(const Place& place);

}  // namespace treadle::blob
