// What is in a version: its files, and its manifest as a document.
#include "../manifest_document.h"
#include "artifact_nodes.h"

#include <algorithm>
#include <set>

namespace treadle::serve {
namespace {

using artifact::Entry;
using artifact::Version;

constexpr std::string_view kArtifactFilesTypes = R"(
extend type Artifact {
  currentManifest: ArtifactManifest
  files(names: [String!], after: String, first: Int): FileConnection!
  filesByManifestEntries(entries: [ArtifactManifestEntryInput!], storageLayout: String, manifestVersion: String,
    storageRegion: String, first: Int, after: String): FileConnection!
}
extend type ArtifactCollectionMembership {
  files(names: [String!], after: String, first: Int): FileConnection
}
input ArtifactManifestEntryInput { name: String!, digest: String!, birthArtifactID: ID }
type ArtifactManifest { id: ID! file: File! digest: String }
)";

StoredFile stored(const Version& version, const Entry& entry) {
  StoredFile out;
  out.id = make_text_id("ArtifactFile", std::to_string(version.id) + ":" + entry.path);
  out.name = entry.path;
  out.size = std::max<std::int64_t>(entry.size, 0);
  out.md5 = entry.md5;
  out.updated = version.created;
  out.reference = entry.reference;
  out.storage_path = blob_path(version.id, entry);
  out.artifact_id = version.id;
  out.write_entity = version.entity;
  out.write_project = version.project;
  return out;
}

}  // namespace

std::string blob_path(std::int64_t version_id, const Entry& entry) {
  const auto slash = entry.path.rfind('/');
  return "wandb_artifacts/" + std::to_string(version_id) + "/" + entry.sha256 + "/" +
         (slash == std::string::npos ? entry.path : entry.path.substr(slash + 1));
}

Result<Output> entry_files(const Call& call, const Version& version) {
  TREADLE_TRY(std::vector<Entry> entries, backend(call).artifacts.entries(version));
  if (const auto names = call.args.texts_if("names"); names && !names->empty()) {
    const std::set<std::string> wanted(names->begin(), names->end());
    std::erase_if(entries, [&](const Entry& e) { return !wanted.contains(e.path); });
  }
  return connection_node("FileConnection", page(call.args, entries, [&](const Entry& e) {
                           return graphql::node("File", stored(version, e));
                         }));
}

void define_artifact_files(graphql::Schema& schema) {
  schema.define(kArtifactFilesTypes);
  using A = ArtifactData;
  schema.resolve<A>(
      "Artifact",
      {{"currentManifest",
        [](const A& a, const Call&) -> Result<Output> {
          if (!a.version) return nullptr;  // not committed yet
          return graphql::node("ArtifactManifest", *a.version);
        }},
       {"files",
        [](const A& a, const Call& call) -> Result<Output> {
          if (!a.version) return connection_node("FileConnection", {});
          return entry_files(call, *a.version);
        }},
       {"filesByManifestEntries", [](const A& a, const Call& call) -> Result<Output> {
          if (!a.version) return connection_node("FileConnection", {});
          TREADLE_TRY(std::vector<Entry> entries, backend(call).artifacts.entries(*a.version));
          std::set<std::string> wanted;
          for (const auto& entry : call.args.objects("entries")) wanted.insert(entry.text("name"));
          std::erase_if(entries, [&](const Entry& e) { return !wanted.contains(e.path); });
          return connection_node(
              "FileConnection",
              page(
                  call.args, entries,
                  [&](const Entry& e) { return graphql::node("File", stored(*a.version, e)); },
                  10'000));
        }}});
  schema.resolve<artifact::Membership>(
      "ArtifactCollectionMembership",
      {{"files", [](const artifact::Membership& m, const Call& call) {
          return entry_files(call, m.version);
        }}});
  schema.resolve<Version>(
      "ArtifactManifest",
      {{"id", [](const Version& v,
                 const Call&) { return make_text_id("ArtifactManifest", std::to_string(v.id)); }},
       {"digest", [](const Version& v, const Call&) { return v.digest; }},
       {"file", [](const Version& v, const Call&) {
          StoredFile file;
          file.id = make_text_id("ManifestFile", std::to_string(v.id));
          file.name = "wandb_manifest.json";
          file.storage_path = "artifact_documents/" + std::to_string(v.id) + "/wandb_manifest.json";
          file.updated = v.created;
          file.artifact_id = v.id;
          return graphql::node("File", std::move(file));
        }}});
}

}  // namespace treadle::serve
