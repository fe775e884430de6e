#include "draft_rows.h"

#include "entry_blobs.h"
#include "rows.h"
#include <treadle/base/json.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cstring>

namespace treadle::artifact {
namespace {

namespace json = boost::json;

std::string spec_text(const DraftSpec& spec) {
  const auto list = [](const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
  };
  json::object out{{"type", spec.type},
                   {"description", spec.description},
                   {"metadata", spec.metadata},
                   {"aliases", list(spec.aliases)},
                   {"tags", list(spec.tags)},
                   {"ttl_seconds", spec.ttl_seconds},
                   {"run_id", spec.run_id},
                   {"client_id", spec.client_id},
                   {"expected_digest", spec.expected_digest}};
  if (spec.extra_counts) out["extra_counts"] = true;
  if (spec.history_step) out["history_step"] = *spec.history_step;
  if (spec.code) {
    out["code"] = json::array{spec.code->repository, spec.code->commit, spec.code->branch,
                              spec.code->folder, spec.code->diff};
  }
  return json::serialize(out);
}

void read_spec(std::string_view text, DraftSpec& spec) {
  const json::object in = json::parse(text).as_object();
  const auto string = [&](const char* key) { return std::string(in.at(key).as_string()); };
  const auto list = [&](const char* key) {
    std::vector<std::string> out;
    for (const json::value& each : in.at(key).as_array()) out.emplace_back(each.as_string());
    return out;
  };
  spec.type = string("type");
  spec.description = string("description");
  spec.metadata = string("metadata");
  spec.aliases = list("aliases");
  spec.tags = list("tags");
  spec.ttl_seconds = in.at("ttl_seconds").as_int64();
  spec.run_id = string("run_id");
  spec.client_id = string("client_id");
  spec.expected_digest = string("expected_digest");
  spec.extra_counts = in.contains("extra_counts");
  if (const json::value* step = in.if_contains("history_step"))
    spec.history_step = step->as_int64();
  if (const json::value* code = in.if_contains("code")) {
    const auto part = [&](std::size_t i) {
      return std::string(code->as_array().at(i).as_string());
    };
    spec.code =
        std::make_shared<const CodeSource>(CodeSource{part(0), part(1), part(2), part(3), part(4)});
  }
}

std::string_view blob_view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

constexpr int kMostPuts = 10;

}  // namespace

Result<std::optional<DraftRow>> find_draft(db::Session& session, std::int64_t id) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select entity, project, collection, state, revision, base_id, "
                              "version_id, distributed_id, spec, created from artifact_draft "
                              "where id = $1"));
  s->bind(1, id);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  DraftRow row;
  row.state.id = id;
  DraftSpec& spec = row.state.spec;
  read_spec(s->text(8), spec);
  spec.entity = s->text(0);
  spec.project = s->text(1);
  spec.collection = s->text(2);
  row.state.phase = s->text(3) == "PENDING"     ? DraftPhase::kPending
                    : s->text(3) == "COMMITTED" ? DraftPhase::kCommitted
                                                : DraftPhase::kAbandoned;
  row.revision = s->integer(4);
  spec.base = s->integer(5);
  row.state.version_id = s->integer(6);
  spec.distributed_id = s->text(7);
  row.state.created = s->integer(9);
  TREADLE_CHECK(s->run());
  return row;
}

Result<DraftRow> get_pending(db::Session& session, std::int64_t id) {
  TREADLE_TRY(std::optional<DraftRow> row, find_draft(session, id));
  if (!row) {
    return fail(Errc::kNotFound, "There is no draft with the id " + std::to_string(id) + ".");
  }
  if (row->state.phase == DraftPhase::kPending) return *std::move(row);
  return fail(
      Errc::kInvalidArgument,
      "The draft " + std::to_string(id) + " of '" + row->state.spec.collection + "' is " +
          (row->state.phase == DraftPhase::kCommitted ? "committed: it cannot change any more."
                                                      : "abandoned.") +
          " Open a new one.");
}

Result<DraftSpec> get_pending_place(db::Session& session, std::int64_t id) {
  TREADLE_TRY(db::Statement * s, session.prepare("select entity, project, collection from "
                                                 "artifact_draft where id = $1 and state = "
                                                 "'PENDING'"));
  s->bind(1, id);
  TREADLE_TRY(const bool found, s->step());
  if (!found) {
    TREADLE_TRY(DraftRow row, get_pending(session, id));  // says why not
    return std::move(row.state.spec);
  }
  DraftSpec place;
  place.entity = s->text(0);
  place.project = s->text(1);
  place.collection = s->text(2);
  TREADLE_CHECK(s->run());
  return place;
}

Result<std::int64_t> insert_draft(db::Session& session, const DraftSpec& spec, Micros now) {
  TREADLE_TRY(db::Statement * s,
              session.prepare(
                  "insert into artifact_draft (id, entity, project, collection, state, revision, "
                  "base_id, version_id, distributed_id, spec, created) select coalesce((select "
                  "max(id) from (select max(id) as id from artifact_version union all select "
                  "max(id) from artifact_draft) ids), 0) + 1, $1, $2, $3, 'PENDING', 0, $4, 0, $5, "
                  "$6, $7 returning id"));
  const std::string text = spec_text(spec);
  s->bind(1, spec.entity).bind(2, spec.project).bind(3, spec.collection).bind(4, spec.base);
  s->bind(5, spec.distributed_id).bind(6, text).bind(7, now);
  TREADLE_CHECK(s->step());
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  return id;
}

Result<void> put_item(db::Session& session, std::int64_t draft, const DraftItem& item) {
  const std::optional<Sha256> blob = sha256_of(item.entry);
  return run(session,
             "insert into artifact_draft_entry (draft_id, path, md5, sha256, size, reference, "
             "extra, removed) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (draft_id, path) "
             "do update set md5 = excluded.md5, sha256 = excluded.sha256, size = excluded.size, "
             "reference = excluded.reference, extra = excluded.extra, removed = excluded.removed",
             [&](db::Statement& s) {
               s.bind(1, draft).bind(2, item.entry.path).bind(3, item.entry.md5);
               blob ? s.bind_blob(4, blob_view(*blob)) : s.bind_null(4);
               s.bind(5, item.entry.size).bind(6, item.entry.reference).bind(7, item.entry.extra);
               s.bind(8, item.removed ? 1 : 0);
             });
}

Result<std::vector<DraftItem>> select_items(db::Session& session, std::int64_t draft) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select path, md5, sha256, size, reference, extra, removed from "
                              "artifact_draft_entry where draft_id = $1 order by path"));
  s->bind(1, draft);
  std::vector<DraftItem> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    DraftItem item;
    item.entry.path = s->text(0);
    item.entry.md5 = s->text(1);
    if (!s->is_null(2)) item.entry.sha256 = to_hex(s->text(2));
    item.entry.size = s->integer(3);
    item.entry.reference = s->text(4);
    item.entry.extra = s->text(5);
    item.removed = s->integer(6) != 0;
    out.push_back(std::move(item));
  }
}

Result<void> bump(db::Session& session, std::int64_t draft) {
  return run(session, "update artifact_draft set revision = revision + 1 where id = $1",
             [&](db::Statement& s) { s.bind(1, draft); });
}

Result<void> put_into_draft(Core& core, std::int64_t draft, const FillBatch& fill) {
  TREADLE_CHECK(core.check_writable());
  TREADLE_CHECK(core.database.read([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(get_pending(session, draft));
    return {};
  }));
  for (int attempt = 0; attempt < kMostPuts; ++attempt) {
    const std::unique_ptr<blob::Batch> batch = core.blobs->begin();
    TREADLE_TRY(const std::vector<DraftItem> items, fill(*batch));
    TREADLE_CHECK(batch->finish());
    bool recorded = false;
    auto done = core.write([&](db::Session& session) -> Result<void> {
      TREADLE_CHECK(get_pending(session, draft));
      TREADLE_TRY(recorded, batch->record(session));
      if (!recorded) return fail(Errc::kBusy, "Content was collected meanwhile.");
      for (const DraftItem& item : items) TREADLE_CHECK(put_item(session, draft, item));
      return bump(session, draft);
    });
    if (done) return {};
    if (done.error().code != Errc::kBusy || recorded) return done;
  }
  return fail(Errc::kBusy,
              "Garbage collection kept removing content while a draft was being filled. Try again "
              "when it is done.");
}

Result<std::vector<Entry>> draft_entries(Core& core, db::Session& session, const DraftRow& row,
                                         std::vector<std::string>& missing) {
  TREADLE_TRY(const std::vector<DraftItem> items, select_items(session, row.state.id));
  std::vector<Entry> base;
  if (row.state.spec.base != 0) {
    TREADLE_TRY(db::Statement * s,
                session.prepare("select manifest_sha256 from artifact_version where id = $1"));
    s->bind(1, row.state.spec.base);
    TREADLE_TRY(const bool found, s->step());
    if (!found) return fail(Errc::kNotFound, "The version that a draft begins with is gone.");
    Sha256 sha256{};
    std::memcpy(sha256.data(), s->text(0).data(), std::min(s->text(0).size(), sha256.size()));
    TREADLE_CHECK(s->run());
    TREADLE_TRY(const std::string text, core.blobs->read(session, sha256, kLargestManifest));
    TREADLE_TRY(Manifest manifest, parse_manifest(text));
    base = std::move(manifest.entries);
  }
  std::vector<Entry> own;
  std::vector<std::string> removed;
  for (const DraftItem& item : items) {
    if (item.removed) {
      removed.push_back(item.entry.path);
      continue;
    }
    if (item.entry.reference.empty() && item.entry.sha256.empty()) {
      missing.push_back(item.entry.path);
    }
    own.push_back(item.entry);
  }
  std::erase_if(base, [&](const Entry& entry) {
    return std::binary_search(removed.begin(), removed.end(), entry.path);
  });
  TREADLE_TRY(const Manifest mine, make_manifest(std::move(own)));
  TREADLE_TRY(Manifest merged, overlay(base, mine));
  return std::move(merged.entries);
}

}  // namespace treadle::artifact
