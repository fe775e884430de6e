// Opening, filling and reading drafts; drafts_commit.cc makes versions of them.
#include "checks.h"
#include "commit.h"
#include "draft_reach.h"
#include "draft_rows.h"
#include "entry_blobs.h"
#include "rows.h"
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/walk.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace treadle::artifact {
namespace {

Entry entry_of(std::string path, const blob::Blob& blob) {
  return {std::move(path), to_base64(blob.md5), to_hex(blob.sha256), blob.size, "", ""};
}

std::optional<Md5> md5_from(const std::string& base64) {
  const std::optional<std::string> bytes = from_base64(base64);
  Md5 out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

// Takes back what was found by digest alone and lies out of reach of the draft's project.
Result<void> keep_reachable(Core& core, db::Session& session, const DraftSpec& place,
                            std::vector<DraftItem>& items,
                            const std::vector<std::size_t>& indices) {
  std::vector<std::string> contents;
  for (const std::size_t i : indices) {
    if (!items[i].entry.sha256.empty()) contents.push_back(items[i].entry.sha256);
  }
  if (contents.empty()) return {};
  TREADLE_TRY(const auto reached, reachable(core, session, place, contents));
  for (const std::size_t i : indices) {
    Entry& entry = items[i].entry;
    if (!entry.sha256.empty() && !reached.contains(entry.sha256)) entry.sha256.clear();
  }
  return {};
}

// Fills in what the store knows of content that is named by MD5 only; with a `place`, what the place
// can reach. The paths of the rest.
Result<std::vector<std::string>> resolve(Core& core, db::Session& session,
                                         std::vector<DraftItem>& items, const DraftSpec* place) {
  std::vector<Md5> digests;
  std::vector<std::size_t> of;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Entry& entry = items[i].entry;
    if (!entry.reference.empty() || !entry.sha256.empty()) continue;
    const auto md5 = md5_from(entry.md5);
    if (!md5) {
      return fail(Errc::kInvalidArgument, "The digest '" + entry.md5 + "' of '" + entry.path +
                                              "' is not an MD5 in base64.");
    }
    digests.push_back(*md5);
    of.push_back(i);
  }
  TREADLE_TRY(const auto found, core.blobs->find_md5(session, digests));
  for (std::size_t k = 0; k < found.size(); ++k) {
    Entry& entry = items[of[k]].entry;
    if (!found[k] || (entry.size >= 0 && entry.size != found[k]->size)) continue;
    entry.sha256 = to_hex(found[k]->sha256);
  }
  if (place) TREADLE_CHECK(keep_reachable(core, session, *place, items, of));
  for (std::size_t k = 0; k < found.size(); ++k) {
    Entry& entry = items[of[k]].entry;
    if (entry.sha256.empty()) {
      unknown.push_back(entry.path);
    } else {
      entry.size = found[k]->size;
    }
  }
  return unknown;
}

Result<void> check_entry(const Entry& entry) {
  TREADLE_CHECK(check_entry_path(entry.path));
  TREADLE_CHECK(check_extra(entry.path, entry.extra));
  if (entry.reference.empty()) return {};
  return check_reference(entry.path, entry.reference, entry.md5);
}

bool is_same(const DraftItem& a, const DraftItem& b) {
  const auto parts = [](const DraftItem& i) {
    const Entry& e = i.entry;
    return std::tie(e.path, e.md5, e.sha256, e.size, e.reference, e.extra, i.removed);
  };
  return parts(a) == parts(b);
}

// The items, their content looked up; kNotFound names what the store does not have.
Result<std::vector<DraftItem>> known_items(Core& core, db::Session& session, std::int64_t draft,
                                           std::span<const Entry> entries, const DraftSpec* place) {
  std::vector<DraftItem> items;
  for (const Entry& entry : entries) {
    TREADLE_CHECK(check_entry(entry));
    items.push_back({entry, false});
    // A writer from outside names content by MD5 only; another digest of theirs proves nothing.
    if (place && entry.reference.empty()) items.back().entry.sha256.clear();
  }
  // Content this draft was given counts before anything else with its MD5.
  TREADLE_TRY(const std::vector<DraftItem> given, select_items(session, draft));
  std::map<std::string_view, const Entry*> by_md5;
  for (const DraftItem& item : given) {
    if (!item.entry.sha256.empty()) by_md5.emplace(item.entry.md5, &item.entry);
  }
  for (DraftItem& item : items) {
    if (!item.entry.reference.empty() || !item.entry.sha256.empty()) continue;
    const auto it = by_md5.find(item.entry.md5);
    if (it == by_md5.end()) continue;
    item.entry.sha256 = it->second->sha256;
    item.entry.size = it->second->size;
  }
  TREADLE_TRY(std::vector<std::string> unknown, resolve(core, session, items, place));
  std::vector<Entry> own;
  for (const DraftItem& item : items) own.push_back(item.entry);
  TREADLE_TRY(const std::vector<Sha256> absent, core.blobs->missing(session, blobs_of(own)));
  for (const Sha256& blob : absent) unknown.push_back("sha256 " + to_hex(blob));
  if (unknown.empty()) return items;
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(unknown.size(), 5); ++i) {
    list += (i == 0 ? "'" : ", '") + unknown[i] + "'";
  }
  return fail(Errc::kNotFound, "The store does not have the content of " + list +
                                   (unknown.size() > 5 ? " and more" : "") +
                                   ". Upload it before it is named.");
}

const DraftSpec* place_of(const DraftRow& row, Reach reach) {
  return reach == Reach::kProject ? &row.state.spec : nullptr;
}

}  // namespace

Drafts::Drafts(Store& store) : store_(store) {}

Result<DraftState> Drafts::open(const DraftSpec& given) {
  Core& core = store_.core();
  DraftSpec spec = given;
  const ArtifactRef ref = core.with_defaults({spec.entity, spec.project, spec.collection, ""});
  spec.entity = ref.entity;
  spec.project = ref.project;
  Draft draft;
  draft.type = spec.type;
  draft.description = spec.description;
  draft.metadata = spec.metadata;
  draft.aliases = spec.aliases;
  draft.tags = spec.tags;
  draft.ttl_seconds = spec.ttl_seconds;
  draft.run_id = spec.run_id;
  TREADLE_CHECK(check_draft(draft, ref));
  DraftState out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto row, find_row(session, ref.entity, ref.project, ref.collection));
    if (row) TREADLE_CHECK(check_fits(*row, spec.type));
    if (spec.base != 0) {
      TREADLE_TRY(const auto base, manifest_sha256_of(session, spec.base));
      if (!base) {
        return fail(Errc::kNotFound, "The version that '" + spec.collection +
                                         "' is to begin with does not exist (any more).");
      }
    }
    std::optional<std::int64_t> id;
    if (!spec.distributed_id.empty()) {
      TREADLE_TRY(id, find_integer(session,
                                   "select id from artifact_draft where state = 'PENDING' and "
                                   "entity = $1 and project = $2 and collection = $3 and "
                                   "distributed_id = $4",
                                   [&](db::Statement& s) {
                                     s.bind(1, ref.entity).bind(2, ref.project);
                                     s.bind(3, ref.collection).bind(4, spec.distributed_id);
                                   }));
    }
    const bool shared = id.has_value();
    if (!id) {
      TREADLE_TRY(id, insert_draft(session, spec, core.clock.now()));
    }
    if (!spec.client_id.empty()) {
      TREADLE_CHECK(run(session,
                        "insert into artifact_client (client_id, version_id) values ($1, $2) "
                        "on conflict (client_id) do update set version_id = excluded.version_id",
                        [&](db::Statement& s) { s.bind(1, spec.client_id).bind(2, *id); }));
    }
    TREADLE_TRY(const auto made, find_draft(session, *id));
    out = made->state;
    if (shared && out.spec.type != spec.type) {
      return fail(Errc::kInvalidArgument, "Another writer opened the draft '" +
                                              spec.distributed_id + "' of '" + ref.collection +
                                              "' with the type '" + out.spec.type + "', not '" +
                                              spec.type + "'. Give all writers one type.");
    }
    return {};
  }));
  return out;
}

Result<std::optional<DraftState>> Drafts::find(std::int64_t id) {
  std::optional<DraftState> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(auto row, find_draft(session, id));
    if (row) out = std::move(row->state);
    return {};
  }));
  return out;
}

Result<std::optional<std::int64_t>> Drafts::find_client(const std::string& client_id) {
  std::optional<std::int64_t> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out,
                find_integer(session, "select version_id from artifact_client where client_id = $1",
                             [&](db::Statement& s) { s.bind(1, client_id); }));
    return {};
  }));
  return out;
}

Result<void> Drafts::name_client(const std::string& client_id, std::int64_t id) {
  return store_.core().write([&](db::Session& session) -> Result<void> {
    return run(session,
               "insert into artifact_client (client_id, version_id) values ($1, $2) "
               "on conflict (client_id) do update set version_id = excluded.version_id",
               [&](db::Statement& s) { s.bind(1, client_id).bind(2, id); });
  });
}

Result<std::vector<DraftState>> Drafts::pending() {
  std::vector<DraftState> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s, session.prepare("select id from artifact_draft where "
                                                   "state = 'PENDING' order by id"));
    std::vector<std::int64_t> ids;
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      ids.push_back(s->integer(0));
    }
    for (const std::int64_t id : ids) {
      TREADLE_TRY(auto row, find_draft(session, id));
      if (row) out.push_back(std::move(row->state));
    }
    return {};
  }));
  return out;
}

Result<void> Drafts::put_bytes(std::int64_t draft, const std::string& path,
                               std::string_view bytes) {
  TREADLE_CHECK(check_entry_path(path));
  return put_into_draft(store_.core(), draft,
                        [&](blob::Batch& batch) -> Result<std::vector<DraftItem>> {
                          TREADLE_TRY(const blob::Blob blob, batch.add(bytes));
                          return std::vector<DraftItem>{{entry_of(path, blob), false}};
                        });
}

Result<void> Drafts::put_file(std::int64_t draft, const std::string& path,
                              const std::string& file) {
  TREADLE_CHECK(check_entry_path(path));
  Core& core = store_.core();
  return put_into_draft(core, draft, [&](blob::Batch& batch) -> Result<std::vector<DraftItem>> {
    TREADLE_TRY(const FileStat stat, core.files.stat(file));
    if (stat.kind != FileStat::Kind::kFile) {
      return fail(Errc::kInvalidArgument, "'" + file + "' is not a file.");
    }
    const blob::SourceFile source{absolute_path(file), stat.size, std::nullopt};
    TREADLE_TRY(const auto blobs, batch.add_files({&source, 1}));
    return std::vector<DraftItem>{{entry_of(path, blobs.at(0)), false}};
  });
}

Result<void> Drafts::put_folder(std::int64_t draft, const std::string& folder,
                                const std::string& prefix) {
  if (!prefix.empty()) TREADLE_CHECK(check_entry_path(prefix));
  Core& core = store_.core();
  return put_into_draft(core, draft, [&](blob::Batch& batch) -> Result<std::vector<DraftItem>> {
    TREADLE_TRY(const std::vector<FoundFile> found,
                walk(core.files, absolute_path(folder), core.home));
    std::vector<blob::SourceFile> sources;
    for (const FoundFile& file : found) sources.push_back({file.path, file.stat.size, {}});
    TREADLE_TRY(const auto blobs, batch.add_files(sources));
    std::vector<DraftItem> items;
    for (std::size_t i = 0; i < found.size(); ++i) {
      items.push_back(
          {entry_of(prefix.empty() ? found[i].entry : prefix + "/" + found[i].entry, blobs[i]),
           false});
    }
    return items;
  });
}

Result<void> Drafts::put_entries(std::int64_t draft, std::span<const Entry> entries, Reach reach) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const DraftRow row, get_pending(session, draft));
    TREADLE_TRY(const auto items, known_items(core, session, draft, entries, place_of(row, reach)));
    for (const DraftItem& item : items) TREADLE_CHECK(put_item(session, draft, item));
    return bump(session, draft);
  });
}

Result<void> Drafts::set_manifest(std::int64_t draft, const Manifest& manifest, Reach reach) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const DraftRow row, get_pending(session, draft));
    TREADLE_TRY(const auto items,
                known_items(core, session, draft, manifest.entries, place_of(row, reach)));
    // Most of it was announced just so: only what differs is written.
    TREADLE_TRY(const std::vector<DraftItem> before, select_items(session, draft));
    std::map<std::string_view, const DraftItem*> had;
    for (const DraftItem& item : before) had.emplace(item.entry.path, &item);
    for (const DraftItem& item : items) {
      const auto it = had.find(item.entry.path);
      const bool same = it != had.end() && is_same(*it->second, item);
      if (it != had.end()) had.erase(it);
      if (!same) TREADLE_CHECK(put_item(session, draft, item));
    }
    for (const auto& [path, item] : had) {
      TREADLE_CHECK(run(session,
                        "delete from artifact_draft_entry where draft_id = $1 and path = $2",
                        [&](db::Statement& s) { s.bind(1, draft).bind(2, path); }));
    }
    return bump(session, draft);
  });
}

Result<void> Drafts::remove(std::int64_t draft, const std::string& path) {
  Core& core = store_.core();
  TREADLE_CHECK(check_entry_path(path));
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const DraftRow row, get_pending(session, draft));
    std::vector<std::string> missing;
    TREADLE_TRY(const std::vector<Entry> all, draft_entries(core, session, row, missing));
    const auto has = [&](const Entry& entry) { return entry.path == path; };
    if (std::none_of(all.begin(), all.end(), has)) {
      return fail(Errc::kNotFound, "The draft has no file '" + path + "' to take out.");
    }
    DraftItem item;
    item.entry.path = path;
    item.removed = true;
    TREADLE_CHECK(put_item(session, draft, item));
    return bump(session, draft);
  });
}

Result<std::vector<bool>> Drafts::announce(std::int64_t draft, std::span<const AnnouncedFile> files,
                                           Reach reach) {
  Core& core = store_.core();
  std::vector<bool> needed(files.size());
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const DraftRow row, get_pending(session, draft));
    std::vector<DraftItem> items;
    for (const AnnouncedFile& file : files) {
      TREADLE_CHECK(check_entry_path(file.path));
      Entry entry{file.path, file.md5, "", file.size, "", ""};
      items.push_back({std::move(entry), false});
    }
    TREADLE_CHECK(resolve(core, session, items, place_of(row, reach)));
    for (std::size_t i = 0; i < items.size(); ++i) {
      needed[i] = items[i].entry.sha256.empty();
      TREADLE_CHECK(put_item(session, draft, items[i]));
    }
    return bump(session, draft);
  }));
  return needed;
}

namespace {

Result<void> check_announced(db::Session& session, std::int64_t draft, const std::string& md5) {
  TREADLE_TRY(
      const auto announced,
      find_integer(session, "select 1 from artifact_draft_entry where draft_id = $1 and md5 = $2",
                   [&](db::Statement& s) { s.bind(1, draft).bind(2, md5); }));
  if (announced) return {};
  return fail(Errc::kNotFound, "No file with the MD5 " + md5 + " was announced for the draft " +
                                   std::to_string(draft) + ". Announce it first.");
}

Error collected() {
  return {Errc::kBusy, "Content was collected during the upload. Upload it again."};
}

Result<void> finish_as(blob::Batch& batch, const blob::Blob& blob, const std::string& md5) {
  if (to_base64(blob.md5) != md5) {
    return fail(Errc::kCorrupt, "What was uploaded has the MD5 " + to_base64(blob.md5) + ", not " +
                                    md5 + " as announced. Upload it again.");
  }
  return batch.finish();
}

// `blob`, which the batch has, becomes the content of the files announced with this MD5.
Result<void> keep_announced(db::Session& session, std::int64_t draft, const std::string& md5,
                            const blob::Blob& blob, blob::Batch& batch) {
  TREADLE_TRY(const DraftSpec place, get_pending_place(session, draft));
  TREADLE_TRY(const bool recorded, batch.record(session));
  if (!recorded) return fail(collected());
  TREADLE_CHECK(
      run(session,
          "update artifact_draft_entry set sha256 = $1, size = $2 where "
          "draft_id = $3 and md5 = $4 and reference = '' and sha256 is null",
          [&](db::Statement& s) {
            s.bind_blob(1, {reinterpret_cast<const char*>(blob.sha256.data()), blob.sha256.size()});
            s.bind(2, blob.size).bind(3, draft).bind(4, md5);
          }));
  if (session.changes() == 0) TREADLE_CHECK(check_announced(session, draft, md5));
  TREADLE_CHECK(note_reach(session, place, blob.sha256));
  return bump(session, draft);
}

class DraftUpload final : public Upload {
 public:
  DraftUpload(Core& core, std::int64_t draft, std::string md5)
      : core_(core), draft_(draft), md5_(std::move(md5)), batch_(core.blobs->begin()) {}
  DraftUpload(Core& core, DraftSpec place)
      : core_(core), place_(std::move(place)), batch_(core.blobs->begin()) {}

  Result<void> open() {
    TREADLE_TRY(writer_, batch_->writer());
    return {};
  }
  Result<void> write(std::string_view bytes) override { return writer_->write(bytes); }

  Result<void> finish() override {
    TREADLE_CHECK(finish_content());
    return core_.write([&](db::Session& session) { return keep(session); });
  }
  void finish_grouped(std::function<void(Result<void>)> done) override {
    if (auto ok = finish_content(); !ok) return done(std::move(ok));
    core_.write_grouped([this](db::Session& session) { return keep(session); }, std::move(done));
  }
  const UploadedContent& content() const override { return content_; }

 private:
  Result<void> finish_content() {
    TREADLE_TRY(blob_, writer_->finish());
    content_ = {to_base64(blob_.md5), to_hex(blob_.sha256), blob_.size};
    return place_ ? batch_->finish() : finish_as(*batch_, blob_, md5_);
  }
  Result<void> keep(db::Session& session) {
    if (!place_) return keep_announced(session, draft_, md5_, blob_, *batch_);
    TREADLE_TRY(const bool recorded, batch_->record(session));
    if (!recorded) return fail(collected());
    return note_reach(session, *place_, blob_.sha256);
  }

  Core& core_;
  std::optional<DraftSpec> place_;  // comes before any draft
  UploadedContent content_;
  blob::Blob blob_;
  const std::int64_t draft_ = 0;
  const std::string md5_;
  std::unique_ptr<blob::Batch> batch_;
  std::unique_ptr<blob::Writer> writer_;
};

}  // namespace

Result<std::unique_ptr<Upload>> Drafts::upload(std::int64_t draft, const std::string& md5) {
  Core& core = store_.core();
  TREADLE_CHECK(core.check_writable());
  TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(get_pending_place(session, draft));
    return check_announced(session, draft, md5);
  }));
  auto out = std::make_unique<DraftUpload>(core, draft, md5);
  TREADLE_CHECK(out->open());
  return out;
}

Result<std::unique_ptr<Upload>> Drafts::upload_ahead(const std::string& entity,
                                                     const std::string& project) {
  Core& core = store_.core();
  TREADLE_CHECK(core.check_writable());
  DraftSpec place;
  place.entity = entity;
  place.project = project;
  auto out = std::make_unique<DraftUpload>(core, std::move(place));
  TREADLE_CHECK(out->open());
  return out;
}

Result<bool> Drafts::has_content(std::int64_t draft, const std::string& md5) {
  bool out = false;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto found,
                find_integer(session,
                             "select 1 from artifact_draft_entry where draft_id = $1 and md5 = $2 "
                             "and sha256 is not null",
                             [&](db::Statement& s) { s.bind(1, draft).bind(2, md5); }));
    out = found.has_value();
    return {};
  }));
  return out;
}

Result<std::vector<GivenContent>> Drafts::given(const std::string& entity, const Md5& md5) {
  Core& core = store_.core();
  std::vector<GivenContent> out;
  TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto blobs, core.blobs->find_md5(session, {&md5, 1}));
    if (!blobs.front()) return {};
    const Sha256& content = blobs.front()->sha256;
    TREADLE_TRY(db::Statement * s, session.prepare("select project from artifact_reach where "
                                                   "entity = $1 and sha256 = $2 order by project"));
    s->bind(1, entity);
    s->bind_blob(2, {reinterpret_cast<const char*>(content.data()), content.size()});
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      out.push_back({std::string(s->text(0)), to_hex(content)});
    }
  }));
  return out;
}

void Drafts::put_announced(std::int64_t draft, const std::string& md5, std::string_view bytes,
                           std::function<void(Result<void>)> done) {
  Core& core = store_.core();
  std::shared_ptr<blob::Batch> batch = core.blobs->begin();
  const auto blob = batch->add(bytes);
  if (!blob) return done(fail(blob.error()));
  if (auto ok = finish_as(*batch, *blob, md5); !ok) return done(std::move(ok));
  core.write_grouped(
      [draft, md5, blob = *blob, batch = std::move(batch)](db::Session& session) {
        return keep_announced(session, draft, md5, blob, *batch);
      },
      std::move(done));
}

Result<std::vector<Entry>> Drafts::entries(std::int64_t draft) {
  Core& core = store_.core();
  std::vector<Entry> out;
  TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const DraftRow row, get_pending(session, draft));
    std::vector<std::string> missing;
    TREADLE_TRY(out, draft_entries(core, session, row, missing));
    return {};
  }));
  return out;
}

Result<void> Drafts::abandon(std::int64_t draft) {
  return store_.core().write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto row, find_draft(session, draft));
    if (row && row->state.phase == DraftPhase::kAbandoned) return {};
    TREADLE_CHECK(get_pending(session, draft));
    TREADLE_CHECK(run(session, "delete from artifact_draft_entry where draft_id = $1",
                      [&](db::Statement& s) { s.bind(1, draft); }));
    return run(session, "update artifact_draft set state = 'ABANDONED' where id = $1",
               [&](db::Statement& s) { s.bind(1, draft); });
  });
}

}  // namespace treadle::artifact
