// Private to the room: artifacts::Library over requests, one file for each topic.
#pragma once

#include "node.h"
#include <treadle/artifact/manifest.h>
#include <treadle/client/artifacts.h>

#include <functional>
#include <map>
#include <mutex>

namespace treadle {
class JsonWriter;
}

namespace treadle::client {

struct Upload;  // artifact_upload.h
struct UploadItem;
struct OpenDraft;

// A version's manifest, and the versions that its files were first uploaded with.
struct RemoteManifest {
  artifact::Manifest manifest;
  std::map<std::string, std::string> birth_ids;  // by path
};

class RemoteArtifacts final : public Artifacts {
 public:
  RemoteArtifacts(std::shared_ptr<Connection> server, ArtifactsOptions options);

  Result<void> join_run(const std::string& run_id) override;
  Result<std::set<std::string>> existing(const std::vector<std::string>& texts) override;
  // remote_lineage.cc
  Result<artifact::Lineage> lineage(const artifact::Version& version,
                                    const artifact::LineageOptions& options) override;

  // log: remote_log.cc
  Result<artifact::Logged> log(const artifact::Draft& draft) override;
  // find, entries, read, download: remote_read.cc
  Result<std::optional<artifact::Version>> find(const ArtifactRef& ref) override;
  Result<artifact::Version> get(const ArtifactRef& ref) override;
  Result<artifact::Version> get_version(std::int64_t id) override;
  Result<void> use(const artifact::Version& version, const std::string& run_id) override;
  Result<std::vector<artifact::Entry>> entries(const artifact::Version& version) override;
  Result<std::string> read(const artifact::Version& version, const std::string& path,
                           std::int64_t limit) override;
  Result<std::vector<std::string>> download(const artifact::Version& version,
                                            const std::string& folder,
                                            const std::string& only_path) override;

  // changes: remote_changes.cc
  Result<std::vector<artifact::Version>> versions(const ArtifactRef& collection) override;
  Result<std::vector<std::string>> users_of(const artifact::Version& version) override;
  Result<artifact::Version> edit_version(const artifact::Version& version,
                                         const artifact::VersionEdit& edit) override;
  Result<void> delete_version(const artifact::Version& version, bool with_aliases,
                              const artifact::ChangeOptions& options) override;
  Result<std::optional<artifact::Membership>> find_member(const ArtifactRef& ref) override;
  Result<std::vector<artifact::Membership>> memberships_of(
      const artifact::Version& version) override;
  Result<void> change_aliases(const artifact::Version& version, const ArtifactRef& collection,
                              const std::vector<std::string>& add,
                              const std::vector<std::string>& remove,
                              const artifact::ChangeOptions& options) override;
  Result<artifact::Membership> link(const artifact::Version& version, const ArtifactRef& portfolio,
                                    const std::vector<std::string>& aliases,
                                    const artifact::ChangeOptions& options) override;
  Result<void> unlink(const artifact::Version& version, const ArtifactRef& portfolio) override;

  // collections: remote_collections.cc
  Result<std::vector<artifact::ArtifactType>> types(const std::string& entity,
                                                    const std::string& project) override;
  Result<std::vector<artifact::Collection>> collections(
      const artifact::CollectionFilter& filter) override;
  Result<std::optional<artifact::Collection>> find_collection(const ArtifactRef& ref) override;
  Result<artifact::Collection> edit_collection(const ArtifactRef& ref,
                                               const artifact::CollectionEdit& edit) override;
  Result<void> delete_collection(const ArtifactRef& ref, bool with_aliases) override;
  Result<std::vector<artifact::Membership>> members(const ArtifactRef& collection) override;
  Result<std::vector<artifact::MembershipEvent>> history(const ArtifactRef& collection) override;
  Result<void> protect_alias(const ArtifactRef& collection, const std::string& alias,
                             bool is_protected) override;

  // registries: remote_registries.cc
  Result<std::vector<artifact::Registry>> registries(const std::string& entity) override;
  Result<std::optional<artifact::Registry>> find_registry(const std::string& entity,
                                                          const std::string& name) override;
  Result<artifact::Registry> create_registry(const artifact::RegistrySpec& spec) override;
  Result<artifact::Registry> edit_registry(const artifact::Registry& registry,
                                           const artifact::RegistryEdit& edit) override;
  Result<void> delete_registry(const artifact::Registry& registry,
                               const artifact::ChangeOptions& options) override;

  // drafts: remote_drafts.cc
  Result<std::int64_t> open_draft(const artifact::DraftSpec& spec) override;
  Result<void> put(std::int64_t draft, std::span<const artifact::DraftEntry> entries,
                   std::span<const artifact::DraftFolder> folders) override;
  Result<void> remove_from_draft(std::int64_t draft, const std::string& path) override;
  Result<artifact::Logged> commit_draft(std::int64_t draft) override;
  Result<void> abandon_draft(std::int64_t draft) override;

 private:
  class Source;  // of lineage
  // Asks; `data` holds the answer. Variables are what `write` puts into the object.
  Result<void> ask(std::string_view document, const std::function<void(JsonWriter&)>& write,
                   boost::json::value& data);
  // Every page of a connection: `page` is called with each, and says where the connection is in `data`.
  Result<void> ask_pages(std::string_view document, const std::function<void(JsonWriter&)>& write,
                         std::string_view path, const std::function<void(const Node&)>& page);
  // The reference with entity and project filled in.
  Result<ArtifactRef> whole(const ArtifactRef& ref);
  Result<artifact::Version> version_by_id(const std::string& id);
  artifact::Version version_of(const Node& artifact);
  artifact::Membership membership_of(const Node& membership);
  Error missing(const ArtifactRef& ref);

  Result<std::shared_ptr<const RemoteManifest>> manifest_of(const artifact::Version& version);
  // Addresses of files of a version by path: of this one, or of all.
  Result<std::map<std::string, std::string>> urls_of(const artifact::Version& version,
                                                     const std::string& only_path);
  // Into the object cache: what does not lie there is fetched, verified. The places of what was fetched.
  Result<std::set<std::string>> fetch(const artifact::Version& version,
                                      const std::vector<const artifact::Entry*>& wanted,
                                      const std::string& only_path);

  // As join_run; a run that is made is told where its code comes from.
  Result<void> join_run_of(const std::string& run_id, const artifact::CodeSource* code);
  // Whether what stands beside the entries of the latest version is what the upload has, if both have the
  // same content.
  Result<bool> latest_has_extras(const ArtifactRef& at, const Upload& upload);
  // The entries and folders, hashed; or sent already, see SendAhead.
  Result<Upload> prepare(std::span<const artifact::DraftEntry> entries,
                         std::span<const artifact::DraftFolder> folders, const ArtifactRef& at);
  Result<void> send_ahead(std::span<UploadItem* const> items, const ArtifactRef& at);
  // What createArtifact answered: a new artifact to be filled, or one that is there with this content.
  struct Created {
    std::string id;
    std::string base_id;  // of the latest version before; "" = none
    bool committed = false;
  };
  Result<Created> create(const artifact::DraftSpec& spec, const std::string& digest,
                         bool deduplicate);
  // A new version, or the one there is: creates, sends, commits.
  Result<artifact::Logged> make_version(const artifact::DraftSpec& spec, Upload& upload,
                                        bool deduplicate);
  // The contents that the server has not, and the manifest, which is FULL or PATCH.
  Result<void> send(const std::string& artifact_id, const std::string& base_id,
                    const artifact::DraftSpec& spec, Upload& upload, std::string_view kind);
  Result<void> send_contents(const std::string& artifact_id, const std::string& manifest_id,
                             Upload& upload);
  // The items of `batch`, as the server answered for each; `sent` is told the bytes.
  Result<void> put_batch(Upload& upload, std::span<const std::size_t> batch,
                         const std::vector<Node>& files,
                         const std::function<void(std::int64_t)>& sent);
  Result<artifact::Logged> commit(const std::string& artifact_id);
  Result<std::shared_ptr<OpenDraft>> draft_of(std::int64_t id);

  // A collection as the protocol needs it: its id and kind beside what is told of it.
  struct Named {
    std::string id;
    artifact::Collection collection;
  };
  Result<std::optional<Named>> find_named(const ArtifactRef& ref);
  Result<Named> get_named(const ArtifactRef& ref);
  Result<std::string> organization_of(const std::string& entity, std::string& org_entity);

  const std::shared_ptr<Connection> server_;
  const ArtifactsOptions options_;

  std::mutex mutex_;
  std::set<std::string> joined_;                                             // runs
  std::map<std::int64_t, std::shared_ptr<const RemoteManifest>> manifests_;  // the last few
  std::int64_t next_draft_ = 1;
  std::map<std::int64_t, std::shared_ptr<OpenDraft>> drafts_;
};

// Ids are texts that only the server reads. An artifact's of W&B's form ("Artifact:7", in base64) is its number
// here; others become negative numbers, which are known again as long as the process lives.
std::int64_t number_of_id(const std::string& id);
std::string id_of_number(std::int64_t number);

// "2026-01-02T03:04:05Z" and its relatives.
Micros time_of(const Node& text);

}  // namespace treadle::client
