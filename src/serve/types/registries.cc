// Registries: projects of an organization whose collections link to versions made elsewhere. Their
// fields beside Project's, their members, and what is found across an organization.
#include "../document_filter.h"
#include "artifact_nodes.h"

namespace treadle::serve {
namespace {

using account::Entity;
using account::Member;
using account::Project;
using account::Role;
using account::TeamMember;

constexpr std::string_view kRegistriesTypes = R"(
extend type Project {
  allowAllArtifactTypesInRegistry: Boolean!
  members: [ProjectMember!]!
  teamMembers: [ProjectTeamMember!]!
}
type ProjectMember { id: ID! name: String! username: String email: String role: Role! }
type ProjectTeamMember { team: Entity! role: Role! }
extend type Entity {
  artifactCollections(projectFilters: JSONString, filters: JSONString, collectionTypes: [ArtifactCollectionType!],
    after: String, first: Int, order: String): ArtifactCollectionConnection
  artifactMemberships(projectFilters: JSONString, collectionFilters: JSONString, filters: JSONString,
    after: String, first: Int, order: String): ArtifactCollectionMembershipConnection
}
extend type Mutation {
  createProjectMembers(input: CreateProjectMembersInput!): SuccessPayload
  deleteProjectMembers(input: DeleteProjectMembersInput!): SuccessPayload
  updateProjectMember(input: UpdateProjectMemberInput!): SuccessPayload
  updateProjectTeamMember(input: UpdateProjectTeamMemberInput!): SuccessPayload
}
input CreateProjectMembersInput { projectId: ID!, userIds: [ID!], teamIds: [ID!], clientMutationId: String }
input DeleteProjectMembersInput { projectId: ID!, userIds: [ID!], teamIds: [ID!], clientMutationId: String }
input UpdateProjectMemberInput { projectId: ID!, userId: ID!, userProjectRole: String!, clientMutationId: String }
input UpdateProjectTeamMemberInput { projectId: ID!, teamId: ID!, teamProjectRole: String!, clientMutationId: String }
)";

Result<Project> project_to_decide(const Call& call, const graphql::Arguments& input) {
  const auto id = number_of(input.text("projectId"), "Project").value_or(0);
  TREADLE_TRY(auto project, backend(call).accounts.find_project(id));
  if (!project) return fail(Errc::kNotFound, "There is no such project.");
  TREADLE_CHECK(require(call, Role::kAdmin, project->entity, project->name));
  return *std::move(project);
}

Result<Output> set_members(const Call& call, Role role) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  TREADLE_TRY(const Project project, project_to_decide(call, input));
  TREADLE_CHECK(audit(call, project.entity + "/" + project.name));
  for (const std::string& id : input.texts("userIds")) {
    TREADLE_TRY(const auto user, b.accounts.find_user(number_of(id, "User").value_or(0)));
    if (!user) return fail(Errc::kNotFound, "There is no user with the id '" + id + "'.");
    TREADLE_CHECK(b.accounts.set_project_member(project.id, user->id, role));
  }
  for (const std::string& id : input.texts("teamIds")) {
    TREADLE_TRY(const auto team, b.accounts.find_entity(number_of(id, "Entity").value_or(0)));
    if (!team) return fail(Errc::kNotFound, "There is no team with the id '" + id + "'.");
    TREADLE_CHECK(b.accounts.set_project_team(project.id, team->id, role));
  }
  return graphql::node("SuccessPayload", 0);
}

Result<Role> role_given(const std::string& name) {
  const auto role = account::role_from(name);
  if (role) return *role;
  return fail(Errc::kInvalidArgument, "'" + name +
                                          "' is no role: admin, member, viewer, "
                                          "restricted_viewer.");
}

// The projects of an entity that the caller may see and that meet a filter.
Result<std::vector<Project>> chosen_projects(const Call& call, const Entity& entity) {
  TREADLE_TRY(auto projects, backend(call).accounts.projects(entity.name));
  std::erase_if(projects, [&](const Project& p) {
    return !may(call, Role::kRestrictedViewer, entity.name, p.name);
  });
  return filter_and_order(std::move(projects), call.args.text("projectFilters"), "",
                          project_lookup);
}

Result<std::vector<artifact::Collection>> collections_in(const Call& call, const Entity& entity) {
  TREADLE_TRY(const auto projects, chosen_projects(call, entity));
  std::vector<artifact::Collection> out;
  for (const Project& project : projects) {
    TREADLE_TRY(auto found, backend(call).catalog.collections(
                                {.entity = entity.name, .project = project.name}));
    for (auto& collection : found) out.push_back(std::move(collection));
  }
  return out;
}

}  // namespace

void define_registries(graphql::Schema& schema) {
  schema.define(kRegistriesTypes);
  schema.resolve<Project>(
      "Project", {{"allowAllArtifactTypesInRegistry",
                   [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(const auto registry,
                                 backend(call).registries.find(p.entity, p.name));
                     return !registry || registry->all_types;
                   }},
                  {"members",
                   [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(const auto members, backend(call).accounts.project_members(p.id));
                     Outputs out;
                     for (const Member& m : members)
                       out.push_back(graphql::node("ProjectMember", m));
                     return out;
                   }},
                  {"teamMembers", [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(const auto teams, backend(call).accounts.project_teams(p.id));
                     Outputs out;
                     for (const TeamMember& m : teams)
                       out.push_back(graphql::node("ProjectTeamMember", m));
                     return out;
                   }}});
  schema.resolve<Member>(
      "ProjectMember",
      {{"id", [](const Member& m, const Call&) { return make_id("User", m.user.id); }},
       {"name", [](const Member& m, const Call&) { return m.user.name; }},
       {"username", [](const Member& m, const Call&) { return m.user.name; }},
       {"email", [](const Member& m, const Call&) { return m.user.email; }},
       {"role", [](const Member& m, const Call&) { return graphql::node("Role", m.role); }}});
  schema.resolve<TeamMember>(
      "ProjectTeamMember",
      {{"team", [](const TeamMember& m, const Call&) { return entity_node(m.team); }},
       {"role", [](const TeamMember& m, const Call&) { return graphql::node("Role", m.role); }}});
  schema.resolve<Entity>(
      "Entity", {{"artifactCollections",
                  [](const Entity& e, const Call& call) -> Result<Output> {
                    TREADLE_TRY(auto found, collections_in(call, e));
                    return collection_page(call, std::move(found));
                  }},
                 {"artifactMemberships", [](const Entity& e, const Call& call) -> Result<Output> {
                    TREADLE_TRY(auto collections, collections_in(call, e));
                    TREADLE_TRY(collections, filter_and_order(std::move(collections),
                                                              call.args.text("collectionFilters"),
                                                              "", collection_lookup));
                    std::vector<artifact::Membership> members;
                    for (const auto& collection : collections) {
                      TREADLE_TRY(auto found, backend(call).catalog.members(collection.id));
                      for (auto& member : found) members.push_back(std::move(member));
                    }
                    return member_page(call, std::move(members),
                                       "ArtifactCollectionMembershipConnection", false);
                  }}});
  // Whoever is added may link and read; an admin makes them more or less than that.
  schema.resolve("Mutation", "createProjectMembers",
                 [](const Call& call) { return set_members(call, Role::kMember); });
  schema.resolve("Mutation", "deleteProjectMembers",
                 [](const Call& call) { return set_members(call, Role::kNone); });
  schema.resolve("Mutation", "updateProjectMember", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const Project project, project_to_decide(call, input));
    TREADLE_TRY(const Role role, role_given(input.text("userProjectRole")));
    TREADLE_CHECK(audit(call, project.entity + "/" + project.name, input.text("userProjectRole")));
    TREADLE_CHECK(backend(call).accounts.set_project_member(
        project.id, number_of(input.text("userId"), "User").value_or(0), role));
    return graphql::node("SuccessPayload", 0);
  });
  schema.resolve("Mutation", "updateProjectTeamMember", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const Project project, project_to_decide(call, input));
    TREADLE_TRY(const Role role, role_given(input.text("teamProjectRole")));
    TREADLE_CHECK(audit(call, project.entity + "/" + project.name, input.text("teamProjectRole")));
    TREADLE_CHECK(backend(call).accounts.set_project_team(
        project.id, number_of(input.text("teamId"), "Entity").value_or(0), role));
    return graphql::node("SuccessPayload", 0);
  });
}

}  // namespace treadle::serve
