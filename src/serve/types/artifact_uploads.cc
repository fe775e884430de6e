// Content of a version on its way in: where to put each file, whole or in parts, and when the parts make
// a file.
#include "artifact_nodes.h"
#include <treadle/base/digest.h>

#include <algorithm>
#include <map>

namespace treadle::serve {
namespace {

using artifact::DraftState;

constexpr std::string_view kArtifactUploadsTypes = R"(
extend type Mutation {
  createArtifactFiles(input: CreateArtifactFilesInput!): CreateArtifactFilesPayload
  completeMultipartUploadArtifact(input: CompleteMultipartUploadArtifactInput!): MultipartPayload
}
enum ArtifactStorageLayout { V1 V2 }
input UploadPartsInput { partNumber: Int64!, hexMD5: String! }
input CreateArtifactFileSpecInput {
  artifactID: ID!, name: String!, md5: String!, mimetype: String, artifactManifestID: ID, uploadPartsInput: [UploadPartsInput!]
}
input CreateArtifactFilesInput {
  artifactFiles: [CreateArtifactFileSpecInput!]!, storageLayout: ArtifactStorageLayout = V2,
  cloudRegionID: String, storageRegion: String, clientMutationId: String
}
type CreateArtifactFilesPayload { files: FileConnection! clientMutationId: String }
enum CompleteMultipartAction { Complete Abort }
input CompleteMultipartUploadArtifactInput {
  completeMultipartAction: CompleteMultipartAction!, completedParts: [UploadPartsInput!]!, artifactID: ID!,
  storagePath: String!, uploadID: String!, clientMutationId: String
}
type MultipartPayload { digest: String clientMutationId: String }
type UploadMultipartUrls { uploadID: String! uploadUrlParts: [UploadUrlPart!]! }
type UploadUrlPart { partNumber: Int64! uploadUrl: String! }
)";

// A file that comes in parts.
struct InParts {
  std::string id;
  std::vector<Part> parts;
};
struct PartUrl {
  std::string id;
  Part part;
};
struct Completed {
  std::string digest;
};

// Digests in the one spelling that parts are kept under. What is none is left, to be refused by name.
std::vector<Part> parts_of(const graphql::Arguments& input, const char* field) {
  std::vector<Part> out;
  for (const auto& part : input.objects(field)) {
    std::string md5 = part.text("hexMD5");
    std::erase(md5, '"');  // an ETag as it came, perhaps
    if (const auto bytes = from_hex(md5)) md5 = to_hex(*bytes);
    out.push_back({part.integer("partNumber", 0), std::move(md5)});
  }
  return out;
}

// Answers in the order asked, each with where to put it, or nothing when it is there.
Result<Output> create_files(const Call& call) {
  const auto files = call.args.object("input").objects("artifactFiles");
  Backend& b = backend(call);
  std::map<std::string, std::vector<std::size_t>> by_artifact;
  for (std::size_t i = 0; i < files.size(); ++i) {
    by_artifact[files[i].text("artifactID")].push_back(i);
  }
  Connection out;
  out.edges.resize(files.size());
  out.total = static_cast<std::int64_t>(files.size());
  for (const auto& [id, indices] : by_artifact) {
    TREADLE_TRY(const DraftState draft, draft_of_id(call, id));
    const graphql::Node node = artifact_node(draft);
    std::vector<artifact::AnnouncedFile> announced;
    for (const std::size_t i : indices) {
      announced.push_back({files[i].text("name"), files[i].text("md5"), -1});
    }
    TREADLE_TRY(const std::vector<bool> needed,
                b.drafts.announce(draft.id, announced, artifact::Reach::kProject));
    for (std::size_t k = 0; k < indices.size(); ++k) {
      const auto md5 = from_base64(announced[k].md5);
      if (!md5) return fail(Errc::kInvalidArgument, "'" + announced[k].md5 + "' is no MD5.");
      StoredFile file;
      file.name = announced[k].path;
      file.id = make_text_id("ArtifactFile", std::to_string(draft.id) + ":" + file.name);
      file.md5 = announced[k].md5;
      file.storage_path = "wandb_artifacts/" + std::to_string(draft.id) + "/" + to_hex(*md5);
      file.artifact_id = draft.id;
      file.artifact = node;
      file.write_entity = draft.spec.entity;
      file.write_project = draft.spec.project;
      if (needed[k]) {
        file.upload_path = file.storage_path;
        file.upload_headers = {"Content-MD5:" + file.md5};
        file.parts = parts_of(files[indices[k]], "uploadPartsInput");
        if (!file.parts.empty()) {
          TREADLE_TRY(file.parts_id, PartStore::upload_id(draft.id, file.md5, file.parts));
        }
      }
      out.edges[indices[k]] = {graphql::node("File", std::move(file)), offset_cursor(1), {}};
    }
  }
  return graphql::node("CreateArtifactFilesPayload", std::move(out));
}

// "wandb_artifacts/<draft>/<md5 in hex>", as createArtifactFiles says it.
Result<std::string> md5_of_storage_path(const std::string& path, std::int64_t draft) {
  const std::string folder = "wandb_artifacts/" + std::to_string(draft) + "/";
  const auto bytes = path.starts_with(folder) ? from_hex(path.substr(folder.size())) : std::nullopt;
  if (!bytes || bytes->size() != sizeof(Md5)) {
    return fail(Errc::kInvalidArgument, "'" + path + "' is no storagePath of this artifact.");
  }
  return to_base64(*bytes);
}

Result<Output> complete_multipart(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  TREADLE_TRY(const DraftState draft, draft_of_id(call, input.text("artifactID")));
  TREADLE_TRY(const std::string md5, md5_of_storage_path(input.text("storagePath"), draft.id));
  std::vector<Part> parts = parts_of(input, "completedParts");
  std::sort(parts.begin(), parts.end(),
            [](const Part& x, const Part& y) { return x.number < y.number; });
  TREADLE_TRY(const std::string id, PartStore::upload_id(draft.id, md5, parts));
  if (id != input.text("uploadID")) {
    return fail(Errc::kInvalidArgument,
                "The upload '" + input.text("uploadID") + "' has other parts than these.");
  }
  if (input.text("completeMultipartAction") == "Abort") {
    b.parts.abandon(id, parts);
    return graphql::node("MultipartPayload", Completed{});
  }
  TREADLE_TRY(const bool here, b.drafts.has_content(draft.id, md5));
  if (!here) {  // else it was completed before, and the answer was lost
    TREADLE_TRY(const auto upload, b.drafts.upload(draft.id, md5));
    TREADLE_CHECK(b.parts.complete(id, parts, *upload));
  }
  return graphql::node("MultipartPayload", Completed{md5});
}

}  // namespace

void define_artifact_uploads(graphql::Schema& schema) {
  schema.define(kArtifactUploadsTypes);
  schema.resolve("Mutation", "createArtifactFiles", create_files);
  schema.resolve("Mutation", "completeMultipartUploadArtifact", complete_multipart);
  schema.resolve<Connection>("CreateArtifactFilesPayload",
                             {{"files", [](const Connection& c, const Call&) {
                                 return connection_node("FileConnection", c);
                               }}});
  schema.resolve<Completed>("MultipartPayload", {{"digest", [](const Completed& c, const Call&) {
                                                    return c.digest.empty() ? Output()
                                                                            : Output(c.digest);
                                                  }}});
  schema.resolve<StoredFile>(
      "File", {{"uploadMultipartUrls", [](const StoredFile& f, const Call&) -> Result<Output> {
                  if (f.parts.empty()) return nullptr;
                  return graphql::node("UploadMultipartUrls", InParts{f.parts_id, f.parts});
                }}});
  schema.resolve<InParts>("UploadMultipartUrls",
                          {{"uploadID", [](const InParts& u, const Call&) { return u.id; }},
                           {"uploadUrlParts", [](const InParts& u, const Call&) -> Result<Output> {
                              Outputs out;
                              for (const Part& part : u.parts) {
                                out.push_back(graphql::node("UploadUrlPart", PartUrl{u.id, part}));
                              }
                              return out;
                            }}});
  schema.resolve<PartUrl>(
      "UploadUrlPart", {{"partNumber", [](const PartUrl& p, const Call&) { return p.part.number; }},
                        {"uploadUrl", [](const PartUrl& p, const Call& call) {
                           Backend& b = backend(call);
                           return b.signer.url(caller(call).base_url, "PUT",
                                               PartStore::storage_path(p.id, p.part));
                         }}});
  for (const char* type : {"CreateArtifactFilesPayload", "MultipartPayload"}) {
    schema.resolve(type, "clientMutationId", [](const Call&) -> Result<Output> { return nullptr; });
  }
}

}  // namespace treadle::serve
