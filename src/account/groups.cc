#include "rows.h"
#include <treadle/account/accounts.h>
#include <treadle/model/artifact_name.h>

namespace treadle::account {
namespace {

const std::string kEntities = "select " + std::string(kEntityColumns) + " from account_entity e";
const std::string kOrganizations =
    "select " + std::string(kOrganizationColumns) + " from account_organization o";

std::string member_columns() {
  return std::string(kUserColumns) + ", m.role";
}

Member read_member(const db::Statement& s) {
  return {read_user(s), static_cast<Role>(s.integer(8))};
}

}  // namespace

Result<Organization> Accounts::add_organization(const std::string& name, const User& admin) {
  TREADLE_CHECK(check_artifact_name("organization", name));
  Organization made;
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        made = {};
        made.name = name;
        made.created = clock_.now();
        TREADLE_TRY(const auto taken,
                    select(
                        session, kOrganizations + " where o.name = $1",
                        [&](db::Statement& s) { s.bind(1, name); }, read_organization));
        if (!taken.empty()) {
          return fail(Errc::kAlreadyExists, "There is an organization '" + name + "' already.");
        }
        // Registries are addressed by this name; a user or team may have the plain one.
        TREADLE_TRY(const auto same, select_entity(session, name));
        made.entity = same ? name + "-org" : name;
        TREADLE_TRY(db::Statement * s,
                    session.prepare("insert into account_organization (id, name, entity, created) "
                                    "select coalesce(max(id), 0) + 1, $1, $2, $3 from "
                                    "account_organization returning id"));
        s->bind(1, made.name).bind(2, made.entity).bind(3, made.created);
        TREADLE_CHECK(s->step());
        made.id = s->integer(0);
        TREADLE_CHECK(s->run());
        Entity entity;
        entity.name = made.entity;
        entity.kind = Entity::Kind::kOrganization;
        entity.organization_id = made.id;
        entity.created = made.created;
        TREADLE_TRY(entity, insert_entity(session, entity));
        return upsert_member(session, entity.id, admin.id, Role::kAdmin);
      },
      db::Sync::kYes));
  return made;
}

Result<std::optional<Organization>> Accounts::find_organization(std::string_view name) {
  return read_one(
      database_, kOrganizations + " where o.name = $1 or o.entity = $1 order by o.name <> $1",
      [&](db::Statement& s) { s.bind(1, name); }, read_organization);
}

Result<std::optional<Organization>> Accounts::find_organization(std::int64_t id) {
  return read_one(
      database_, kOrganizations + " where o.id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_organization);
}

Result<std::vector<Organization>> Accounts::organizations(std::int64_t user_id) {
  if (user_id == 0) {
    return read_all(database_, kOrganizations + " order by o.name", bind_nothing,
                    read_organization);
  }
  return read_all(
      database_,
      kOrganizations +
          " where exists (select 1 from account_member m join account_entity e on e.id = "
          "m.entity_id where m.user_id = $1 and e.organization_id = o.id) order by o.name",
      [&](db::Statement& s) { s.bind(1, user_id); }, read_organization);
}

Result<Entity> Accounts::add_team(const std::string& name, const std::string& organization,
                                  const User& admin) {
  TREADLE_CHECK(check_artifact_name("team", name));
  std::int64_t organization_id = 0;
  if (!organization.empty()) {
    TREADLE_TRY(const std::optional<Organization> found, find_organization(organization));
    if (!found) {
      return fail(Errc::kNotFound, "There is no organization '" + organization +
                                       "'. Make it first: treadle org add " + organization +
                                       " --admin USER.");
    }
    organization_id = found->id;
  }
  Entity made;
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        made = {};
        made.name = name;
        made.organization_id = organization_id;
        made.created = clock_.now();
        TREADLE_TRY(made, insert_entity(session, made));
        return upsert_member(session, made.id, admin.id, Role::kAdmin);
      },
      db::Sync::kYes));
  return made;
}

Result<std::optional<Entity>> Accounts::find_entity(std::string_view name) {
  return read_one(
      database_, kEntities + " where e.name = $1", [&](db::Statement& s) { s.bind(1, name); },
      read_entity);
}

Result<std::optional<Entity>> Accounts::find_entity(std::int64_t id) {
  return read_one(
      database_, kEntities + " where e.id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_entity);
}

Result<std::vector<Entity>> Accounts::entities() {
  return read_all(database_, kEntities + " order by e.name", bind_nothing, read_entity);
}

Result<std::vector<Entity>> Accounts::entities_of(std::int64_t user_id) {
  return read_all(
      database_,
      kEntities +
          " where e.user_id = $1 or (e.kind = 1 and exists (select 1 from account_member m where "
          "m.entity_id = e.id and m.user_id = $1)) order by e.kind, e.name",
      [&](db::Statement& s) { s.bind(1, user_id); }, read_entity);
}

Result<void> Accounts::adopt(const std::string& entity) {
  TREADLE_TRY(const std::optional<Entity> known, find_entity(entity));
  if (known) return {};
  TREADLE_TRY(const std::vector<User> all, users());
  const User* owner = nullptr;
  for (const User& user : all) {
    if (user.admin && (owner == nullptr || user.name == first_user_)) owner = &user;
  }
  if (owner == nullptr) return {};
  TREADLE_TRY(const Entity made, add_team(entity, "", *owner));
  (void)made;
  return {};
}

Result<void> Accounts::set_member(std::int64_t entity_id, std::int64_t user_id, Role role) {
  return database_.write(
      [&](db::Session& session) -> Result<void> {
        return upsert_member(session, entity_id, user_id, role);
      },
      db::Sync::kYes);
}

Result<std::vector<Member>> Accounts::members(std::int64_t entity_id) {
  return read_all(
      database_,
      "select " + member_columns() +
          " from account_member m join account_user u on u.id = m.user_id where m.entity_id = $1 "
          "and u.removed = 0 order by u.name",
      [&](db::Statement& s) { s.bind(1, entity_id); }, read_member);
}

Result<Role> Accounts::role_in(std::int64_t entity_id, std::int64_t user_id) {
  TREADLE_TRY(
      const auto role,
      read_one(
          database_, "select role from account_member where entity_id = $1 and user_id = $2",
          [&](db::Statement& s) { s.bind(1, entity_id).bind(2, user_id); },
          [](const db::Statement& s) { return static_cast<Role>(s.integer(0)); }));
  return role.value_or(Role::kNone);
}

Result<std::vector<Member>> Accounts::project_members(std::int64_t project_id) {
  return read_all(
      database_,
      "select " + member_columns() +
          " from account_project_member m join account_user u on u.id = m.user_id where "
          "m.project_id = $1 and u.removed = 0 order by u.name",
      [&](db::Statement& s) { s.bind(1, project_id); }, read_member);
}

Result<std::vector<TeamMember>> Accounts::project_teams(std::int64_t project_id) {
  return read_all(
      database_,
      "select " + std::string(kEntityColumns) +
          ", m.role from account_project_member m join account_entity e on e.id = m.team_id where "
          "m.project_id = $1 and m.team_id <> 0 order by e.name",
      [&](db::Statement& s) { s.bind(1, project_id); },
      [](const db::Statement& s) {
        return TeamMember{read_entity(s), static_cast<Role>(s.integer(6))};
      });
}

}  // namespace treadle::account
