// All that the front doors do with artifacts, wherever these are: in the home (local_library), or on a
// server (room client). What the one side of it cannot do is kUnsupported there, and says so.
#pragma once

#include <treadle/artifact/collection.h>
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/registry.h>
#include <treadle/artifact/service.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace treadle::artifact {

// Thread-safe. What each call means: Store, Catalog, Registries and Drafts, from which it is gathered.
// Collections are named by reference (its version is ignored).
class Library : public ArtifactService {
 public:
  virtual Result<Version> get_version(std::int64_t id) = 0;
  virtual Result<std::vector<Version>> versions(const ArtifactRef& collection) = 0;
  // Ids of runs.
  virtual Result<std::vector<std::string>> users_of(const Version& version) = 0;
  virtual Result<Version> edit_version(const Version& version, const VersionEdit& edit) = 0;
  virtual Result<void> delete_version(const Version& version, bool with_aliases,
                                      const ChangeOptions& options) = 0;

  virtual Result<std::optional<Membership>> find_member(const ArtifactRef& ref) = 0;
  virtual Result<std::vector<Membership>> memberships_of(const Version& version) = 0;
  virtual Result<void> change_aliases(const Version& version, const ArtifactRef& collection,
                                      const std::vector<std::string>& add,
                                      const std::vector<std::string>& remove,
                                      const ChangeOptions& options) = 0;
  virtual Result<Membership> link(const Version& version, const ArtifactRef& portfolio,
                                  const std::vector<std::string>& aliases,
                                  const ChangeOptions& options) = 0;
  virtual Result<void> unlink(const Version& version, const ArtifactRef& portfolio) = 0;

  virtual Result<std::vector<ArtifactType>> types(const std::string& entity,
                                                  const std::string& project) = 0;
  virtual Result<std::vector<Collection>> collections(const CollectionFilter& filter) = 0;
  virtual Result<std::optional<Collection>> find_collection(const ArtifactRef& ref) = 0;
  virtual Result<Collection> edit_collection(const ArtifactRef& ref,
                                             const CollectionEdit& edit) = 0;
  virtual Result<void> delete_collection(const ArtifactRef& ref, bool with_aliases) = 0;
  virtual Result<std::vector<Membership>> members(const ArtifactRef& collection) = 0;
  virtual Result<std::vector<MembershipEvent>> history(const ArtifactRef& collection) = 0;
  virtual Result<void> protect_alias(const ArtifactRef& collection, const std::string& alias,
                                     bool is_protected) = 0;

  virtual Result<std::vector<Registry>> registries(const std::string& entity) = 0;
  virtual Result<std::optional<Registry>> find_registry(const std::string& entity,
                                                        const std::string& name) = 0;
  virtual Result<Registry> create_registry(const RegistrySpec& spec) = 0;
  virtual Result<Registry> edit_registry(const Registry& registry, const RegistryEdit& edit) = 0;
  virtual Result<void> delete_registry(const Registry& registry, const ChangeOptions& options) = 0;

  // Versions in the making, by several writers.
  virtual Result<std::int64_t> open_draft(const DraftSpec& spec) = 0;
  virtual Result<void> put(std::int64_t draft, std::span<const DraftEntry> entries,
                           std::span<const DraftFolder> folders) = 0;
  virtual Result<void> remove_from_draft(std::int64_t draft, const std::string& path) = 0;
  virtual Result<Logged> commit_draft(std::int64_t draft) = 0;
  virtual Result<void> abandon_draft(std::int64_t draft) = 0;
};

// Over a home's store, which must outlive it.
std::unique_ptr<Library> local_library(Store& store);

}  // namespace treadle::artifact
