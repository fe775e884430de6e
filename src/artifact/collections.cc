// Collections, aliases, deleting, lineage.
#include "rows.h"
#include <treadle/artifact/store.h>
#include <treadle/blob/store.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>

namespace treadle::artifact {
namespace {

constexpr std::string_view kLatest = "latest";

}  // namespace

Result<std::vector<Collection>> Store::collections(const CollectionFilter& filter) {
  std::vector<Collection> out;
  const auto body = [&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        db::Statement * s,
        session.prepare(
            "select c.entity, c.project, c.name, c.type, c.description, c.created, "
            "(select count(*) from artifact_version v where v.collection_id = c.id and "
            "v.state = 'COMMITTED'), (select coalesce(sum(v.size), 0) from artifact_version v "
            "where v.collection_id = c.id and v.state = 'COMMITTED') "
            "from artifact_collection c where ($1 = '' or c.entity = $1) and "
            "($2 = '' or c.project = $2) and ($3 = '' or c.type = $3) and "
            "($4 = '' or c.name = $4) order by c.entity, c.project, c.name"));
    s->bind(1, filter.entity).bind(2, filter.project).bind(3, filter.type).bind(4, filter.name);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      Collection c;
      c.entity = s->text(0);
      c.project = s->text(1);
      c.name = s->text(2);
      c.type = s->text(3);
      c.description = s->text(4);
      c.created = s->integer(5);
      c.version_count = s->integer(6);
      c.size = s->integer(7);
      out.push_back(std::move(c));
    }
    for (Collection& c : out) {
      TREADLE_TRY(c.latest, select_version(session,
                                           "c.entity = $1 and c.project = $2 and c.name = $3 "
                                           "order by v.version_index desc limit 1",
                                           [&](db::Statement& v) {
                                             v.bind(1, c.entity).bind(2, c.project).bind(3, c.name);
                                           }));
    }
    return {};
  };
  TREADLE_CHECK(database_.read(body));
  return out;
}

Result<std::vector<Version>> Store::versions(const ArtifactRef& collection) {
  const ArtifactRef ref = with_defaults(collection);
  std::vector<Version> out;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session,
                                     "c.entity = $1 and c.project = $2 and c.name = $3 "
                                     "order by v.version_index",
                                     [&](db::Statement& s) {
                                       s.bind(1, ref.entity).bind(2, ref.project);
                                       s.bind(3, ref.collection);
                                     }));
    return {};
  }));
  if (out.empty()) return fail(missing(ref));
  return out;
}

Result<std::unordered_set<std::string>> Store::version_texts() {
  std::unordered_set<std::string> texts;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare(
                    "select c.entity, c.project, c.name, v.version_index "
                    "from artifact_version v join artifact_collection c on c.id = v.collection_id "
                    "where v.state = 'COMMITTED'"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      std::string text(s->text(0));
      text.append("/").append(s->text(1)).append("/").append(s->text(2));
      text.append(":v").append(std::to_string(s->integer(3)));
      texts.insert(std::move(text));
    }
  }));
  return texts;
}

Result<void> Store::add_alias(const Version& version, const std::string& alias) {
  TREADLE_CHECK(check_writable());
  TREADLE_CHECK(check_alias(alias));
  if (is_version_name(alias) || alias == kLatest) {
    return fail(Errc::kInvalidArgument, "'" + alias +
                                            "' cannot be given by hand: v0, v1, ... and latest "
                                            "follow the versions. Choose another alias.");
  }
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t collection, collection_of(session, version));
    return set_alias(session, collection, alias, version.id);
  });
}

Result<void> Store::remove_alias(const Version& version, const std::string& alias) {
  TREADLE_CHECK(check_writable());
  if (alias == kLatest) {
    return fail(Errc::kInvalidArgument,
                "'latest' cannot be removed: it follows the newest version.");
  }
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s, session.prepare("delete from artifact_alias where "
                                                   "version_id = $1 and alias = $2"));
    s->bind(1, version.id).bind(2, alias);
    TREADLE_CHECK(s->run());
    if (session.changes() > 0) return {};
    return fail(Errc::kNotFound, version.text() + " has no alias '" + alias + "'.");
  });
}

Result<void> Store::delete_version(const Version& version, bool with_aliases) {
  TREADLE_CHECK(check_writable());
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t collection, collection_of(session, version));
    TREADLE_TRY(
        const std::optional<Version> current,
        select_version(session, "v.id = $1", [&](db::Statement& s) { s.bind(1, version.id); }));
    for (const std::string& alias : current->aliases) {
      if (with_aliases || alias == kLatest) continue;
      return fail(Errc::kInvalidArgument, version.text() + " has the alias '" + alias +
                                              "'. Move or remove the alias first, or delete the "
                                              "version together with its aliases.");
    }
    for (const char* sql : {"delete from artifact_alias where version_id = $1",
                            "update artifact_version set state = 'DELETED' where id = $1"}) {
      TREADLE_TRY(db::Statement * s, session.prepare(sql));
      s->bind(1, version.id);
      TREADLE_CHECK(s->run());
    }
    TREADLE_TRY(
        const std::optional<Version> newest,
        select_version(session, "v.collection_id = $1 order by v.version_index desc limit 1",
                       [&](db::Statement& s) { s.bind(1, collection); }));
    if (newest) TREADLE_CHECK(set_alias(session, collection, std::string(kLatest), newest->id));
    return {};
  });
}

Result<std::vector<Version>> Store::made_by(const std::string& run_id) {
  std::vector<Version> out;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session, "v.run_id = $1 and v.run_id <> '' order by v.id",
                                     [&](db::Statement& s) { s.bind(1, run_id); }));
    return {};
  }));
  return out;
}

Result<std::vector<Version>> Store::used_by(const std::string& run_id) {
  std::vector<Version> out;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session,
                                     "v.id in (select u.version_id from artifact_use u where "
                                     "u.run_id = $1) order by (select u.used from artifact_use u "
                                     "where u.version_id = v.id and u.run_id = $1), v.id",
                                     [&](db::Statement& s) { s.bind(1, run_id); }));
    return {};
  }));
  return out;
}

Result<std::vector<std::string>> Store::users_of(const Version& version) {
  std::vector<std::string> out;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s, session.prepare("select run_id from artifact_use where "
                                                   "version_id = $1 order by used, run_id"));
    s->bind(1, version.id);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      out.emplace_back(s->text(0));
    }
  }));
  return out;
}

}  // namespace treadle::artifact
