// Memberships and their aliases.
#include "checks.h"
#include "core.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/catalog.h>

namespace treadle::artifact {
namespace {

Result<CollectionRow> portfolio_for(db::Session& session, const Version& version,
                                    const ArtifactRef& ref, Micros now) {
  TREADLE_CHECK(check_registry_takes(session, ref.entity, ref.project, version.type));
  TREADLE_TRY(const std::optional<CollectionRow> row,
              find_row(session, ref.entity, ref.project, ref.collection));
  if (!row) {
    return insert_collection(session, ref, version.type, CollectionKind::kPortfolio, "", now);
  }
  if (row->kind != CollectionKind::kPortfolio) {
    return fail(Errc::kInvalidArgument,
                "Versions of '" + row->text() +
                    "' are made there; other versions cannot be linked into it. Link into another "
                    "name.");
  }
  if (row->type != version.type) {
    return fail(Errc::kInvalidArgument, "The collection '" + row->text() +
                                            "' takes versions of type '" + row->type + "', and " +
                                            version.text() + " has the type '" + version.type +
                                            "'. Link it into another collection.");
  }
  return *row;
}

Result<std::optional<Membership>> find_in(db::Session& session, std::int64_t collection_id,
                                          std::int64_t version_id) {
  TREADLE_TRY(std::vector<Membership> links, select_links(session, version_id));
  for (Membership& link : links) {
    if (link.collection_id == collection_id) return std::move(link);
  }
  return std::nullopt;
}

Result<void> check_member(db::Session& session, const Version& version,
                          std::int64_t collection_id) {
  TREADLE_TRY(const std::int64_t own, collection_of(session, version));
  if (own == collection_id) return {};
  TREADLE_TRY(
      const auto linked,
      find_integer(session,
                   "select 1 from artifact_membership where collection_id = $1 and "
                   "version_id = $2",
                   [&](db::Statement& s) { s.bind(1, collection_id).bind(2, version.id); }));
  if (linked) return {};
  TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, collection_id));
  return fail(Errc::kNotFound, version.text() + " is not in '" +
                                   (row ? row->text() : std::to_string(collection_id)) +
                                   "'. Link it first.");
}

}  // namespace

Result<std::vector<Membership>> Catalog::members(std::int64_t collection_id) {
  std::vector<Membership> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto row, find_row(session, collection_id));
    if (!row) return {};
    TREADLE_TRY(out, select_members(session, *row));
    return {};
  }));
  return out;
}

Result<std::optional<Membership>> Catalog::find_member(const ArtifactRef& given) {
  const ArtifactRef ref = store_.core().with_defaults(given);
  std::optional<Membership> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_ref(session, ref));
    return {};
  }));
  return out;
}

Result<std::vector<Membership>> Catalog::memberships_of(const Version& version) {
  std::vector<Membership> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto own, select_version(session, "v.id = $1",
                                               [&](db::Statement& s) { s.bind(1, version.id); }));
    if (!own) return {};
    TREADLE_TRY(out, select_links(session, version.id));
    out.insert(out.begin(), own_membership(*own));
    return {};
  }));
  return out;
}

Result<Membership> Catalog::link(const Version& version, const ArtifactRef& portfolio,
                                 const std::vector<std::string>& aliases,
                                 const ChangeOptions& options) {
  Core& core = store_.core();
  const ArtifactRef ref = core.with_defaults(portfolio);
  TREADLE_CHECK(check_place(ref));
  for (const std::string& alias : aliases) {
    if (alias != kLatest) TREADLE_CHECK(check_given_alias(alias));
  }
  std::optional<Membership> out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    const Change change{options, core.clock.now()};
    TREADLE_CHECK(collection_of(session, version));
    TREADLE_TRY(const auto current, select_version(session, "v.id = $1", [&](db::Statement& s) {
                  s.bind(1, version.id);
                }));
    TREADLE_TRY(const CollectionRow row, portfolio_for(session, *current, ref, change.now));
    TREADLE_TRY(out, find_in(session, row.id, version.id));
    if (!out) {
      TREADLE_CHECK(run(session,
                        "insert into artifact_membership (collection_id, member_index, version_id, "
                        "created) values ($1, $2, $3, $4)",
                        [&](db::Statement& s) {
                          s.bind(1, row.id).bind(2, row.next_index).bind(3, version.id);
                          s.bind(4, change.now);
                        }));
      TREADLE_CHECK(
          run(session, "update artifact_collection set next_index = $1, updated = $2 where id = $3",
              [&](db::Statement& s) {
                s.bind(1, row.next_index + 1).bind(2, change.now).bind(3, row.id);
              }));
      TREADLE_CHECK(write_history(session, change, row.id, "link", version.id, ""));
      TREADLE_CHECK(set_alias(session, row.id, std::string(kLatest), version.id));
    }
    for (const std::string& alias : aliases) {
      if (alias == kLatest) continue;
      TREADLE_CHECK(give_alias(session, change, row.id, alias, version.id));
    }
    TREADLE_TRY(out, find_in(session, row.id, version.id));
    return {};
  }));
  return *std::move(out);
}

Result<void> Catalog::unlink(const Version& version, std::int64_t collection_id,
                             const ChangeOptions& options) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    const Change change{options, core.clock.now()};
    TREADLE_TRY(const auto link, find_in(session, collection_id, version.id));
    if (!link) {
      TREADLE_TRY(const std::optional<CollectionRow> row, find_row(session, collection_id));
      return fail(Errc::kNotFound, version.text() + " is not linked into '" +
                                       (row ? row->text() : std::to_string(collection_id)) + "'.");
    }
    TREADLE_CHECK(check_may_go(session, change, version, collection_id, true));
    return remove_link(session, change, collection_id, version.id, "unlink");
  });
}

Result<std::vector<MembershipEvent>> Catalog::history(std::int64_t collection_id) {
  std::vector<MembershipEvent> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        db::Statement * s,
        session.prepare("select h.id, h.action, c.entity, c.project, c.name, "
                        "v.version_index, h.member_index, h.alias, h.at, h.by_whom from "
                        "artifact_history h left join artifact_version v "
                        "on v.id = h.version_id left join artifact_collection c "
                        "on c.id = v.collection_id where h.collection_id = $1 order by h.id"));
    s->bind(1, collection_id);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      MembershipEvent event;
      event.id = s->integer(0);
      event.action = s->text(1);
      if (!s->is_null(4)) {
        const std::string_view name = s->text(4);  // of a deleted collection: "name#12"
        event.version = std::string(s->text(2)) + "/" + std::string(s->text(3)) + "/" +
                        std::string(name.substr(0, name.find('#'))) + ":v" +
                        std::to_string(s->integer(5));
      }
      if (!s->is_null(6)) event.index = static_cast<int>(s->integer(6));
      event.alias = s->text(7);
      event.at = s->integer(8);
      event.by = s->text(9);
      out.push_back(std::move(event));
    }
  }));
  return out;
}

Result<void> Catalog::add_aliases(const Version& version, std::int64_t collection_id,
                                  const std::vector<std::string>& aliases,
                                  const ChangeOptions& options) {
  Core& core = store_.core();
  for (const std::string& alias : aliases) TREADLE_CHECK(check_given_alias(alias));
  return core.write([&](db::Session& session) -> Result<void> {
    const Change change{options, core.clock.now()};
    TREADLE_CHECK(check_member(session, version, collection_id));
    for (const std::string& alias : aliases) {
      TREADLE_CHECK(give_alias(session, change, collection_id, alias, version.id));
    }
    return {};
  });
}

Result<void> Catalog::remove_aliases(const Version& version, std::int64_t collection_id,
                                     const std::vector<std::string>& aliases,
                                     const ChangeOptions& options) {
  Core& core = store_.core();
  for (const std::string& alias : aliases) {
    if (alias != kLatest) continue;
    return fail(Errc::kInvalidArgument,
                "'latest' cannot be removed: it follows the newest version.");
  }
  return core.write([&](db::Session& session) -> Result<void> {
    const Change change{options, core.clock.now()};
    TREADLE_CHECK(check_member(session, version, collection_id));
    for (const std::string& alias : aliases) {
      TREADLE_CHECK(take_alias(session, change, collection_id, alias, version.id));
    }
    return {};
  });
}

namespace {

Result<void> note_protection(db::Session& session, const Change& change, const ArtifactRef& ref,
                             std::string_view action, const std::string& alias) {
  if (ref.collection.empty()) return {};
  TREADLE_TRY(const auto row, find_row(session, ref.entity, ref.project, ref.collection));
  if (!row) return {};
  return write_history(session, change, row->id, action, std::nullopt, alias);
}

}  // namespace

Result<void> Catalog::protect_alias(const ArtifactRef& collection, const std::string& alias,
                                    const std::string& by) {
  Core& core = store_.core();
  const ArtifactRef ref = core.with_defaults(collection);
  TREADLE_CHECK(check_given_alias(alias));
  const ChangeOptions options{.by = by};
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(run(session,
                      "insert into artifact_protected_alias (entity, project, collection, alias) "
                      "values ($1, $2, $3, $4) on conflict (entity, project, collection, alias) "
                      "do nothing",
                      [&](db::Statement& s) {
                        s.bind(1, ref.entity).bind(2, ref.project).bind(3, ref.collection);
                        s.bind(4, alias);
                      }));
    if (session.changes() == 0) return {};
    return note_protection(session, {options, core.clock.now()}, ref, "protect", alias);
  });
}

Result<void> Catalog::unprotect_alias(const ArtifactRef& collection, const std::string& alias,
                                      const std::string& by) {
  Core& core = store_.core();
  const ArtifactRef ref = core.with_defaults(collection);
  const ChangeOptions options{.by = by};
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(run(session,
                      "delete from artifact_protected_alias where entity = $1 and project = $2 and "
                      "collection = $3 and alias = $4",
                      [&](db::Statement& s) {
                        s.bind(1, ref.entity).bind(2, ref.project).bind(3, ref.collection);
                        s.bind(4, alias);
                      }));
    if (session.changes() == 0) return {};
    return note_protection(session, {options, core.clock.now()}, ref, "unprotect", alias);
  });
}

Result<std::vector<std::string>> Catalog::protected_aliases(const ArtifactRef& collection) {
  const ArtifactRef ref = store_.core().with_defaults(collection);
  std::vector<std::string> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, texts(session,
                           "select distinct alias from artifact_protected_alias where entity = $1 "
                           "and project = $2 and (collection = '' or collection = $3) "
                           "order by alias",
                           [&](db::Statement& s) {
                             s.bind(1, ref.entity).bind(2, ref.project).bind(3, ref.collection);
                           }));
    return {};
  }));
  return out;
}

}  // namespace treadle::artifact
