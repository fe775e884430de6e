// Registries: an organization's projects whose collections link to versions.
#include "artifact_documents.h"
#include "remote_artifacts.h"
#include <treadle/base/json.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::client {
namespace {

using artifact::Registry;
using artifact::RegistryAccess;

constexpr int kRegistriesPerPage = 100;

Registry registry_of(const Node& node) {
  Registry r;
  r.id = number_of_id(node["id"].text());
  r.entity = node["entity.name"].text();
  r.name = artifact::registry_name(node["name"].text());
  r.description = node["description"].text_if();
  r.access = node["access"].text() == "RESTRICTED" ? RegistryAccess::kRestricted
                                                   : RegistryAccess::kOrganization;
  r.all_types = node["allowAllArtifactTypes"].flag();
  for (const Node& type : node["artifactTypes"].nodes()) r.types.push_back(type["name"].text());
  std::sort(r.types.begin(), r.types.end());
  r.created = time_of(node["createdAt"]);
  r.updated = node["updatedAt"].empty() ? r.created : time_of(node["updatedAt"]);
  return r;
}

std::string access_name(RegistryAccess access) {
  return access == RegistryAccess::kRestricted ? "RESTRICTED" : "PRIVATE";
}

std::string project_of(const std::string& name) {
  return std::string(artifact::kRegistryPrefix) + artifact::registry_name(name);
}

void write_types(JsonWriter& w, const std::vector<std::string>& types) {
  w.key("artifactTypes").begin_array();
  for (const std::string& type : types) w.begin_object().field("name", type).end_object();
  w.end_array();
}

}  // namespace

// The organization that a name means: its own, or that of an entity in it.
Result<std::string> RemoteArtifacts::organization_of(const std::string& entity,
                                                     std::string& org_entity) {
  TREADLE_TRY(const ArtifactRef at, whole({entity, "", "", ""}));
  boost::json::value data;
  TREADLE_CHECK(ask(kFetchOrganization, [&](JsonWriter& w) { w.field("org", at.entity); }, data));
  if (const Node named = Node(data)["organization"]; !named.empty()) {
    org_entity = named["orgEntity.name"].text();
    return named["name"].text();
  }
  boost::json::value about;
  TREADLE_CHECK(
      ask(kFetchOrgInfoFromEntity, [&](JsonWriter& w) { w.field("entity", at.entity); }, about));
  const Node found = Node(about)["entity"];
  if (const Node own = found["organization"]; !own.empty()) {
    org_entity = own["orgEntity.name"].text();
    return own["name"].text();
  }
  const std::vector<Node> all = found["user.organizations"].items();
  if (all.size() == 1) {
    org_entity = all.front()["orgEntity.name"].text();
    return all.front()["name"].text();
  }
  return fail(Errc::kNotFound,
              all.empty() ? "'" + at.entity + "' is in no organization of the server " + at.host +
                                ". Registries belong to organizations: name one."
                          : "'" + at.entity + "' is in several organizations of the server " +
                                at.host + ". Name the one that is meant.");
}

Result<std::vector<Registry>> RemoteArtifacts::registries(const std::string& entity) {
  std::string org_entity;
  TREADLE_TRY(const std::string organization, organization_of(entity, org_entity));
  std::vector<Registry> out;
  TREADLE_CHECK(ask_pages(
      kFetchRegistries,
      [&](JsonWriter& w) {
        w.field("organization", organization).field("perPage", kRegistriesPerPage);
      },
      "organization.orgEntity.projects",
      [&](const Node& page) {
        for (const Node& node : page.nodes()) {
          if (node["name"].text().starts_with(artifact::kRegistryPrefix))
            out.push_back(registry_of(node));
        }
      }));
  std::sort(out.begin(), out.end(),
            [](const Registry& a, const Registry& b) { return a.name < b.name; });
  return out;
}

Result<std::optional<Registry>> RemoteArtifacts::find_registry(const std::string& entity,
                                                               const std::string& name) {
  std::string org_entity;
  TREADLE_TRY(const std::string organization, organization_of(entity, org_entity));
  boost::json::value data;
  TREADLE_CHECK(ask(
      kFetchRegistry,
      [&](JsonWriter& w) { w.field("name", project_of(name)).field("entity", org_entity); }, data));
  const Node found = Node(data)["entity.project"];
  if (found.empty()) return std::nullopt;
  return registry_of(found);
}

Result<Registry> RemoteArtifacts::create_registry(const artifact::RegistrySpec& spec) {
  std::string org_entity;
  TREADLE_TRY(const std::string organization, organization_of(spec.entity, org_entity));
  TREADLE_TRY(const auto before, find_registry(organization, spec.name));
  if (before) {
    return fail(Errc::kAlreadyExists,
                "The registry '" + before->name + "' of '" + organization + "' exists already.");
  }
  boost::json::value data;
  TREADLE_CHECK(ask(
      kUpsertRegistry,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("entityName", org_entity);
        w.field("name", project_of(spec.name)).field("access", access_name(spec.access));
        if (spec.description) w.field("description", *spec.description);
        w.field("allowAllArtifactTypesInRegistry", spec.all_types);
        write_types(w, spec.types);
        w.end_object();
      },
      data));
  return registry_of(Node(data)["upsertModel.project"]);
}

Result<Registry> RemoteArtifacts::edit_registry(const Registry& registry,
                                                const artifact::RegistryEdit& edit) {
  std::string name = registry.project();
  boost::json::value data;
  if (edit.name && artifact::registry_name(*edit.name) != registry.name) {
    TREADLE_CHECK(ask(
        kRenameRegistry,
        [&](JsonWriter& w) {
          w.key("input").begin_object().field("entityName", registry.entity);
          w.field("oldProjectName", name).field("newProjectName", project_of(*edit.name));
          w.end_object();
        },
        data));
    name = project_of(*edit.name);
  }
  std::vector<std::string> types = registry.types;
  types.insert(types.end(), edit.types_to_add.begin(), edit.types_to_add.end());
  const bool all_types = edit.all_types.value_or(registry.all_types);
  TREADLE_CHECK(ask(
      kUpsertRegistry,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("entityName", registry.entity).field("name", name);
        w.field("access", access_name(edit.access.value_or(registry.access)));
        const auto& description = edit.description ? *edit.description : registry.description;
        if (description) w.field("description", *description);
        w.field("allowAllArtifactTypesInRegistry", all_types);
        if (!all_types) write_types(w, types);
        w.end_object();
      },
      data));
  return registry_of(Node(data)["upsertModel.project"]);
}

Result<void> RemoteArtifacts::delete_registry(const Registry& registry,
                                              const artifact::ChangeOptions&) {
  boost::json::value data;
  return ask(
      kDeleteRegistry, [&](JsonWriter& w) { w.field("id", id_of_number(registry.id)); }, data);
}

}  // namespace treadle::client
