#include <treadle/db/database.h>

namespace treadle::db {
namespace {

constexpr std::string_view kVersionOf = "select version from schema_versions where room = $1";

Result<int> current_version(Session& session, std::string_view room) {
  TREADLE_TRY(Statement * statement, session.prepare(kVersionOf));
  statement->bind(1, room);
  TREADLE_TRY(const bool found, statement->step());
  return found ? static_cast<int>(statement->integer(0)) : 0;
}

Result<void> refuse_newer(std::string_view room, int version, int known) {
  if (version <= known) return {};
  return fail(Errc::kUnsupported, "this home was written by a newer Treadle (schema " +
                                      std::string(room) + " " + std::to_string(version) +
                                      ", this one knows up to " + std::to_string(known) +
                                      "). Upgrade Treadle, or choose another home with --home.");
}

}  // namespace

Result<void> migrate(Database& database, std::string_view room,
                     std::span<const Migration> migrations) {
  const int newest = migrations.empty() ? 0 : migrations.back().version;

  // Usually there is nothing to do, and a reader finds that out without waiting for a writer.
  int version = -1;
  TREADLE_CHECK(database.read([&](Session& session) -> Result<void> {
    TREADLE_TRY(const bool exists, session.has_table("schema_versions"));
    if (!exists) return {};
    TREADLE_TRY(version, current_version(session, room));
    return {};
  }));
  TREADLE_CHECK(refuse_newer(room, version, newest));
  if (version == newest) return {};

  return database.write([&](Session& session) -> Result<void> {
    TREADLE_CHECK(
        session.execute("create table if not exists schema_versions ("
                        "room text primary key, version integer not null)"));
    TREADLE_TRY(const int from, current_version(session, room));
    TREADLE_CHECK(refuse_newer(room, from, newest));
    for (const Migration& migration : migrations) {
      if (migration.version > from) TREADLE_CHECK(session.execute(migration.sql));
    }
    TREADLE_TRY(Statement * set,
                session.prepare("insert into schema_versions (room, version) values ($1, $2) "
                                "on conflict (room) do update set version = excluded.version"));
    set->bind(1, room).bind(2, newest);
    return set->run();
  });
}

}  // namespace treadle::db
