#include "members.h"

#include "rows.h"

#include <charconv>

namespace treadle::artifact {
namespace {

// What a deleted collection's name ends in, so that the name is free: '#' is in no name.
constexpr std::string_view kRowColumns =
    "select id, entity, project, name, type, kind, next_index from artifact_collection where "
    "state = 'READY' and ";

Result<std::optional<CollectionRow>> select_row(db::Session& session, std::string_view where,
                                                const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(std::string(kRowColumns) + std::string(where)));
  bind(*s);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  CollectionRow row;
  row.id = s->integer(0);
  row.entity = s->text(1);
  row.project = s->text(2);
  row.name = s->text(3);
  row.type = s->text(4);
  row.kind = s->text(5) == "PORTFOLIO" ? CollectionKind::kPortfolio : CollectionKind::kSequence;
  row.next_index = s->integer(6);
  TREADLE_CHECK(s->run());
  return row;
}

struct Link {
  std::int64_t collection_id;
  std::int64_t version_id;
  int index;
  Micros created;
};

Result<std::vector<Link>> select_link_rows(db::Session& session, std::string_view where,
                                           const Bind& bind) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select m.collection_id, m.version_id, m.member_index, m.created "
                              "from artifact_membership m where " +
                              std::string(where)));
  bind(*s);
  std::vector<Link> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back({s->integer(0), s->integer(1), static_cast<int>(s->integer(2)), s->integer(3)});
  }
}

Result<std::optional<Membership>> membership_of(db::Session& session, const CollectionRow& row,
                                                const Link& link) {
  TREADLE_TRY(
      std::optional<Version> version,
      select_version(session, "v.id = $1", [&](db::Statement& s) { s.bind(1, link.version_id); }));
  if (!version) return std::nullopt;
  Membership out;
  out.collection_id = row.id;
  out.entity = row.entity;
  out.project = row.project;
  out.collection = row.name;
  out.kind = row.kind;
  out.index = link.index;
  out.created = link.created;
  out.version = *std::move(version);
  TREADLE_TRY(out.aliases, aliases_of(session, row.id, link.version_id));
  return out;
}

}  // namespace

std::string Membership::text() const {
  return entity + "/" + project + "/" + collection + ":v" + std::to_string(index);
}

Result<std::optional<CollectionRow>> find_row(db::Session& session, const std::string& entity,
                                              const std::string& project, const std::string& name) {
  return select_row(session, "entity = $1 and project = $2 and name = $3",
                    [&](db::Statement& s) { s.bind(1, entity).bind(2, project).bind(3, name); });
}

Result<std::optional<CollectionRow>> find_row(db::Session& session, std::int64_t id) {
  return select_row(session, "id = $1", [&](db::Statement& s) { s.bind(1, id); });
}

Result<void> ensure_type(db::Session& session, const std::string& entity,
                         const std::string& project, const std::string& type, Micros now) {
  return run(
      session,
      "insert into artifact_type (id, entity, project, name, description, created) select "
      "coalesce(max(id), 0) + 1, $1, $2, $3, '', $4 from artifact_type where true "
      "on conflict (entity, project, name) do nothing",
      [&](db::Statement& s) { s.bind(1, entity).bind(2, project).bind(3, type).bind(4, now); });
}

Result<CollectionRow> insert_collection(db::Session& session, const ArtifactRef& ref,
                                        const std::string& type, CollectionKind kind,
                                        const std::string& description, Micros now) {
  TREADLE_CHECK(ensure_type(session, ref.entity, ref.project, type, now));
  TREADLE_TRY(
      db::Statement * s,
      session.prepare(
          "insert into artifact_collection (id, entity, project, name, type, description, "
          "described, created, updated, kind, next_index) select coalesce(max(id), 0) + 1, $1, "
          "$2, $3, $4, $5, $10, $6, $6, $7, (select coalesce(max(d.next_index), 0) from "
          "artifact_collection d where d.entity = $1 and d.project = $2 and "
          "d.state = 'DELETED' and d.name > $8 and d.name < $9) from artifact_collection "
          "returning id, next_index"));
  // What delete_collection() renamed, by its beginning; `like` would be compiled anew for each name.
  const std::string first_deleted = ref.collection + "#";
  const std::string behind_deleted = ref.collection + "$";  // the character behind '#'
  const std::string_view kind_text = kind == CollectionKind::kPortfolio ? "PORTFOLIO" : "SEQUENCE";
  s->bind(1, ref.entity).bind(2, ref.project).bind(3, ref.collection).bind(4, type);
  s->bind(5, description).bind(6, now).bind(7, kind_text).bind(8, first_deleted);
  s->bind(9, behind_deleted).bind(10, !description.empty());
  TREADLE_CHECK(s->step());
  CollectionRow row{s->integer(0), ref.entity, ref.project,  ref.collection,
                    type,          kind,       s->integer(1)};
  TREADLE_CHECK(s->run());
  return row;
}

Result<void> touch(db::Session& session, std::int64_t collection_id, Micros now) {
  return run(session, "update artifact_collection set updated = $1 where id = $2",
             [&](db::Statement& s) { s.bind(1, now).bind(2, collection_id); });
}

Membership own_membership(const Version& version) {
  Membership out;
  out.collection_id = version.collection_id;
  out.entity = version.entity;
  out.project = version.project;
  out.collection = version.collection;
  out.index = version.index;
  out.aliases = version.aliases;
  out.created = version.created;
  out.version = version;
  return out;
}

Result<std::optional<Membership>> select_ref(db::Session& session, const ArtifactRef& ref) {
  TREADLE_TRY(const std::optional<CollectionRow> row,
              find_row(session, ref.entity, ref.project, ref.collection));
  if (!row) return std::nullopt;
  const bool is_portfolio = row->kind == CollectionKind::kPortfolio;
  std::int64_t version_id = 0;
  if (is_version_name(ref.version)) {
    std::int64_t index = 0;
    const auto [end, error] =
        std::from_chars(ref.version.data() + 1, ref.version.data() + ref.version.size(), index);
    if (error != std::errc()) return std::nullopt;
    TREADLE_TRY(
        const auto id,
        find_integer(session,
                     is_portfolio ? "select version_id from artifact_membership where "
                                    "collection_id = $1 and member_index = $2"
                                  : "select id from artifact_version where collection_id = $1 and "
                                    "version_index = $2 and state = 'COMMITTED'",
                     [&](db::Statement& s) { s.bind(1, row->id).bind(2, index); }));
    if (!id) return std::nullopt;
    version_id = *id;
  } else {
    const std::string_view alias = ref.version.empty() ? kLatest : std::string_view(ref.version);
    TREADLE_TRY(const auto id,
                find_integer(session,
                             "select version_id from artifact_alias where collection_id = $1 and "
                             "alias = $2",
                             [&](db::Statement& s) { s.bind(1, row->id).bind(2, alias); }));
    if (!id) return std::nullopt;
    version_id = *id;
  }
  if (!is_portfolio) {
    TREADLE_TRY(
        std::optional<Version> version,
        select_version(session, "v.id = $1", [&](db::Statement& s) { s.bind(1, version_id); }));
    if (!version) return std::nullopt;
    return own_membership(*version);
  }
  TREADLE_TRY(const std::vector<Link> links,
              select_link_rows(session, "m.collection_id = $1 and m.version_id = $2",
                               [&](db::Statement& s) { s.bind(1, row->id).bind(2, version_id); }));
  if (links.empty()) return std::nullopt;
  return membership_of(session, *row, links.front());
}

Result<std::vector<Membership>> select_members(db::Session& session, const CollectionRow& row) {
  std::vector<Membership> out;
  if (row.kind == CollectionKind::kSequence) {
    TREADLE_TRY(const std::vector<Version> versions,
                select_versions(session, "v.collection_id = $1 order by v.version_index",
                                [&](db::Statement& s) { s.bind(1, row.id); }));
    for (const Version& version : versions) out.push_back(own_membership(version));
    return out;
  }
  TREADLE_TRY(const std::vector<Link> links,
              select_link_rows(session, "m.collection_id = $1 order by m.member_index",
                               [&](db::Statement& s) { s.bind(1, row.id); }));
  for (const Link& link : links) {
    TREADLE_TRY(std::optional<Membership> member, membership_of(session, row, link));
    if (member) out.push_back(*std::move(member));
  }
  return out;
}

Result<std::vector<Membership>> select_links(db::Session& session, std::int64_t version_id) {
  TREADLE_TRY(const std::vector<Link> links,
              select_link_rows(session, "m.version_id = $1 order by m.created, m.collection_id",
                               [&](db::Statement& s) { s.bind(1, version_id); }));
  std::vector<Membership> out;
  for (const Link& link : links) {
    TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, link.collection_id));
    if (!row) continue;
    TREADLE_TRY(std::optional<Membership> member, membership_of(session, *row, link));
    if (member) out.push_back(*std::move(member));
  }
  return out;
}

}  // namespace treadle::artifact
