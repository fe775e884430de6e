#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "text.h"
#include <treadle/base/files.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct ArtifactGetOptions {
  std::string ref;
  std::string folder;
  std::string path;
  std::string host;
};

int run_artifact_get(Session& session, const ArtifactGetOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kRead, code);
  if (!artifacts) return code;
  const auto version = artifacts.get(options.ref);
  if (!version) return session.fail(version.error());
  const std::string folder = options.folder.empty() ? version->collection : options.folder;
  if (const auto found = real_files().stat(folder); found && found->kind != FileStat::Kind::kFolder)
    return session.usage_error(
        fmt::format("'{}' is a file; DIR names a folder to write to.", printable(folder)));
  const auto written = artifacts.library->download(*version, folder, options.path);
  if (!written) return session.fail(written.error());
  // What is not kept here cannot be written: said, with where it is.
  std::vector<artifact::Entry> elsewhere;
  if (auto entries = artifacts.library->entries(*version)) {
    for (artifact::Entry& entry : *entries) {
      if (!entry.reference.empty() && (options.path.empty() || options.path == entry.path))
        elsewhere.push_back(std::move(entry));
    }
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("version");
    write_version(w, *version);
    w.field("folder", absolute_path(folder)).key("files").begin_array();
    for (const std::string& path : *written) w.value(path);
    w.end_array().key("references").begin_array();
    for (const artifact::Entry& entry : elsewhere) write_entry(w, entry);
    w.end_array().end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("Wrote {} of {} to {}\n", count_text(written->size(), "file"),
                            printable(short_artifact(version->text())), printable(folder)));
  if (!elsewhere.empty()) {
    session.print(fmt::format(
        "Not kept here, {}:\n",
        elsewhere.size() == 1 ? "a reference" : count_text(elsewhere.size(), "reference")));
    for (const artifact::Entry& entry : elsewhere) {
      session.print(fmt::format("  {}  {}\n", printable(entry.path), printable(entry.reference)));
    }
  }
  return kExitOk;
}

}  // namespace

CommandSpec artifact_get_command() {
  auto o = std::make_shared<ArtifactGetOptions>();
  CommandSpec command;
  command.name = "get";
  command.summary = "Write the files of a version to a folder, verified";
  command.arguments = {
      {"ARTIFACT", "NAME, NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
       WordKind::kArtifact},
      {"DIR", "The folder, made when it does not exist (default: one named like the artifact)",
       &o->folder, WordKind::kFolder, false}};
  command.options = {{.names = "--path",
                      .value = "PATH",
                      .help = "Only this file of the artifact",
                      .target = &o->path},
                     host_option(&o->host)};
  command.examples = {{"artifact get iris data/", "the latest version"},
                      {"artifact get model:production ./model", "the version an alias names"}};
  command.run = [o](Session& session) { return run_artifact_get(session, *o); };
  return command;
}

}  // namespace treadle::cli
