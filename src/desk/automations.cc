// Automations and the integrations they act through.
#include "schema.h"
#include <treadle/desk/desk.h>

namespace treadle::desk {
namespace {

const std::string kSelectIntegration =
    "select id, entity_id, kind, name, target, token_ref, secret_ref, created from "
    "desk_integration";

Integration read_integration(const db::Statement& s) {
  return {s.integer(0),
          s.integer(1),
          static_cast<Integration::Kind>(s.integer(2)),
          std::string(s.text(3)),
          std::string(s.text(4)),
          std::string(s.text(5)),
          std::string(s.text(6)),
          s.integer(7)};
}

const std::string kSelectAutomation =
    "select id, name, description, enabled, scope_kind, scope_id, entity_id, project_id, event, "
    "filter, action, action_config, creator_id, created, updated from desk_automation";

Automation read_automation(const db::Statement& s) {
  Automation out;
  out.id = s.integer(0);
  out.name = s.text(1);
  if (!s.is_null(2)) out.description = std::string(s.text(2));
  out.enabled = s.integer(3) != 0;
  out.scope = static_cast<ScopeKind>(s.integer(4));
  out.scope_id = s.integer(5);
  out.entity_id = s.integer(6);
  out.project_id = s.integer(7);
  out.event = s.text(8);
  out.filter = s.text(9);
  out.action = s.text(10);
  out.action_config = s.text(11);
  out.creator_id = s.integer(12);
  out.created = s.integer(13);
  out.updated = s.integer(14);
  return out;
}

void bind_automation(db::Statement& s, const Automation& a) {
  s.bind(1, a.id).bind(2, a.name);
  a.description ? s.bind(3, *a.description) : s.bind_null(3);
  s.bind(4, a.enabled).bind(5, static_cast<int>(a.scope)).bind(6, a.scope_id);
  s.bind(7, a.entity_id).bind(8, a.project_id).bind(9, a.event).bind(10, a.filter);
  s.bind(11, a.action).bind(12, a.action_config).bind(13, a.creator_id).bind(14, a.created);
  s.bind(15, a.updated);
}

Result<void> check_name(db::Session& session, const Automation& a) {
  TREADLE_TRY(
      const auto taken,
      db::select_one(
          session,
          kSelectAutomation + " where scope_kind = $1 and scope_id = $2 and name = $3 and id <> $4",
          [&](db::Statement& s) {
            s.bind(1, static_cast<int>(a.scope)).bind(2, a.scope_id).bind(3, a.name);
            s.bind(4, a.id);
          },
          read_automation));
  if (!taken) return {};
  return fail(Errc::kAlreadyExists, "There is an automation '" + a.name +
                                        "' in this scope already. Choose another name, or delete "
                                        "that one.");
}

}  // namespace

Result<Integration> Desk::add(const Integration& integration) {
  Integration out = integration;
  out.created = clock_.now();
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(
        const auto taken,
        db::select_one(
            session, kSelectIntegration + " where entity_id = $1 and kind = $2 and name = $3",
            [&](db::Statement& s) {
              s.bind(1, out.entity_id).bind(2, static_cast<int>(out.kind)).bind(3, out.name);
            },
            read_integration));
    if (taken) {
      return fail(Errc::kAlreadyExists,
                  "There is an integration '" + out.name + "' already. Choose another name.");
    }
    TREADLE_TRY(out.id, next_id(session, "desk_integration", out.created));
    return db::change(
        session,
        "insert into desk_integration (id, entity_id, kind, name, target, token_ref, "
        "secret_ref, created) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [&](db::Statement& s) {
          s.bind(1, out.id).bind(2, out.entity_id).bind(3, static_cast<int>(out.kind));
          s.bind(4, out.name).bind(5, out.target).bind(6, out.token_ref);
          s.bind(7, out.secret_ref).bind(8, out.created);
        });
  }));
  return out;
}

Result<std::optional<Integration>> Desk::find_integration(std::int64_t id) {
  return db::read_one(
      database_, kSelectIntegration + " where id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_integration);
}

Result<std::vector<Integration>> Desk::integrations(std::int64_t entity_id) {
  return db::read_all(
      database_, kSelectIntegration + " where entity_id = $1 order by id",
      [&](db::Statement& s) { s.bind(1, entity_id); }, read_integration);
}

Result<Automation> Desk::add(const Automation& automation) {
  Automation out = automation;
  out.created = clock_.now();
  out.updated = out.created;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out.id, next_id(session, "desk_automation", out.created));
    TREADLE_CHECK(check_name(session, out));
    return db::change(
        session,
        "insert into desk_automation (id, name, description, enabled, scope_kind, scope_id, "
        "entity_id, project_id, event, filter, action, action_config, creator_id, created, "
        "updated) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        [&](db::Statement& s) { bind_automation(s, out); });
  }));
  return out;
}

Result<Automation> Desk::replace(const Automation& automation) {
  Automation out = automation;
  out.updated = clock_.now();
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(check_name(session, out));
    TREADLE_CHECK(db::change(
        session,
        "update desk_automation set name = $2, description = $3, enabled = $4, scope_kind = $5, "
        "scope_id = $6, entity_id = $7, project_id = $8, event = $9, filter = $10, action = $11, "
        "action_config = $12, creator_id = $13, created = $14, updated = $15 where id = $1",
        [&](db::Statement& s) { bind_automation(s, out); }));
    if (session.changes() == 0) return fail(Errc::kNotFound, "There is no such automation.");
    return {};
  }));
  return out;
}

Result<std::optional<Automation>> Desk::find_automation(std::int64_t id) {
  return db::read_one(
      database_, kSelectAutomation + " where id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_automation);
}

Result<std::vector<Automation>> Desk::automations_of_entity(std::int64_t entity_id) {
  return db::read_all(
      database_, kSelectAutomation + " where entity_id = $1 order by id",
      [&](db::Statement& s) { s.bind(1, entity_id); }, read_automation);
}

Result<std::vector<Automation>> Desk::automations_of_project(std::int64_t project_id) {
  return db::read_all(
      database_, kSelectAutomation + " where project_id = $1 order by id",
      [&](db::Statement& s) { s.bind(1, project_id); }, read_automation);
}

Result<void> Desk::remove_automation(std::int64_t id) {
  return db::write_one(database_, "delete from desk_automation where id = $1",
                       [&](db::Statement& s) { s.bind(1, id); });
}

}  // namespace treadle::desk
