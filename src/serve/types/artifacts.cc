#include "../document_filter.h"
#include "artifact_nodes.h"

namespace treadle::serve {
namespace {

using account::Project;
using account::Role;
using artifact::Membership;
using artifact::Version;

constexpr std::string_view kArtifactsTypes = R"(
extend type Query { artifact(id: ID!): Artifact }
extend type Project {
  artifact(name: String!, enableTracking: Boolean): Artifact
  artifactCollectionMembership(name: String!): ArtifactCollectionMembership
}
extend type User implements ArtifactCreator { isBot: Boolean }
enum ArtifactDigestAlgorithm { MANIFEST_MD5 MANIFEST_XXH128 }
enum ArtifactState { PENDING COMMITTED DELETED }
type Artifact {
  id: ID! artifactSequence: ArtifactSequence! artifactType: ArtifactType! versionIndex: Int description: String
  metadata: JSONString ttlDurationSeconds: Int64! ttlIsInherited: Boolean! tags: [Tag!]! historyStep: Int64
  state: ArtifactState! size: Int64! digest: String! digestAlgorithm: ArtifactDigestAlgorithm commitHash: String
  fileCount: Int64! createdAt: DateTime! updatedAt: DateTime aliases: [ArtifactAlias!]!
  artifactMemberships(first: Int, after: String): ArtifactCollectionMembershipConnection!
  artifactCollections(first: Int, after: String): ArtifactCollectionConnection!
}
type ArtifactCollectionMembership {
  id: ID! versionIndex: Int aliases: [ArtifactAlias!]! artifactCollection: ArtifactCollection artifact: Artifact
  createdAt: DateTime! updatedAt: DateTime
}
type ArtifactAlias { id: ID! alias: String! artifactCollectionName: String artifactCollection: ArtifactCollection }
type Tag { id: ID! name: String! tagCategoryName: String attributes: JSON }
)";

// "coll:alias" in two.
std::pair<std::string, std::string> split_name(const std::string& name) {
  const auto colon = name.rfind(':');
  if (colon == std::string::npos) return {name, ""};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

Result<std::optional<Membership>> find_member(const Project& project, const Call& call) {
  const auto [collection, version] = split_name(call.args.text("name"));
  if (collection.empty()) return std::nullopt;
  return backend(call).catalog.find_member({project.entity, project.name, collection, version});
}

Lookup member_lookup(const Membership& m) {
  return [&m](std::string_view path) -> std::vector<graphql::Value> {
    const Version& v = m.version;
    const auto all = [](const std::vector<std::string>& texts) {
      std::vector<graphql::Value> out;
      for (const std::string& text : texts) out.push_back({text});
      return out;
    };
    if (path == "state") return {{std::string("COMMITTED")}};
    if (path == "alias" || path == "aliases") return all(m.aliases);
    if (path == "tag" || path == "tags") return all(v.tags);
    if (path == "version") return {{"v" + std::to_string(m.index)}};
    if (path == "version_index" || path == "versionIndex") {
      return {{static_cast<std::int64_t>(m.index)}};
    }
    if (path == "created_at" || path == "createdAt") return {{format_utc(v.created)}};
    if (path == "updated_at" || path == "updatedAt") return {{format_utc(v.updated)}};
    if (path == "id") return {{v.id}};
    if (path == "name") return {{m.collection}};
    if (path == "digest") return {{v.digest}};
    if (path == "size") return {{v.size}};
    if (path.starts_with("metadata.")) {
      auto document = graphql::value_from_json(v.metadata);
      if (!document) return {};
      const graphql::Value* at = &*document;
      std::string_view rest = path.substr(9);
      while (at && !rest.empty()) {
        const auto dot = rest.find('.');
        at = at->find(rest.substr(0, dot));
        rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
      }
      if (at == nullptr || at->is_null()) return {};
      if (const auto* list = at->get<graphql::Value::List>()) return *list;
      return {*at};
    }
    return {};
  };
}

std::string state_of(const ArtifactData& a) {
  return a.version ? "COMMITTED" : "PENDING";
}

}  // namespace

graphql::Node artifact_node(Version version) {
  return graphql::node("Artifact",
                       ArtifactData{std::make_shared<const Version>(std::move(version)), nullptr});
}

graphql::Node artifact_node(artifact::DraftState draft) {
  return graphql::node(
      "Artifact",
      ArtifactData{nullptr, std::make_shared<const artifact::DraftState>(std::move(draft))});
}

graphql::Node membership_node(Membership membership) {
  return graphql::node("ArtifactCollectionMembership", std::move(membership));
}

CollectionData collection_data(const Membership& m) {
  return {m.collection_id, m.entity, m.project, m.collection, m.kind, nullptr, false};
}

Outputs alias_nodes(const Membership& m) {
  Outputs out;
  for (const std::string& alias : m.aliases) {
    out.push_back(graphql::node("ArtifactAlias", AliasData{alias, collection_data(m)}));
  }
  return out;
}

Outputs tag_nodes(const std::vector<std::string>& tags) {
  Outputs out;
  for (const std::string& tag : tags) out.push_back(graphql::node("Tag", TagData{tag}));
  return out;
}

Result<bool> may_read(const Call& call, const Version& version) {
  if (may(call, Role::kViewer, version.entity, version.project)) return true;
  TREADLE_TRY(const auto members, backend(call).catalog.memberships_of(version));
  for (const Membership& m : members) {
    if (may(call, Role::kViewer, m.entity, m.project)) return true;
  }
  return false;
}

Result<Version> version_of_id(const Call& call, const std::string& id) {
  const auto number = number_of(id, "Artifact");
  std::optional<Version> version;
  if (number) {
    TREADLE_TRY(version, backend(call).catalog.find_version(*number));
  }
  if (version) {
    TREADLE_TRY(const bool allowed, may_read(call, *version));
    if (allowed) return *std::move(version);
  }
  return fail(Errc::kNotFound, "There is no such artifact, or it was deleted.");
}

Result<artifact::DraftState> draft_of_id(const Call& call, const std::string& id) {
  const auto number = number_of(id, "Artifact");
  std::optional<artifact::DraftState> draft;
  if (number) {
    TREADLE_TRY(draft, backend(call).drafts.find(*number));
  }
  if (!draft) return fail(Errc::kNotFound, "There is no such artifact being written.");
  TREADLE_CHECK(require(call, Role::kMember, draft->spec.entity, draft->spec.project));
  return *std::move(draft);
}

Result<Output> artifact_numbered(const Call& call, std::int64_t id) {
  Backend& b = backend(call);
  TREADLE_TRY(auto version, b.catalog.find_version(id));
  if (version) {
    TREADLE_TRY(const bool allowed, may_read(call, *version));
    if (!allowed) return nullptr;
    return artifact_node(*std::move(version));
  }
  TREADLE_TRY(auto draft, b.drafts.find(id));
  if (!draft || draft->phase != artifact::DraftPhase::kPending) return nullptr;
  if (!may(call, Role::kMember, draft->spec.entity, draft->spec.project)) return nullptr;
  return artifact_node(*std::move(draft));
}

Result<Output> member_page(const Call& call, std::vector<Membership> members,
                           std::string_view connection, bool as_artifacts) {
  // The newest first, unless said otherwise: clients take the first for the latest.
  const std::string order = call.args.has("order") ? call.args.text("order") : "-version_index";
  TREADLE_TRY(members, filter_and_order(std::move(members), call.args.text("filters"), order,
                                        member_lookup));
  Connection out = page(call.args, members, [&](const Membership& m) -> Output {
    if (as_artifacts) return artifact_node(m.version);
    return membership_node(m);
  });
  const Span span = page_span(call.args, out.total);
  for (std::size_t i = 0; i < out.edges.size(); ++i) {
    out.edges[i].version =
        "v" + std::to_string(members[static_cast<std::size_t>(span.begin) + i].index);
  }
  return connection_node(connection, std::move(out));
}

void define_artifacts(graphql::Schema& schema) {
  schema.define(kArtifactsTypes);
  define_connection(schema, "Artifact");
  define_connection(schema, "ArtifactCollectionMembership");
  schema.define("extend type ArtifactEdge { version: String! }");
  schema.resolve<Edge>("ArtifactEdge",
                       {{"version", [](const Edge& e, const Call&) { return e.version; }}});
  schema.define("extend type File { artifact: Artifact }");
  schema.resolve<StoredFile>("File", {{"artifact", [](const StoredFile& f, const Call& call) {
                                         if (f.artifact) return Result<Output>(*f.artifact);
                                         return artifact_numbered(call, f.artifact_id);
                                       }}});
  schema.resolve<account::User>(
      "User", {{"isBot", [](const account::User& u, const Call&) { return u.service; }}});
  schema.resolve("Query", "artifact", [](const Call& call) -> Result<Output> {
    return artifact_numbered(call, number_of(call.args.text("id"), "Artifact").value_or(0));
  });
  schema.resolve<Project>(
      "Project",
      {{"artifact",
        [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto member, find_member(p, call));
          return member ? Output(artifact_node(std::move(member->version))) : Output();
        }},
       {"artifactCollectionMembership", [](const Project& p, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto member, find_member(p, call));
          return member ? Output(membership_node(*std::move(member))) : Output();
        }}});
  using A = ArtifactData;
  schema.resolve<A>(
      "Artifact",
      {{"id", [](const A& a, const Call&) { return make_id("Artifact", a.id()); }},
       {"artifactSequence",
        [](const A& a, const Call&) {
          return collection_node(CollectionData{a.version ? a.version->collection_id : 0,
                                                a.entity(), a.project(), a.collection()});
        }},
       {"artifactType",
        [](const A& a, const Call&) {
          artifact::ArtifactType type;
          type.entity = a.entity();
          type.project = a.project();
          type.name = a.version ? a.version->type : a.draft->spec.type;
          return graphql::node("ArtifactType", std::move(type));
        }},
       {"versionIndex",
        [](const A& a, const Call&) { return a.version ? Output(a.version->index) : Output(); }},
       {"description",
        [](const A& a, const Call&) -> Result<Output> {
          const std::string& text = a.version ? a.version->description : a.draft->spec.description;
          return text.empty() ? Output() : Output(text);
        }},
       {"metadata",
        [](const A& a, const Call&) {
          return a.version ? a.version->metadata : a.draft->spec.metadata;
        }},
       {"ttlDurationSeconds",
        [](const A& a, const Call&) {
          return a.version ? a.version->ttl_effective : artifact::kTtlNone;
        }},
       {"ttlIsInherited",
        [](const A& a, const Call&) {
          return !a.version || a.version->ttl_seconds == artifact::kTtlInherit;
        }},
       {"tags",
        [](const A& a, const Call&) -> Result<Output> {
          return tag_nodes(a.version ? a.version->tags : a.draft->spec.tags);
        }},
       {"historyStep",
        [](const A& a, const Call&) {
          const auto& step = a.version ? a.version->history_step : a.draft->spec.history_step;
          return step ? Output(*step) : Output();
        }},
       {"state", [](const A& a, const Call&) { return state_of(a); }},
       {"size", [](const A& a, const Call&) { return a.version ? a.version->size : 0; }},
       {"digest",
        [](const A& a, const Call&) {
          return a.version ? a.version->digest : a.draft->spec.expected_digest;
        }},
       {"digestAlgorithm", [](const A&, const Call&) { return "MANIFEST_MD5"; }},
       {"commitHash",
        [](const A& a, const Call&) {
          return a.version ? Output(a.version->digest.substr(0, 20)) : Output();
        }},
       {"fileCount", [](const A& a, const Call&) { return a.version ? a.version->file_count : 0; }},
       {"createdAt",
        [](const A& a, const Call&) {
          return time_output(a.version ? a.version->created : a.draft->created);
        }},
       {"updatedAt",
        [](const A& a, const Call&) {
          return a.version ? time_output(a.version->updated) : Output();
        }},
       {"aliases",
        [](const A& a, const Call& call) -> Result<Output> {
          Outputs out;
          if (!a.version) return out;
          TREADLE_TRY(const auto members, backend(call).catalog.memberships_of(*a.version));
          for (const Membership& m : members) {
            for (Output& alias : alias_nodes(m)) out.push_back(std::move(alias));
          }
          return out;
        }},
       {"artifactMemberships",
        [](const A& a, const Call& call) -> Result<Output> {
          std::vector<Membership> members;
          if (a.version) {
            TREADLE_TRY(members, backend(call).catalog.memberships_of(*a.version));
          }
          return connection_node("ArtifactCollectionMembershipConnection",
                                 page(
                                     call.args, members,
                                     [](const Membership& m) { return membership_node(m); }, 1000));
        }},
       {"artifactCollections", [](const A& a, const Call& call) -> Result<Output> {
          std::vector<Membership> members;
          if (a.version) {
            TREADLE_TRY(members, backend(call).catalog.memberships_of(*a.version));
          }
          return connection_node(
              "ArtifactCollectionConnection",
              page(
                  call.args, members,
                  [](const Membership& m) { return collection_node(collection_data(m)); }, 1000));
        }}});
  schema.resolve<Membership>(
      "ArtifactCollectionMembership",
      {{"id",
        [](const Membership& m, const Call&) {
          return make_text_id("ArtifactCollectionMembership",
                              std::to_string(m.collection_id) + ":" + std::to_string(m.version.id));
        }},
       {"versionIndex", [](const Membership& m, const Call&) { return m.index; }},
       {"aliases",
        [](const Membership& m, const Call&) -> Result<Output> { return alias_nodes(m); }},
       {"artifactCollection",
        [](const Membership& m, const Call&) { return collection_node(collection_data(m)); }},
       {"artifact", [](const Membership& m, const Call&) { return artifact_node(m.version); }},
       {"createdAt", [](const Membership& m, const Call&) { return time_output(m.created); }},
       {"updatedAt",
        [](const Membership& m, const Call&) { return time_output(m.version.updated); }}});
  schema.resolve<AliasData>(
      "ArtifactAlias",
      {{"id",
        [](const AliasData& a, const Call&) {
          return make_text_id("ArtifactAlias", std::to_string(a.collection.id) + ":" + a.alias);
        }},
       {"alias", [](const AliasData& a, const Call&) { return a.alias; }},
       {"artifactCollectionName",
        [](const AliasData& a, const Call&) { return a.collection.name; }},
       {"artifactCollection",
        [](const AliasData& a, const Call&) { return collection_node(a.collection); }}});
  schema.resolve<TagData>(
      "Tag", {{"id", [](const TagData& t, const Call&) { return make_text_id("Tag", t.name); }},
              {"name", [](const TagData& t, const Call&) { return t.name; }},
              {"tagCategoryName", [](const TagData&, const Call&) { return nullptr; }},
              {"attributes", [](const TagData&, const Call&) { return nullptr; }}});
}

}  // namespace treadle::serve
