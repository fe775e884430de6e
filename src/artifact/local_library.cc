// The home's store behind the interface that a server's artifacts have too.
#include <treadle/artifact/library.h>

namespace treadle::artifact {
namespace {

class LocalLibrary final : public Library {
 public:
  explicit LocalLibrary(Store& store)
      : store_(store), catalog_(store), registries_(store), drafts_(store) {}

  Result<Logged> log(const Draft& draft) override { return store_.log(draft); }
  Result<std::optional<Version>> find(const ArtifactRef& ref) override { return store_.find(ref); }
  Result<Version> get(const ArtifactRef& ref) override { return store_.get(ref); }
  Result<void> use(const Version& version, const std::string& run_id) override {
    return store_.use(version, run_id);
  }
  Result<std::vector<Entry>> entries(const Version& version) override {
    return store_.entries(version);
  }
  Result<std::string> read(const Version& version, const std::string& path,
                           std::int64_t limit) override {
    return store_.read(version, path, limit);
  }
  Result<std::vector<std::string>> download(const Version& version, const std::string& folder,
                                            const std::string& only_path) override {
    return store_.download(version, folder, only_path);
  }

  Result<Version> get_version(std::int64_t id) override {
    TREADLE_TRY(auto found, catalog_.find_version(id));
    if (found) return *std::move(found);
    return fail(Errc::kNotFound,
                "This home has no artifact with the number " + std::to_string(id) + ".");
  }
  Result<std::vector<Version>> versions(const ArtifactRef& collection) override {
    return store_.versions(collection);
  }
  Result<std::vector<std::string>> users_of(const Version& version) override {
    return store_.users_of(version);
  }
  Result<Version> edit_version(const Version& version, const VersionEdit& edit) override {
    return catalog_.edit_version(version, edit);
  }
  Result<void> delete_version(const Version& version, bool with_aliases,
                              const ChangeOptions& options) override {
    return store_.delete_version(version, with_aliases, options);
  }

  Result<std::optional<Membership>> find_member(const ArtifactRef& ref) override {
    return catalog_.find_member(ref);
  }
  Result<std::vector<Membership>> memberships_of(const Version& version) override {
    return catalog_.memberships_of(version);
  }
  Result<void> change_aliases(const Version& version, const ArtifactRef& collection,
                              const std::vector<std::string>& add,
                              const std::vector<std::string>& remove,
                              const ChangeOptions& options) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(collection));
    if (!add.empty()) TREADLE_CHECK(catalog_.add_aliases(version, found.id, add, options));
    if (remove.empty()) return {};
    return catalog_.remove_aliases(version, found.id, remove, options);
  }
  Result<Membership> link(const Version& version, const ArtifactRef& portfolio,
                          const std::vector<std::string>& aliases,
                          const ChangeOptions& options) override {
    return catalog_.link(version, portfolio, aliases, options);
  }
  Result<void> unlink(const Version& version, const ArtifactRef& portfolio) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(portfolio));
    return catalog_.unlink(version, found.id);
  }

  Result<std::vector<ArtifactType>> types(const std::string& entity,
                                          const std::string& project) override {
    return catalog_.types(entity, project);
  }
  Result<std::vector<Collection>> collections(const CollectionFilter& filter) override {
    return catalog_.collections(filter);
  }
  Result<std::optional<Collection>> find_collection(const ArtifactRef& ref) override {
    return catalog_.find_collection(ref);
  }
  Result<Collection> edit_collection(const ArtifactRef& ref, const CollectionEdit& edit) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(ref));
    return catalog_.edit_collection(found.id, edit);
  }
  Result<void> delete_collection(const ArtifactRef& ref, bool with_aliases) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(ref));
    return catalog_.delete_collection(found.id, with_aliases);
  }
  Result<std::vector<Membership>> members(const ArtifactRef& collection) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(collection));
    return catalog_.members(found.id);
  }
  Result<std::vector<MembershipEvent>> history(const ArtifactRef& collection) override {
    TREADLE_TRY(const Collection found, catalog_.get_collection(collection));
    return catalog_.history(found.id);
  }
  Result<void> protect_alias(const ArtifactRef& collection, const std::string& alias,
                             bool is_protected) override {
    return is_protected ? catalog_.protect_alias(collection, alias)
                        : catalog_.unprotect_alias(collection, alias);
  }

  Result<std::vector<Registry>> registries(const std::string& entity) override {
    return registries_.list(entity);
  }
  Result<std::optional<Registry>> find_registry(const std::string& entity,
                                                const std::string& name) override {
    return registries_.find(entity, name);
  }
  Result<Registry> create_registry(const RegistrySpec& spec) override {
    return registries_.create(spec);
  }
  Result<Registry> edit_registry(const Registry& registry, const RegistryEdit& edit) override {
    return registries_.edit(registry.id, edit);
  }
  Result<void> delete_registry(const Registry& registry, const ChangeOptions& options) override {
    return registries_.remove(registry.id, options);
  }

  Result<std::int64_t> open_draft(const DraftSpec& spec) override {
    TREADLE_TRY(const DraftState draft, drafts_.open(spec));
    return draft.id;
  }
  Result<void> put(std::int64_t draft, std::span<const DraftEntry> entries,
                   std::span<const DraftFolder> folders) override {
    for (const DraftFolder& folder : folders)
      TREADLE_CHECK(drafts_.put_folder(draft, folder.folder, folder.prefix));
    for (const DraftEntry& entry : entries) TREADLE_CHECK(put_entry(draft, entry));
    return {};
  }
  Result<void> remove_from_draft(std::int64_t draft, const std::string& path) override {
    return drafts_.remove(draft, path);
  }
  Result<Logged> commit_draft(std::int64_t draft) override { return drafts_.commit(draft); }
  Result<void> abandon_draft(std::int64_t draft) override { return drafts_.abandon(draft); }

 private:
  // References are entries of a manifest already; the rest is content.
  Result<void> put_entry(std::int64_t draft, const DraftEntry& given) {
    using Source = DraftEntry::Source;
    if (given.source == Source::kFile && given.extra.empty())
      return drafts_.put_file(draft, given.path, given.file);
    if (given.source == Source::kBytes && given.extra.empty())
      return drafts_.put_bytes(draft, given.path, given.bytes);
    Entry entry;
    entry.path = given.path;
    entry.extra = given.extra;
    if (given.source == Source::kReference) {
      entry.reference = given.reference;
      entry.md5 = given.reference_digest;
      entry.size = given.reference_size;
    } else {  // signed: its bytes first, then what stands beside them
      TREADLE_CHECK(drafts_.put_bytes(draft, given.path, given.bytes));
      TREADLE_TRY(const std::vector<Entry> now, drafts_.entries(draft));
      for (const Entry& each : now) {
        if (each.path != given.path) continue;
        entry = each;
        entry.extra = given.extra;
      }
    }
    return drafts_.put_entries(draft, std::span(&entry, 1));
  }

  Store& store_;
  Catalog catalog_;
  Registries registries_;
  Drafts drafts_;
};

}  // namespace

std::unique_ptr<Library> local_library(Store& store) {
  return std::make_unique<LocalLibrary>(store);
}

}  // namespace treadle::artifact
