// Types and collections of a project on the server.
#include "artifact_documents.h"
#include "remote_artifacts.h"
#include <treadle/base/json.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::client {
namespace {

using artifact::Collection;
using artifact::CollectionKind;
using artifact::Membership;

constexpr int kPerPage = 500;
constexpr int kListedPerPage = 50;  // with versions of each

Collection collection_of(const Node& node) {
  Collection c;
  c.id = number_of_id(node["id"].text());
  c.entity = node["project.entity.name"].text();
  c.project = node["project.name"].text();
  c.name = node["name"].text();
  c.type = node["type.name"].text();
  c.kind = node["__typename"].text() == "ArtifactPortfolio" ? CollectionKind::kPortfolio
                                                            : CollectionKind::kSequence;
  c.description = node["description"].text();
  for (const Node& tag : node["tags"].nodes()) c.tags.push_back(tag["name"].text());
  std::sort(c.tags.begin(), c.tags.end());
  c.created = time_of(node["createdAt"]);
  c.updated = node["updatedAt"].empty() ? c.created : time_of(node["updatedAt"]);
  return c;
}

// Fills in how many versions there are, and their bytes; -1 where there are too many to add up.
void add_sizes(Collection& collection, const Node& sizes) {
  collection.version_count = sizes["totalCount"].integer();
  collection.size = sizes["pageInfo.hasNextPage"].flag() ? -1 : 0;
  if (collection.size < 0) return;
  for (const Node& version : sizes.nodes()) collection.size += version["size"].integer();
}

bool matches(const Collection& c, const artifact::CollectionFilter& filter) {
  return (filter.name.empty() || c.name == filter.name) &&
         (filter.type.empty() || c.type == filter.type) &&
         (!filter.kind || c.kind == *filter.kind) &&
         (filter.tag.empty() ||
          std::find(c.tags.begin(), c.tags.end(), filter.tag) != c.tags.end());
}

}  // namespace

Result<std::vector<artifact::ArtifactType>> RemoteArtifacts::types(const std::string& entity,
                                                                   const std::string& project) {
  TREADLE_TRY(const ArtifactRef at, whole({entity, project, "", ""}));
  std::vector<artifact::ArtifactType> out;
  TREADLE_CHECK(ask_pages(
      kProjectArtifactTypes,
      [&](JsonWriter& w) {
        w.field("entity", at.entity).field("project", at.project).field("perPage", kPerPage);
      },
      "project.artifactTypes",
      [&](const Node& page) {
        for (const Node& node : page.nodes()) {
          out.push_back({0, at.entity, at.project, node["name"].text(), node["description"].text(),
                         time_of(node["createdAt"])});
        }
      }));
  return out;
}

Result<std::vector<Collection>> RemoteArtifacts::collections(
    const artifact::CollectionFilter& filter) {
  TREADLE_TRY(const ArtifactRef at, whole({filter.entity, filter.project, "", ""}));
  const bool of_type = !filter.type.empty();
  std::vector<Collection> out;
  TREADLE_CHECK(ask_pages(
      of_type ? kArtifactTypeArtifactCollections : kListedArtifactCollections,
      [&](JsonWriter& w) {
        w.field("entity", at.entity).field("project", at.project).field("perPage", kListedPerPage);
        if (of_type) w.field("type", filter.type);
        if (!filter.name.empty()) {
          JsonWriter wanted;
          wanted.begin_object().field("name", filter.name).end_object();
          w.field("filters", wanted.str());
        }
      },
      of_type ? "project.artifactType.artifactCollections" : "project.artifactCollections",
      [&](const Node& page) {
        for (const Node& node : page.nodes()) {
          Collection found = collection_of(node);
          if (!matches(found, filter)) continue;
          add_sizes(found, node["sizes"]);
          if (const Node latest = node["latest.artifact"]; !latest.empty()) {
            found.latest = version_of(latest);
          }
          out.push_back(std::move(found));
        }
      }));
  std::sort(out.begin(), out.end(),
            [](const Collection& a, const Collection& b) { return a.name < b.name; });
  return out;
}

Result<std::optional<RemoteArtifacts::Named>> RemoteArtifacts::find_named(const ArtifactRef& ref) {
  TREADLE_TRY(const ArtifactRef at, whole(ref));
  std::optional<Named> out;
  TREADLE_CHECK(ask_pages(
      kProjectArtifactCollections,
      [&](JsonWriter& w) {
        JsonWriter wanted;
        wanted.begin_object().field("name", at.collection).end_object();
        w.field("entity", at.entity).field("project", at.project).field("perPage", kPerPage);
        w.field("filters", wanted.str());
      },
      "project.artifactCollections",
      [&](const Node& page) {
        for (const Node& node : page.nodes()) {
          if (node["name"].text() == at.collection)
            out = Named{node["id"].text(), collection_of(node)};
        }
      }));
  return out;
}

Result<RemoteArtifacts::Named> RemoteArtifacts::get_named(const ArtifactRef& ref) {
  TREADLE_TRY(auto found, find_named(ref));
  if (found) return *std::move(found);
  TREADLE_TRY(ArtifactRef at, whole(ref));
  at.version.clear();
  return fail(missing(at));
}

Result<std::optional<Collection>> RemoteArtifacts::find_collection(const ArtifactRef& ref) {
  TREADLE_TRY(auto found, find_named(ref));
  if (!found) return std::nullopt;
  return std::move(found->collection);
}

Result<Collection> RemoteArtifacts::edit_collection(const ArtifactRef& ref,
                                                    const artifact::CollectionEdit& edit) {
  if (edit.ttl_seconds) {
    return fail(Errc::kUnsupported,
                "W&B's protocol knows no time to live of a collection. Give it to its versions.");
  }
  TREADLE_TRY(const Named named, get_named(ref));
  Collection at = named.collection;
  const bool is_sequence = at.kind == CollectionKind::kSequence;
  boost::json::value data;
  if (edit.name || edit.description) {
    TREADLE_CHECK(ask(
        is_sequence ? kUpdateArtifactSequence : kUpdateArtifactPortfolio,
        [&](JsonWriter& w) {
          w.key("input").begin_object();
          w.field(is_sequence ? "artifactSequenceID" : "artifactPortfolioID", named.id);
          if (edit.name) w.field("name", *edit.name);
          if (edit.description) w.field("description", *edit.description);
          w.end_object();
        },
        data));
    if (edit.name) at.name = *edit.name;
  }
  if (edit.type && *edit.type != at.type) {
    if (!is_sequence) {
      return fail(
          Errc::kUnsupported,
          "The type of '" + at.name + "' cannot be changed: a registry's collections keep theirs.");
    }
    TREADLE_CHECK(ask(
        kUpdateArtifactSequenceType,
        [&](JsonWriter& w) {
          w.key("input").begin_object().field("artifactSequenceID", named.id);
          w.field("destinationArtifactTypeName", *edit.type).end_object();
        },
        data));
  }
  const auto change_tags = [&](std::string_view document,
                               const std::vector<std::string>& tags) -> Result<void> {
    if (tags.empty()) return {};
    return ask(
        document,
        [&](JsonWriter& w) {
          w.key("input").begin_object().field("entityName", at.entity);
          w.field("projectName", at.project).field("artifactCollectionName", at.name);
          w.key("tags").begin_array();
          for (const std::string& tag : tags) w.begin_object().field("tagName", tag).end_object();
          w.end_array().end_object();
        },
        data);
  };
  TREADLE_CHECK(change_tags(kAddCollectionTags, edit.tags_to_add));
  TREADLE_CHECK(change_tags(kDeleteCollectionTags, edit.tags_to_remove));
  TREADLE_TRY(Named now, get_named({at.entity, at.project, at.name, ""}));
  return std::move(now.collection);
}

Result<void> RemoteArtifacts::delete_collection(const ArtifactRef& ref, bool with_aliases) {
  TREADLE_TRY(const Named named, get_named(ref));
  if (!with_aliases) {
    TREADLE_TRY(const auto all, members(ref));
    for (const Membership& member : all) {
      for (const std::string& alias : member.aliases) {
        if (alias == "latest") continue;
        return fail(Errc::kInvalidArgument, member.text() + " has the alias '" + alias +
                                                "'. Delete with aliases, or take it away first.");
      }
    }
  }
  const bool is_sequence = named.collection.kind == CollectionKind::kSequence;
  boost::json::value data;
  return ask(
      is_sequence ? kDeleteArtifactSequence : kDeleteArtifactPortfolio,
      [&](JsonWriter& w) { w.field("id", named.id); }, data);
}

Result<std::vector<Membership>> RemoteArtifacts::members(const ArtifactRef& collection) {
  TREADLE_TRY(const Named named, get_named(collection));
  const Collection& c = named.collection;
  std::vector<Membership> out;
  TREADLE_CHECK(ask_pages(
      kProjectArtifacts,
      [&](JsonWriter& w) {
        w.field("entity", c.entity).field("project", c.project).field("type", c.type);
        w.field("collection", c.name).field("perPage", kPerPage);
        w.field("filters", R"({"state":"COMMITTED"})");
      },
      "project.artifactType.artifactCollection.artifacts",
      [&](const Node& page) {
        for (const Node& edge : page["edges"].items()) {
          const Node node = edge["node"];
          if (node.empty()) continue;
          Membership member;
          member.entity = c.entity;
          member.project = c.project;
          member.collection = c.name;
          member.kind = c.kind;
          member.version = version_of(node);
          const std::string number = edge["version"].text();
          member.index = is_version_name(number) ? std::atoi(number.c_str() + 1) : -1;
          for (const Node& alias : node["aliases"].items()) {
            const Node place = alias["artifactCollection"];
            const std::string name = alias["alias"].text();
            if (!is_version_name(name) && place["name"].text() == c.name &&
                place["project.name"].text() == c.project &&
                place["project.entity.name"].text() == c.entity) {
              member.aliases.push_back(name);
            }
          }
          member.created = member.version.created;
          out.push_back(std::move(member));
        }
      }));
  std::sort(out.begin(), out.end(),
            [](const Membership& a, const Membership& b) { return a.index < b.index; });
  return out;
}

Result<std::vector<artifact::MembershipEvent>> RemoteArtifacts::history(const ArtifactRef& ref) {
  return fail(Errc::kUnsupported, "W&B's protocol does not tell the history of '" + ref.collection +
                                      "'. Ask on the server: `treadle registry history`.");
}

Result<void> RemoteArtifacts::protect_alias(const ArtifactRef& ref, const std::string& alias,
                                            bool) {
  return fail(Errc::kUnsupported, "W&B's protocol cannot protect the alias '" + alias + "' of '" +
                                      ref.collection +
                                      "'. Protect it on the server: `treadle registry protect`.");
}

}  // namespace treadle::client
