// Registries: projects whose collections are portfolios, for what an organization agrees on. As in
// W&B, the registry `model` is the project `wandb-registry-model`, and a reference into it reads
// `wandb-registry-model/Churn:production`. Linking and aliases: Catalog.
#pragma once

#include <treadle/artifact/catalog.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

inline constexpr std::string_view kRegistryPrefix = "wandb-registry-";

enum class RegistryAccess : std::uint8_t { kOrganization, kRestricted };

struct Registry {
  std::int64_t id = 0;
  std::string entity;                      // the organization's
  std::string name;                        // "model"
  std::optional<std::string> description;  // none and "" are told apart
  RegistryAccess access = RegistryAccess::kOrganization;
  bool all_types = true;           // takes versions of any type, else of `types` only
  std::vector<std::string> types;  // in order
  Micros created = 0;
  Micros updated = 0;
  std::string project() const;  // "wandb-registry-model"
};

struct RegistrySpec {
  std::string entity;  // "" = default
  std::string name;    // "model" or "wandb-registry-model"
  std::optional<std::string> description;
  RegistryAccess access = RegistryAccess::kOrganization;
  bool all_types = true;
  std::vector<std::string> types;
};

// What is not given stays as it is. Types are only ever added: what is linked must stay allowed.
struct RegistryEdit {
  std::optional<std::string> name;  // renames; references by the old name find nothing afterwards
  std::optional<std::optional<std::string>> description;
  std::optional<RegistryAccess> access;
  std::optional<bool> all_types;  // false: `types_to_add` and the types of what is linked
  std::vector<std::string> types_to_add;
};

class Registries {
 public:
  explicit Registries(Store& store);
  // In order of name; "" = of every entity.
  Result<std::vector<Registry>> list(const std::string& entity = {});
  Result<std::optional<Registry>> find(const std::string& entity, const std::string& name);
  Result<std::optional<Registry>> find(std::int64_t id);
  Result<Registry> get(const std::string& entity, const std::string& name);  // suggests
  Result<Registry> create(const RegistrySpec& spec);                         // kAlreadyExists
  Result<Registry> edit(std::int64_t id, const RegistryEdit& edit);
  // With its collections and links; the versions stay where they were made. Protected aliases stop
  // it unless `options` say otherwise.
  Result<void> remove(std::int64_t id, const ChangeOptions& options = {});

 private:
  Store& store_;
};

// "model" and "wandb-registry-model" alike -> "model".
std::string registry_name(std::string_view name_or_project);

}  // namespace treadle::artifact
