// Private to the room: what stands behind the types of artifacts.
#pragma once

#include "../document_filter.h"
#include "types.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/drafts.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::serve {

// A version, or the draft of one: the SDK calls both artifacts.
struct ArtifactData {
  std::shared_ptr<const artifact::Version> version;
  std::shared_ptr<const artifact::DraftState> draft;
  std::int64_t id() const { return version ? version->id : draft->id; }
  std::string entity() const { return version ? version->entity : draft->spec.entity; }
  std::string project() const { return version ? version->project : draft->spec.project; }
  std::string collection() const { return version ? version->collection : draft->spec.collection; }
};
graphql::Node artifact_node(artifact::Version version);
graphql::Node artifact_node(artifact::DraftState draft);
// Whether the caller may read it: in its own project, or where it is linked to.
Result<bool> may_read(const Call& call, const artifact::Version& version);
// By an id of ours; kNotFound when it is none, or may not be seen.
Result<artifact::Version> version_of_id(const Call& call, const std::string& id);
Result<artifact::DraftState> draft_of_id(const Call& call, const std::string& id);

// A collection by name; the whole of it is fetched when a field asks for it.
struct CollectionData {
  std::int64_t id = 0;
  std::string entity;
  std::string project;
  std::string name;
  artifact::CollectionKind kind = artifact::CollectionKind::kSequence;
  std::shared_ptr<const artifact::Collection> whole;
  bool deleted = false;
};
graphql::Node collection_node(CollectionData data);
graphql::Node collection_node(artifact::Collection collection);
Result<artifact::Collection> collection_of_id(const Call& call, const std::string& id,
                                              account::Role role);

// The values that filters and orders name.
Lookup collection_lookup(const artifact::Collection& collection);

graphql::Node membership_node(artifact::Membership membership);
CollectionData collection_data(const artifact::Membership& membership);

struct AliasData {
  std::string alias;
  CollectionData collection;
};
// Of one membership, and of all that a version has.
Outputs alias_nodes(const artifact::Membership& membership);

struct TagData {
  std::string name;
};
Outputs tag_nodes(const std::vector<std::string>& tags);

// The entries of a version as files, a page of them. `names` empty = all.
Result<Output> entry_files(const Call& call, const artifact::Version& version);
// "wandb_artifacts/<id>/..." below /storage.
std::string blob_path(std::int64_t version_id, const artifact::Entry& entry);

// Collections, filtered, in order, in pages.
Result<Output> collection_page(const Call& call, std::vector<artifact::Collection> collections);
// Versions in a collection, filtered, in order, in pages.
Result<Output> member_page(const Call& call, std::vector<artifact::Membership> members,
                           std::string_view connection, bool as_artifacts);

}  // namespace treadle::serve
