// Lists, aliases, deleting, who made and used what.
#include "core.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/store.h>

#include <algorithm>

namespace treadle::artifact {

Result<std::vector<Collection>> Store::collections(const CollectionFilter& filter) {
  return Catalog(*this).collections(filter);
}

Result<std::vector<Version>> Store::versions(const ArtifactRef& collection) {
  const ArtifactRef ref = core_->with_defaults(collection);
  std::vector<Version> out;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session,
                                     "c.entity = $1 and c.project = $2 and c.name = $3 "
                                     "order by v.version_index",
                                     [&](db::Statement& s) {
                                       s.bind(1, ref.entity).bind(2, ref.project);
                                       s.bind(3, ref.collection);
                                     }));
    return {};
  }));
  if (out.empty()) {
    TREADLE_TRY(const auto collection, Catalog(*this).find_collection(ref));
    if (collection && collection->kind == CollectionKind::kPortfolio) {
      TREADLE_TRY(const auto members, Catalog(*this).members(collection->id));
      for (const Membership& member : members) out.push_back(member.version);
    }
  }
  if (out.empty()) return fail(missing(ref));
  return out;
}

Result<std::unordered_set<std::string>> Store::version_texts() {
  std::unordered_set<std::string> texts;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
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

Result<std::map<std::string, Micros>> Store::last_uses() {
  std::map<std::string, Micros> uses;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        db::Statement * s,
        session.prepare("select c.entity, c.project, c.name, max(u.used) "
                        "from artifact_use u join artifact_version v on v.id = u.version_id "
                        "join artifact_collection c on c.id = v.collection_id "
                        "group by c.id, c.entity, c.project, c.name"));
    while (true) {
      TREADLE_TRY(const bool row, s->step());
      if (!row) return {};
      std::string text(s->text(0));
      text.append("/").append(s->text(1)).append("/").append(s->text(2));
      uses[std::move(text)] = s->integer(3);
    }
  }));
  return uses;
}

Result<void> Store::add_alias(const Version& version, const std::string& alias,
                              const ChangeOptions& options) {
  TREADLE_CHECK(check_given_alias(alias));
  return core_->write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t collection, collection_of(session, version));
    return give_alias(session, {options, core_->clock.now()}, collection, alias, version.id);
  });
}

Result<void> Store::remove_alias(const Version& version, const std::string& alias,
                                 const ChangeOptions& options) {
  if (alias == kLatest) {
    return fail(Errc::kInvalidArgument,
                "'latest' cannot be removed: it follows the newest version.");
  }
  return core_->write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t collection, collection_of(session, version));
    TREADLE_TRY(const std::vector<std::string> aliases,
                aliases_of(session, collection, version.id));
    if (std::find(aliases.begin(), aliases.end(), alias) == aliases.end()) {
      return fail(Errc::kNotFound, version.text() + " has no alias '" + alias + "'.");
    }
    return take_alias(session, {options, core_->clock.now()}, collection, alias, version.id);
  });
}

Result<void> Store::delete_version(const Version& version, bool with_aliases,
                                   const ChangeOptions& options) {
  return core_->write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t collection, collection_of(session, version));
    const Change change{options, core_->clock.now()};
    TREADLE_CHECK(remove_version(session, change, version, with_aliases));
    return move_latest(session, collection, CollectionKind::kSequence);
  });
}

Result<std::vector<Version>> Store::made_by(const std::string& run_id) {
  std::vector<Version> out;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session, "v.run_id = $1 and v.run_id <> '' order by v.id",
                                     [&](db::Statement& s) { s.bind(1, run_id); }));
    return {};
  }));
  return out;
}

Result<std::vector<Version>> Store::used_by(const std::string& run_id) {
  std::vector<Version> out;
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
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
  TREADLE_CHECK(core_->database.read([&](db::Session& session) -> Result<void> {
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
