#include "types.h"

namespace treadle::serve {
namespace {

using account::Entity;
using account::Role;

constexpr std::string_view kEntityTypes = R"(
extend type Query { entity(name: String): Entity }
type Entity {
  id: ID! name: String! available: Boolean photoUrl: String readOnly: Boolean readOnlyAdmin: Boolean!
  isTeam: Boolean! entityType: String privateOnly: Boolean! storageBytes: Int64! codeSavingEnabled: Boolean!
  defaultAccess: String! isPaid: Boolean limits: JSON members: [Member!]! user: User organization: Organization
  claimingEntity: Entity isClaimed: Boolean memberCount: Int xxhashDigestsEnabled: Boolean
  createdAt: DateTime
}
type Member {
  id: ID admin: Boolean pending: Boolean email: String username: String name: String! photoUrl: String
  accountType: String apiKey: String role: String
}
type Role { id: ID! name: String! }
)";

constexpr std::string_view kChanges = R"(
extend type Mutation {
  createTeam(input: CreateTeamInput!): EntityPayload
  createInvite(input: CreateInviteInput!): InvitePayload
  deleteInvite(input: DeleteInviteInput!): SuccessPayload
  createServiceAccount(input: CreateServiceAccountInput!): UserPayload
}
input CreateTeamInput {
  teamName: String!, teamAdminUserName: String, organizationId: ID, organizationName: String, clientMutationId: String
}
input CreateInviteInput { entityName: String!, email: String, username: String, admin: Boolean, clientMutationId: String }
input DeleteInviteInput { id: String, entityName: String, clientMutationId: String }
input CreateServiceAccountInput { description: String!, entityName: String!, clientMutationId: String }
type EntityPayload { entity: Entity clientMutationId: String }
type InvitePayload { invite: Invite clientMutationId: String }
type Invite { id: ID! name: String email: String createdAt: DateTime toUser: User }
)";

}  // namespace

graphql::Node entity_node(Entity entity) {
  return graphql::node("Entity", std::move(entity));
}

// Null when there is none, or the caller may not see it.
Result<Output> entity_named(const Call& call, const std::string& name) {
  TREADLE_TRY(auto entity, backend(call).accounts.find_entity(name));
  if (!entity || !may(call, Role::kRestrictedViewer, entity->name)) return nullptr;
  return entity_node(*std::move(entity));
}

void define_entities(graphql::Schema& schema) {
  using account::Member;
  schema.define(kEntityTypes);
  schema.define(kChanges);
  define_connection(schema, "Entity");
  schema.resolve("Query", "entity", [](const Call& call) -> Result<Output> {
    const std::string name = entity_or_default(call, call.args.text("name"));
    // Who asks whether a name is available is told so of one that nobody has.
    if (call.selects("available")) {
      TREADLE_TRY(const auto taken, backend(call).accounts.find_entity(name));
      if (!taken) {
        Entity nobody;
        nobody.name = name;
        return entity_node(std::move(nobody));
      }
    }
    return entity_named(call, name);
  });
  schema.resolve<Entity>(
      "Entity",
      {{"id", [](const Entity& e, const Call&) { return make_id("Entity", e.id); }},
       {"name", [](const Entity& e, const Call&) { return e.name; }},
       {"available", [](const Entity& e, const Call&) { return e.id == 0; }},
       {"photoUrl", [](const Entity&, const Call&) { return nullptr; }},
       {"readOnly",
        [](const Entity& e, const Call& call) { return !may(call, Role::kMember, e.name); }},
       {"readOnlyAdmin", [](const Entity&, const Call&) { return false; }},
       {"isTeam", [](const Entity& e, const Call&) { return e.kind != Entity::Kind::kUser; }},
       {"entityType",
        [](const Entity& e, const Call&) {
          return e.kind == Entity::Kind::kUser   ? "user"
                 : e.kind == Entity::Kind::kTeam ? "team"
                                                 : "organization";
        }},
       {"privateOnly", [](const Entity&, const Call&) { return false; }},
       {"storageBytes",
        [](const Entity& e, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto found, backend(call).artifacts.collections({.entity = e.name}));
          std::int64_t bytes = 0;
          for (const artifact::Collection& c : found) bytes += c.size;
          return bytes;
        }},
       {"codeSavingEnabled", [](const Entity&, const Call&) { return true; }},
       {"defaultAccess", [](const Entity&, const Call&) { return "PRIVATE"; }},
       {"isPaid", [](const Entity&, const Call&) { return true; }},
       {"limits", [](const Entity&, const Call&) -> Result<Output> { return Raw{"{}"}; }},
       {"createdAt", [](const Entity& e, const Call&) { return time_output(e.created); }},
       {"members",
        [](const Entity& e, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto members, backend(call).accounts.members(e.id));
          if (e.kind == Entity::Kind::kUser) {
            TREADLE_TRY(auto user, backend(call).accounts.find_user(e.user_id));
            if (user) members.push_back({*std::move(user), Role::kAdmin});
          }
          Outputs out;
          for (const Member& m : members) out.push_back(graphql::node("Member", m));
          return out;
        }},
       {"memberCount",
        [](const Entity& e, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto members, backend(call).accounts.members(e.id));
          return static_cast<std::int64_t>(members.size());
        }},
       {"user",
        [](const Entity& e, const Call& call) -> Result<Output> {
          if (e.kind != Entity::Kind::kUser) return nullptr;
          TREADLE_TRY(auto user, backend(call).accounts.find_user(e.user_id));
          if (!user) return nullptr;
          return user_node(*std::move(user));
        }},
       {"organization",
        [](const Entity& e, const Call& call) -> Result<Output> {
          if (e.organization_id == 0) return nullptr;
          TREADLE_TRY(auto found, backend(call).accounts.find_organization(e.organization_id));
          if (!found) return nullptr;
          return organization_node(*std::move(found));
        }},
       {"claimingEntity", [](const Entity&, const Call&) { return nullptr; }},
       {"isClaimed", [](const Entity&, const Call&) { return true; }},
       // Digests here are MD5, as the manifests are.
       {"xxhashDigestsEnabled", [](const Entity&, const Call&) { return false; }}});
  schema.resolve<Member>(
      "Member",
      {{"id", [](const Member& m, const Call&) { return make_id("User", m.user.id); }},
       {"admin", [](const Member& m, const Call&) { return m.role == Role::kAdmin; }},
       {"pending", [](const Member&, const Call&) { return false; }},
       {"email", [](const Member& m, const Call&) { return m.user.email; }},
       {"username", [](const Member& m, const Call&) { return m.user.name; }},
       {"name", [](const Member& m, const Call&) { return m.user.name; }},
       {"photoUrl", [](const Member&, const Call&) { return nullptr; }},
       {"accountType",
        [](const Member& m, const Call&) { return m.user.service ? "SERVICE" : "USER"; }},
       {"apiKey", [](const Member&, const Call&) { return nullptr; }},
       {"role", [](const Member& m, const Call&) { return account::to_string(m.role); }}});
  schema.resolve<Role>(
      "Role", {{"id", [](const Role& r,
                         const Call&) { return make_text_id("Role", account::to_string(r)); }},
               {"name", [](const Role& r, const Call&) { return account::to_string(r); }}});
  schema.resolve<Entity>(
      "EntityPayload", {{"entity", [](const Entity& e, const Call&) { return entity_node(e); }},
                        {"clientMutationId", [](const Entity&, const Call&) { return nullptr; }}});
  schema.resolve<account::User>(
      "InvitePayload",
      {{"invite", [](const account::User& u, const Call&) { return graphql::node("Invite", u); }},
       {"clientMutationId", [](const account::User&, const Call&) { return nullptr; }}});
  schema.resolve<account::User>(
      "Invite",
      {{"id", [](const account::User& u, const Call&) { return make_id("User", u.id); }},
       {"name", [](const account::User& u, const Call&) { return u.name; }},
       {"email", [](const account::User& u, const Call&) { return u.email; }},
       {"createdAt", [](const account::User& u, const Call&) { return time_output(u.created); }},
       {"toUser", [](const account::User& u, const Call&) { return user_node(u); }}});
  schema.resolve("Mutation", "createTeam", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    account::User admin = caller(call).user;
    if (input.has("teamAdminUserName") && input.text("teamAdminUserName") != admin.name) {
      TREADLE_CHECK(require_admin(call));
      TREADLE_TRY(admin, backend(call).accounts.get_user(input.text("teamAdminUserName")));
    }
    std::string organization = input.text("organizationName");
    if (const auto id = number_of(input.text("organizationId"), "Organization")) {
      TREADLE_TRY(const auto found, backend(call).accounts.find_organization(*id));
      if (found) organization = found->name;
    }
    if (!organization.empty()) {
      TREADLE_TRY(const auto found, backend(call).accounts.find_organization(organization));
      if (!found) return fail(Errc::kNotFound, "There is no organization '" + organization + "'.");
      TREADLE_CHECK(require(call, Role::kAdmin, found->entity));
    }
    TREADLE_CHECK(audit(call, input.text("teamName"), organization));
    TREADLE_TRY(auto team,
                backend(call).accounts.add_team(input.text("teamName"), organization, admin));
    return graphql::node("EntityPayload", std::move(team));
  });
  // The user is a member at once: there is no mail to send an invitation by.
  schema.resolve("Mutation", "createInvite", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    const std::string entity = input.text("entityName");
    TREADLE_CHECK(require(call, Role::kAdmin, entity));
    TREADLE_TRY(auto user,
                backend(call).accounts.get_user(input.has("username") ? input.text("username")
                                                                      : input.text("email")));
    TREADLE_TRY(const auto team, backend(call).accounts.find_entity(entity));
    if (team->kind == Entity::Kind::kUser) {
      return fail(Errc::kInvalidArgument, "'" + entity + "' is a user, not a team.");
    }
    TREADLE_CHECK(audit(call, entity, user.name));
    TREADLE_CHECK(backend(call).accounts.set_member(
        team->id, user.id, input.flag("admin") ? Role::kAdmin : Role::kMember));
    return graphql::node("InvitePayload", std::move(user));
  });
  schema.resolve("Mutation", "deleteInvite", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_CHECK(require(call, Role::kAdmin, input.text("entityName")));
    TREADLE_TRY(const auto team, backend(call).accounts.find_entity(input.text("entityName")));
    const auto id = number_of(input.text("id"), "User");
    if (!id) return fail(Errc::kNotFound, "There is no such member.");
    TREADLE_CHECK(audit(call, team->name, input.text("id")));
    TREADLE_CHECK(backend(call).accounts.set_member(team->id, *id, Role::kNone));
    return graphql::node("SuccessPayload", 0);
  });
  schema.resolve("Mutation", "createServiceAccount", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_CHECK(require(call, Role::kAdmin, input.text("entityName")));
    TREADLE_TRY(const auto team, backend(call).accounts.find_entity(input.text("entityName")));
    const std::string name = input.text("description");
    TREADLE_CHECK(audit(call, team->name, name));
    TREADLE_TRY(auto user, backend(call).accounts.add_user(name, "", false, true));
    TREADLE_CHECK(backend(call).accounts.set_member(team->id, user.id, Role::kMember));
    TREADLE_CHECK(backend(call).accounts.set_default_entity(user.id, team->name));
    return graphql::node("UserPayload", std::move(user));
  });
}

}  // namespace treadle::serve
