// Collections: found, made, edited, deleted.
#include "checks.h"
#include "core.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/registry.h>
#include <treadle/base/suggest.h>

namespace treadle::artifact {
namespace {

constexpr std::string_view kSelectCollection =
    "select c.id, c.entity, c.project, c.name, c.type, c.kind, c.description, c.ttl, c.created, "
    "c.updated, (select count(*) from artifact_version v where v.collection_id = c.id and "
    "v.state = 'COMMITTED') + (select count(*) from artifact_membership m where "
    "m.collection_id = c.id), (select coalesce(sum(v.size), 0) from artifact_version v where "
    "v.collection_id = c.id and v.state = 'COMMITTED') + (select coalesce(sum(v.size), 0) from "
    "artifact_membership m join artifact_version v on v.id = m.version_id where "
    "m.collection_id = c.id), c.described from artifact_collection c where c.state = 'READY' and ";

Result<std::vector<Collection>> select_collections(db::Session& session, std::string_view where,
                                                   const Bind& bind) {
  TREADLE_TRY(db::Statement * s,
              session.prepare(std::string(kSelectCollection) + std::string(where)));
  bind(*s);
  std::vector<Collection> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    Collection c;
    c.id = s->integer(0);
    c.entity = s->text(1);
    c.project = s->text(2);
    c.name = s->text(3);
    c.type = s->text(4);
    c.kind = s->text(5) == "PORTFOLIO" ? CollectionKind::kPortfolio : CollectionKind::kSequence;
    c.description = s->text(6);
    c.ttl_seconds = s->integer(7);
    c.created = s->integer(8);
    c.updated = s->integer(9);
    c.version_count = s->integer(10);
    c.size = s->integer(11);
    c.described = s->integer(12) != 0;
    out.push_back(std::move(c));
  }
  for (Collection& c : out) {
    TREADLE_TRY(c.tags, texts(session,
                              "select tag from artifact_collection_tag where collection_id = $1 "
                              "order by tag",
                              [&](db::Statement& t) { t.bind(1, c.id); }));
    const bool linked = c.kind == CollectionKind::kPortfolio;
    TREADLE_TRY(
        c.latest,
        select_version(session,
                       linked ? "v.id = (select m.version_id from artifact_membership m where "
                                "m.collection_id = $1 order by m.member_index desc limit 1)"
                              : "v.collection_id = $1 order by v.version_index desc limit 1",
                       [&](db::Statement& v) { v.bind(1, c.id); }));
  }
  return out;
}

Result<std::optional<Collection>> select_collection(db::Session& session, std::int64_t id) {
  TREADLE_TRY(auto found,
              select_collections(session, "c.id = $1", [&](db::Statement& s) { s.bind(1, id); }));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Error no_collection(std::int64_t id) {
  return {Errc::kNotFound, "There is no collection with the id " + std::to_string(id) + "."};
}

// A version whose type changes must still fit where it is linked.
Result<void> check_links_allow(db::Session& session, const CollectionRow& row) {
  TREADLE_TRY(const auto linked,
              find_integer(session,
                           "select 1 from artifact_membership m join artifact_version v "
                           "on v.id = m.version_id where v.collection_id = $1 or "
                           "m.collection_id = $1 limit 1",
                           [&](db::Statement& s) { s.bind(1, row.id); }));
  if (!linked) return {};
  return fail(Errc::kInvalidArgument,
              "The type of '" + row.text() +
                  "' cannot change while versions of it are linked, or linked into it: unlink them "
                  "first.");
}

Result<void> rename_collection(db::Session& session, const CollectionRow& row,
                               const std::string& name) {
  if (name == row.name) return {};
  TREADLE_TRY(const auto other, find_row(session, row.entity, row.project, name));
  if (other) {
    return fail(Errc::kAlreadyExists, "There is an artifact '" + other->text() +
                                          "' already. Choose another name, or delete that one.");
  }
  TREADLE_CHECK(run(session, "update artifact_collection set name = $1 where id = $2",
                    [&](db::Statement& s) { s.bind(1, name).bind(2, row.id); }));
  return run(session,
             "update artifact_protected_alias set collection = $1 where entity = $2 and "
             "project = $3 and collection = $4",
             [&](db::Statement& s) {
               s.bind(1, name).bind(2, row.entity).bind(3, row.project).bind(4, row.name);
             });
}

Result<void> retag(db::Session& session, std::int64_t id, const CollectionEdit& edit) {
  for (const std::string& tag : edit.tags_to_add) {
    TREADLE_CHECK(run(session,
                      "insert into artifact_collection_tag (collection_id, tag) values ($1, $2) "
                      "on conflict (collection_id, tag) do nothing",
                      [&](db::Statement& s) { s.bind(1, id).bind(2, tag); }));
  }
  for (const std::string& tag : edit.tags_to_remove) {
    TREADLE_CHECK(run(session,
                      "delete from artifact_collection_tag where collection_id = $1 and tag = $2",
                      [&](db::Statement& s) { s.bind(1, id).bind(2, tag); }));
  }
  return {};
}

Result<void> check_edit(const CollectionEdit& edit) {
  if (edit.name) TREADLE_CHECK(check_artifact_name("artifact name", *edit.name));
  if (edit.type) TREADLE_CHECK(check_artifact_name("artifact type", *edit.type));
  if (edit.description) TREADLE_CHECK(check_text("description", *edit.description));
  if (edit.ttl_seconds) {
    TREADLE_CHECK(check_ttl(*edit.ttl_seconds));
    if (*edit.ttl_seconds == kTtlInherit) {
      return fail(Errc::kInvalidArgument,
                  "A collection has nothing to inherit a time to live from. Give seconds, or -2 to "
                  "keep its versions.");
    }
  }
  for (const std::string& tag : edit.tags_to_add) TREADLE_CHECK(check_tag(tag));
  return {};
}

}  // namespace

Result<std::vector<Collection>> Catalog::collections(const CollectionFilter& filter) {
  const std::string_view kind = !filter.kind                                 ? ""
                                : *filter.kind == CollectionKind::kPortfolio ? "PORTFOLIO"
                                                                             : "SEQUENCE";
  std::vector<Collection> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_collections(
                         session,
                         "($1 = '' or c.entity = $1) and ($2 = '' or c.project = $2) and "
                         "($3 = '' or c.type = $3) and ($4 = '' or c.name = $4) and "
                         "($5 = '' or c.kind = $5) and ($6 = '' or exists (select 1 from "
                         "artifact_collection_tag t where t.collection_id = c.id and t.tag = $6)) "
                         "order by c.entity, c.project, c.name",
                         [&](db::Statement& s) {
                           s.bind(1, filter.entity).bind(2, filter.project).bind(3, filter.type);
                           s.bind(4, filter.name).bind(5, kind).bind(6, filter.tag);
                         }));
    return {};
  }));
  return out;
}

Result<std::optional<Collection>> Catalog::find_collection(std::int64_t id) {
  std::optional<Collection> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_collection(session, id));
    return {};
  }));
  return out;
}

Result<std::optional<Collection>> Catalog::find_collection(const ArtifactRef& given) {
  const ArtifactRef ref = store_.core().with_defaults(given);
  std::optional<Collection> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto row, find_row(session, ref.entity, ref.project, ref.collection));
    if (!row) return {};
    TREADLE_TRY(out, select_collection(session, row->id));
    return {};
  }));
  return out;
}

Result<Collection> Catalog::get_collection(const ArtifactRef& given) {
  TREADLE_TRY(std::optional<Collection> found, find_collection(given));
  if (found) return *std::move(found);
  const ArtifactRef ref = store_.core().with_defaults(given);
  CollectionFilter beside;
  beside.entity = ref.entity;
  beside.project = ref.project;
  TREADLE_TRY(const std::vector<Collection> others, collections(beside));
  std::vector<std::string> names;
  for (const Collection& other : others) names.push_back(other.name);
  return fail(Errc::kNotFound, "There is no artifact '" + ref.collection + "' in " + ref.entity +
                                   "/" + ref.project + "." + did_you_mean(ref.collection, names));
}

Result<Collection> Catalog::make_collection(const ArtifactRef& given, const std::string& type,
                                            CollectionKind kind, const std::string& description) {
  Core& core = store_.core();
  const ArtifactRef ref = core.with_defaults(given);
  TREADLE_CHECK(check_place(ref));
  TREADLE_CHECK(check_artifact_name("artifact type", type));
  TREADLE_CHECK(check_text("description", description));
  std::optional<Collection> out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(std::optional<CollectionRow> row,
                find_row(session, ref.entity, ref.project, ref.collection));
    if (row && (row->type != type || row->kind != kind)) {
      return fail(Errc::kAlreadyExists,
                  "There is an artifact '" + row->text() + "' of type '" + row->type + "' already" +
                      (row->kind == kind ? "."
                       : kind == CollectionKind::kPortfolio
                           ? ", in which versions are made; versions are linked into collections "
                             "of their own."
                           : ", into which versions are linked.") +
                      " Choose another name.");
    }
    if (!row) {
      TREADLE_CHECK(check_registry_takes(session, ref.entity, ref.project, type));
      TREADLE_TRY(row, insert_collection(session, ref, type, kind, description, core.clock.now()));
    }
    TREADLE_TRY(out, select_collection(session, row->id));
    return {};
  }));
  return *std::move(out);
}

Result<Collection> Catalog::edit_collection(std::int64_t id, const CollectionEdit& edit) {
  Core& core = store_.core();
  TREADLE_CHECK(check_edit(edit));
  std::optional<Collection> out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, id));
    if (!row) return fail(no_collection(id));
    const Micros now = core.clock.now();
    const auto set = [&](std::string_view column, const auto& value) {
      return run(session,
                 "update artifact_collection set " + std::string(column) + " = $1 where id = $2",
                 [&](db::Statement& s) { s.bind(1, value).bind(2, id); });
    };
    if (edit.name) TREADLE_CHECK(rename_collection(session, *row, *edit.name));
    if (edit.type && *edit.type != row->type) {
      TREADLE_CHECK(check_links_allow(session, *row));
      TREADLE_CHECK(ensure_type(session, row->entity, row->project, *edit.type, now));
      TREADLE_CHECK(set("type", *edit.type));
    }
    if (edit.description) {
      TREADLE_CHECK(set("description", *edit.description));
      TREADLE_CHECK(set("described", 1));
    }
    if (edit.ttl_seconds) TREADLE_CHECK(set("ttl", *edit.ttl_seconds));
    TREADLE_CHECK(retag(session, id, edit));
    TREADLE_CHECK(touch(session, id, now));
    TREADLE_TRY(out, select_collection(session, id));
    return {};
  }));
  return *std::move(out);
}

Result<void> Catalog::delete_collection(std::int64_t id, bool with_aliases,
                                        const ChangeOptions& options) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    const Change change{options, core.clock.now()};
    TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, id));
    if (!row) return fail(no_collection(id));
    return remove_collection(session, change, *row, with_aliases);
  });
}

Result<void> remove_collection(db::Session& session, const Change& change, const CollectionRow& row,
                               bool with_aliases) {
  TREADLE_TRY(const std::vector<Membership> members, select_members(session, row));
  for (const Membership& member : members) {
    if (row.kind == CollectionKind::kSequence) {
      TREADLE_CHECK(remove_version(session, change, member.version, with_aliases));
      continue;
    }
    TREADLE_CHECK(check_may_go(session, change, member.version, row.id, with_aliases));
    TREADLE_CHECK(remove_link(session, change, row.id, member.version.id, "unlink"));
  }
  for (const char* sql : {"delete from artifact_alias where collection_id = $1",
                          "delete from artifact_collection_tag where collection_id = $1",
                          "update artifact_collection set state = 'DELETED', name = name || '#' || "
                          "id where id = $1"}) {
    TREADLE_CHECK(run(session, sql, [&](db::Statement& s) { s.bind(1, row.id); }));
  }
  return run(
      session,
      "delete from artifact_protected_alias where entity = $1 and project = $2 and "
      "collection = $3",
      [&](db::Statement& s) { s.bind(1, row.entity).bind(2, row.project).bind(3, row.name); });
}

}  // namespace treadle::artifact
