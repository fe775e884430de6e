#include "artifact_lookup.h"
#include "commands.h"
#include "duration.h"
#include "render.h"
#include "text.h"
#include "transfer_progress.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/reference.h>
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace treadle::cli {
namespace {

struct ArtifactPutOptions {
  std::string name;
  std::vector<std::string> paths;
  std::string type = "dataset";
  std::vector<std::string> aliases;
  std::string description;
  std::string metadata;
  std::string run_id;
  std::vector<std::string> tags;
  std::string ttl;
  std::string base;
  std::vector<std::string> removed;
  bool no_code = false;
  std::string host;
};

}  // namespace

Result<std::string> read_metadata_option(const std::string& given) {
  if (given.empty()) return std::string("{}");
  std::string text = given;
  if (given.starts_with('@')) {
    TREADLE_TRY(text, read_file(real_files(), given.substr(1)));
  }
  boost::json::value value;
  if (!parse_json_value(text, value) || !value.is_object())
    return fail(
        Errc::kInvalidArgument,
        "--metadata takes a JSON object, such as '{\"rows\": 150}', or @FILE that holds one.");
  return json_value_text(value);
}

namespace {

Result<artifact::Draft> make_draft(const ArtifactPutOptions& options) {
  artifact::Draft draft;
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(options.name));
  if (!ref.version.empty())
    return fail(Errc::kInvalidArgument,
                fmt::format("'{}' names a version; a new one is numbered by the store. Name the "
                            "collection only, and give other "
                            "names with --alias.",
                            printable(options.name)));
  draft.entity = ref.entity;
  draft.project = ref.project;
  draft.collection = ref.collection;
  draft.type = options.type;
  draft.description = options.description;
  draft.aliases = options.aliases;
  draft.run_id = options.run_id;
  TREADLE_TRY(draft.metadata, read_metadata_option(options.metadata));
  draft.tags = options.tags;
  if (!options.ttl.empty()) {
    TREADLE_TRY(draft.ttl_seconds, parse_ttl(options.ttl));
  }
  if (!options.no_code) draft.code = artifact::current_code("");
  for (const std::string& path : options.paths) {
    if (path.find("://") != std::string::npos) {
      TREADLE_TRY(std::vector<artifact::DraftEntry> entries,
                  artifact::reference_entries(real_files(), path));
      std::move(entries.begin(), entries.end(), std::back_inserter(draft.entries));
      continue;
    }
    TREADLE_TRY(const FileStat found, real_files().stat(path));
    if (found.kind == FileStat::Kind::kFolder) {
      if (options.paths.size() > 1)
        return fail(Errc::kInvalidArgument,
                    fmt::format("'{}' is a folder. Put one folder, or any number of files.",
                                printable(path)));
      draft.folder = path;
    } else {
      artifact::DraftEntry entry;
      entry.source = artifact::DraftEntry::Source::kFile;
      entry.path = base_name(absolute_path(path));
      entry.file = path;
      draft.entries.push_back(std::move(entry));
    }
  }
  return draft;
}

int run_artifact_put(Session& session, const ArtifactPutOptions& options) {
  auto draft = make_draft(options);
  if (!draft) return session.fail(draft.error());
  if (options.base.empty() && !options.removed.empty())
    return session.usage_error("--remove leaves out files of a version: name it with --base.");
  int code = kExitOk;
  const Artifacts artifacts =
      open_artifacts(session, options.host, Access::kMake, code, options.name);
  if (!artifacts) return code;
  if (!options.base.empty()) {
    const auto base = artifacts.get(options.base);
    if (!base) return session.fail(base.error());
    draft->base = base->id;
    draft->removed = options.removed;
  }
  draft->progress = transfer_progress(session, artifacts.server ? "sending" : "keeping");
  const auto logged = artifacts.library->log(*draft);
  session.redraw("");
  if (!logged) return session.fail(logged.error());
  if (auto durable = artifacts.flush(); !durable) return session.fail(durable.error());
  const artifact::Version& version = logged->version;
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("created", logged->created).key("version");
    write_version(w, version);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(
      fmt::format("{} {}  {}, {}, digest {}\n", logged->created ? "Kept" : "Unchanged:",
                  session.out().paint(Style::kBold, printable(short_artifact(version.text()))),
                  count_text(static_cast<std::size_t>(version.file_count), "file"),
                  format_size(version.size), short_digest(version.digest)));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_put_command() {
  auto o = std::make_shared<ArtifactPutOptions>();
  CommandSpec command;
  command.name = "put";
  command.summary = "Keep a file or folder as a new version of an artifact";
  command.details =
      "The same content again makes no new version. Content is stored once, however many versions "
      "have it. When the command "
      "returns, the version survives the loss of the machine's power.";
  command.arguments = {{"NAME", "The artifact: 'iris', 'project/iris' or 'entity/project/iris'",
                        &o->name, WordKind::kArtifact},
                       {"PATH",
                        "A folder, or files; a URL is kept as a reference, file:///folder as one "
                        "to each of its files",
                        &o->paths, WordKind::kFile}};
  command.options = {
      {.names = "-t,--type",
       .value = "TYPE",
       .help = "What kind of thing it is: dataset (default), model, ...",
       .target = &o->type},
      {.names = "-a,--alias",
       .value = "ALIAS",
       .help = "A movable name for this version, beside 'latest'; may be given several times",
       .target = &o->aliases},
      {.names = "--description",
       .value = "TEXT",
       .help = "What a person should know about this version",
       .target = &o->description},
      {.names = "--metadata",
       .value = "JSON",
       .help = "A JSON object kept with the version, or @FILE",
       .target = &o->metadata},
      {.names = "--tag",
       .value = "TAG",
       .help = "Tag this version; may be given several times",
       .target = &o->tags},
      {.names = "--ttl",
       .value = "TIME",
       .help = "How long it is kept: 30d, 12h, ... (default: as the collection says)",
       .target = &o->ttl},
      {.names = "--base",
       .value = "ARTIFACT",
       .help = "Begin with what this version has, and add or replace only what is given",
       .target = &o->base,
       .kind = WordKind::kArtifact},
      {.names = "--remove",
       .value = "PATH",
       .help = "With --base: leave out this file or folder; may be given several times",
       .target = &o->removed},
      {.names = "--no-code",
       .value = "",
       .help = "Do not record the git commit and uncommitted changes around the current folder",
       .target = &o->no_code},
      {.names = "--run",
       .value = "ID",
       .help = "The run that made it",
       .target = &o->run_id,
       .kind = WordKind::kRun},
      host_option(&o->host),
  };
  command.examples = {
      {"artifact put iris data/ --type dataset", "a folder"},
      {"artifact put iris new/ --base iris:latest", "what is new beside what there was"},
      {"artifact put model model.onnx --type model --alias production",
       "a file, under a name that moves"}};
  command.run = [o](Session& session) { return run_artifact_put(session, *o); };
  return command;
}

}  // namespace treadle::cli
