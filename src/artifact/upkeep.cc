// Verifying everything, collecting garbage, making what was logged durable.
#include "core.h"
#include "entry_blobs.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/store.h>
#include <treadle/blob/store.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace treadle::artifact {
namespace {

constexpr std::int64_t kLargestReadable = 1LL << 30;
constexpr Micros kStatCacheLife = 30LL * 24 * 3600 * 1'000'000;
constexpr std::size_t kMostUsers = 20;  // named per problem

struct ManifestRow {
  std::int64_t version_id;
  std::string version;  // text()
  std::string digest;
  Sha256 sha256;
};

// Those above `after`, and those that were drafts: they had their ids long before they were versions.
Result<std::vector<ManifestRow>> manifest_rows(db::Session& session, std::int64_t after) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare("select v.id, c.entity, c.project, c.name, v.version_index, "
                      "v.digest, v.manifest_sha256 from artifact_version v "
                      "join artifact_collection c on c.id = v.collection_id "
                      "where (v.id > $1 or v.id in (select d.id from artifact_draft d where "
                      "d.state = 'COMMITTED')) and (v.state = 'COMMITTED' or v.id in "
                      "(select d.base_id from artifact_draft d where "
                      "d.state = 'PENDING')) order by v.id"));
  s->bind(1, after);
  std::vector<ManifestRow> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    ManifestRow row{s->integer(0), "", std::string(s->text(5)), {}};
    row.version = std::string(s->text(1)) + "/" + std::string(s->text(2)) + "/" +
                  std::string(s->text(3)) + ":v" + std::to_string(s->integer(4));
    const std::string_view sha256 = s->text(6);
    std::memcpy(row.sha256.data(), sha256.data(), std::min(sha256.size(), row.sha256.size()));
    out.push_back(std::move(row));
  }
}

// Problems by blob, in the order found, each with who uses it.
class Problems {
 public:
  void add(const Sha256& blob, std::string what) {
    if (of_.emplace(blob, out_.size()).second) out_.push_back({std::move(what), {}});
  }
  void add(std::string what) { out_.push_back({std::move(what), {}}); }
  void used(const Sha256& blob, const std::string& by) {
    const auto it = of_.find(blob);
    if (it == of_.end()) return;
    std::vector<std::string>& users = out_[it->second].used_by;
    if (users.size() < kMostUsers) {
      users.push_back(by);
    } else if (users.size() == kMostUsers) {
      users.emplace_back("... and more");
    }
  }
  std::vector<Problem> take() { return std::move(out_); }

 private:
  std::map<Sha256, std::size_t> of_;
  std::vector<Problem> out_;
};

}  // namespace

Result<VerifyReport> Store::verify(const VerifyProgress& progress) {
  VerifyReport report;
  TREADLE_TRY(const blob::Checked checked, core_->blobs->verify(progress));
  report.blobs = checked.blobs;
  report.bytes = checked.bytes;
  Problems problems;
  for (const blob::BadBlob& bad : checked.bad) problems.add(bad.blob.sha256, bad.problem);
  for (const blob::Blob& twin : checked.md5_collisions) {
    problems.add(twin.sha256, "The content with SHA-256 " + to_hex(twin.sha256) +
                                  " has the same MD5 as other content (" + to_base64(twin.md5) +
                                  "): somebody made it so. Do not trust W&B's digest to tell "
                                  "them apart.");
  }

  std::vector<ManifestRow> rows;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(rows, manifest_rows(session, 0));
    return {};
  }));
  for (const ManifestRow& row : rows) {
    ++report.versions;
    problems.used(row.sha256, row.version + ", its manifest");
    const auto text = core_->document(row.sha256);
    if (!text) {
      problems.add("The manifest of " + row.version + " cannot be read: " + text.error().message);
      continue;
    }
    const auto manifest = parse_manifest(*text);
    if (!manifest) {
      problems.add(row.version + ": " + manifest.error().message);
      continue;
    }
    if (manifest_digest(*manifest) != row.digest) {
      problems.add("The manifest of " + row.version + " does not have the version's digest " +
                   row.digest + ".");
    }
    std::vector<Sha256> named;
    std::vector<const Entry*> entries;
    for (const Entry& entry : manifest->entries) {
      const std::optional<Sha256> sha256 = sha256_of(entry);
      if (!sha256) continue;
      named.push_back(*sha256);
      entries.push_back(&entry);
    }
    TREADLE_TRY(const std::vector<Sha256> absent, core_->blobs->missing(named));
    for (const Sha256& blob : absent) {
      problems.add(blob, "The blob " + to_hex(blob) + " is not in the store.");
    }
    for (std::size_t i = 0; i < named.size(); ++i) {
      problems.used(named[i], row.version + ", file '" + entries[i]->path + "'");
    }
  }
  report.problems = problems.take();
  return report;
}

namespace {

// What drafts hold, and the diffs of code that versions name.
Result<void> mark_rows(db::Session& session, blob::BlobSet& used) {
  for (const char* sql :
       {"select sha256 from artifact_draft_entry where sha256 is not null",
        "select k.diff_sha256 from artifact_code k where k.diff_sha256 is not null and exists "
        "(select 1 from artifact_version v where v.code_id = k.id and v.state = 'COMMITTED')"}) {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      Sha256 digest{};
      const std::string_view bytes = s->text(0);
      std::memcpy(digest.data(), bytes.data(), std::min(bytes.size(), digest.size()));
      used.insert(digest);
    }
  }
  return {};
}

constexpr Micros kDay = 24LL * 3600 * 1'000'000;
constexpr Micros kDraftLife = 30 * kDay;

// Versions whose time is over, and that nothing keeps all the same.
Result<std::vector<Version>> select_expired(db::Session& session, Micros now) {
  return select_versions(
      session,
      "(case when v.ttl = -1 then c.ttl else v.ttl end) > 0 and v.created + "
      "(case when v.ttl = -1 then c.ttl else v.ttl end) * 1000000 <= $1 and not exists "
      "(select 1 from artifact_membership m where m.version_id = v.id) and not exists "
      "(select 1 from artifact_alias a join artifact_protected_alias p on p.alias = a.alias and "
      "p.entity = c.entity and p.project = c.project and (p.collection = '' or "
      "p.collection = c.name) where a.version_id = v.id) order by v.id",
      [&](db::Statement& s) { s.bind(1, now); });
}

Result<void> forget_drafts(db::Session& session, Micros now, GcReport& report) {
  const auto old = [&](db::Statement& s) { s.bind(1, now - kDraftLife); };
  TREADLE_CHECK(run(session,
                    "delete from artifact_draft_entry where draft_id in (select id from "
                    "artifact_draft where state = 'PENDING' and created <= $1)",
                    old));
  TREADLE_CHECK(run(session,
                    "update artifact_draft set state = 'ABANDONED' where state = 'PENDING' and "
                    "created <= $1",
                    old));
  report.drafts = session.changes();
  // Who commits again long after is told so by the version of the same id.
  return run(session,
             "delete from artifact_draft where state = 'COMMITTED' and version_id = id and "
             "created <= $1",
             [&](db::Statement& s) { s.bind(1, now - kDay); });
}

}  // namespace

Result<void> Store::expire(const GcOptions& options, GcReport& report) {
  const Micros now = core_->clock.now();
  const auto body = [&](db::Session& session) -> Result<void> {
    const ChangeOptions by{.by = "time to live"};
    TREADLE_TRY(const std::vector<Version> expired, select_expired(session, now));
    for (const Version& version : expired) {
      report.expired.push_back(version.text());
      if (options.dry_run) continue;
      TREADLE_CHECK(remove_version(session, {by, now}, version, true));
      TREADLE_CHECK(move_latest(session, version.collection_id, CollectionKind::kSequence));
    }
    if (options.dry_run) return {};
    return forget_drafts(session, now, report);
  };
  return options.dry_run ? core_->database.read(body) : core_->write(body);
}

// Of folders nobody has put for a month.
void Store::forget_old_stat_caches() {
  const std::string folder = join_path(core_->home, "cache/stat");
  const auto names = core_->files.list(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = join_path(folder, name);
    const auto stat = core_->files.stat(path, false);
    if (stat && stat->mtime_ns / 1000 < core_->clock.now() - kStatCacheLife)
      (void)core_->files.remove(path);
  }
}

Result<GcReport> Store::gc(const GcOptions& options) {
  if (!options.dry_run) TREADLE_CHECK(core_->check_writable());
  GcReport before;
  if (options.expire) TREADLE_CHECK(expire(options, before));
  auto report = collect(options);
  // Another collector may have moved a manifest while this one was about to read it.
  if (!report && report.error().code == Errc::kCorrupt) report = collect(options);
  if (!report) return report;
  report->expired = std::move(before.expired);
  report->drafts = before.drafts;
  return report;
}

Result<GcReport> Store::collect(const GcOptions& options) {
  std::int64_t seen = 0;
  std::vector<blob::Marker> others;
  for (const auto& make_marker : also_kept_) others.push_back(make_marker());
  const auto mark = [&](db::Session& session, blob::BlobSet& used) -> Result<void> {
    for (const blob::Marker& other : others) TREADLE_CHECK(other(session, used));
    TREADLE_CHECK(mark_rows(session, used));
    TREADLE_TRY(const std::vector<ManifestRow> rows, manifest_rows(session, seen));
    for (const ManifestRow& row : rows) {
      seen = std::max(seen, row.version_id);
      if (!used.insert(row.sha256).second) continue;  // the same document was read before
      auto text = core_->blobs->read(session, row.sha256, kLargestReadable);
      auto manifest = text ? parse_manifest(*text) : fail(std::move(text).error());
      if (!manifest) {
        return fail(std::move(manifest).error().with_context(
            "Nothing more was removed, because what " + row.version +
            " uses cannot be read. Delete that version, or repair it, and collect again"));
      }
      for (const Entry& entry : manifest->entries) {
        if (const auto sha256 = sha256_of(entry)) used.insert(*sha256);
      }
    }
    return {};
  };
  const blob::SweepOptions sweep{.dry_run = options.dry_run, .grace = options.grace};
  TREADLE_TRY(const blob::Swept swept, core_->blobs->sweep(mark, sweep));
  if (!options.dry_run) forget_old_stat_caches();
  GcReport report;
  report.blobs = swept.blobs;
  report.blob_bytes = swept.blob_bytes;
  report.files = swept.files;
  report.file_bytes = swept.file_bytes;
  return report;
}

void Store::also_keep(std::function<blob::Marker()> make_marker) {
  also_kept_.push_back(std::move(make_marker));
}

Result<void> Store::flush() {
  TREADLE_CHECK(core_->check_writable());
  // A durable commit makes all commits before it durable; it must change something to be one.
  return core_->database.write(
      [&](db::Session& session) -> Result<void> {
        TREADLE_TRY(db::Statement * s,
                    session.prepare("insert into artifact_flush (id, flushed) values (1, $1) "
                                    "on conflict (id) do update set flushed = excluded.flushed"));
        s->bind(1, core_->clock.now());
        return s->run();
      },
      db::Sync::kYes);
}

}  // namespace treadle::artifact
