// Files of a run: listing, uploading, deleting.
#include "types.h"
#include <treadle/model/artifact_name.h>

#include <algorithm>

namespace treadle::serve {
namespace {

using account::Role;
using tracking::Run;
using tracking::RunFile;

constexpr std::string_view kRunFilesTypes = R"(
extend type Run {
  fileCount: Int!
  files(names: [String] = [], after: String, first: Int = 50, pattern: String, upload: Boolean): FileConnection
}
type File {
  id: ID! name: String! displayName: String url(upload: Boolean): String directUrl: String! sizeBytes: Int64!
  storagePath: String mimetype: String updatedAt: DateTime digest: String md5: String
  uploadUrl: String uploadHeaders: [String!] uploadMultipartUrls: UploadMultipartUrls
}
extend type Mutation {
  createRunFiles(input: CreateRunFilesInput!): CreateRunFilesPayload
  markRunFilesUploaded(input: MarkRunFilesUploadedInput!): SuccessPayload
  deleteFiles(input: DeleteFilesInput!): SuccessPayload
}
input CreateRunFilesInput {
  entityName: String, projectName: String, runName: String!, files: [String!]!, clientMutationId: String
}
type CreateRunFilesPayload { runID: ID! uploadHeaders: [String!]! files: [RunFileUpload!]! clientMutationId: String }
type RunFileUpload { name: String! uploadUrl: String! }
input MarkRunFilesUploadedInput {
  entityName: String, projectName: String, runName: String!, files: [String!]!, clientMutationId: String
}
input DeleteFilesInput { files: [ID!]!, projectId: Int, clientMutationId: String }
)";

struct Created {
  Run run;
  std::vector<std::string> names;
};
struct Upload {
  std::string name;
  std::string url;
};

std::string storage_path(std::int64_t run_key, const std::string& name) {
  return "run_files/" + std::to_string(run_key) + "/" + name;
}

StoredFile stored(const Run& run, const RunFile& file) {
  StoredFile out;
  out.id = make_text_id("RunFile", std::to_string(run.key) + ":" + file.name);
  out.name = file.name;
  out.size = file.size;
  out.md5 = file.md5;
  out.mimetype = file.mimetype;
  out.updated = file.updated;
  out.storage_path = storage_path(run.key, file.name);
  out.upload_path = out.storage_path;
  out.write_entity = run.entity;
  out.write_project = run.project;
  return out;
}

Result<Output> list_files(const Run& run, const Call& call) {
  std::vector<StoredFile> found;
  const auto names = call.args.texts("names");
  if (names.empty()) {
    TREADLE_TRY(const auto files, backend(call).runs.files(run.key, call.args.text("pattern")));
    for (const RunFile& file : files) found.push_back(stored(run, file));
  }
  for (const std::string& name : names) {
    // `wandb verify` asks for "./name".
    const std::size_t skip = name.starts_with("./") ? 2 : 0;
    TREADLE_TRY(const auto file, backend(call).runs.find_file(run.key, name.substr(skip)));
    // A file that is not there is shown as W&B shows it: empty, with a digest that is none.
    found.push_back(stored(run, file ? *file : RunFile{name, "", "0", 0, "", 0}));
  }
  return connection_node("FileConnection", page(call.args, found, [](const StoredFile& f) {
                           return graphql::node("File", f);
                         }));
}

Result<Run> run_of_input(const Call& call, const graphql::Arguments& input) {
  return run_named(call, entity_or_default(call, input.text("entityName")),
                   input.has("projectName") ? input.text("projectName") : "uncategorized",
                   input.text("runName"), Role::kMember);
}

}  // namespace

void define_run_files(graphql::Schema& schema) {
  schema.define(kRunFilesTypes);
  define_connection(schema, "File");
  schema.resolve<Run>("Run", {{"fileCount",
                               [](const Run& r, const Call& call) -> Result<Output> {
                                 TREADLE_TRY(const auto files, backend(call).runs.files(r.key));
                                 return static_cast<std::int64_t>(files.size());
                               }},
                              {"files", list_files}});
  const auto url = [](const StoredFile& f, const Call& call) -> Result<Output> {
    Backend& b = backend(call);
    if (call.args.flag("upload")) {
      TREADLE_CHECK(require(call, Role::kMember, f.write_entity, f.write_project));
      return b.signer.url(caller(call).base_url, "PUT", f.upload_path);
    }
    if (!f.reference.empty()) return f.reference;
    return b.signer.url(caller(call).base_url, "GET", f.storage_path);
  };
  const auto upload_url = [](const StoredFile& f, const Call& call) -> Result<Output> {
    Backend& b = backend(call);
    return f.upload_path.empty()
               ? Output()
               : Output(b.signer.url(caller(call).base_url, "PUT", f.upload_path));
  };
  schema.resolve<StoredFile>(
      "File",
      {{"id", [](const StoredFile& f, const Call&) { return f.id; }},
       {"name", [](const StoredFile& f, const Call&) { return f.name; }},
       {"displayName", [](const StoredFile& f, const Call&) { return f.name; }},
       {"url", url},
       {"directUrl", url},
       {"sizeBytes", [](const StoredFile& f, const Call&) { return f.size; }},
       {"storagePath", [](const StoredFile& f, const Call&) { return f.storage_path; }},
       {"mimetype", [](const StoredFile& f, const Call&) { return f.mimetype; }},
       {"updatedAt", [](const StoredFile& f, const Call&) { return time_output(f.updated); }},
       {"digest", [](const StoredFile& f, const Call&) { return f.md5; }},
       {"md5",
        [](const StoredFile& f, const Call&) { return f.md5.empty() ? Output() : Output(f.md5); }},
       {"uploadUrl", upload_url},
       {"uploadHeaders",
        [](const StoredFile& f, const Call&) { return graphql::strings(f.upload_headers); }}});

  schema.resolve("Mutation", "createRunFiles", [](const Call& call) -> Result<Output> {
    const auto input = call.args.object("input");
    TREADLE_TRY(Run run, run_of_input(call, input));
    Created out{std::move(run), input.texts("files")};
    for (const std::string& name : out.names) TREADLE_CHECK(check_entry_path(name));
    return graphql::node("CreateRunFilesPayload", std::move(out));
  });
  schema.resolve<Created>(
      "CreateRunFilesPayload",
      {{"runID", [](const Created& c,
                    const Call&) { return make_run_id({c.run.entity, c.run.project, c.run.id}); }},
       {"uploadHeaders", [](const Created&, const Call&) -> Result<Output> { return Outputs(); }},
       {"files",
        [](const Created& c, const Call& call) -> Result<Output> {
          Backend& b = backend(call);
          Outputs out;
          for (const std::string& name : c.names) {
            out.push_back(graphql::node("RunFileUpload",
                                        Upload{name, b.signer.url(caller(call).base_url, "PUT",
                                                                  storage_path(c.run.key, name))}));
          }
          return out;
        }},
       {"clientMutationId", [](const Created&, const Call&) { return nullptr; }}});
  schema.resolve<Upload>("RunFileUpload",
                         {{"name", [](const Upload& u, const Call&) { return u.name; }},
                          {"uploadUrl", [](const Upload& u, const Call&) { return u.url; }}});
  // A file is there as soon as it was put.
  schema.resolve("Mutation", "markRunFilesUploaded", [](const Call& call) -> Result<Output> {
    TREADLE_TRY(const Run run, run_of_input(call, call.args.object("input")));
    (void)run;
    return graphql::node("SuccessPayload", 0);
  });
  schema.resolve("Mutation", "deleteFiles", [](const Call& call) -> Result<Output> {
    Backend& b = backend(call);
    for (const std::string& id : call.args.object("input").texts("files")) {
      const auto text = text_of(id, "RunFile");
      const auto colon = text ? text->find(':') : std::string::npos;
      if (colon == std::string::npos) return fail(Errc::kNotFound, "There is no such file.");
      TREADLE_TRY(const Run run, b.runs.get(std::atoll(text->substr(0, colon).c_str())));
      TREADLE_CHECK(require(call, Role::kMember, run.entity, run.project));
      TREADLE_CHECK(audit(call, run.text(), text->substr(colon + 1)));
      TREADLE_CHECK(b.runs.remove_file(run.key, text->substr(colon + 1)));
    }
    return graphql::node("SuccessPayload", 0);
  });
}

}  // namespace treadle::serve
