#include "commit.h"

#include "code.h"
#include "members.h"
#include "rows.h"

#include <algorithm>

namespace treadle::artifact {
namespace {

Result<std::optional<CollectionRow>> find_collection(db::Session& session, const Pending& pending) {
  TREADLE_TRY(std::optional<CollectionRow> row,
              find_row(session, pending.ref.entity, pending.ref.project, pending.ref.collection));
  if (row) TREADLE_CHECK(check_fits(*row, pending.draft->type));
  return row;
}

Result<std::optional<Version>> newest(db::Session& session, std::int64_t collection_id) {
  return select_version(session, "v.collection_id = $1 order by v.version_index desc limit 1",
                        [&](db::Statement& s) { s.bind(1, collection_id); });
}

// The digest alone does not tell contents apart that were made to share their MD5.
Result<bool> is_same(db::Session& session, const Version& version, const Pending& pending) {
  if (version.digest != pending.digest) return false;
  TREADLE_TRY(db::Statement * s,
              session.prepare("select content_digest, manifest_sha256 from artifact_version "
                              "where id = $1"));
  s->bind(1, version.id);
  TREADLE_TRY(const bool found, s->step());
  bool same = found && s->text(0) == pending.content_digest;
  if (same && pending.draft->extra_counts) {
    const Sha256& manifest = pending.manifest_sha256;
    same = s->text(1) ==
           std::string_view(reinterpret_cast<const char*>(manifest.data()), manifest.size());
  }
  if (found) TREADLE_CHECK(s->run());
  return same;
}

// Drafts have ids of the same kind: what a draft becomes keeps its id.
constexpr std::string_view kInsertVersion =
    "insert into artifact_version (id, collection_id, version_index, state, digest, "
    "content_digest, manifest_sha256, description, metadata, size, file_count, created, run_id, "
    "updated, ttl, history_step, code_id) select coalesce($12, (select max(id) from (select "
    "max(id) "
    "as id from artifact_version union all select max(id) from artifact_draft) ids), 0) + $13, $1, "
    "$2, 'COMMITTED', $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $14, $15, $16 returning id";

Result<std::int64_t> insert_version(db::Session& session, const Pending& pending,
                                    const CollectionRow& collection,
                                    std::optional<std::int64_t> code_id, Micros now) {
  TREADLE_TRY(db::Statement * s, session.prepare(kInsertVersion));
  const Draft& draft = *pending.draft;
  s->bind(1, collection.id).bind(2, collection.next_index).bind(3, pending.digest);
  s->bind(4, pending.content_digest)
      .bind_blob(5, {reinterpret_cast<const char*>(pending.manifest_sha256.data()),
                     pending.manifest_sha256.size()});
  s->bind(6, draft.description).bind(7, draft.metadata).bind(8, pending.size);
  s->bind(9, pending.file_count).bind(10, now).bind(11, draft.run_id);
  pending.id ? s->bind(12, *pending.id) : s->bind_null(12);
  s->bind(13, pending.id ? 0 : 1).bind(14, draft.ttl_seconds);
  draft.history_step ? s->bind(15, *draft.history_step) : s->bind_null(15);
  code_id ? s->bind(16, *code_id) : s->bind_null(16);
  TREADLE_CHECK(s->step());
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  TREADLE_CHECK(run(session,
                    "update artifact_collection set next_index = $1, updated = $2 where id = $3",
                    [&](db::Statement& next) {
                      next.bind(1, collection.next_index + 1).bind(2, now).bind(3, collection.id);
                    }));
  return id;
}

Result<void> insert_tags(db::Session& session, const Draft& draft, std::int64_t id) {
  for (const std::string& tag : draft.tags) {
    TREADLE_CHECK(run(session,
                      "insert into artifact_version_tag (version_id, tag) values ($1, $2) "
                      "on conflict (version_id, tag) do nothing",
                      [&](db::Statement& s) { s.bind(1, id).bind(2, tag); }));
  }
  return {};
}

}  // namespace

Result<void> check_fits(const CollectionRow& row, const std::string& type) {
  if (row.kind == CollectionKind::kPortfolio) {
    return fail(Errc::kInvalidArgument,
                "Versions are linked into the collection '" + row.text() +
                    "', not made there. Log under another name, and link the version.");
  }
  if (row.type == type) return {};
  return fail(Errc::kInvalidArgument, "The collection '" + row.text() +
                                          "' holds artifacts of type '" + row.type + "', not '" +
                                          type + "'. Log under another name, or with type '" +
                                          row.type + "'.");
}

Result<std::optional<Version>> find_same(db::Session& session, const Pending& pending) {
  TREADLE_TRY(const std::optional<CollectionRow> collection, find_collection(session, pending));
  if (!collection) return std::nullopt;
  TREADLE_TRY(std::optional<Version> version, newest(session, collection->id));
  if (!version) return std::nullopt;
  TREADLE_TRY(const bool same, is_same(session, *version, pending));
  if (!same) return std::nullopt;
  return version;
}

bool has_names(const Version& version, const Draft& draft) {
  const auto all = [](const std::vector<std::string>& wanted, const std::vector<std::string>& has) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
      return std::find(has.begin(), has.end(), name) != has.end();
    });
  };
  return all(draft.aliases, version.aliases) && all(draft.tags, version.tags);
}

Result<std::optional<Logged>> commit(db::Session& session, const Pending& pending,
                                     blob::Batch& batch, Micros now) {
  const Draft& draft = *pending.draft;
  const ChangeOptions options{.by = draft.run_id};
  const Change change{options, now};
  TREADLE_TRY(std::optional<CollectionRow> collection, find_collection(session, pending));
  std::optional<Version> same;
  if (collection) {
    TREADLE_TRY(same, newest(session, collection->id));
    if (same) {
      TREADLE_TRY(const bool is, is_same(session, *same, pending));
      if (!is) same.reset();
    }
  }
  // Content of a same version is recorded only when the store lacked some of it after all: it was
  // damaged, and is repaired now.
  if (!same || !batch.empty()) {
    TREADLE_TRY(const bool recorded, batch.record(session));
    if (!recorded) return std::nullopt;
  }
  std::int64_t id = 0;
  if (same) {
    id = same->id;
  } else {
    if (!collection) {
      TREADLE_TRY(collection, insert_collection(session, pending.ref, draft.type,
                                                CollectionKind::kSequence, "", now));
    }
    TREADLE_TRY(const auto code_id, insert_code(session, draft.code.get(), pending.code_diff));
    TREADLE_TRY(id, insert_version(session, pending, *collection, code_id, now));
    TREADLE_CHECK(set_alias(session, collection->id, std::string(kLatest), id));
  }
  TREADLE_CHECK(insert_tags(session, draft, id));
  for (const std::string& alias : draft.aliases) {
    if (alias != kLatest) TREADLE_CHECK(give_alias(session, change, collection->id, alias, id));
  }
  TREADLE_TRY(std::optional<Version> made, newest(session, collection->id));
  return Logged{*std::move(made), !same};
}

}  // namespace treadle::artifact
