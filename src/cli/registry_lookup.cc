#include "registry_lookup.h"

#include "render.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {

ArtifactRef RegistryPlace::ref() const {
  return {entity, std::string(artifact::kRegistryPrefix) + registry, collection, version};
}

Result<RegistryPlace> parse_registry_place(const std::string& text) {
  RegistryPlace out;
  if (text.find('/') == std::string::npos) {
    out.registry = artifact::registry_name(text);
    TREADLE_CHECK(check_artifact_name("registry name", out.registry));
    return out;
  }
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(text));
  if (ref.entity.empty() && ref.collection.starts_with(artifact::kRegistryPrefix)) {
    out.entity = ref.project;
    out.registry = artifact::registry_name(ref.collection);
    return out;
  }
  out.entity = ref.entity;
  out.registry = artifact::registry_name(ref.project);
  out.collection = ref.collection;
  out.version = ref.version;
  return out;
}

Result<RegistryPlace> parse_registry(const std::string& text) {
  TREADLE_TRY(RegistryPlace out, parse_registry_place(text));
  if (out.collection.empty()) return out;
  return fail(Errc::kInvalidArgument,
              fmt::format("'{}' names a collection. Write REGISTRY, or ENTITY/{}REGISTRY.",
                          printable(text), artifact::kRegistryPrefix));
}

Result<RegistryPlace> parse_registry_collection(const std::string& text) {
  TREADLE_TRY(RegistryPlace out, parse_registry_place(text));
  if (!out.collection.empty()) return out;
  return fail(Errc::kInvalidArgument,
              fmt::format("'{0}' names a registry. Write {0}/COLLECTION.", printable(text)));
}

Result<artifact::Registry> get_registry(const Artifacts& artifacts, const RegistryPlace& place) {
  if (artifacts.home) {
    return artifact::Registries(artifacts.home->store()).get(place.entity, place.registry);
  }
  TREADLE_TRY(auto found, artifacts.library->find_registry(place.entity, place.registry));
  if (found) return *std::move(found);
  return fail(Errc::kNotFound,
              fmt::format("There is no registry '{}' that you may see on {}.",
                          printable(place.registry), artifacts.connection->address().base_url));
}

Result<artifact::Membership> get_member(const Artifacts& artifacts,
                                        const artifact::Registry& registry,
                                        const RegistryPlace& place) {
  const ArtifactRef ref{registry.entity, registry.project(), place.collection, place.version};
  TREADLE_TRY(auto found, artifacts.library->find_member(ref));
  if (found) return *std::move(found);
  TREADLE_CHECK(artifacts.library->get(ref));  // fails, saying why
  return fail(Errc::kNotFound, "There is no such version.");
}

void write_registry(JsonWriter& json, const artifact::Registry& registry) {
  json.begin_object()
      .field("name", registry.name)
      .field("entity", registry.entity)
      .field("project", registry.project())
      .key("description");
  registry.description ? json.value(*registry.description) : json.null();
  json.field("access", registry.access == artifact::RegistryAccess::kRestricted ? "restricted"
                                                                                : "organization");
  json.field("all_types", registry.all_types).key("types").begin_array();
  for (const std::string& type : registry.types) json.value(type);
  json.end_array().field("created", format_utc(registry.created)).end_object();
}

void write_membership(JsonWriter& json, const artifact::Membership& member) {
  json.begin_object()
      .field("name", member.text())
      .field("version", "v" + std::to_string(member.index))
      .key("aliases")
      .begin_array();
  for (const std::string& alias : member.aliases) json.value(alias);
  json.end_array().field("linked", format_utc(member.created)).key("source");
  write_version(json, member.version);
  json.end_object();
}

}  // namespace treadle::cli
