// What may change of versions, and where they are linked.
#include "artifact_documents.h"
#include "remote_artifacts.h"
#include <treadle/base/json.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::client {
namespace {

using artifact::ChangeOptions;
using artifact::Membership;
using artifact::Version;

void write_tags(JsonWriter& w, std::string_view name, const std::vector<std::string>& tags) {
  w.key(name).begin_array();
  for (const std::string& tag : tags) w.begin_object().field("tagName", tag).end_object();
  w.end_array();
}

}  // namespace

Result<std::vector<Version>> RemoteArtifacts::versions(const ArtifactRef& collection) {
  TREADLE_TRY(std::vector<Membership> found, members(collection));
  std::vector<Version> out;
  for (Membership& member : found) out.push_back(std::move(member.version));
  return out;
}

Result<std::vector<std::string>> RemoteArtifacts::users_of(const Version& version) {
  boost::json::value data;
  TREADLE_CHECK(
      ask(kArtifactUsedBy, [&](JsonWriter& w) { w.field("id", id_of_number(version.id)); }, data));
  std::vector<std::string> out;
  for (const Node& run : Node(data)["artifact.usedBy"].nodes()) out.push_back(run["name"].text());
  return out;
}

Result<Version> RemoteArtifacts::edit_version(const Version& version,
                                              const artifact::VersionEdit& edit) {
  boost::json::value data;
  TREADLE_CHECK(ask(
      kUpdateArtifact,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("artifactID", id_of_number(version.id));
        if (edit.description) w.field("description", *edit.description);
        if (edit.metadata) w.field("metadata", *edit.metadata);
        if (edit.ttl_seconds) w.field("ttlDurationSeconds", *edit.ttl_seconds);
        if (!edit.tags_to_add.empty()) write_tags(w, "tagsToAdd", edit.tags_to_add);
        if (!edit.tags_to_remove.empty()) write_tags(w, "tagsToDelete", edit.tags_to_remove);
        w.end_object();
      },
      data));
  const Node artifact = Node(data)["result.artifact"];
  if (!artifact.empty()) return version_of(artifact);
  return version_by_id(id_of_number(version.id));
}

Result<void> RemoteArtifacts::delete_version(const Version& version, bool with_aliases,
                                             const ChangeOptions&) {
  boost::json::value data;
  return ask(
      kDeleteArtifact,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("artifactID", id_of_number(version.id));
        w.field("deleteAliases", with_aliases).end_object();
      },
      data);
}

Result<std::vector<Membership>> RemoteArtifacts::memberships_of(const Version& version) {
  boost::json::value data;
  TREADLE_CHECK(ask(
      kFetchLinkedArtifacts,
      [&](JsonWriter& w) { w.field("artifactID", id_of_number(version.id)); }, data));
  std::vector<Membership> out;
  for (const Node& node : Node(data)["artifact.artifactMemberships"].nodes()) {
    Membership member = membership_of(node);
    member.version = version;
    out.push_back(std::move(member));
  }
  std::stable_partition(out.begin(), out.end(), [](const Membership& m) {
    return m.kind == artifact::CollectionKind::kSequence;
  });
  return out;
}

Result<void> RemoteArtifacts::change_aliases(const Version& version, const ArtifactRef& collection,
                                             const std::vector<std::string>& add,
                                             const std::vector<std::string>& remove,
                                             const ChangeOptions&) {
  TREADLE_TRY(const ArtifactRef at, whole(collection));
  const auto change = [&](std::string_view document,
                          const std::vector<std::string>& aliases) -> Result<void> {
    if (aliases.empty()) return {};
    boost::json::value data;
    return ask(
        document,
        [&](JsonWriter& w) {
          w.key("input").begin_object().field("artifactID", id_of_number(version.id));
          w.key("aliases").begin_array();
          for (const std::string& alias : aliases) {
            w.begin_object().field("entityName", at.entity).field("projectName", at.project);
            w.field("artifactCollectionName", at.collection).field("alias", alias).end_object();
          }
          w.end_array().end_object();
        },
        data);
  };
  TREADLE_CHECK(change(kAddAliases, add));
  return change(kDeleteAliases, remove);
}

Result<Membership> RemoteArtifacts::link(const Version& version, const ArtifactRef& portfolio,
                                         const std::vector<std::string>& aliases,
                                         const ChangeOptions&) {
  TREADLE_TRY(ArtifactRef at, whole(portfolio));
  if (at.project.starts_with(artifact::kRegistryPrefix)) {
    // Registries are an organization's: reached by its name, or from an entity of it.
    std::string org_entity;
    if (organization_of(at.entity, org_entity) && !org_entity.empty()) at.entity = org_entity;
  }
  boost::json::value data;
  TREADLE_CHECK(ask(
      kLinkArtifact,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("artifactID", id_of_number(version.id));
        w.field("artifactPortfolioName", at.collection);
        w.field("entityName", at.entity).field("projectName", at.project);
        w.key("aliases").begin_array();
        for (const std::string& alias : aliases) {
          w.begin_object().field("artifactCollectionName", at.collection);
          w.field("alias", alias).end_object();
        }
        w.end_array().end_object();
      },
      data));
  const Node member = Node(data)["result.artifactMembership"];
  if (!member.empty()) return membership_of(member);
  at.version = "v" + std::to_string(Node(data)["result.versionIndex"].integer());
  TREADLE_TRY(auto found, find_member(at));
  if (found) return *std::move(found);
  return fail(Errc::kNotFound, version.text() + " was linked to " + at.text() +
                                   ", but is not found there. It may have been unlinked since.");
}

Result<void> RemoteArtifacts::unlink(const Version& version, const ArtifactRef& portfolio) {
  TREADLE_TRY(const Named named, get_named(portfolio));
  boost::json::value data;
  return ask(
      kUnlinkArtifact,
      [&](JsonWriter& w) {
        w.key("input").begin_object().field("artifactID", id_of_number(version.id));
        w.field("artifactPortfolioID", named.id).end_object();
      },
      data);
}

}  // namespace treadle::client
