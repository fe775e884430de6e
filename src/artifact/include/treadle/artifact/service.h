// Artifacts as everything above the store sees them: log a version, find one, read its files. The
// seam with two implementations: the embedded store (store.h), and a server over HTTP (room client).
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/model/artifact_name.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::artifact {

// Time to live, in seconds from the making of a version; or one of these (W&B's numbers).
inline constexpr std::int64_t kTtlInherit = -1;  // as the collection says
inline constexpr std::int64_t kTtlNone = -2;     // kept until somebody deletes it

// Where the code that made a version came from.
struct CodeSource {
  std::string repository;  // URL of the remote, credentials removed; the folder when it has none
  std::string commit;      // hash; "" = nothing was committed yet
  std::string branch;      // "" = detached
  std::string folder;      // inside the repository, where the program ran; "" = its top
  // What was not committed, as `git diff --binary HEAD` says it, files not yet known to git
  // included; "" = all was.
  std::string diff;
  bool operator==(const CodeSource&) const = default;
};

// One file to go into a version. Exactly one of `bytes`, `file` and `reference` is meant, by
// `source`.
struct DraftEntry {
  enum class Source : std::uint8_t { kBytes, kFile, kReference };
  std::string path;  // inside the artifact; see check_entry_path
  Source source = Source::kBytes;
  std::string bytes;
  std::string file;              // path on disk; read while logging, in constant memory
  std::string reference;         // URI
  std::string reference_digest;  // kReference: what identifies the content (an ETag, a checksum)
  std::int64_t reference_size = -1;  // -1 = unknown
  std::string extra;  // JSON object text kept with the entry ("" = none): not part of the digest
};

// A folder whose files go below `prefix` ("" = top); see Draft::folder.
struct DraftFolder {
  std::string folder;
  std::string prefix;
};

struct Draft {
  std::string entity;      // "" = default
  std::string project;     // "" = default
  std::string collection;  // see check_artifact_name
  std::string type;        // "dataset", "model", ...
  std::string description;
  std::string metadata = "{}";       // JSON object text
  std::vector<std::string> aliases;  // beside "latest"
  std::vector<std::string> tags;     // see check_tag
  std::int64_t ttl_seconds = kTtlInherit;
  std::optional<std::int64_t> history_step;  // of the run that made it
  std::string run_id;                        // the run that made it; "" = made by hand
  std::shared_ptr<const CodeSource> code;    // null = unknown
  // Incremental: the version has what this one has, less `removed`, overlaid with what the draft
  // brings. The id of a version of any collection; 0 = begin empty.
  std::int64_t base = 0;
  std::vector<std::string> removed;  // paths, and folders with all below them
  // Equal content makes a new version all the same when what stands beside it in the entries' `extra`
  // differs: signatures by another key.
  bool extra_counts = false;
  std::vector<DraftEntry> entries;
  // A whole folder, entries below `folder_prefix` ("" = top): walked, hashed and packed in one go;
  // faster than one by one. Symlinks to files inside the folder are followed; those leading out of
  // it, sockets and devices are errors.
  std::string folder;
  std::string folder_prefix;
  std::vector<DraftFolder> more_folders;  // beside `folder`, in the same way
  // Called now and then with bytes read and bytes in all, from any thread, one call at a time.
  std::function<void(std::int64_t, std::int64_t)> progress;
};

// Everything about a draft but its content on disk. `ref`: its collection, with the place filled in.
Result<void> check_draft(const Draft& draft, const ArtifactRef& ref);

struct Version {
  std::int64_t id = 0;
  std::int64_t collection_id = 0;  // its own
  std::string entity;
  std::string project;
  std::string collection;
  std::string type;
  int index = 0;                     // 3 for v3
  std::vector<std::string> aliases;  // in its own collection, without vN
  std::vector<std::string> tags;     // in order
  std::string digest;                // lower-case hex: W&B's digest of the manifest
  std::string description;
  std::string metadata;   // JSON object text
  std::int64_t size = 0;  // bytes of all files
  std::int64_t file_count = 0;
  Micros created = 0;
  Micros updated = 0;                        // description, metadata, tags or TTL; else `created`
  std::int64_t ttl_seconds = kTtlInherit;    // its own
  std::int64_t ttl_effective = kTtlNone;     // what holds: its own or the collection's
  std::optional<std::int64_t> history_step;  // of the run that made it
  std::string run_id;                        // the run that made it, or ""
  std::string host = {};                     // URL of the server that has it; "" = the home
  std::string name() const;                  // "collection:v3"
  std::string text() const;                  // "entity/project/collection:v3"
  std::string address() const;               // text(), after the host where there is one
};

// What log() did.
struct Logged {
  Version version;
  // False: the content equals the latest version's, which is returned with the draft's aliases added; the
  // draft's description, metadata and run are not kept.
  bool created = false;
};

// What is not given stays as it is.
struct VersionEdit {
  std::optional<std::string> description;
  std::optional<std::string> metadata;  // JSON object text, the whole of it
  std::optional<std::int64_t> ttl_seconds;
  std::vector<std::string> tags_to_add;
  std::vector<std::string> tags_to_remove;
};

struct Entry {
  std::string path;
  std::string md5;        // base64, as in the manifest; for a reference: its digest
  std::string sha256;     // hex; "" for a reference
  std::int64_t size = 0;  // -1 = unknown (reference)
  std::string reference;  // URI, or ""
  std::string extra;      // JSON object text, or ""
};

// Thread-safe. Errors: kNotFound names what is missing and the nearest name; kCorrupt names the
// file.
class ArtifactService {
 public:
  virtual ~ArtifactService() = default;
  // Makes a version, or finds that the latest one is the same. All or nothing: a crash at any point
  // leaves the whole version or nothing visible. Version numbers of a collection are given in
  // order, never reused.
  virtual Result<Logged> log(const Draft& draft) = 0;
  // Nothing when no such version exists; an error only when looking failed.
  virtual Result<std::optional<Version>> find(const ArtifactRef& ref) = 0;
  // As find, with a kNotFound that suggests.
  virtual Result<Version> get(const ArtifactRef& ref) = 0;
  // Records that a run used a version (lineage).
  virtual Result<void> use(const Version& version, const std::string& run_id) = 0;
  // In order of path.
  virtual Result<std::vector<Entry>> entries(const Version& version) = 0;
  // One file's content, verified against its digest; for files up to `limit` bytes,
  // kInvalidArgument above.
  virtual Result<std::string> read(const Version& version, const std::string& path,
                                   std::int64_t limit = 1LL << 31) = 0;
  // Writes one file, or all, below `folder` (created), verified; atomic per file. Returns the paths
  // written.
  virtual Result<std::vector<std::string>> download(const Version& version,
                                                    const std::string& folder,
                                                    const std::string& only_path = {}) = 0;
};

}  // namespace treadle::artifact
