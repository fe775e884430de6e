#include "rows.h"
#include <treadle/account/accounts.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>

namespace treadle::account {
namespace {

const std::string kProjects = "select " + std::string(kProjectColumns) + " from account_project p";

Result<void> upsert_project_member(db::Database& database, std::int64_t project_id,
                                   std::int64_t user_id, std::int64_t team_id, Role role) {
  return database.write(
      [&](db::Session& session) -> Result<void> {
        const auto bind = [&](db::Statement& s) {
          s.bind(1, project_id).bind(2, user_id).bind(3, team_id);
        };
        if (role == Role::kNone) {
          return change(session,
                        "delete from account_project_member where project_id = $1 and user_id = $2 "
                        "and team_id = $3",
                        bind);
        }
        return change(session,
                      "insert into account_project_member (project_id, user_id, team_id, role) "
                      "values ($1, $2, $3, $4) on conflict (project_id, user_id, team_id) do "
                      "update set role = excluded.role",
                      [&](db::Statement& s) {
                        bind(s);
                        s.bind(4, static_cast<int>(role));
                      });
      },
      db::Sync::kYes);
}

Result<std::optional<Role>> select_role(db::Session& session, std::string_view sql, std::int64_t a,
                                        std::int64_t b) {
  return select_one(
      session, sql, [&](db::Statement& s) { s.bind(1, a).bind(2, b); },
      [](const db::Statement& s) { return static_cast<Role>(s.integer(0)); });
}

constexpr std::string_view kMemberRole =
    "select role from account_member where entity_id = $1 and user_id = $2";
// By name, or through a team.
constexpr std::string_view kProjectRole =
    "select max(m.role) from account_project_member m where m.project_id = $1 and (m.user_id = $2 "
    "or exists (select 1 from account_member t where t.entity_id = m.team_id and t.user_id = $2))";
// Whoever is in a team of the organization is in the organization.
constexpr std::string_view kOrganizationRole =
    "select case when e.kind = 2 then m.role else 3 end from account_member m join account_entity "
    "e "
    "on e.id = m.entity_id where e.organization_id = $1 and m.user_id = $2 order by 1 desc limit 1";

}  // namespace

Result<std::optional<Project>> Accounts::project(const std::string& entity, const std::string& name,
                                                 bool make, std::int64_t creator_id) {
  const auto bind = [&](db::Statement& s) { s.bind(1, entity).bind(2, name); };
  const std::string sql = kProjects + " where p.entity = $1 and p.name = $2";
  TREADLE_TRY(std::optional<Project> found, read_one(database_, sql, bind, read_project));
  if (found || !make) return found;
  TREADLE_CHECK(check_artifact_name("project", name));
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_CHECK(change(session,
                         "insert into account_project (id, entity, name, visibility, creator_id, "
                         "created, updated) select coalesce(max(id), 0) + 1, $1, $2, 0, $3, $4, $4 "
                         "from account_project where true on conflict (entity, name) do nothing",
                         [&](db::Statement& s) {
                           bind(s);
                           s.bind(3, creator_id).bind(4, clock_.now());
                         }));
    TREADLE_TRY(found, select_one(session, sql, bind, read_project));
    return {};
  }));
  return found;
}

Result<std::optional<Project>> Accounts::find_project(std::int64_t id) {
  return read_one(
      database_, kProjects + " where p.id = $1", [&](db::Statement& s) { s.bind(1, id); },
      read_project);
}

Result<std::vector<Project>> Accounts::projects(const std::string& entity) {
  return read_all(
      database_, kProjects + " where p.entity = $1 order by p.name",
      [&](db::Statement& s) { s.bind(1, entity); }, read_project);
}

Result<void> Accounts::rename_project(std::int64_t id, const std::string& name) {
  TREADLE_CHECK(check_artifact_name("project", name));
  return write_one(database_, "update account_project set name = $2, updated = $3 where id = $1",
                   [&](db::Statement& s) { s.bind(1, id).bind(2, name).bind(3, clock_.now()); });
}

Result<void> Accounts::set_visibility(std::int64_t id, Visibility visibility) {
  return write_one(database_,
                   "update account_project set visibility = $2, updated = $3 where id = $1",
                   [&](db::Statement& s) {
                     s.bind(1, id).bind(2, static_cast<int>(visibility)).bind(3, clock_.now());
                   });
}

Result<void> Accounts::remove_project(std::int64_t id) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto bind = [&](db::Statement& s) { s.bind(1, id); };
    TREADLE_CHECK(
        change(session, "delete from account_project_member where project_id = $1", bind));
    return change(session, "delete from account_project where id = $1", bind);
  });
}

Result<void> Accounts::set_project_member(std::int64_t project_id, std::int64_t user_id,
                                          Role role) {
  return upsert_project_member(database_, project_id, user_id, 0, role);
}

Result<void> Accounts::set_project_team(std::int64_t project_id, std::int64_t team_id, Role role) {
  return upsert_project_member(database_, project_id, 0, team_id, role);
}

Result<Role> Accounts::access(const User& user, std::string_view entity_name,
                              std::string_view project_name) {
  Role role = Role::kNone;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    role = Role::kNone;
    TREADLE_TRY(const std::optional<Entity> entity, select_entity(session, entity_name));
    if (!entity) return {};
    if (user.admin || entity->user_id == user.id) {
      role = Role::kAdmin;
      return {};
    }
    if (entity->kind != Entity::Kind::kUser) {
      const bool own = entity->kind == Entity::Kind::kOrganization;
      TREADLE_TRY(const std::optional<Role> found,
                  select_role(session, own ? kOrganizationRole : kMemberRole,
                              own ? entity->organization_id : entity->id, user.id));
      role = found.value_or(Role::kNone);
    }
    if (project_name.empty()) return {};
    TREADLE_TRY(
        const std::optional<Project> project,
        select_one(
            session, kProjects + " where p.entity = $1 and p.name = $2",
            [&](db::Statement& s) { s.bind(1, entity_name).bind(2, project_name); }, read_project));
    if (!project) return {};
    TREADLE_TRY(const std::optional<Role> named,
                select_role(session, kProjectRole, project->id, user.id));
    const Role by_name = named.value_or(Role::kNone);
    switch (project->visibility) {
      case Visibility::kPrivate:
        break;
      case Visibility::kRestricted:
        if (role != Role::kAdmin) role = Role::kNone;
        break;
      case Visibility::kReadable:
        role = std::max(role, Role::kViewer);
        break;
      case Visibility::kWritable:
        role = std::max(role, Role::kMember);
        break;
    }
    // Named in an organization's registry, one is what one is named, unless an admin of all.
    const bool registry = entity->kind == Entity::Kind::kOrganization;
    if (by_name != Role::kNone) {
      role = registry && role != Role::kAdmin ? by_name : std::max(role, by_name);
    }
    return {};
  }));
  return role;
}

Result<void> Accounts::audit(const std::string& user, const std::string& action,
                             const std::string& target, const std::string& detail,
                             const std::string& peer) {
  return write_one(database_,
                   "insert into account_audit (id, time, name, action, target, detail, peer) "
                   "select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 from account_audit",
                   [&](db::Statement& s) {
                     s.bind(1, clock_.now()).bind(2, user).bind(3, action).bind(4, target);
                     s.bind(5, detail).bind(6, peer);
                   });
}

Result<std::vector<AuditLine>> Accounts::audit_log(int limit) {
  return read_all(
      database_,
      "select id, time, name, action, target, detail, peer from account_audit order by id desc "
      "limit $1",
      [&](db::Statement& s) { s.bind(1, limit); },
      [](const db::Statement& s) {
        return AuditLine{s.integer(0),           s.integer(1),           std::string(s.text(2)),
                         std::string(s.text(3)), std::string(s.text(4)), std::string(s.text(5)),
                         std::string(s.text(6))};
      });
}

}  // namespace treadle::account
