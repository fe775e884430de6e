// How the SDK makes a version: create, put files (artifact_uploads.cc), put the manifest, commit.
#include "artifact_nodes.h"

namespace treadle::serve {
namespace {

using account::Role;
using artifact::DraftState;
using artifact::Version;

constexpr std::string_view kArtifactWritesTypes = R"(
extend type Query { clientIDMapping(clientID: ID!): ClientIDMapping }
type ClientIDMapping { serverID: ID! }
extend type Mutation {
  createArtifact(input: CreateArtifactInput!): CreateArtifactPayload
  createArtifactManifest(input: CreateArtifactManifestInput!): ArtifactManifestPayload
  updateArtifactManifest(input: UpdateArtifactManifestInput!): ArtifactManifestPayload
  commitArtifact(input: CommitArtifactInput!): ArtifactPayload
  useArtifact(input: UseArtifactInput!): ArtifactPayload
}
input ArtifactAliasInput { artifactCollectionName: String!, alias: String! }
input TagInput { tagName: String!, tagCategoryName: String, attributes: JSON }
input CreateArtifactInput {
  entityName: String!, projectName: String!, runName: String, artifactTypeName: String!,
  artifactCollectionName: String, artifactCollectionNames: [String!], digest: String!,
  digestAlgorithm: ArtifactDigestAlgorithm, description: String, labels: JSONString, aliases: [ArtifactAliasInput!],
  tags: [TagInput!], metadata: JSONString, ttlDurationSeconds: Int64, historyStep: Int64,
  enableDigestDeduplication: Boolean, distributedID: String, clientID: ID, sequenceClientID: ID,
  storageRegion: String, clientMutationId: String
}
type ArtifactPayload { artifact: Artifact clientMutationId: String }
type CreateArtifactPayload { artifact: Artifact! clientMutationId: String }
enum ArtifactManifestType { FULL INCREMENTAL PATCH }
input CreateArtifactManifestInput {
  artifactID: ID!, baseArtifactID: ID, name: String!, digest: String!, entityName: String!, projectName: String!,
  runName: String, type: ArtifactManifestType = FULL, clientMutationId: String
}
input UpdateArtifactManifestInput { artifactManifestID: ID!, digest: String, baseArtifactID: ID, clientMutationId: String }
type ArtifactManifestPayload { artifactManifest: ArtifactManifestUpload! clientMutationId: String }
type ArtifactManifestUpload { id: ID! file: File! }
input CommitArtifactInput { artifactID: ID!, clientMutationId: String }
input UseArtifactInput {
  artifactID: ID!, entityName: String!, projectName: String!, runName: String!, usedAs: String,
  artifactEntityName: String, artifactProjectName: String, clientMutationId: String
}
)";

struct ManifestUpload {
  std::int64_t draft = 0;
  std::string type;  // FULL, INCREMENTAL, PATCH
  std::int64_t base = 0;
  std::string text() const {
    return std::to_string(draft) + ":" + type + ":" + std::to_string(base);
  }
};

std::optional<ManifestUpload> manifest_of_id(const std::string& id) {
  const auto text = text_of(id, "ArtifactManifest");
  const auto first = text ? text->find(':') : std::string::npos;
  const auto second = first == std::string::npos ? first : text->find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return ManifestUpload{std::atoll(text->c_str()), text->substr(first + 1, second - first - 1),
                        std::atoll(text->c_str() + second + 1)};
}

std::vector<std::string> aliases_of(const graphql::Arguments& input) {
  std::vector<std::string> out;
  for (const auto& alias : input.objects("aliases")) {
    // The store gives `latest` to the newest by itself.
    if (alias.text("alias") != "latest") out.push_back(alias.text("alias"));
  }
  return out;
}

Result<std::optional<Version>> latest_of(Backend& b, const artifact::DraftSpec& spec) {
  return b.artifacts.find({spec.entity, spec.project, spec.collection, ""});
}

// A run that logs what is the latest version already has it among its outputs all the same.
Result<void> note_logged_again(Backend& b, const Version& version,
                               const artifact::DraftSpec& spec) {
  if (spec.run_id.empty() || spec.run_id == version.run_id) return {};
  return b.run_links.add(version, {spec.entity, spec.project, spec.run_id},
                         artifact::RunLink::kLogged);
}

// What was begun under this client id in this collection, and is not committed: beginning it again
// goes on with it, as a client does that asks twice.
Result<std::optional<DraftState>> begun_before(Backend& b, const artifact::DraftSpec& spec) {
  if (spec.client_id.empty()) return std::nullopt;
  TREADLE_TRY(const auto id, b.drafts.find_client(spec.client_id));
  if (!id) return std::nullopt;
  TREADLE_TRY(auto draft, b.drafts.find(*id));
  const bool same = draft && draft->phase == artifact::DraftPhase::kPending &&
                    draft->spec.entity == spec.entity && draft->spec.project == spec.project &&
                    draft->spec.collection == spec.collection && draft->spec.type == spec.type;
  if (!same) return std::nullopt;
  return draft;
}

Result<Output> create_artifact(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  artifact::DraftSpec spec;
  spec.entity = input.text("entityName");
  spec.project = input.text("projectName");
  const auto names = input.texts("artifactCollectionNames");
  spec.collection = names.empty() ? input.text("artifactCollectionName") : names.front();
  spec.type = input.text("artifactTypeName");
  spec.description = input.text("description");
  if (input.has("metadata")) spec.metadata = input.text("metadata");
  spec.aliases = aliases_of(input);
  for (const auto& tag : input.objects("tags")) spec.tags.push_back(tag.text("tagName"));
  spec.ttl_seconds = input.integer("ttlDurationSeconds", artifact::kTtlInherit);
  spec.history_step = input.integer_if("historyStep");
  spec.run_id = input.text("runName");
  spec.distributed_id = input.text("distributedID");
  spec.client_id = input.text("clientID");
  // Who asks for a version of the same content has something beside it that differs.
  spec.extra_counts = !input.flag("enableDigestDeduplication", true);
  if (input.text("digestAlgorithm") == "MANIFEST_XXH128") {
    return fail(Errc::kUnsupported, "Artifacts here have MD5 digests.");
  }
  const std::string region = input.text("storageRegion");
  // "minio-local" is what W&B's own servers for one's own machine call the place they have.
  if (!region.empty() && region != "default" && region != "minio-local") {
    return fail(Errc::kInvalidArgument,
                "invalid storageRegion: " + region +
                    ". All content is kept in one place here: leave it out.");
  }
  TREADLE_TRY(const auto project, make_project(call, spec.entity, spec.project));
  (void)project;
  if (input.flag("enableDigestDeduplication", true) && !input.text("digest").empty()) {
    TREADLE_TRY(const auto latest, latest_of(b, spec));
    if (latest && latest->digest == input.text("digest")) {
      if (latest->type != spec.type) {
        return fail(Errc::kInvalidArgument, "The collection '" + spec.collection +
                                                "' holds artifacts of type '" + latest->type +
                                                "', not '" + spec.type + "'.");
      }
      if (!spec.aliases.empty()) {
        TREADLE_CHECK(b.catalog.add_aliases(*latest, latest->collection_id, spec.aliases,
                                            {.by = caller(call).user.name}));
      }
      if (!spec.tags.empty()) {
        TREADLE_TRY(const auto edited, b.catalog.edit_version(*latest, {.tags_to_add = spec.tags}));
        (void)edited;
      }
      TREADLE_CHECK(note_logged_again(b, *latest, spec));
      if (!spec.client_id.empty()) TREADLE_CHECK(b.drafts.name_client(spec.client_id, latest->id));
      TREADLE_TRY(auto now, b.catalog.find_version(latest->id));
      if (now)
        return graphql::node("CreateArtifactPayload",
                             ArtifactData{std::make_shared<Version>(*now), nullptr});
    }
  }
  TREADLE_TRY(auto begun, begun_before(b, spec));
  if (begun) {
    return graphql::node("CreateArtifactPayload",
                         ArtifactData{nullptr, std::make_shared<DraftState>(*std::move(begun))});
  }
  TREADLE_TRY(auto draft, b.drafts.open(spec));
  return graphql::node("CreateArtifactPayload",
                       ArtifactData{nullptr, std::make_shared<DraftState>(std::move(draft))});
}

Result<Output> create_manifest(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const DraftState draft, draft_of_id(call, input.text("artifactID")));
  ManifestUpload out{draft.id, input.text("type"), 0};
  if (out.type.empty()) out.type = "FULL";
  out.base = number_of(input.text("baseArtifactID"), "Artifact").value_or(0);
  return graphql::node("ArtifactManifestPayload", std::move(out));
}

Result<Output> update_manifest(const Call& call) {
  const auto input = call.args.object("input");
  auto manifest = manifest_of_id(input.text("artifactManifestID"));
  if (!manifest) return fail(Errc::kNotFound, "There is no such manifest being written.");
  TREADLE_TRY(const DraftState draft, draft_of_id(call, make_id("Artifact", manifest->draft)));
  (void)draft;
  if (const auto base = number_of(input.text("baseArtifactID"), "Artifact")) manifest->base = *base;
  return graphql::node("ArtifactManifestPayload", *std::move(manifest));
}

Result<Output> commit_artifact(const Call& call) {
  const std::string id = call.args.object("input").text("artifactID");
  Backend& b = backend(call);
  TREADLE_TRY(const DraftState draft, draft_of_id(call, id));
  TREADLE_TRY(auto logged, b.drafts.commit(draft.id));
  if (!logged.created) TREADLE_CHECK(note_logged_again(b, logged.version, draft.spec));
  // Acknowledged is durable.
  TREADLE_CHECK(b.artifacts.flush());
  TREADLE_CHECK(audit(call, logged.version.text(), logged.created ? "new" : "same as latest"));
  return graphql::node("ArtifactPayload",
                       ArtifactData{std::make_shared<Version>(std::move(logged.version)), nullptr});
}

Result<Output> use_artifact(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  TREADLE_TRY(const tracking::Run run,
              run_named(call, input.text("entityName"), input.text("projectName"),
                        input.text("runName"), Role::kMember));
  const auto number = number_of(input.text("artifactID"), "Artifact").value_or(0);
  TREADLE_TRY(auto version, b.catalog.find_version(number));
  if (!version) {
    // Logged and used in one go, before it is committed: the run makes it, that is enough.
    TREADLE_TRY(auto draft, draft_of_id(call, input.text("artifactID")));
    return graphql::node("ArtifactPayload",
                         ArtifactData{nullptr, std::make_shared<DraftState>(std::move(draft))});
  }
  TREADLE_TRY(const bool allowed, may_read(call, *version));
  if (!allowed) return fail(Errc::kNotFound, "There is no such artifact.");
  TREADLE_CHECK(b.artifacts.use(*version, run.id));
  TREADLE_CHECK(
      b.run_links.add(*version, {run.entity, run.project, run.id}, artifact::RunLink::kUsed));
  return graphql::node("ArtifactPayload",
                       ArtifactData{std::make_shared<Version>(*std::move(version)), nullptr});
}

// Of a version, or of a draft in whatever state.
Result<bool> may_read_numbered(const Call& call, std::int64_t id) {
  TREADLE_TRY(const auto version, backend(call).catalog.find_version(id));
  if (version) return may_read(call, *version);
  TREADLE_TRY(const auto draft, backend(call).drafts.find(id));
  return draft && may(call, Role::kViewer, draft->spec.entity, draft->spec.project);
}

}  // namespace

void define_artifact_writes(graphql::Schema& schema) {
  schema.define(kArtifactWritesTypes);
  schema.resolve("Query", "clientIDMapping", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(const auto id, backend(call).drafts.find_client(call.args.text("clientID")));
    if (!id) return nullptr;
    TREADLE_TRY(const bool allowed, may_read_numbered(call, *id));
    return allowed ? Output(graphql::node("ClientIDMapping", *id)) : Output();
  });
  schema.resolve<std::int64_t>(
      "ClientIDMapping",
      {{"serverID", [](const std::int64_t& id, const Call&) { return make_id("Artifact", id); }}});
  schema.resolve("Mutation", "createArtifact", create_artifact);
  schema.resolve("Mutation", "createArtifactManifest", create_manifest);
  schema.resolve("Mutation", "updateArtifactManifest", update_manifest);
  schema.resolve("Mutation", "commitArtifact", commit_artifact);
  schema.resolve("Mutation", "useArtifact", use_artifact);
  for (const char* type : {"ArtifactPayload", "CreateArtifactPayload"}) {
    schema.resolve<ArtifactData>(type, {{"artifact", [](const ArtifactData& a, const Call&) {
                                           return graphql::node("Artifact", a);
                                         }}});
  }
  using M = ManifestUpload;
  schema.resolve<M>("ArtifactManifestPayload", {{"artifactManifest", [](const M& m, const Call&) {
                                                   return graphql::node("ArtifactManifestUpload",
                                                                        m);
                                                 }}});
  schema.resolve<M>(
      "ArtifactManifestUpload",
      {{"id", [](const M& m, const Call&) { return make_text_id("ArtifactManifest", m.text()); }},
       {"file", [](const M& m, const Call&) {
          StoredFile file;
          file.id = make_text_id("ManifestFile", m.text());
          file.name = "wandb_manifest.json";
          file.storage_path = "artifact_manifests/" + std::to_string(m.draft) + "/" + m.type + "/" +
                              std::to_string(m.base) + "/wandb_manifest.json";
          file.upload_path = file.storage_path;
          file.artifact_id = m.draft;
          return graphql::node("File", std::move(file));
        }}});
  for (const char* type : {"ArtifactPayload", "CreateArtifactPayload", "ArtifactManifestPayload"}) {
    schema.resolve(type, "clientMutationId", [](const Call&) -> Result<Output> { return nullptr; });
  }
}

}  // namespace treadle::serve
