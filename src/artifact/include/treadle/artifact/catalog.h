// What is in the store and how it is named: types, collections, memberships, aliases (movable and
// protected), tags, descriptions, time to live. A handle over a Store, cheap to make:
//
//   Catalog catalog(home.store());
//   TREADLE_TRY(Version best, home.store().get(ref));
//   TREADLE_CHECK(catalog.edit_version(best, {.description = "trained on all of May"}));
#pragma once

#include <treadle/artifact/collection.h>
#include <treadle/artifact/store.h>
#include <treadle/base/result.h>

#include <optional>
#include <string>
#include <vector>

namespace treadle::artifact {

// Thread-safe as the Store is; each call is one transaction. kNotFound suggests; kInvalidArgument
// names the rule.
class Catalog {
 public:
  explicit Catalog(Store& store);

  // In order of entity, project, name; "" = any. Also types without a collection.
  Result<std::vector<ArtifactType>> types(const std::string& entity, const std::string& project);
  Result<std::optional<ArtifactType>> find_type(const std::string& entity,
                                                const std::string& project,
                                                const std::string& name);
  // The type there is, when there is one: its description is then replaced unless "".
  Result<ArtifactType> make_type(const std::string& entity, const std::string& project,
                                 const std::string& name, const std::string& description);

  // In order of entity, project, name.
  Result<std::vector<Collection>> collections(const CollectionFilter& filter = {});
  Result<std::optional<Collection>> find_collection(std::int64_t id);
  // The reference's version is ignored, here and below.
  Result<std::optional<Collection>> find_collection(const ArtifactRef& ref);
  Result<Collection> get_collection(const ArtifactRef& ref);
  // kAlreadyExists when there is one of another type or kind; else the one there is.
  Result<Collection> make_collection(const ArtifactRef& ref, const std::string& type,
                                     CollectionKind kind, const std::string& description = {});
  Result<Collection> edit_collection(std::int64_t id, const CollectionEdit& edit);
  // With all its versions (a sequence) or links (a portfolio). kInvalidArgument when a version has
  // aliases other than latest, here or where it is linked, unless `with_aliases`.
  Result<void> delete_collection(std::int64_t id, bool with_aliases,
                                 const ChangeOptions& options = {});

  // In order of index. Deleted versions are left out.
  Result<std::vector<Membership>> members(std::int64_t collection_id);
  // By reference, in a sequence or a portfolio: "" = latest, "v3" is the collection's own number.
  Result<std::optional<Membership>> find_member(const ArtifactRef& ref);
  // Where a version is: its own sequence first, then portfolios in order of linking.
  Result<std::vector<Membership>> memberships_of(const Version& version);

  // Puts a version into a portfolio, made when the project has none of that name (in a registry's
  // project: when the registry takes the type). It gets the portfolio's next number, `latest` and
  // the aliases. Linked already: it keeps its number and gets the aliases.
  Result<Membership> link(const Version& version, const ArtifactRef& portfolio,
                          const std::vector<std::string>& aliases,
                          const ChangeOptions& options = {});
  // kNotFound when it is not linked there.
  Result<void> unlink(const Version& version, std::int64_t collection_id,
                      const ChangeOptions& options = {});
  Result<std::vector<MembershipEvent>> history(std::int64_t collection_id);

  // Of a member of this collection. At every instant at most one member has an alias. `latest` and
  // `vN` are refused. Aliases the member has, or has not, already are fine.
  Result<void> add_aliases(const Version& version, std::int64_t collection_id,
                           const std::vector<std::string>& aliases,
                           const ChangeOptions& options = {});
  Result<void> remove_aliases(const Version& version, std::int64_t collection_id,
                              const std::vector<std::string>& aliases,
                              const ChangeOptions& options = {});

  // A protected alias stays where it is, and its version exists, until somebody says otherwise on
  // purpose. `collection` "" = in every collection of the project (registries).
  Result<void> protect_alias(const ArtifactRef& collection, const std::string& alias,
                             const std::string& by = {});
  Result<void> unprotect_alias(const ArtifactRef& collection, const std::string& alias,
                               const std::string& by = {});
  // Those that hold in this collection, in order.
  Result<std::vector<std::string>> protected_aliases(const ArtifactRef& collection);

  // By id; nothing when it was deleted. An id that a draft had names the version it became.
  Result<std::optional<Version>> find_version(std::int64_t id);
  // Description, metadata, tags, time to live; the content never. Returns it as it is now.
  Result<Version> edit_version(const Version& version, const VersionEdit& edit);

 private:
  Store& store_;
};

}  // namespace treadle::artifact
