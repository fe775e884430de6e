// What changes versions and collections after they were made: names, tags, links, deletes.
#include "artifact_nodes.h"

namespace treadle::serve {
namespace {

using account::Role;
using artifact::Collection;
using artifact::CollectionKind;
using artifact::Membership;
using artifact::Version;

constexpr std::string_view kArtifactChangesTypes = R"(
extend type Mutation {
  addAliases(input: AddAliasesInput!): SuccessPayload
  deleteAliases(input: DeleteAliasesInput!): SuccessPayload
  updateArtifact(input: UpdateArtifactInput!): ArtifactPayload
  deleteArtifact(input: DeleteArtifactInput!): ArtifactPayload
  linkArtifact(input: LinkArtifactInput!): LinkArtifactPayload
  unlinkArtifact(input: UnlinkArtifactInput!): SuccessPayload
  createArtifactType(input: CreateArtifactTypeInput!): ArtifactTypePayload
  updateArtifactSequence(input: UpdateArtifactSequenceInput!): ArtifactCollectionPayload
  updateArtifactPortfolio(input: UpdateArtifactPortfolioInput!): ArtifactCollectionPayload
  moveArtifactSequence(input: MoveArtifactSequenceInput!): ArtifactCollectionPayload
  createArtifactPortfolio(input: CreateArtifactPortfolioInput!): ArtifactCollectionPayload
  deleteArtifactSequence(input: DeleteArtifactSequenceInput!): ArtifactCollectionPayload
  deleteArtifactPortfolio(input: DeleteArtifactPortfolioInput!): ArtifactCollectionPayload
  createArtifactCollectionTagAssignments(input: CreateArtifactCollectionTagAssignmentsInput!): TagsPayload
  deleteArtifactCollectionTagAssignments(input: DeleteArtifactCollectionTagAssignmentsInput!): SuccessPayload
}
input ArtifactCollectionAliasInput { entityName: String!, projectName: String!, artifactCollectionName: String!, alias: String! }
input AddAliasesInput { artifactID: ID!, aliases: [ArtifactCollectionAliasInput!]!, clientMutationId: String }
input DeleteAliasesInput { artifactID: ID!, aliases: [ArtifactCollectionAliasInput!]!, clientMutationId: String }
input UpdateArtifactInput {
  artifactID: ID!, description: String, labels: JSONString, metadata: JSONString, ttlDurationSeconds: Int64,
  tagsToAdd: [TagInput!], tagsToDelete: [TagInput!], aliases: [ArtifactAliasInput!], clientMutationId: String
}
input DeleteArtifactInput { artifactID: ID!, deleteAliases: Boolean = false, clientMutationId: String }
input LinkArtifactInput {
  artifactID: ID, clientID: ID, artifactPortfolioName: String, artifactPortfolioID: ID, entityName: String,
  projectName: String, aliases: [ArtifactAliasInput!], clientMutationId: String
}
type LinkArtifactPayload { versionIndex: Int artifactMembership: ArtifactCollectionMembership clientMutationId: String }
input UnlinkArtifactInput { artifactID: ID!, artifactPortfolioID: ID!, clientMutationId: String }
input CreateArtifactTypeInput {
  entityName: String!, projectName: String!, name: String!, description: String, clientMutationId: String
}
type ArtifactTypePayload { artifactType: ArtifactType clientMutationId: String }
input UpdateArtifactSequenceInput { artifactSequenceID: ID!, name: String, description: String, clientMutationId: String }
input UpdateArtifactPortfolioInput { artifactPortfolioID: ID!, name: String, description: String, clientMutationId: String }
input MoveArtifactSequenceInput { artifactSequenceID: ID!, destinationArtifactTypeName: String!, clientMutationId: String }
input CreateArtifactPortfolioInput {
  entityName: String!, projectName: String!, artifactTypeID: ID, artifactTypeName: String, name: String!,
  description: String, clientMutationId: String
}
input DeleteArtifactSequenceInput { artifactSequenceID: ID!, clientMutationId: String }
input DeleteArtifactPortfolioInput { artifactPortfolioID: ID!, clientMutationId: String }
type ArtifactCollectionPayload { artifactCollection: ArtifactCollection clientMutationId: String }
input CreateArtifactCollectionTagAssignmentsInput {
  entityName: String!, projectName: String!, artifactCollectionName: String!, tags: [TagInput!]!,
  clientMutationID: String, clientMutationId: String
}
input DeleteArtifactCollectionTagAssignmentsInput {
  entityName: String!, projectName: String!, artifactCollectionName: String!, tags: [TagInput!]!,
  clientMutationID: String, clientMutationId: String
}
type TagsPayload { tags: [Tag!]! clientMutationId: String }
)";

struct Changed {
  CollectionData collection;
};

artifact::ChangeOptions by(const Call& call) {
  return {.by = caller(call).user.name};
}

std::vector<std::string> names_of(const graphql::Arguments& input, const char* list,
                                  const char* name) {
  std::vector<std::string> out;
  for (const auto& item : input.objects(list)) out.push_back(item.text(name));
  return out;
}

// Each alias goes to the membership that is named beside it.
Result<Output> change_aliases(const Call& call, bool add) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  TREADLE_TRY(const Version version, version_of_id(call, input.text("artifactID")));
  for (const auto& alias : input.objects("aliases")) {
    const std::string entity = alias.text("entityName");
    const std::string project = alias.text("projectName");
    TREADLE_CHECK(require(call, Role::kMember, entity, project));
    TREADLE_TRY(
        const Collection collection,
        b.catalog.get_collection({entity, project, alias.text("artifactCollectionName"), ""}));
    const std::string name = alias.text("alias");
    TREADLE_CHECK(audit(call, entity + "/" + project + "/" + collection.name, name));
    if (name == "latest") continue;  // moves by itself
    if (add) {
      TREADLE_CHECK(b.catalog.add_aliases(version, collection.id, {name}, by(call)));
    } else {
      TREADLE_CHECK(b.catalog.remove_aliases(version, collection.id, {name}, by(call)));
    }
  }
  return graphql::node("SuccessPayload", 0);
}

Result<Output> update_artifact(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  const std::string id = input.text("artifactID");
  TREADLE_TRY(const Version version, version_of_id(call, id));
  TREADLE_CHECK(require(call, Role::kMember, version.entity, version.project));
  artifact::VersionEdit edit;
  edit.description = input.text_if("description");
  edit.metadata = input.text_if("metadata");
  edit.ttl_seconds = input.integer_if("ttlDurationSeconds");
  edit.tags_to_add = names_of(input, "tagsToAdd", "tagName");
  edit.tags_to_remove = names_of(input, "tagsToDelete", "tagName");
  TREADLE_CHECK(audit(call, version.text()));
  TREADLE_TRY(auto now, b.catalog.edit_version(version, edit));
  if (input.has("aliases")) {
    std::vector<std::string> wanted = names_of(input, "aliases", "alias");
    std::erase(wanted, "latest");
    std::erase_if(wanted, [](const std::string& alias) { return is_version_name(alias); });
    TREADLE_CHECK(b.catalog.add_aliases(now, now.collection_id, wanted, by(call)));
    TREADLE_TRY(const auto again, b.catalog.find_version(now.id));
    if (again) now = *again;
  }
  return graphql::node("ArtifactPayload",
                       ArtifactData{std::make_shared<Version>(std::move(now)), nullptr});
}

Result<Output> delete_artifact(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(Version version, version_of_id(call, input.text("artifactID")));
  TREADLE_CHECK(require(call, Role::kMember, version.entity, version.project));
  TREADLE_CHECK(audit(call, version.text()));
  TREADLE_CHECK(backend(call).artifacts.delete_version(version, input.flag("deleteAliases")));
  return graphql::node("ArtifactPayload",
                       ArtifactData{std::make_shared<Version>(std::move(version)), nullptr});
}

Result<Output> link_artifact(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  std::string id = input.text("artifactID");
  if (!input.has("artifactID")) {
    TREADLE_TRY(const auto known, b.drafts.find_client(input.text("clientID")));
    if (!known) return fail(Errc::kNotFound, "There is no artifact with this client id.");
    id = make_id("Artifact", *known);
  }
  TREADLE_TRY(const Version version, version_of_id(call, id));
  ArtifactRef target{input.text("entityName"), input.text("projectName"),
                     input.text("artifactPortfolioName"), ""};
  if (input.has("artifactPortfolioID")) {
    TREADLE_TRY(const Collection found,
                collection_of_id(call, input.text("artifactPortfolioID"), Role::kMember));
    target = {found.entity, found.project, found.name, ""};
  }
  target.entity = entity_or_default(call, target.entity);
  // A registry is made on purpose; any other project comes into being when first used.
  if (target.project.starts_with(artifact::kRegistryPrefix)) {
    TREADLE_TRY(const auto registry, b.registries.find(target.entity, target.project));
    if (!registry) {
      return fail(Errc::kNotFound, "There is no registry '" + target.project + "' in '" +
                                       target.entity + "'. Make it first: Api.create_registry.");
    }
    TREADLE_CHECK(require(call, Role::kMember, target.entity, target.project));
  } else {
    TREADLE_TRY(const auto project, make_project(call, target.entity, target.project));
    (void)project;
  }
  std::vector<std::string> aliases = names_of(input, "aliases", "alias");
  std::erase(aliases, "latest");
  TREADLE_CHECK(
      audit(call, target.entity + "/" + target.project + "/" + target.collection, version.text()));
  TREADLE_TRY(auto membership, b.catalog.link(version, target, aliases, by(call)));
  TREADLE_CHECK(b.artifacts.flush());
  return graphql::node("LinkArtifactPayload", std::move(membership));
}

Result<Output> unlink_artifact(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const Version version, version_of_id(call, input.text("artifactID")));
  TREADLE_TRY(const Collection collection,
              collection_of_id(call, input.text("artifactPortfolioID"), Role::kMember));
  TREADLE_CHECK(audit(call, collection.project + "/" + collection.name, version.text()));
  TREADLE_CHECK(backend(call).catalog.unlink(version, collection.id, by(call)));
  return graphql::node("SuccessPayload", 0);
}

Result<Output> edit_collection(const Call& call, const char* id_name, CollectionKind kind) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const Collection collection,
              collection_of_id(call, input.text(id_name), Role::kMember));
  if (collection.kind != kind) {
    return fail(Errc::kInvalidArgument,
                "'" + collection.name + "' is a collection of the other kind.");
  }
  artifact::CollectionEdit edit;
  edit.name = input.text_if("name");
  edit.description = input.text_if("description");
  edit.type = input.text_if("destinationArtifactTypeName");
  TREADLE_CHECK(audit(call, collection.project + "/" + collection.name));
  TREADLE_TRY(Collection now, backend(call).catalog.edit_collection(collection.id, edit));
  CollectionData data{now.id, now.entity, now.project, now.name, now.kind, nullptr, false};
  data.whole = std::make_shared<const Collection>(std::move(now));
  return graphql::node("ArtifactCollectionPayload", Changed{std::move(data)});
}

Result<Output> delete_collection(const Call& call, const char* id_name) {
  const auto input = call.args.object("input");
  TREADLE_TRY(Collection collection, collection_of_id(call, input.text(id_name), Role::kMember));
  TREADLE_CHECK(audit(call, collection.project + "/" + collection.name));
  TREADLE_CHECK(backend(call).catalog.delete_collection(collection.id, true, by(call)));
  CollectionData data{collection.id,
                      collection.entity,
                      collection.project,
                      collection.name,
                      collection.kind,
                      nullptr,
                      true};
  data.whole = std::make_shared<const Collection>(std::move(collection));
  return graphql::node("ArtifactCollectionPayload", Changed{std::move(data)});
}

Result<Collection> edit_tags(const Call& call, bool add) {
  const auto input = call.args.object("input");
  const std::string entity = input.text("entityName");
  const std::string project = input.text("projectName");
  TREADLE_CHECK(require(call, Role::kMember, entity, project));
  TREADLE_TRY(const Collection collection,
              backend(call).catalog.get_collection(
                  {entity, project, input.text("artifactCollectionName"), ""}));
  artifact::CollectionEdit edit;
  (add ? edit.tags_to_add : edit.tags_to_remove) = names_of(input, "tags", "tagName");
  TREADLE_CHECK(audit(call, entity + "/" + project + "/" + collection.name));
  return backend(call).catalog.edit_collection(collection.id, edit);
}

}  // namespace

void define_artifact_changes(graphql::Schema& schema) {
  schema.define(kArtifactChangesTypes);
  const auto mutation = [&](const char* name, graphql::Resolver resolver) {
    schema.resolve("Mutation", name, std::move(resolver));
  };
  mutation("addAliases", [](const Call& call) { return change_aliases(call, true); });
  mutation("deleteAliases", [](const Call& call) { return change_aliases(call, false); });
  mutation("updateArtifact", update_artifact);
  mutation("deleteArtifact", delete_artifact);
  mutation("linkArtifact", link_artifact);
  mutation("unlinkArtifact", unlink_artifact);
  mutation("createArtifactType", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const auto project,
                make_project(call, input.text("entityName"), input.text("projectName")));
    TREADLE_CHECK(audit(call, project.entity + "/" + project.name, input.text("name")));
    TREADLE_TRY(auto type,
                backend(call).catalog.make_type(project.entity, project.name, input.text("name"),
                                                input.text("description")));
    return graphql::node("ArtifactTypePayload", std::move(type));
  });
  mutation("createArtifactPortfolio", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(const auto project,
                make_project(call, input.text("entityName"), input.text("projectName")));
    TREADLE_CHECK(audit(call, project.entity + "/" + project.name, input.text("name")));
    TREADLE_TRY(Collection made, backend(call).catalog.make_collection(
                                     {project.entity, project.name, input.text("name"), ""},
                                     input.text("artifactTypeName"), CollectionKind::kPortfolio,
                                     input.text("description")));
    return graphql::node("ArtifactCollectionPayload",
                         Changed{{made.id, made.entity, made.project, made.name, made.kind}});
  });
  mutation("updateArtifactSequence", [](const Call& call) {
    return edit_collection(call, "artifactSequenceID", CollectionKind::kSequence);
  });
  mutation("moveArtifactSequence", [](const Call& call) {
    return edit_collection(call, "artifactSequenceID", CollectionKind::kSequence);
  });
  mutation("updateArtifactPortfolio", [](const Call& call) {
    return edit_collection(call, "artifactPortfolioID", CollectionKind::kPortfolio);
  });
  mutation("deleteArtifactSequence",
           [](const Call& call) { return delete_collection(call, "artifactSequenceID"); });
  mutation("deleteArtifactPortfolio",
           [](const Call& call) { return delete_collection(call, "artifactPortfolioID"); });
  mutation("createArtifactCollectionTagAssignments", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(Collection now, edit_tags(call, true));
    return graphql::node("TagsPayload", std::move(now));
  });
  mutation("deleteArtifactCollectionTagAssignments", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(const Collection now, edit_tags(call, false));
    (void)now;
    return graphql::node("SuccessPayload", 0);
  });
  const auto null = [](const Call&) -> Result<Output> { return nullptr; };
  for (const char* type :
       {"LinkArtifactPayload", "ArtifactTypePayload", "ArtifactCollectionPayload", "TagsPayload"}) {
    schema.resolve(type, "clientMutationId", null);
  }
  schema.resolve<Membership>(
      "LinkArtifactPayload",
      {{"versionIndex", [](const Membership& m, const Call&) { return m.index; }},
       {"artifactMembership",
        [](const Membership& m, const Call&) { return membership_node(m); }}});
  schema.resolve<artifact::ArtifactType>(
      "ArtifactTypePayload", {{"artifactType", [](const artifact::ArtifactType& t, const Call&) {
                                 return graphql::node("ArtifactType", t);
                               }}});
  schema.resolve<Changed>("ArtifactCollectionPayload",
                          {{"artifactCollection", [](const Changed& c, const Call&) {
                              return collection_node(c.collection);
                            }}});
  schema.resolve<Collection>("TagsPayload",
                             {{"tags", [](const Collection& c, const Call&) -> Result<Output> {
                                 return tag_nodes(c.tags);
                               }}});
}

}  // namespace treadle::serve
