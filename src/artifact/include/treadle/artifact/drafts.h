// Versions being built: in several calls, by several writers, over a network. Nobody sees a draft but
// who knows its id; committing makes it a version, all or nothing. What was put into a draft is
// durable at once and safe from garbage collection, so that an interrupted writer goes on where it
// stopped.
//
//   Drafts drafts(store);
//   TREADLE_TRY(DraftState d, drafts.open({.collection = "shards", .type = "dataset",
//                                          .distributed_id = "job-7"}));   // the same from each writer
//   TREADLE_CHECK(drafts.put_file(d.id, "part-3", "/tmp/part-3"));
//   TREADLE_TRY(Logged done, drafts.commit(d.id));
#pragma once

#include <treadle/artifact/manifest.h>
#include <treadle/artifact/store.h>
#include <treadle/base/digest.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

// What a draft begins with: the fields of Draft that describe, without content.
struct DraftSpec {
  std::string entity;   // "" = default
  std::string project;  // "" = default
  std::string collection;
  std::string type;
  std::string description;
  std::string metadata = "{}";
  std::vector<std::string> aliases;
  std::vector<std::string> tags;
  std::int64_t ttl_seconds = kTtlInherit;
  std::optional<std::int64_t> history_step;  // of the run
  std::string run_id;
  std::shared_ptr<const CodeSource> code;  // null = unknown
  // Content: what this version has, overlaid with what is put and less what is removed. The id of
  // the version; 0 = begin empty.
  std::int64_t base = 0;
  // Writers that give one id (and one collection) share one draft. "" = it is this writer's own.
  std::string distributed_id;
  // W&B's: names the draft, and the version it becomes, from before it has an id. "" = none.
  std::string client_id;
  bool extra_counts = false;  // as Draft::extra_counts
  // What the content will be, where the caller knows: commit fails with kCorrupt when it is not.
  std::string expected_digest;
};

enum class DraftPhase : std::uint8_t { kPending, kCommitted, kAbandoned };

struct DraftState {
  std::int64_t id = 0;  // the version's, once committed (see Logged)
  DraftPhase phase = DraftPhase::kPending;
  DraftSpec spec;               // entity and project filled in
  std::int64_t version_id = 0;  // kCommitted: the version it became, or was found equal to
  Micros created = 0;
};

// One file that will be put under its MD5, as W&B's protocol announces them.
struct AnnouncedFile {
  std::string path;
  std::string md5;         // base64
  std::int64_t size = -1;  // -1 = unknown
};

// What content a writer may name by its digest instead of sending it.
enum class Reach : std::uint8_t {
  kHome,     // all that the home has: who owns the home
  kProject,  // what the draft's project was given, or a version in its collection has: everybody else
};

// Content that a project was given.
struct GivenContent {
  std::string project;
  std::string sha256;  // hex
};

// What came, by its digests.
struct UploadedContent {
  std::string md5;     // base64
  std::string sha256;  // hex
  std::int64_t size = 0;
};

// Content that arrives in pieces: durable and verified when finish() returns, gone when dropped
// before. Single thread.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  // kCorrupt when the content does not have the MD5 that was announced.
  virtual Result<void> finish() = 0;
  // The same in one transaction with others that finish just then, while no thread waits: see
  // db::GroupedWrites. This is still here when `done` is called.
  virtual void finish_grouped(std::function<void(Result<void>)> done) = 0;
  // After finish().
  virtual const UploadedContent& content() const = 0;
};

// Thread-safe; each call is its own transaction.
class Drafts {
 public:
  explicit Drafts(Store& store);

  // Checks everything that can be checked before content is there: names, type, aliases, metadata.
  Result<DraftState> open(const DraftSpec& spec);
  Result<std::optional<DraftState>> find(std::int64_t id);
  // The draft's or version's id for a client id; nothing when it is not known.
  Result<std::optional<std::int64_t>> find_client(const std::string& client_id);
  // Makes a client id name a version that exists already.
  Result<void> name_client(const std::string& client_id, std::int64_t id);
  // Drafts that are neither committed nor abandoned, oldest first.
  Result<std::vector<DraftState>> pending();

  // A path put again is replaced, whoever put it first.
  Result<void> put_bytes(std::int64_t draft, const std::string& path, std::string_view bytes);
  Result<void> put_file(std::int64_t draft, const std::string& path, const std::string& file);
  Result<void> put_folder(std::int64_t draft, const std::string& folder,
                          const std::string& prefix = {});
  // Entries as a manifest has them: references, and files whose content is in the store (by sha256,
  // else by MD5 where that is unambiguous; kNotFound names those that are not).
  Result<void> put_entries(std::int64_t draft, std::span<const Entry> entries,
                           Reach reach = Reach::kHome);
  // Takes out an entry that was put, or that the base has.
  Result<void> remove(std::int64_t draft, const std::string& path);
  // The draft's own entries are replaced by this manifest's: a full list, where put_entries adds.
  Result<void> set_manifest(std::int64_t draft, const Manifest& manifest,
                            Reach reach = Reach::kHome);
  // Which files still have to be uploaded, in the same order: true = content unknown.
  Result<std::vector<bool>> announce(std::int64_t draft, std::span<const AnnouncedFile> files,
                                     Reach reach = Reach::kHome);
  // Content for announced files with this MD5 (base64).
  Result<std::unique_ptr<Upload>> upload(std::int64_t draft, const std::string& md5);
  // Content that comes before anybody says what it is for: drafts of the project may name it by its MD5.
  // Nothing names it yet, so that it is collected some time after when no draft does.
  Result<std::unique_ptr<Upload>> upload_ahead(const std::string& entity,
                                               const std::string& project);
  // Whether the content of announced files with this MD5 (base64) has come.
  Result<bool> has_content(std::int64_t draft, const std::string& md5);
  // Where drafts in projects of the entity were given content with this MD5: what W&B's older storage
  // layout (V1) asks for, which names no project.
  Result<std::vector<GivenContent>> given(const std::string& entity, const Md5& md5);
  // Content that is at hand, as by upload() and Upload::finish_grouped().
  void put_announced(std::int64_t draft, const std::string& md5, std::string_view bytes,
                     std::function<void(Result<void>)> done);

  // What the version will have, the base included.
  Result<std::vector<Entry>> entries(std::int64_t draft);
  // Makes it a version; again: the same answer. kNotFound names files that were announced and
  // never came.
  Result<Logged> commit(std::int64_t draft);
  // Nothing of it stays. Abandoned already is fine; committed is kInvalidArgument.
  Result<void> abandon(std::int64_t draft);

 private:
  Store& store_;
};

}  // namespace treadle::artifact
