#include "rows.h"

#include <algorithm>
#include <cstring>

namespace treadle::artifact {
namespace {

constexpr std::string_view kSelect =
    "select v.id, c.entity, c.project, c.name, c.type, v.version_index, v.digest, v.description, "
    "v.metadata, v.size, v.file_count, v.created, v.run_id, v.updated, v.ttl, c.ttl, "
    "v.history_step, c.id from artifact_version v join artifact_collection c "
    "on c.id = v.collection_id where v.state = 'COMMITTED' and ";

Version version_from(const db::Statement& row) {
  Version v;
  v.id = row.integer(0);
  v.entity = row.text(1);
  v.project = row.text(2);
  v.collection = row.text(3);
  v.type = row.text(4);
  v.index = static_cast<int>(row.integer(5));
  v.digest = row.text(6);
  v.description = row.text(7);
  v.metadata = row.text(8);
  v.size = row.integer(9);
  v.file_count = row.integer(10);
  v.created = row.integer(11);
  v.run_id = row.text(12);
  v.updated = row.integer(13);
  v.ttl_seconds = row.integer(14);
  v.ttl_effective = v.ttl_seconds == kTtlInherit ? row.integer(15) : v.ttl_seconds;
  if (!row.is_null(16)) v.history_step = row.integer(16);
  v.collection_id = row.integer(17);
  return v;
}

}  // namespace

std::string Version::name() const {
  return collection + ":v" + std::to_string(index);
}
std::string Version::text() const {
  return entity + "/" + project + "/" + name();
}
std::string Version::address() const {
  return host.empty() ? text() : host + "/" + text();
}

Result<std::vector<Version>> select_versions(db::Session& session, std::string_view where,
                                             const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(std::string(kSelect) + std::string(where)));
  bind(*s);
  std::vector<Version> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    out.push_back(version_from(*s));
  }
  for (Version& version : out) {
    TREADLE_TRY(version.aliases, aliases_of(session, version.collection_id, version.id));
    TREADLE_TRY(version.tags, texts(session,
                                    "select tag from artifact_version_tag where version_id = $1 "
                                    "order by tag",
                                    [&](db::Statement& t) { t.bind(1, version.id); }));
  }
  return out;
}

Result<std::vector<std::string>> texts(db::Session& session, std::string_view sql,
                                       const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  bind(*s);
  std::vector<std::string> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.emplace_back(s->text(0));
  }
}

Result<void> run(db::Session& session, std::string_view sql, const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  bind(*s);
  return s->run();
}

Result<std::optional<std::int64_t>> find_integer(db::Session& session, std::string_view sql,
                                                 const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  bind(*s);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  std::optional<std::int64_t> out;
  if (!s->is_null(0)) out = s->integer(0);
  TREADLE_CHECK(s->run());
  return out;
}

Result<std::vector<std::string>> aliases_of(db::Session& session, std::int64_t collection_id,
                                            std::int64_t version_id) {
  return texts(session,
               "select alias from artifact_alias where version_id = $1 and collection_id = $2 "
               "order by alias",
               [&](db::Statement& s) { s.bind(1, version_id).bind(2, collection_id); });
}

Result<std::optional<Version>> select_version(db::Session& session, std::string_view where,
                                              const Bind& bind) {
  TREADLE_TRY(std::vector<Version> found, select_versions(session, where, bind));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<void> set_alias(db::Session& session, std::int64_t collection_id, const std::string& alias,
                       std::int64_t version_id) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into artifact_alias (collection_id, alias, version_id) "
                              "values ($1, $2, $3) on conflict (collection_id, alias) "
                              "do update set version_id = excluded.version_id"));
  s->bind(1, collection_id).bind(2, alias).bind(3, version_id);
  return s->run();
}

Result<std::int64_t> collection_of(db::Session& session, const Version& version) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select collection_id from artifact_version where id = $1 and "
                              "state = 'COMMITTED'"));
  s->bind(1, version.id);
  TREADLE_TRY(const bool found, s->step());
  if (!found) {
    return fail(Errc::kNotFound, "The version " + version.text() + " no longer exists.");
  }
  const std::int64_t id = s->integer(0);
  TREADLE_CHECK(s->run());
  return id;
}

Result<std::optional<Sha256>> manifest_sha256_of(db::Session& session, std::int64_t version_id) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select manifest_sha256 from artifact_version where id = $1 and "
                              "state = 'COMMITTED'"));
  s->bind(1, version_id);
  TREADLE_TRY(const bool found, s->step());
  if (!found) return std::nullopt;
  Sha256 out{};
  const std::string_view bytes = s->text(0);
  std::memcpy(out.data(), bytes.data(), std::min(bytes.size(), out.size()));
  TREADLE_CHECK(s->run());
  return out;
}

}  // namespace treadle::artifact
