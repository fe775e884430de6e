#include "../document_filter.h"
#include "artifact_nodes.h"

namespace treadle::serve {
namespace {

using account::Project;
using account::Role;
using artifact::ArtifactType;
using artifact::Collection;
using artifact::CollectionKind;

constexpr std::string_view kArtifactCollectionsTypes = R"(
extend type Query { artifactCollection(id: ID!): ArtifactCollection }
extend type Project {
  artifactType(name: String!): ArtifactType
  artifactTypes(after: String, first: Int, includeAll: Boolean): ArtifactTypeConnection!
  artifactCollection(name: String!): ArtifactCollection
  artifactCollections(after: String, first: Int, filters: JSONString, order: String,
    collectionTypes: [ArtifactCollectionType!]): ArtifactCollectionConnection
}
enum ArtifactCollectionType { PORTFOLIO SEQUENCE }
enum ArtifactCollectionState { READY DELETED }
type ArtifactType {
  id: ID! name: String! description: String createdAt: DateTime!
  artifactCollections(after: String, first: Int, filters: JSONString, order: String,
    collectionTypes: [ArtifactCollectionType!]): ArtifactCollectionConnection
  artifactCollection(name: String!): ArtifactCollection
}
)";

// The same fields for the interface and both its kinds.
constexpr std::string_view kCollectionFields = R"(
  id: ID! name: String! description: String createdAt: DateTime! updatedAt: DateTime project: Project
  defaultArtifactType: ArtifactType! state: ArtifactCollectionState! digestAlgorithm: ArtifactDigestAlgorithm
  tags(first: Int, after: String): TagConnection!
  aliases(after: String, first: Int): ArtifactAliasConnection!
  artifacts(after: String, first: Int, order: String, filters: JSONString): ArtifactConnection
  artifactMembership(aliasName: String!): ArtifactCollectionMembership
  artifactMemberships(after: String, first: Int, order: String, filters: JSONString): ArtifactCollectionMembershipConnection!
  latestArtifact: Artifact ttlDurationSeconds: Int64
)";

Result<std::shared_ptr<const Collection>> whole(const CollectionData& data, const Call& call) {
  if (data.whole) return data.whole;
  TREADLE_TRY(auto found,
              backend(call).catalog.find_collection({data.entity, data.project, data.name, ""}));
  if (!found) return std::shared_ptr<const Collection>();
  return std::make_shared<const Collection>(*std::move(found));
}

Result<Output> type_of(const Project& project, const Call& call) {
  TREADLE_TRY(auto type, backend(call).catalog.find_type(project.entity, project.name,
                                                         call.args.text("name")));
  return type ? Output(graphql::node("ArtifactType", *std::move(type))) : Output();
}

Result<Output> types_of(const Project& project, const Call& call) {
  TREADLE_TRY(auto types, backend(call).catalog.types(project.entity, project.name));
  if (call.args.flag("includeAll")) {
    // A registry names types before there is anything of them.
    TREADLE_TRY(const auto registry, backend(call).registries.find(project.entity, project.name));
    if (registry) {
      types.clear();
      for (const std::string& name : registry->types) {
        types.push_back({0, project.entity, project.name, name, "", registry->created});
      }
    }
  }
  return connection_node(
      "ArtifactTypeConnection",
      page(
          call.args, types, [](const ArtifactType& t) { return graphql::node("ArtifactType", t); },
          1000));
}

}  // namespace

Lookup collection_lookup(const Collection& c) {
  return [&c](std::string_view path) -> std::vector<graphql::Value> {
    if (path == "name") return {{c.name}};
    if (path == "description") return {{c.description}};
    if (path == "created_at" || path == "createdAt") return {{format_utc(c.created)}};
    if (path == "updated_at" || path == "updatedAt") return {{format_utc(c.updated)}};
    if (path == "id" || path == "artifact_collection_id") return {{c.id}};
    if (path == "type") return {{c.type}};
    if (path == "tag" || path == "tags") {
      std::vector<graphql::Value> out;
      for (const std::string& tag : c.tags) out.push_back({tag});
      return out;
    }
    return {};
  };
}

Result<Output> collection_page(const Call& call, std::vector<Collection> collections) {
  const auto kinds = call.args.texts("collectionTypes");
  if (!kinds.empty()) {
    std::erase_if(collections, [&](const Collection& c) {
      const char* kind = c.kind == CollectionKind::kPortfolio ? "PORTFOLIO" : "SEQUENCE";
      return std::find(kinds.begin(), kinds.end(), kind) == kinds.end();
    });
  }
  TREADLE_TRY(collections, filter_and_order(std::move(collections), call.args.text("filters"),
                                            call.args.text("order"), collection_lookup));
  return connection_node(
      "ArtifactCollectionConnection",
      page(call.args, collections, [](const Collection& c) { return collection_node(c); }));
}

graphql::Node collection_node(CollectionData data) {
  return graphql::node(
      data.kind == CollectionKind::kPortfolio ? "ArtifactPortfolio" : "ArtifactSequence",
      std::move(data));
}

graphql::Node collection_node(Collection c) {
  CollectionData data{c.id, c.entity, c.project, c.name, c.kind, nullptr, false};
  data.whole = std::make_shared<const Collection>(std::move(c));
  return collection_node(std::move(data));
}

Result<Collection> collection_of_id(const Call& call, const std::string& id, Role role) {
  const auto number = number_of(id, "ArtifactCollection");
  std::optional<Collection> found;
  if (number) {
    TREADLE_TRY(found, backend(call).catalog.find_collection(*number));
  }
  if (!found) return fail(Errc::kNotFound, "There is no such collection, or it was deleted.");
  TREADLE_CHECK(require(call, role, found->entity, found->project));
  return *std::move(found);
}

void define_artifact_collections(graphql::Schema& schema) {
  schema.define(kArtifactCollectionsTypes);
  const std::string fields = "{" + std::string(kCollectionFields) + "}";
  schema.define("interface ArtifactCollection " + fields);
  schema.define("type ArtifactSequence implements ArtifactCollection " + fields);
  schema.define("type ArtifactPortfolio implements ArtifactCollection " + fields);
  for (const char* type : {"ArtifactCollection", "ArtifactType", "Tag", "ArtifactAlias"}) {
    define_connection(schema, type);
  }
  schema.resolve("Query", "artifactCollection", [](const Call& call) -> Result<Output> {
    const auto number = number_of(call.args.text("id"), "ArtifactCollection");
    if (!number) return nullptr;
    TREADLE_TRY(auto found, backend(call).catalog.find_collection(*number));
    if (!found || !may(call, Role::kViewer, found->entity, found->project)) return nullptr;
    return collection_node(*std::move(found));
  });
  schema.resolve<Project>(
      "Project", {{"artifactType", type_of},
                  {"artifactTypes", types_of},
                  {"artifactCollection",
                   [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(auto found, backend(call).catalog.find_collection(
                                                 {p.entity, p.name, call.args.text("name"), ""}));
                     return found ? Output(collection_node(*std::move(found))) : Output();
                   }},
                  {"artifactCollections", [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(auto found, backend(call).catalog.collections(
                                                 {.entity = p.entity, .project = p.name}));
                     return collection_page(call, std::move(found));
                   }}});
  schema.resolve<ArtifactType>(
      "ArtifactType",
      {{"id", [](const ArtifactType& t, const Call&) { return make_id("ArtifactType", t.id); }},
       {"name", [](const ArtifactType& t, const Call&) { return t.name; }},
       {"description",
        [](const ArtifactType& t, const Call&) {
          return t.description.empty() ? Output() : Output(t.description);
        }},
       {"createdAt", [](const ArtifactType& t, const Call&) { return format_utc(t.created); }},
       {"artifactCollections",
        [](const ArtifactType& t, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto found, backend(call).catalog.collections(
                                      {.entity = t.entity, .project = t.project, .type = t.name}));
          return collection_page(call, std::move(found));
        }},
       {"artifactCollection", [](const ArtifactType& t, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto found, backend(call).catalog.find_collection(
                                      {t.entity, t.project, call.args.text("name"), ""}));
          if (!found || found->type != t.name) return nullptr;
          return collection_node(*std::move(found));
        }}});
  using C = CollectionData;
  using Field = std::function<Result<Output>(const Collection&, const Call&)>;
  // A field of the whole collection; null when it is gone.
  const auto of_whole = [](Field field) {
    return [field](const C& c, const Call& call) -> Result<Output> {
      TREADLE_TRY(const auto found, whole(c, call));
      if (!found) return nullptr;
      return field(*found, call);
    };
  };
  const graphql::FieldTable<C> fields_of_collection = {
      {"id",
       [](const C& c, const Call& call) -> Result<Output> {
         std::int64_t id = c.id;
         if (id == 0) {
           TREADLE_TRY(const auto found, whole(c, call));
           if (found) id = found->id;
         }
         return make_id("ArtifactCollection", id);
       }},
      {"name", [](const C& c, const Call&) { return c.name; }},
      {"project",
       [](const C& c, const Call& call) { return project_named(call, c.entity, c.project); }},
      {"state", [](const C& c, const Call&) { return c.deleted ? "DELETED" : "READY"; }},
      {"digestAlgorithm", [](const C&, const Call&) { return "MANIFEST_MD5"; }},
      {"description", of_whole([](const Collection& c, const Call&) -> Result<Output> {
         return c.described ? Output(c.description) : Output();
       })},
      {"createdAt", of_whole([](const Collection& c, const Call&) -> Result<Output> {
         return format_utc(c.created);
       })},
      {"updatedAt", of_whole([](const Collection& c, const Call&) -> Result<Output> {
         return time_output(c.updated);
       })},
      {"ttlDurationSeconds",
       of_whole([](const Collection& c, const Call&) -> Result<Output> { return c.ttl_seconds; })},
      {"defaultArtifactType", of_whole([](const Collection& c, const Call&) -> Result<Output> {
         return graphql::node("ArtifactType",
                              ArtifactType{0, c.entity, c.project, c.type, "", c.created});
       })},
      {"tags", of_whole([](const Collection& c, const Call& call) -> Result<Output> {
         return connection_node(
             "TagConnection",
             page(
                 call.args, c.tags,
                 [](const std::string& t) { return graphql::node("Tag", TagData{t}); }, 1000));
       })},
      {"latestArtifact", of_whole([](const Collection& c, const Call&) -> Result<Output> {
         return c.latest ? Output(artifact_node(*c.latest)) : Output();
       })},
      {"aliases", of_whole([](const Collection& c, const Call& call) -> Result<Output> {
         TREADLE_TRY(const auto members, backend(call).catalog.members(c.id));
         Outputs all;
         for (const auto& member : members) {
           for (Output& alias : alias_nodes(member)) all.push_back(std::move(alias));
         }
         return connection_node("ArtifactAliasConnection",
                                page(call.args, all, [](const Output& alias) { return alias; }));
       })},
      {"artifacts", of_whole([](const Collection& c, const Call& call) -> Result<Output> {
         TREADLE_TRY(auto members, backend(call).catalog.members(c.id));
         return member_page(call, std::move(members), "ArtifactConnection", true);
       })},
      {"artifactMemberships", of_whole([](const Collection& c, const Call& call) -> Result<Output> {
         TREADLE_TRY(auto members, backend(call).catalog.members(c.id));
         return member_page(call, std::move(members), "ArtifactCollectionMembershipConnection",
                            false);
       })},
      {"artifactMembership", [](const C& c, const Call& call) -> Result<Output> {
         TREADLE_TRY(auto member, backend(call).catalog.find_member(
                                      {c.entity, c.project, c.name, call.args.text("aliasName")}));
         return member ? Output(membership_node(*std::move(member))) : Output();
       }}};
  schema.resolve<C>("ArtifactSequence", fields_of_collection);
  schema.resolve<C>("ArtifactPortfolio", fields_of_collection);
}

}  // namespace treadle::serve
