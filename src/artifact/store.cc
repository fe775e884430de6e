// Opening the store; finding and reading versions.
#include "core.h"
#include "members.h"
#include "rows.h"
#include "schema.h"
#include <treadle/artifact/store.h>
#include <treadle/base/suggest.h>
#include <treadle/blob/local_store.h>
#include <treadle/model/artifact_name.h>
#include <treadle/model/run.h>

#include <algorithm>

namespace treadle::artifact {
namespace {

constexpr std::string_view kIn = "c.entity = $1 and c.project = $2 and c.name = $3 and ";

}  // namespace

Store::Store(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Store::~Store() = default;

blob::BlobStore& Store::blobs() {
  return *core_->blobs;
}

Result<std::unique_ptr<Store>> Store::open(db::Database& database, const std::string& home_folder,
                                           const StoreOptions& options) {
  TREADLE_CHECK(migrate_tables(database));  // reads only, when the tables are there
  const db::Durability durability = options.durability.value_or(database.durability());
  const std::string home = absolute_path(home_folder);
  const blob::LocalOptions blob_options{.files = options.files,
                                        .clock = options.clock,
                                        .sync = durability != db::Durability::kOff,
                                        .read_only = options.read_only};
  TREADLE_TRY(auto blobs, blob::open_local_store(database, join_path(home, "blobs"), blob_options));
  return std::unique_ptr<Store>(new Store(std::unique_ptr<Core>(
      new Core{database, home, options.files, options.clock, options.entity, options.project,
               durability, options.read_only, std::move(blobs)})));
}

Result<void> Core::check_writable() const {
  if (!read_only) return {};
  return fail(Errc::kReadOnly, "The home '" + home +
                                   "' was opened for reading only. Open it for writing, or choose "
                                   "another home.");
}

Result<void> Core::write(const db::TransactionBody& body) const {
  TREADLE_CHECK(check_writable());
  return database.write(body, sync());
}

void Core::write_grouped(db::TransactionBody body, db::GroupedWrites::Done done) {
  if (auto writable = check_writable(); !writable) return done(std::move(writable));
  grouped.write(std::move(body), std::move(done));
}

Result<std::string> Core::document(const Sha256& sha256) const {
  std::string text;
  const auto body = [&](db::Session& session) -> Result<void> {
    TREADLE_TRY(text, blobs->read(session, sha256, kLargestManifest));
    return {};
  };
  auto ok = database.read(body);
  if (!ok && ok.error().code == Errc::kCorrupt) ok = database.read(body);
  if (!ok) return fail(std::move(ok).error());
  return text;
}

ArtifactRef Core::with_defaults(ArtifactRef ref) const {
  if (ref.entity.empty()) ref.entity = entity;
  if (ref.project.empty()) ref.project = project;
  return ref;
}

Result<std::optional<Version>> Store::find(const ArtifactRef& given) {
  if (!given.host.empty()) return std::nullopt;  // a server's
  const ArtifactRef ref = core_->with_defaults(given);
  std::optional<Version> out;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(std::optional<Membership> member, select_ref(session, ref));
    if (member) out = std::move(member->version);
    return {};
  }));
  return out;
}

Result<Version> Store::get(const ArtifactRef& ref) {
  TREADLE_TRY(std::optional<Version> version, find(ref));
  if (version) return *std::move(version);
  return fail(missing(core_->with_defaults(ref)));
}

// Why there is no such version, with the nearest name.
Error Store::missing(const ArtifactRef& ref) {
  if (!ref.host.empty()) {
    return {Errc::kNotFound, "'" + ref.text() + "' is kept by the server " + ref.host +
                                 ", not in this home. Read it with that host."};
  }
  const std::string place = ref.entity + "/" + ref.project;
  std::vector<std::string> collections;
  std::vector<std::string> aliases;
  std::vector<Version> versions;
  const auto looked = core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(collections,
                texts(session,
                      "select name from artifact_collection where entity = $1 and "
                      "project = $2 order by name",
                      [&](db::Statement& s) { s.bind(1, ref.entity).bind(2, ref.project); }));
    TREADLE_TRY(versions,
                select_versions(session, std::string(kIn) + "true order by v.version_index",
                                [&](db::Statement& s) {
                                  s.bind(1, ref.entity).bind(2, ref.project);
                                  s.bind(3, ref.collection);
                                }));
    return {};
  });
  if (!looked) return looked.error();
  if (std::find(collections.begin(), collections.end(), ref.collection) == collections.end()) {
    return {Errc::kNotFound,
            "There is no artifact '" + ref.collection + "' in " + place + "." +
                (collections.empty() ? std::string(" Nothing has been logged there yet.")
                                     : did_you_mean(ref.collection, collections))};
  }
  const std::string name = "'" + place + "/" + ref.collection + "'";
  if (versions.empty()) return {Errc::kNotFound, "Every version of " + name + " was deleted."};
  std::vector<std::string> names;
  for (const Version& version : versions) {
    names.insert(names.end(), version.aliases.begin(), version.aliases.end());
    names.push_back("v" + std::to_string(version.index));
  }
  std::string suggestion = is_version_name(ref.version) ? "" : did_you_mean(ref.version, names);
  if (suggestion.empty()) {
    suggestion = " It has " + std::to_string(versions.size()) +
                 (versions.size() == 1 ? " version, " : " versions, up to ") + names.back() + ".";
  }
  return {Errc::kNotFound, "The artifact " + name + " has no version or alias '" +
                               (ref.version.empty() ? "latest" : ref.version) + "'." + suggestion};
}

Result<std::shared_ptr<const Manifest>> Store::manifest_of(const Version& version) {
  std::optional<Sha256> sha256;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(sha256, manifest_sha256_of(session, version.id));
    return {};
  }));
  if (!sha256) {
    return fail(Errc::kNotFound, "The version " + version.text() + " no longer exists.");
  }
  {
    const std::lock_guard lock(cache_mutex_);
    if (cached_ && cached_sha256_ == *sha256) return cached_;
  }
  const auto text = core_->document(*sha256);
  auto manifest = text ? parse_manifest(*text) : fail(text.error());
  if (!manifest) {
    Error error = std::move(manifest).error();
    if (error.code == Errc::kCorrupt || error.code == Errc::kNotFound) {
      error.code = Errc::kCorrupt;  // the version promised it
      error.message += " Log the same content again to repair it.";
      if (!core_->read_only) (void)core_->blobs->mark_bad(*sha256);
    }
    return fail(std::move(error).with_context("The manifest of " + version.text()));
  }
  auto shared = std::make_shared<const Manifest>(*std::move(manifest));
  const std::lock_guard lock(cache_mutex_);
  cached_sha256_ = *sha256;
  cached_ = shared;
  return shared;
}

Result<std::vector<Entry>> Store::entries(const Version& version) {
  TREADLE_TRY(const std::shared_ptr<const Manifest> manifest, manifest_of(version));
  return manifest->entries;
}

Result<void> Store::use(const Version& version, const std::string& run_id) {
  TREADLE_CHECK(core_->check_writable());
  TREADLE_CHECK(check_run_id(run_id));
  return core_->database.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(collection_of(session, version));
    TREADLE_TRY(db::Statement * s,
                session.prepare("insert into artifact_use (version_id, run_id, used) values "
                                "($1, $2, $3) on conflict (version_id, run_id) do nothing"));
    s->bind(1, version.id).bind(2, run_id).bind(3, core_->clock.now());
    return s->run();
  });
}

}  // namespace treadle::artifact
