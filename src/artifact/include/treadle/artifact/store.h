// The embedded artifact store: collections, versions, aliases, lineage and garbage collection over
// a home's database and its blobs. What becomes visible, when, and what a crash leaves:
// docs/formats/artifacts.md.
#pragma once

#include <treadle/artifact/collection.h>
#include <treadle/artifact/manifest.h>
#include <treadle/artifact/service.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/db/database.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_set>

namespace treadle::blob {
class BlobStore;
struct Sha256Hash;
using BlobSet = std::unordered_set<Sha256, Sha256Hash>;
using Marker = std::function<Result<void>(db::Session&, BlobSet&)>;
}  // namespace treadle::blob

namespace treadle::artifact {

struct Core;  // private to the room: what the store and the handles over it share

struct StoreOptions {
  Files& files = real_files();
  Clock& clock = system_clock();
  std::string entity = "local";  // where a draft or reference names none
  std::string project = "default";
  // How much of a machine's death a version survives; nothing = as the database. kNormal: its files
  // are durable before it is visible, itself with the next durable commit: see flush().
  std::optional<db::Durability> durability = {};
  bool read_only = false;
};

// What is wrong in the store, one sentence each, and which versions it concerns.
struct Problem {
  std::string what;
  std::vector<std::string> used_by;  // "entity/project/collection:v3, file 'a/b'"
};
struct VerifyReport {
  std::int64_t blobs = 0;
  std::int64_t bytes = 0;
  std::int64_t versions = 0;
  std::vector<Problem> problems;  // empty: all is well
};
// Bytes done, bytes in all.
using VerifyProgress = std::function<void(std::int64_t, std::int64_t)>;

struct GcOptions {
  bool dry_run = false;
  // Versions whose time to live is over are deleted first. Kept all the same: what is linked into a
  // portfolio, and what has a protected alias.
  bool expire = true;
  // What is younger is left alone, because a writer may be about to name it.
  Micros grace = 24LL * 3600 * 1'000'000;
};
struct GcReport {
  std::vector<std::string> expired;  // Version::text() of versions deleted, their time being over
  std::int64_t drafts = 0;           // abandoned: opened a month ago and never committed
  std::int64_t blobs = 0;            // contents that no version has any more
  std::int64_t blob_bytes = 0;       // their size
  std::int64_t files = 0;            // files removed, leftovers of dead writers included
  std::int64_t file_bytes = 0;       // disk space given back
};

// Thread-safe; several processes may use one home. Holds no thread or open file between calls, so a
// process may fork after Database::close_for_fork().
class Store final : public ArtifactService {
 public:
  // Creates tables and folders on first use. `database` must outlive the store.
  static Result<std::unique_ptr<Store>> open(db::Database& database, const std::string& home_folder,
                                             const StoreOptions& options = {});
  ~Store() override;

  Result<Logged> log(const Draft& draft) override;
  Result<std::optional<Version>> find(const ArtifactRef& ref) override;
  Result<Version> get(const ArtifactRef& ref) override;
  Result<void> use(const Version& version, const std::string& run_id) override;
  Result<std::vector<Entry>> entries(const Version& version) override;
  Result<std::string> read(const Version& version, const std::string& path,
                           std::int64_t limit = 1LL << 31) override;
  Result<std::vector<std::string>> download(const Version& version, const std::string& folder,
                                            const std::string& only_path = {}) override;

  // Everything logged so far survives the loss of the machine when this returns.
  Result<void> flush();

  // In order of entity, project, name.
  Result<std::vector<Collection>> collections(const CollectionFilter& filter = {});
  // Of one collection, oldest first; the reference's version is ignored. kNotFound suggests.
  Result<std::vector<Version>> versions(const ArtifactRef& collection);

  // Version::text() of every version there is: which of many still exist, in one look.
  Result<std::unordered_set<std::string>> version_texts();
  // By collection ("local/default/model") when a run last used any of its versions; those that no run
  // ever used are left out.
  Result<std::map<std::string, Micros>> last_uses();

  // Of the version's own collection (others: Catalog). Moves or makes an alias; at every instant
  // exactly one version has it.
  Result<void> add_alias(const Version& version, const std::string& alias,
                         const ChangeOptions& options = {});
  // kNotFound when the version does not have it. `latest` cannot be removed.
  Result<void> remove_alias(const Version& version, const std::string& alias,
                            const ChangeOptions& options = {});
  // The version is gone at once, its number is never used again, its content goes with the next
  // gc(). With aliases other than `latest`, here or where it is linked, only when `with_aliases`.
  // `latest` moves to the newest one left; links go with it.
  Result<void> delete_version(const Version& version, bool with_aliases = false,
                              const ChangeOptions& options = {});

  // Lineage, in order of time. Deleted versions are left out.
  Result<std::vector<Version>> made_by(const std::string& run_id);
  Result<std::vector<Version>> used_by(const std::string& run_id);
  Result<std::vector<std::string>> users_of(const Version& version);  // run ids

  // Re-hashes all content and re-reads all manifests. Damaged content is remembered: logging the
  // same files again repairs it.
  Result<VerifyReport> verify(const VerifyProgress& progress = {});
  // Removes content no version has, and what dead writers left. Safe while others write.
  Result<GcReport> gc(const GcOptions& options = {});

  // The blobs below, for rooms that keep content of their own in the same home. What they keep must be named to gc(): each call makes
  // a new marker and asks it as blob::BlobStore::sweep() says.
  blob::BlobStore& blobs();
  void also_keep(std::function<blob::Marker()> make_marker);

  // For the handles over a store (Catalog, Registries, Drafts, ...).
  Core& core() { return *core_; }

 private:
  struct Gathered;

  explicit Store(std::unique_ptr<Core> core);

  Result<Gathered> gather(const Draft& draft);
  ArtifactRef place_of(const Draft& draft) const;
  Result<std::vector<Entry>> base_entries(const Draft& draft);
  Result<std::optional<Logged>> try_log(const Draft& draft, const Gathered& gathered,
                                        const std::vector<Entry>& base);
  Result<std::shared_ptr<const Manifest>> manifest_of(const Version& version);
  Result<void> expire(const GcOptions& options, GcReport& report);
  Result<GcReport> collect(const GcOptions& options);
  void forget_old_stat_caches();
  Error missing(const ArtifactRef& ref);
  Error unreadable(Error error, const Version& version, const Entry& entry);

  std::unique_ptr<Core> core_;
  std::vector<std::function<blob::Marker()>> also_kept_;

  // The manifest read last: entries(), read() and download() of one version come together.
  std::mutex cache_mutex_;
  Sha256 cached_sha256_{};
  std::shared_ptr<const Manifest> cached_;
};

}  // namespace treadle::artifact
