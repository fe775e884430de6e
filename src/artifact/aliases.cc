// Aliases and what they stop: inside a transaction.
#include "members.h"
#include "rows.h"

namespace treadle::artifact {
namespace {

Result<bool> is_protected(db::Session& session, std::int64_t collection_id,
                          const std::string& alias) {
  TREADLE_TRY(const auto found,
              find_integer(session,
                           "select 1 from artifact_protected_alias p join artifact_collection c "
                           "on c.id = $1 where p.entity = c.entity and p.project = c.project and "
                           "(p.collection = '' or p.collection = c.name) and p.alias = $2",
                           [&](db::Statement& s) { s.bind(1, collection_id).bind(2, alias); }));
  return found.has_value();
}

Result<std::string> collection_text(db::Session& session, std::int64_t id) {
  TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, id));
  return row ? row->text() : std::string("a deleted collection");
}

Result<void> check_protection(db::Session& session, const Change& change,
                              std::int64_t collection_id, const std::string& alias,
                              std::string_view what_to_do) {
  if (change.options.protected_too || alias == kLatest) return {};
  TREADLE_TRY(const bool held, is_protected(session, collection_id, alias));
  if (!held) return {};
  TREADLE_TRY(const std::string text, collection_text(session, collection_id));
  return fail(Errc::kPermissionDenied, "The alias '" + alias + "' of '" + text +
                                           "' is protected. " + std::string(what_to_do) +
                                           " on purpose by overriding the protection, or take the "
                                           "protection away first.");
}

}  // namespace

Result<void> check_given_alias(std::string_view alias) {
  TREADLE_CHECK(check_alias(alias));
  if (!is_version_name(alias) && alias != kLatest) return {};
  return fail(Errc::kInvalidArgument, "'" + std::string(alias) +
                                          "' cannot be given by hand: v0, v1, ... and latest "
                                          "follow the versions. Choose another alias.");
}

Result<void> write_history(db::Session& session, const Change& change, std::int64_t collection_id,
                           std::string_view action, std::optional<std::int64_t> version_id,
                           std::string_view alias) {
  return run(session,
             "insert into artifact_history (id, collection_id, action, version_id, member_index, "
             "alias, at, by_whom) select coalesce(max(id), 0) + 1, $1, $2, $3, "
             "(select coalesce((select m.member_index from artifact_membership m where "
             "m.collection_id = $1 and m.version_id = $3), (select v.version_index from "
             "artifact_version v where v.collection_id = $1 and v.id = $3))), $4, $5, $6 "
             "from artifact_history",
             [&](db::Statement& s) {
               s.bind(1, collection_id).bind(2, action).bind(4, alias);
               version_id ? s.bind(3, *version_id) : s.bind_null(3);
               s.bind(5, change.now).bind(6, change.options.by);
             });
}

Result<void> give_alias(db::Session& session, const Change& change, std::int64_t collection_id,
                        const std::string& alias, std::int64_t version_id) {
  TREADLE_TRY(const auto holder,
              find_integer(session,
                           "select version_id from artifact_alias where collection_id = $1 and "
                           "alias = $2",
                           [&](db::Statement& s) { s.bind(1, collection_id).bind(2, alias); }));
  if (holder == version_id) return {};
  TREADLE_CHECK(check_protection(session, change, collection_id, alias, "Move it"));
  TREADLE_CHECK(set_alias(session, collection_id, alias, version_id));
  if (alias == kLatest) return {};
  TREADLE_CHECK(touch(session, collection_id, change.now));
  return write_history(session, change, collection_id, "alias", version_id, alias);
}

Result<void> take_alias(db::Session& session, const Change& change, std::int64_t collection_id,
                        const std::string& alias, std::int64_t version_id) {
  TREADLE_CHECK(check_protection(session, change, collection_id, alias, "Remove it"));
  TREADLE_CHECK(
      run(session,
          "delete from artifact_alias where collection_id = $1 and version_id = $2 and "
          "alias = $3",
          [&](db::Statement& s) { s.bind(1, collection_id).bind(2, version_id).bind(3, alias); }));
  if (session.changes() == 0 || alias == kLatest) return {};
  TREADLE_CHECK(touch(session, collection_id, change.now));
  return write_history(session, change, collection_id, "unalias", version_id, alias);
}

Result<void> move_latest(db::Session& session, std::int64_t collection_id, CollectionKind kind) {
  TREADLE_TRY(const auto newest,
              find_integer(session,
                           kind == CollectionKind::kPortfolio
                               ? "select version_id from artifact_membership where collection_id "
                                 "= $1 order by member_index desc limit 1"
                               : "select id from artifact_version where collection_id = $1 and "
                                 "state = 'COMMITTED' order by version_index desc limit 1",
                           [&](db::Statement& s) { s.bind(1, collection_id); }));
  if (newest) return set_alias(session, collection_id, std::string(kLatest), *newest);
  return run(session, "delete from artifact_alias where collection_id = $1 and alias = 'latest'",
             [&](db::Statement& s) { s.bind(1, collection_id); });
}

Result<void> check_may_go(db::Session& session, const Change& change, const Version& version,
                          std::int64_t collection_id, bool with_aliases) {
  TREADLE_TRY(const std::vector<std::string> aliases,
              aliases_of(session, collection_id, version.id));
  for (const std::string& alias : aliases) {
    if (alias == kLatest) continue;
    if (!with_aliases) {
      std::string where;
      if (collection_id != version.collection_id) {
        TREADLE_TRY(where, collection_text(session, collection_id));
        where = " in '" + where + "'";
      }
      return fail(Errc::kInvalidArgument, version.text() + " has the alias '" + alias + "'" +
                                              where +
                                              ". Move or remove the alias first, or delete the "
                                              "version together with its aliases.");
    }
    TREADLE_CHECK(check_protection(session, change, collection_id, alias, "Delete its version"));
  }
  return {};
}

Result<void> remove_link(db::Session& session, const Change& change, std::int64_t collection_id,
                         std::int64_t version_id, std::string_view action) {
  TREADLE_CHECK(write_history(session, change, collection_id, action, version_id, ""));
  const auto ids = [&](db::Statement& s) { s.bind(1, collection_id).bind(2, version_id); };
  TREADLE_CHECK(
      run(session, "delete from artifact_alias where collection_id = $1 and version_id = $2", ids));
  TREADLE_CHECK(run(session,
                    "delete from artifact_membership where collection_id = $1 and version_id = $2",
                    ids));
  TREADLE_CHECK(touch(session, collection_id, change.now));
  return move_latest(session, collection_id, CollectionKind::kPortfolio);
}

Result<void> remove_version(db::Session& session, const Change& change, const Version& version,
                            bool with_aliases) {
  TREADLE_TRY(const std::vector<Membership> links, select_links(session, version.id));
  TREADLE_CHECK(check_may_go(session, change, version, version.collection_id, with_aliases));
  for (const Membership& link : links) {
    TREADLE_CHECK(check_may_go(session, change, version, link.collection_id, with_aliases));
  }
  for (const Membership& link : links) {
    TREADLE_CHECK(remove_link(session, change, link.collection_id, version.id, "delete"));
  }
  TREADLE_CHECK(write_history(session, change, version.collection_id, "delete", version.id, ""));
  for (const char* sql : {"delete from artifact_alias where version_id = $1",
                          "delete from artifact_version_tag where version_id = $1",
                          "update artifact_version set state = 'DELETED' where id = $1"}) {
    TREADLE_CHECK(run(session, sql, [&](db::Statement& s) { s.bind(1, version.id); }));
  }
  return touch(session, version.collection_id, change.now);
}

}  // namespace treadle::artifact
