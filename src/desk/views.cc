// Reports, workspaces and chart presets; opening the desk.
#include "schema.h"
#include <treadle/desk/desk.h>

#include <tuple>

namespace treadle::desk {
namespace {

const std::string kSelectView =
    "select id, project_id, type, name, display_name, description, spec, user_id, created, "
    "updated from desk_view";

View read_view(const db::Statement& s) {
  return {s.integer(0),           s.integer(1),
          std::string(s.text(2)), std::string(s.text(3)),
          std::string(s.text(4)), std::string(s.text(5)),
          std::string(s.text(6)), s.integer(7),
          s.integer(8),           s.integer(9)};
}

void bind_view(db::Statement& s, const View& v) {
  s.bind(1, v.id).bind(2, v.project_id).bind(3, v.type).bind(4, v.name).bind(5, v.display_name);
  s.bind(6, v.description).bind(7, v.spec).bind(8, v.user_id).bind(9, v.created);
  s.bind(10, v.updated);
}

}  // namespace

Result<std::unique_ptr<Desk>> Desk::open(db::Database& database, Clock& clock) {
  TREADLE_CHECK(migrate_tables(database));
  return std::unique_ptr<Desk>(new Desk(database, clock));
}

Result<View> Desk::add(const View& view) {
  View out = view;
  out.created = clock_.now();
  out.updated = out.created;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out.id, next_id(session, "desk_view", out.created));
    return db::change(session,
                      "insert into desk_view (id, project_id, type, name, display_name, "
                      "description, spec, user_id, created, updated) values ($1, $2, $3, $4, $5, "
                      "$6, $7, $8, $9, $10)",
                      [&](db::Statement& s) { bind_view(s, out); });
  }));
  return out;
}

Result<View> Desk::change_view(std::int64_t id, const ViewChanges& changes) {
  View out;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(auto known, db::select_one(
                                session, kSelectView + " where id = $1",
                                [&](db::Statement& s) { s.bind(1, id); }, read_view));
    if (!known) return fail(Errc::kNotFound, "There is no such view.");
    out = *std::move(known);
    if (changes.type) out.type = *changes.type;
    if (changes.name) out.name = *changes.name;
    if (changes.display_name) out.display_name = *changes.display_name;
    if (changes.description) out.description = *changes.description;
    if (changes.spec) out.spec = *changes.spec;
    out.updated = clock_.now();
    return db::change(session,
                      "update desk_view set project_id = $2, type = $3, name = $4, display_name = "
                      "$5, description = $6, spec = $7, user_id = $8, created = $9, updated = $10 "
                      "where id = $1",
                      [&](db::Statement& s) { bind_view(s, out); });
  }));
  return out;
}

Result<std::optional<View>> Desk::find_view(std::int64_t id) {
  return db::read_one(
      database_, kSelectView + " where id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_view);
}

Result<std::vector<View>> Desk::views(std::int64_t project_id, const std::string& type) {
  return db::read_all(
      database_,
      kSelectView + " where project_id = $1 and ($2 = '' or type = $2) order by updated desc, id",
      [&](db::Statement& s) { s.bind(1, project_id).bind(2, type); }, read_view);
}

Result<void> Desk::remove_view(std::int64_t id) {
  return db::write_one(database_, "delete from desk_view where id = $1",
                       [&](db::Statement& s) { s.bind(1, id); });
}

Result<Chart> Desk::put(const Chart& chart) {
  Chart out = chart;
  out.created = clock_.now();
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out.id, next_id(session, "desk_chart", out.created));
    TREADLE_TRY(const auto kept,
                db::select_one(
                    session,
                    "insert into desk_chart (id, entity_id, name, display_name, type, access, "
                    "spec, user_id, created) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on "
                    "conflict (entity_id, name) do update set display_name = "
                    "excluded.display_name, type = excluded.type, access = excluded.access, spec = "
                    "excluded.spec, user_id = excluded.user_id returning id, created",
                    [&](db::Statement& s) {
                      s.bind(1, out.id).bind(2, out.entity_id).bind(3, out.name);
                      s.bind(4, out.display_name).bind(5, out.type).bind(6, out.access);
                      s.bind(7, out.spec).bind(8, out.user_id).bind(9, out.created);
                    },
                    [](const db::Statement& s) { return std::pair(s.integer(0), s.integer(1)); }));
    std::tie(out.id, out.created) = *kept;
    return {};
  }));
  return out;
}

Result<void> Desk::remove_project(std::int64_t project_id) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto bind = [&](db::Statement& s) { s.bind(1, project_id); };
    TREADLE_CHECK(db::change(session, "delete from desk_automation where project_id = $1", bind));
    return db::change(session, "delete from desk_view where project_id = $1", bind);
  });
}

}  // namespace treadle::desk
