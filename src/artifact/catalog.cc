// Types, and versions looked up and edited by id.
#include "checks.h"
#include "core.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/catalog.h>

namespace treadle::artifact {
namespace {

Result<std::vector<ArtifactType>> select_types(db::Session& session, std::string_view where,
                                               const Bind& bind) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select id, entity, project, name, description, created from "
                              "artifact_type where " +
                              std::string(where)));
  bind(*s);
  std::vector<ArtifactType> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back({s->integer(0), std::string(s->text(1)), std::string(s->text(2)),
                   std::string(s->text(3)), std::string(s->text(4)), s->integer(5)});
  }
}

constexpr std::string_view kOneType = "entity = $1 and project = $2 and name = $3";

}  // namespace

Catalog::Catalog(Store& store) : store_(store) {}

Result<std::vector<ArtifactType>> Catalog::types(const std::string& entity,
                                                 const std::string& project) {
  std::vector<ArtifactType> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_types(session,
                                  "($1 = '' or entity = $1) and ($2 = '' or project = $2) "
                                  "order by entity, project, name",
                                  [&](db::Statement& s) { s.bind(1, entity).bind(2, project); }));
    return {};
  }));
  return out;
}

Result<std::optional<ArtifactType>> Catalog::find_type(const std::string& entity,
                                                       const std::string& project,
                                                       const std::string& name) {
  const ArtifactRef ref = store_.core().with_defaults({entity, project, name, ""});
  std::vector<ArtifactType> found;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(found, select_types(session, kOneType, [&](db::Statement& s) {
                  s.bind(1, ref.entity).bind(2, ref.project).bind(3, name);
                }));
    return {};
  }));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<ArtifactType> Catalog::make_type(const std::string& entity, const std::string& project,
                                        const std::string& name, const std::string& description) {
  Core& core = store_.core();
  const ArtifactRef ref = core.with_defaults({entity, project, name, ""});
  TREADLE_CHECK(check_place(ref));
  TREADLE_CHECK(check_artifact_name("artifact type", name));
  TREADLE_CHECK(check_text("description", description));
  std::vector<ArtifactType> found;
  const auto bind = [&](db::Statement& s) {
    s.bind(1, ref.entity).bind(2, ref.project).bind(3, name);
  };
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(ensure_type(session, ref.entity, ref.project, name, core.clock.now()));
    if (!description.empty()) {
      TREADLE_CHECK(run(session,
                        "update artifact_type set description = $4 where " + std::string(kOneType),
                        [&](db::Statement& s) {
                          bind(s);
                          s.bind(4, description);
                        }));
    }
    TREADLE_TRY(found, select_types(session, kOneType, bind));
    return {};
  }));
  return std::move(found.at(0));
}

Result<std::optional<Version>> Catalog::find_version(std::int64_t id) {
  std::optional<Version> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const auto became,
                find_integer(session,
                             "select version_id from artifact_draft where id = $1 and "
                             "state = 'COMMITTED'",
                             [&](db::Statement& s) { s.bind(1, id); }));
    TREADLE_TRY(out, select_version(session, "v.id = $1",
                                    [&](db::Statement& s) { s.bind(1, became.value_or(id)); }));
    return {};
  }));
  return out;
}

Result<Version> Catalog::edit_version(const Version& version, const VersionEdit& edit) {
  Core& core = store_.core();
  if (edit.description) TREADLE_CHECK(check_text("description", *edit.description));
  if (edit.metadata) TREADLE_CHECK(check_metadata(*edit.metadata));
  if (edit.ttl_seconds) TREADLE_CHECK(check_ttl(*edit.ttl_seconds));
  for (const std::string& tag : edit.tags_to_add) TREADLE_CHECK(check_tag(tag));
  std::optional<Version> now_is;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(collection_of(session, version));
    const auto set = [&](std::string_view column, const auto& value) {
      return run(session,
                 "update artifact_version set " + std::string(column) + " = $1 where id = $2",
                 [&](db::Statement& s) { s.bind(1, value).bind(2, version.id); });
    };
    if (edit.description) TREADLE_CHECK(set("description", *edit.description));
    if (edit.metadata) TREADLE_CHECK(set("metadata", *edit.metadata));
    if (edit.ttl_seconds) TREADLE_CHECK(set("ttl", *edit.ttl_seconds));
    for (const std::string& tag : edit.tags_to_add) {
      TREADLE_CHECK(run(session,
                        "insert into artifact_version_tag (version_id, tag) values ($1, $2) "
                        "on conflict (version_id, tag) do nothing",
                        [&](db::Statement& s) { s.bind(1, version.id).bind(2, tag); }));
    }
    for (const std::string& tag : edit.tags_to_remove) {
      TREADLE_CHECK(run(session,
                        "delete from artifact_version_tag where version_id = $1 and tag = $2",
                        [&](db::Statement& s) { s.bind(1, version.id).bind(2, tag); }));
    }
    const Micros now = core.clock.now();
    TREADLE_CHECK(set("updated", now));
    TREADLE_CHECK(touch(session, version.collection_id, now));
    TREADLE_TRY(now_is, select_version(session, "v.id = $1",
                                       [&](db::Statement& s) { s.bind(1, version.id); }));
    return {};
  }));
  return *std::move(now_is);
}

}  // namespace treadle::artifact
