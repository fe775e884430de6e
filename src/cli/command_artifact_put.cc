#include "commands.h"
#include "render.h"
#include "session.h"
#include "text.h"
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>
#include <fmt/format.h>

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
};

// JSON object text, or "@file" that holds it.
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
  for (const std::string& path : options.paths) {
    const bool is_reference = path.find("://") != std::string::npos;
    if (is_reference) {
      artifact::DraftEntry entry;
      entry.source = artifact::DraftEntry::Source::kReference;
      entry.path = base_name(path);
      entry.reference = path;
      entry.reference_digest = path;
      draft.entries.push_back(std::move(entry));
      continue;
    }
    TREADLE_TRY(const FileStat found, real_files().stat(path));
    if (found.kind == FileStat::Kind::kFolder) {
      if (options.paths.size() > 1)
        return fail(Errc::kInvalidArgument,
                    fmt::format("{} is a folder. Put one folder, or any number of files.",
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
  auto home = session.open_home();
  if (!home) return session.fail(home.error());
  const auto logged = (*home)->store().log(*draft);
  if (!logged) return session.fail(logged.error());
  if (auto durable = (*home)->store().flush(); !durable) return session.fail(durable.error());
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
  command.arguments = {
      {"NAME", "The artifact: 'iris', 'project/iris' or 'entity/project/iris'", &o->name,
       WordKind::kArtifact},
      {"PATH", "A folder, or files; a URL is kept as a reference", &o->paths, WordKind::kFile}};
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
      {.names = "--run",
       .value = "ID",
       .help = "The run that made it",
       .target = &o->run_id,
       .kind = WordKind::kRun},
  };
  command.examples = {{"artifact put iris data/ --type dataset", "a folder"},
                      {"artifact put model model.onnx --type model --alias production",
                       "a file, under a name that moves"}};
  command.run = [o](Session& session) { return run_artifact_put(session, *o); };
  return command;
}

}  // namespace treadle::cli
