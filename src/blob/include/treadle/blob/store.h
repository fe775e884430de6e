// Bytes by digest. The seam with two kinds of implementation: the local folder (local_store.h) and,
// later, object stores. Content is keyed by its SHA-256; the MD5 that W&B's protocol speaks stands
// beside it. The same MD5 with another SHA-256 is other content, stored apart.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace treadle::blob {

// What identifies content.
struct Blob {
  Sha256 sha256{};
  Md5 md5{};
  std::int64_t size = 0;  // bytes
  bool operator==(const Blob&) const = default;
};

struct Sha256Hash {
  std::size_t operator()(const Sha256& digest) const {
    std::size_t out = 0;
    std::memcpy(&out, digest.data(), sizeof(out));
    return out;
  }
};
using BlobSet = std::unordered_set<Sha256, Sha256Hash>;

// A file on disk to be kept.
struct SourceFile {
  std::string path;
  std::int64_t size = 0;  // as last seen; a hint
  // What a cache says the content is. Believed when the store has that content; else the file is
  // read.
  std::optional<Blob> known;
};

// See Batch::writer().
class Writer {
 public:
  virtual ~Writer() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Result<Blob> finish() = 0;
};

// Called now and then with bytes done and bytes in all, one call at a time.
using Progress = std::function<void(std::int64_t, std::int64_t)>;

// Content on its way in: first the bytes become durable, then the rows that name them are written
// in the caller's transaction. A batch that is dropped before record() removes what it wrote; a
// process that dies leaves files without rows, which sweep() collects.
class Batch {
 public:
  virtual ~Batch() = default;
  virtual Result<Blob> add(std::string_view bytes) = 0;
  // In the same order. Reads in constant memory, with several threads when there are many.
  virtual Result<std::vector<Blob>> add_files(std::span<const SourceFile> files) = 0;
  // What add_files() reads.
  virtual void on_progress(Progress progress) = 0;
  // Content that is in the store and must still be when this is recorded: kCorrupt when some is not.
  virtual Result<void> rely_on(std::span<const Sha256> blobs) = 0;
  // Content in pieces, of any length, in constant memory. At most one at a time; dropped before its
  // finish(), nothing was added.
  virtual Result<std::unique_ptr<Writer>> writer() = 0;
  // Nothing was added that the store did not have.
  virtual bool empty() const = 0;
  // After the last add: all of it is durable when this returns.
  virtual Result<void> finish() = 0;
  // After finish(), inside a write transaction. False, with nothing written: content this batch
  // relied on was collected meanwhile; roll back, and put it all again in a new batch.
  virtual Result<bool> record(db::Session& session) = 0;
};

using Sink = std::function<Result<void>(std::string_view)>;

// Reads many blobs faster than one by one. Single thread.
class Reader {
 public:
  virtual ~Reader() = default;
  // Learns where these are, in one transaction; others are looked up when read.
  virtual Result<void> locate(std::span<const Sha256> blobs) = 0;
  // The content, verified. kNotFound: not in the store. kCorrupt: what is stored is not what was
  // put. kInvalidArgument: larger than `limit` bytes.
  virtual Result<std::string> read(const Sha256& blob, std::int64_t limit) = 0;
  // Hands the content to `sink` piece by piece, in constant memory. Verified when this succeeds, and
  // not before: what the sink made of it must not be used after an error.
  virtual Result<void> stream(const Sha256& blob, const Sink& sink) = 0;
  // Writes the content to a new file at `path` (which must not exist), verified, in constant
  // memory. On an error a part of the file may be there: the caller removes it.
  virtual Result<void> copy(const Sha256& blob, const std::string& path) = 0;
};

// Content that can be read at any place for as long as this lives: in memory when it is small, else a
// part of an open file, not verified yet.
struct OpenBlob {
  std::string bytes;
  std::shared_ptr<OpenFile> file;  // null: it is in `bytes`
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

// Content that is missing or not what was put.
struct BadBlob {
  Blob blob;
  std::string problem;  // a sentence naming the file
};
struct Checked {
  std::int64_t blobs = 0;
  std::int64_t bytes = 0;
  std::vector<BadBlob> bad;
  // Contents that share their MD5 with other content: an attack, or a test.
  std::vector<Blob> md5_collisions;
};

struct SweepOptions {
  bool dry_run = false;
  // Younger content and files are left alone: a writer may be about to name them.
  Micros grace = 24LL * 3600 * 1'000'000;
};
struct Swept {
  std::int64_t blobs = 0;       // contents no longer named
  std::int64_t blob_bytes = 0;  // their size
  std::int64_t files = 0;       // files removed: packs, single files, leftovers of dead writers
  std::int64_t file_bytes = 0;  // disk space given back
  std::int64_t packs_rewritten = 0;  // packs that were mostly dead and are now smaller
};
// Adds every blob in use to the set, as the session sees it. Called once to begin with and again
// inside each deleting transaction, where only what came since need be added.
using Marker = std::function<Result<void>(db::Session&, BlobSet&)>;

// Thread-safe. Several processes may use one store.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual std::unique_ptr<Batch> begin() = 0;
  virtual std::unique_ptr<Reader> reader() = 0;
  // As Reader::read, inside the caller's transaction.
  virtual Result<std::string> read(db::Session& session, const Sha256& blob,
                                   std::int64_t limit) = 0;
  // For serving parts of it. kNotFound: not in the store.
  virtual Result<OpenBlob> open(const Sha256& blob) = 0;
  // Those of `blobs` that are not in the store.
  virtual Result<std::vector<Sha256>> missing(std::span<const Sha256> blobs) = 0;
  virtual Result<std::vector<Sha256>> missing(db::Session& session,
                                              std::span<const Sha256> blobs) = 0;
  // The content with this MD5, in the same order: nothing when there is none, when it is damaged, and
  // when several contents share it.
  virtual Result<std::vector<std::optional<Blob>>> find_md5(db::Session& session,
                                                            std::span<const Md5> digests) = 0;
  // Remembers that reading this failed with kCorrupt, so that putting it again replaces it.
  virtual Result<void> mark_bad(const Sha256& blob) = 0;
  // Whether verify() or mark_bad() found bad content that was not put again since.
  virtual Result<bool> is_damaged(db::Session& session) = 0;
  // Reads and re-hashes everything. Bad content is marked, so that putting it again replaces it.
  virtual Result<Checked> verify(const Progress& progress) = 0;
  // Removes what `mark` does not name.
  virtual Result<Swept> sweep(const Marker& mark, const SweepOptions& options) = 0;
};

}  // namespace treadle::blob
