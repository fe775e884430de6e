#include "commit.h"

#include "rows.h"

#include <algorithm>

namespace treadle::artifact {
namespace {

struct CollectionRow {
  std::int64_t id = 0;
  std::string type;
  std::int64_t next_index = 0;
};

Result<std::optional<CollectionRow>> find_collection(db::Session& session, const Pending& pending) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select id, type, next_index from artifact_collection "
                              "where entity = $1 and project = $2 and name = $3"));
  s->bind(1, pending.entity).bind(2, pending.project).bind(3, pending.draft->collection);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  CollectionRow row{s->integer(0), std::string(s->text(1)), s->integer(2)};
  TREADLE_CHECK(s->run());
  if (row.type != pending.draft->type) {
    return fail(Errc::kInvalidArgument,
                "The collection '" + pending.entity + "/" + pending.project + "/" +
                    pending.draft->collection + "' holds artifacts of type '" + row.type +
                    "', not '" + pending.draft->type + "'. Log under another name, or with type '" +
                    row.type + "'.");
  }
  return row;
}

Result<CollectionRow> create_collection(db::Session& session, const Pending& pending, Micros now) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into artifact_collection (id, entity, project, name, type, "
                              "description, created, next_index) select coalesce(max(id), 0) + 1, "
                              "$1, $2, $3, $4, '', $5, 0 from artifact_collection returning id"));
  s->bind(1, pending.entity).bind(2, pending.project).bind(3, pending.draft->collection);
  s->bind(4, pending.draft->type).bind(5, now);
  TREADLE_CHECK(s->step());
  CollectionRow row{s->integer(0), pending.draft->type, 0};
  TREADLE_CHECK(s->run());
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

Result<std::int64_t> insert_version(db::Session& session, const Pending& pending,
                                    const CollectionRow& collection, Micros now) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into artifact_version (id, collection_id, version_index, "
                              "state, digest, content_digest, manifest_sha256, description, "
                              "metadata, size, file_count, created, run_id) select "
                              "coalesce(max(id), 0) + 1, $1, $2, 'COMMITTED', $3, $4, $5, $6, $7, "
                              "$8, $9, $10, $11 from artifact_version returning id"));
  const Draft& draft = *pending.draft;
  s->bind(1, collection.id).bind(2, collection.next_index).bind(3, pending.digest);
  s->bind(4, pending.content_digest)
      .bind_blob(5, {reinterpret_cast<const char*>(pending.manifest_sha256.data()),
                     pending.manifest_sha256.size()});
  s->bind(6, draft.description).bind(7, draft.metadata).bind(8, pending.size);
  s->bind(9, pending.file_count).bind(10, now).bind(11, draft.run_id);
  TREADLE_CHECK(s->step());
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  TREADLE_TRY(db::Statement * next, session.prepare("update artifact_collection set next_index = "
                                                    "$1 where id = $2"));
  next->bind(1, collection.next_index + 1).bind(2, collection.id);
  TREADLE_CHECK(next->run());
  return id;
}

}  // namespace

Result<std::optional<Version>> find_same(db::Session& session, const Pending& pending) {
  TREADLE_TRY(const std::optional<CollectionRow> collection, find_collection(session, pending));
  if (!collection) return std::nullopt;
  TREADLE_TRY(std::optional<Version> version, newest(session, collection->id));
  if (!version) return std::nullopt;
  TREADLE_TRY(const bool same, is_same(session, *version, pending));
  if (!same) return std::nullopt;
  return version;
}

bool has_aliases(const Version& version, const Draft& draft) {
  return std::all_of(draft.aliases.begin(), draft.aliases.end(), [&](const std::string& alias) {
    return std::find(version.aliases.begin(), version.aliases.end(), alias) !=
           version.aliases.end();
  });
}

Result<std::optional<Logged>> commit(db::Session& session, const Pending& pending,
                                     blob::Batch& batch, Micros now) {
  const Draft& draft = *pending.draft;
  TREADLE_TRY(std::optional<CollectionRow> collection, find_collection(session, pending));
  if (collection) {
    TREADLE_TRY(const std::optional<Version> version, newest(session, collection->id));
    bool same = false;
    if (version) {
      TREADLE_TRY(same, is_same(session, *version, pending));
    }
    if (same) {
      // The store lacked some of the content after all: it was damaged, and is repaired now.
      if (!batch.empty()) {
        TREADLE_TRY(const bool recorded, batch.record(session));
        if (!recorded) return std::nullopt;
      }
      for (const std::string& alias : draft.aliases) {
        TREADLE_CHECK(set_alias(session, collection->id, alias, version->id));
      }
      TREADLE_TRY(std::optional<Version> now_is, newest(session, collection->id));
      return Logged{*std::move(now_is), false};
    }
  } else {
    TREADLE_TRY(collection, create_collection(session, pending, now));
  }
  TREADLE_TRY(const bool recorded, batch.record(session));
  if (!recorded) return std::nullopt;
  TREADLE_TRY(const std::int64_t id, insert_version(session, pending, *collection, now));
  TREADLE_CHECK(set_alias(session, collection->id, "latest", id));
  for (const std::string& alias : draft.aliases) {
    TREADLE_CHECK(set_alias(session, collection->id, alias, id));
  }
  TREADLE_TRY(std::optional<Version> made, newest(session, collection->id));
  return Logged{*std::move(made), true};
}

}  // namespace treadle::artifact
