// Names in registries as the command line takes them, and how they are written as JSON.
#pragma once

#include "artifact_lookup.h"
#include <treadle/artifact/registry.h>
#include <treadle/base/json.h>
#include <treadle/base/result.h>

#include <string>

namespace treadle::cli {

// "model", "model/Churn", "model/Churn:production"; of another entity "acme/wandb-registry-model",
// "acme/model/Churn".
struct RegistryPlace {
  std::string entity;  // "" = default
  std::string registry;
  std::string collection;  // "" = the registry
  std::string version;     // "" = none given
  ArtifactRef ref() const;
};
Result<RegistryPlace> parse_registry_place(const std::string& text);
// As parse_registry_place, refusing what names a collection.
Result<RegistryPlace> parse_registry(const std::string& text);
// As parse_registry_place, refusing what names no collection.
Result<RegistryPlace> parse_registry_collection(const std::string& text);

// The registry in the home or on the server, or why there is none.
Result<artifact::Registry> get_registry(const Artifacts& artifacts, const RegistryPlace& place);
// What is linked under a version or alias of a collection of `registry`.
Result<artifact::Membership> get_member(const Artifacts& artifacts,
                                        const artifact::Registry& registry,
                                        const RegistryPlace& place);

void write_registry(JsonWriter& json, const artifact::Registry& registry);
void write_membership(JsonWriter& json, const artifact::Membership& member);

}  // namespace treadle::cli
