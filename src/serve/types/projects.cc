#include "../document_filter.h"
#include "types.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace treadle::serve {
namespace {

using account::Project;
using account::Role;

constexpr std::string_view kProjectsTypes = R"(
extend type Query {
  project(name: String, entityName: String): Project
  model(name: String, entityName: String): Project
  models(entityName: String, after: String, first: Int, filters: JSONString, order: String): ProjectConnection
  projects(entityName: String, after: String, first: Int, filters: JSONString, order: String): ProjectConnection
}
extend type Entity {
  project(name: String!, entityName: String): Project
  projects(filters: JSONString, after: String, first: Int, order: String): ProjectConnection
}
extend type User { projects(first: Int, after: String): ProjectConnection }
type Project {
  id: ID! internalId: ID! name: String! entityName: String! entity: Entity! createdAt: DateTime updatedAt: DateTime
  isBenchmark: Boolean! user: User description: String access: String views: JSON repo: String dockerImage: String
  readOnly: Boolean createdBy: String totalRuns: Int
}
extend type Mutation {
  upsertModel(input: UpsertModelInput!): UpsertModelPayload
  deleteModel(input: DeleteModelInput!): SuccessPayload
  renameProject(input: RenameProjectInput!): UpsertModelPayload
}
input ArtifactTypeInput { name: String!, description: String }
input UpsertModelInput {
  id: String, name: String, entityName: String, description: String, repo: String, dockerImage: String,
  access: String, views: JSONString, isBenchmark: Boolean, framework: String, isPublished: Boolean, owner: ID,
  icon: JSON, rateLimits: JSON,
  allowAllArtifactTypesInRegistry: Boolean, artifactTypes: [ArtifactTypeInput!], clientMutationId: String
}
input DeleteModelInput { id: String!, clientMutationId: String }
input RenameProjectInput { entityName: String!, oldProjectName: String!, newProjectName: String!, clientMutationId: String }
type UpsertModelPayload { model: Project project: Project inserted: Boolean clientMutationId: String }
)";

struct Upserted {
  Project project;
  bool inserted = false;
};

bool is_registry(std::string_view name) {
  return name.starts_with(artifact::kRegistryPrefix);
}

Result<std::optional<artifact::Registry>> registry_of(const Call& call, const Project& project) {
  if (!is_registry(project.name)) return std::nullopt;
  return backend(call).registries.find(project.entity, project.name);
}

// Whether anything of the home is in a project of that name, though nobody numbered it yet.
Result<bool> is_kept(Backend& b, const std::string& entity, const std::string& name) {
  // What a registry linked has types there still when it is deleted.
  if (is_registry(name)) {
    TREADLE_TRY(const auto registry, b.registries.find(entity, name));
    return registry.has_value();
  }
  TREADLE_TRY(const auto tracked, b.runs.find_project(entity, name));
  if (tracked) return true;
  TREADLE_TRY(const auto types, b.catalog.types(entity, name));
  return !types.empty();
}

Result<std::vector<Project>> projects_of(const Call& call, const std::string& entity) {
  Backend& b = backend(call);
  std::set<std::string> names;
  TREADLE_TRY(const auto tracked, b.runs.projects(entity));
  for (const auto& project : tracked) names.insert(project.name);
  TREADLE_TRY(const auto types, b.catalog.types(entity, ""));
  for (const auto& type : types) {
    if (!is_registry(type.project)) names.insert(type.project);
  }
  TREADLE_TRY(const auto registries, b.registries.list(entity));
  for (const auto& registry : registries) names.insert(registry.project());
  TREADLE_TRY(const auto numbered, b.accounts.projects(entity));
  for (const auto& project : numbered) names.erase(project.name);
  for (const std::string& name : names) {
    TREADLE_TRY(const auto made, b.accounts.project(entity, name, true));
    (void)made;
  }
  TREADLE_TRY(const auto all, b.accounts.projects(entity));
  std::vector<Project> out;
  for (const Project& project : all) {
    if (may(call, Role::kRestrictedViewer, entity, project.name)) out.push_back(project);
  }
  return out;
}

Result<Output> project_list(const Call& call, const std::string& entity) {
  TREADLE_TRY(const auto known, backend(call).accounts.find_entity(entity));
  if (!known) return connection_node("ProjectConnection", {});
  TREADLE_TRY(auto found, projects_of(call, entity));
  TREADLE_TRY(found, filter_projects(call, std::move(found)));
  return connection_node("ProjectConnection",
                         page(call.args, found, [](const Project& p) { return project_node(p); }));
}

// The user's own entity, their teams, and their organizations with all teams.
Result<std::vector<account::Entity>> entities_in_reach(Backend& b, const account::User& user) {
  TREADLE_TRY(std::vector<account::Entity> out, b.accounts.entities_of(user.id));
  TREADLE_TRY(const auto organizations, b.accounts.organizations(user.id));
  if (organizations.empty()) return out;
  std::set<std::int64_t> known;
  for (const account::Entity& entity : out) known.insert(entity.id);
  TREADLE_TRY(const auto entities, b.accounts.entities());
  for (const account::Entity& entity : entities) {
    for (const account::Organization& organization : organizations) {
      if (entity.organization_id != organization.id || !known.insert(entity.id).second) continue;
      out.push_back(entity);
    }
  }
  return out;
}

// What the SDK walks for all automations that one may see: registries are among them, and the first project of
// each entity shows the automations of the entity as a whole, which are in no project.
Result<Output> projects_of_user(const account::User& user, const Call& call) {
  TREADLE_TRY(const auto entities, entities_in_reach(backend(call), user));
  std::vector<Project> all;
  for (const account::Entity& entity : entities) {
    TREADLE_TRY(auto some, projects_of(call, entity.name));
    if (!some.empty()) caller(call).entity_of_project[some.front().id] = entity.id;
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return connection_node("ProjectConnection",
                         page(call.args, all, [](const Project& p) { return project_node(p); }));
}

artifact::RegistryAccess registry_access(const std::string& access) {
  return access == "RESTRICTED" ? artifact::RegistryAccess::kRestricted
                                : artifact::RegistryAccess::kOrganization;
}

Result<void> upsert_registry(const Call& call, const graphql::Arguments& input,
                             const Project& project, bool& inserted) {
  Backend& b = backend(call);
  std::vector<std::string> types;
  for (const auto& type : input.objects("artifactTypes")) types.push_back(type.text("name"));
  TREADLE_TRY(const auto known, b.registries.find(project.entity, project.name));
  if (!known) {
    artifact::RegistrySpec spec;
    spec.entity = project.entity;
    spec.name = project.name;
    spec.description = input.text_if("description");
    spec.access = registry_access(input.text("access"));
    spec.types = types;
    spec.all_types = input.flag("allowAllArtifactTypesInRegistry", types.empty());
    TREADLE_TRY(const auto made, b.registries.create(spec));
    (void)made;
    inserted = true;
    // Who makes a registry decides about it.
    TREADLE_CHECK(b.accounts.set_project_member(project.id, caller(call).user.id, Role::kAdmin));
  } else {
    artifact::RegistryEdit edit;
    if (input.find("description")) edit.description = input.text_if("description");
    if (input.has("access")) edit.access = registry_access(input.text("access"));
    if (input.has("allowAllArtifactTypesInRegistry")) {
      edit.all_types = input.flag("allowAllArtifactTypesInRegistry");
    }
    edit.types_to_add = types;
    TREADLE_TRY(const auto edited, b.registries.edit(known->id, edit));
    (void)edited;
    inserted = false;
  }
  if (input.has("access")) {
    TREADLE_CHECK(b.accounts.set_visibility(project.id, input.text("access") == "RESTRICTED"
                                                            ? account::Visibility::kRestricted
                                                            : account::Visibility::kPrivate));
  }
  return {};
}

Result<Output> upsert_model(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  std::string entity = entity_or_default(call, input.text("entityName"));
  std::string name = input.text("name");
  if (const auto id = number_of(input.text("id"), "Project")) {
    TREADLE_TRY(const auto known, b.accounts.find_project(*id));
    if (!known) return fail(Errc::kNotFound, "There is no such project.");
    entity = known->entity;
    if (name.empty()) name = known->name;
  }
  TREADLE_TRY(const auto before, find_project(call, entity, name));
  TREADLE_CHECK(require(call, before && is_registry(name) ? Role::kAdmin : Role::kMember, entity,
                        before ? name : ""));
  TREADLE_CHECK(audit(call, entity + "/" + name));
  Upserted out;
  out.inserted = !before;
  TREADLE_TRY(out.project, make_project(call, entity, name));
  TREADLE_TRY(const auto owner, b.accounts.find_entity(entity));
  if (is_registry(name)) {
    if (owner->kind != account::Entity::Kind::kOrganization) {
      return fail(Errc::kInvalidArgument,
                  "Registries belong to organizations, and '" + entity +
                      "' is none. Make one: treadle org add NAME --admin USER.");
    }
    TREADLE_CHECK(upsert_registry(call, input, out.project, out.inserted));
  } else {
    TREADLE_TRY(const auto tracked, b.runs.add_project(entity, name));
    if (const auto description = input.text_if("description")) {
      TREADLE_CHECK(b.runs.update_project(tracked.key, *description, tracked.settings));
    }
    if (const auto access = account::visibility_from(input.text("access"))) {
      TREADLE_CHECK(require(call, Role::kAdmin, entity, name));
      TREADLE_CHECK(b.accounts.set_visibility(out.project.id, *access));
    }
  }
  TREADLE_TRY(const auto now, b.accounts.find_project(out.project.id));
  out.project = *now;
  return graphql::node("UpsertModelPayload", std::move(out));
}

Result<Output> delete_model(const Call& call) {
  Backend& b = backend(call);
  const auto id = number_of(call.args.object("input").text("id"), "Project");
  TREADLE_TRY(const auto project, b.accounts.find_project(id.value_or(0)));
  if (!project) return fail(Errc::kNotFound, "There is no such project.");
  TREADLE_CHECK(require(call, Role::kAdmin, project->entity, project->name));
  TREADLE_CHECK(audit(call, project->entity + "/" + project->name));
  TREADLE_TRY(const auto registry, registry_of(call, *project));
  if (registry) {
    TREADLE_CHECK(b.registries.remove(registry->id, {.by = caller(call).user.name}));
  } else {
    TREADLE_TRY(const auto collections,
                b.catalog.collections({.entity = project->entity, .project = project->name}));
    for (const auto& collection : collections) {
      TREADLE_CHECK(
          b.catalog.delete_collection(collection.id, true, {.by = caller(call).user.name}));
    }
    TREADLE_TRY(const auto tracked, b.runs.find_project(project->entity, project->name));
    if (tracked) TREADLE_CHECK(b.runs.remove_project(tracked->key));
  }
  TREADLE_CHECK(b.desk.remove_project(project->id));
  TREADLE_CHECK(b.sweeps.remove_project(project->id));
  TREADLE_CHECK(b.accounts.remove_project(project->id));
  return graphql::node("SuccessPayload", 0);
}

Result<Output> rename_project(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  const std::string entity = input.text("entityName");
  const std::string name = input.text("oldProjectName");
  const std::string new_name = input.text("newProjectName");
  TREADLE_TRY(const auto project, find_project(call, entity, name));
  if (!project) return fail(Errc::kNotFound, "There is no project '" + entity + "/" + name + "'.");
  TREADLE_CHECK(require(call, Role::kAdmin, entity, name));
  TREADLE_TRY(const auto registry, registry_of(call, *project));
  if (!registry || !is_registry(new_name)) {
    return fail(Errc::kUnsupported, "Only registries can be renamed, to registries.");
  }
  TREADLE_CHECK(audit(call, entity + "/" + name, new_name));
  TREADLE_TRY(const auto edited, b.registries.edit(registry->id, {.name = new_name}));
  (void)edited;
  TREADLE_CHECK(b.accounts.rename_project(project->id, new_name));
  TREADLE_TRY(const auto now, b.accounts.find_project(project->id));
  return graphql::node("UpsertModelPayload", Upserted{*now, false});
}

}  // namespace

graphql::Node project_node(Project project) {
  return graphql::node("Project", std::move(project));
}

Result<std::optional<Project>> find_project(const Call& call, const std::string& entity,
                                            const std::string& name) {
  Backend& b = backend(call);
  if (!may(call, Role::kRestrictedViewer, entity, name)) return std::nullopt;
  TREADLE_TRY(auto project, b.accounts.project(entity, name, false));
  if (project) return project;
  TREADLE_TRY(const bool kept, is_kept(b, entity, name));
  if (!kept) return std::nullopt;
  return b.accounts.project(entity, name, true);
}

Result<Project> make_project(const Call& call, const std::string& entity, const std::string& name) {
  TREADLE_CHECK(require(call, Role::kMember, entity, name));
  TREADLE_TRY(auto project,
              backend(call).accounts.project(entity, name, true, caller(call).user.id));
  return *std::move(project);
}

Lookup project_lookup(const Project& project) {
  return [&project](std::string_view path) -> std::vector<graphql::Value> {
    if (path == "name") return {{project.name}};
    if (path == "id") return {{project.id}};
    if (path == "entity_name") return {{project.entity}};
    if (path == "created_at") return {{format_utc(project.created)}};
    if (path == "updated_at") return {{format_utc(project.updated)}};
    return {};
  };
}

Result<std::vector<Project>> filter_projects(const Call& call, std::vector<Project> projects) {
  return filter_and_order(std::move(projects), call.args.text("filters"), call.args.text("order"),
                          project_lookup);
}

Result<Output> project_named(const Call& call, const std::string& entity, const std::string& name) {
  TREADLE_TRY(auto project, find_project(call, entity, name));
  if (!project) return nullptr;
  return project_node(*std::move(project));
}

void define_projects(graphql::Schema& schema) {
  schema.define(kProjectsTypes);
  define_connection(schema, "Project");
  const auto by_name = [](const Call& call) -> Result<Output> {
    return project_named(call, entity_or_default(call, call.args.text("entityName")),
                         call.args.text("name"));
  };
  schema.resolve("Query", "project", by_name);
  schema.resolve("Query", "model", by_name);
  const auto list = [](const Call& call) -> Result<Output> {
    return project_list(call, entity_or_default(call, call.args.text("entityName")));
  };
  schema.resolve("Query", "models", list);
  schema.resolve("Query", "projects", list);
  schema.resolve<account::Entity>("Entity",
                                  {{"project",
                                    [](const account::Entity& e, const Call& call) {
                                      return project_named(call, e.name, call.args.text("name"));
                                    }},
                                   {"projects", [](const account::Entity& e, const Call& call) {
                                      return project_list(call, e.name);
                                    }}});
  schema.resolve<account::User>("User", {{"projects", projects_of_user}});
  schema.resolve<Project>(
      "Project",
      {{"id", [](const Project& p, const Call&) { return make_id("Project", p.id); }},
       {"internalId",
        [](const Project& p, const Call&) { return make_id("ProjectInternalId", p.id); }},
       {"name", [](const Project& p, const Call&) { return p.name; }},
       {"entityName", [](const Project& p, const Call&) { return p.entity; }},
       {"entity",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto entity, backend(call).accounts.find_entity(p.entity));
          if (!entity) return nullptr;
          return entity_node(*std::move(entity));
        }},
       {"createdAt", [](const Project& p, const Call&) { return time_output(p.created); }},
       {"updatedAt", [](const Project& p, const Call&) { return time_output(p.updated); }},
       {"isBenchmark", [](const Project&, const Call&) { return false; }},
       {"user",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto user, backend(call).accounts.find_user(p.creator_id));
          if (!user) return nullptr;
          return user_node(*std::move(user));
        }},
       {"createdBy",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto user, backend(call).accounts.find_user(p.creator_id));
          if (!user) return nullptr;
          return user->name;
        }},
       {"description",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto registry, registry_of(call, p));
          if (registry) return Output(registry->description);
          TREADLE_TRY(const auto tracked, backend(call).runs.find_project(p.entity, p.name));
          if (!tracked || tracked->description.empty()) return nullptr;
          return tracked->description;
        }},
       {"access",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto registry, registry_of(call, p));
          if (registry) {
            return registry->access == artifact::RegistryAccess::kRestricted ? "RESTRICTED"
                                                                             : "PRIVATE";
          }
          return account::to_string(p.visibility);
        }},
       {"views", [](const Project&, const Call&) -> Result<Output> { return Raw{"{}"}; }},
       {"repo", [](const Project&, const Call&) { return nullptr; }},
       {"dockerImage", [](const Project&, const Call&) { return nullptr; }},
       {"readOnly", [](const Project& p,
                       const Call& call) { return !may(call, Role::kMember, p.entity, p.name); }},
       {"totalRuns", [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto count,
                      backend(call).runs.count({.entity = p.entity, .project = p.name}));
          return count;
        }}});
  schema.resolve("Mutation", "upsertModel", upsert_model);
  schema.resolve("Mutation", "deleteModel", delete_model);
  schema.resolve("Mutation", "renameProject", rename_project);
  const auto upserted = [](const Upserted& u, const Call&) { return project_node(u.project); };
  schema.resolve<Upserted>(
      "UpsertModelPayload",
      {{"model", upserted},
       {"project", upserted},
       {"inserted", [](const Upserted& u, const Call&) { return u.inserted; }},
       {"clientMutationId", [](const Upserted&, const Call&) { return nullptr; }}});
}

}  // namespace treadle::serve
