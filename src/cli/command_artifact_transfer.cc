// copy, export, import: versions out of a home and into another.
#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "text.h"
#include "transfer_progress.h"
#include <treadle/artifact/transfer.h>
#include <treadle/base/files.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

// "name", "project/name" or "entity/project/name" to be known by; "" = as it was.
Result<artifact::ArriveOptions> arrive_options(Session& session, const std::string& as,
                                               const std::vector<std::string>& aliases,
                                               bool keep_aliases, std::string verb) {
  artifact::ArriveOptions out;
  if (!as.empty()) {
    TREADLE_TRY(out.as, parse_artifact_ref(as));
    if (!out.as.version.empty())
      return fail(Errc::kInvalidArgument,
                  "--as names an artifact without a version: the store numbers it.");
  }
  out.aliases = aliases;
  out.keep_aliases = keep_aliases;
  out.progress = transfer_progress(session, std::move(verb));
  return out;
}

int report_arrival(Session& session, const artifact::Logged& logged, const std::string& how) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("created", logged.created).key("version");
    write_version(w, logged.version);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format(
      "{} {}  {}, {}\n", logged.created ? how : "Unchanged:",
      session.out().paint(Style::kBold, printable(short_artifact(logged.version.text()))),
      count_text(static_cast<std::size_t>(logged.version.file_count), "file"),
      format_size(logged.version.size)));
  return kExitOk;
}

struct ArtifactCopyOptions {
  std::string ref;
  std::string to_home;
  std::string as;
  std::vector<std::string> aliases;
  bool no_aliases = false;
  bool move = false;
};

int run_artifact_copy(Session& session, const ArtifactCopyOptions& options) {
  if (options.to_home.empty() && options.as.empty())
    return session.usage_error("Say where to: --to-home DIR, --as NAME, or both.");
  int code = kExitOk;
  if (!open_store_for_reading(session, code)) return code;
  const auto from = session.open_home();
  if (!from) return session.fail(from.error());
  const auto version = get_version(**from, options.ref);
  if (!version) return session.fail(version.error());
  std::unique_ptr<app::Home> other;
  if (!options.to_home.empty()) {
    auto opened = app::Home::open({.path = options.to_home});
    if (!opened) return session.fail(opened.error());
    other = std::move(*opened);
  }
  artifact::Store& to = other ? other->store() : (*from)->store();
  auto arrive = arrive_options(session, options.as, options.aliases,
                               !options.no_aliases && other != nullptr, "copying");
  if (!arrive) return session.fail(arrive.error());
  const auto logged = artifact::copy((*from)->store(), *version, to, *arrive);
  session.redraw("");
  if (!logged) return session.fail(logged.error());
  if (auto durable = to.flush(); !durable) return session.fail(durable.error());
  if (options.move) {
    auto gone = (*from)->store().delete_version(*version, true);
    if (gone) gone = (*from)->store().flush();
    if (!gone)
      return session.fail(std::move(gone).error().with_context("It was copied, not moved"));
  }
  return report_arrival(session, *logged, options.move ? "Moved to" : "Copied to");
}

struct ArtifactExportOptions {
  std::string ref;
  std::string path;
  bool archive = false;
};

int run_artifact_export(Session& session, const ArtifactExportOptions& options) {
  int code = kExitOk;
  const auto home = open_store_for_reading(session, code);
  if (!home) return code;
  const auto version = get_version(*home, options.ref);
  if (!version) return session.fail(version.error());
  const bool archive = options.archive || options.path.ends_with(".tar");
  if (options.path.ends_with(".gz") || options.path.ends_with(".tgz") ||
      options.path.ends_with(".zst"))
    return session.usage_error("Archives are written as plain .tar; compress it afterwards.");
  const auto progress = transfer_progress(session, "exporting");
  const auto done = archive
                        ? artifact::export_archive(home->store(), *version, options.path, progress)
                        : artifact::export_folder(home->store(), *version, options.path, progress);
  session.redraw("");
  if (!done) return session.fail(done.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("version");
    write_version(w, *version);
    w.field("path", absolute_path(options.path)).field("archive", archive).end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("Exported {} to {}\n", printable(short_artifact(version->text())),
                            printable(options.path)));
  return kExitOk;
}

struct ArtifactImportOptions {
  std::string path;
  std::string as;
  std::vector<std::string> aliases;
  bool no_aliases = false;
};

int run_artifact_import(Session& session, const ArtifactImportOptions& options) {
  const auto home = session.open_home();
  if (!home) return session.fail(home.error());
  auto arrive =
      arrive_options(session, options.as, options.aliases, !options.no_aliases, "importing");
  if (!arrive) return session.fail(arrive.error());
  const auto logged = artifact::import((*home)->store(), options.path, *arrive);
  session.redraw("");
  if (!logged) return session.fail(logged.error());
  if (auto durable = (*home)->store().flush(); !durable) return session.fail(durable.error());
  return report_arrival(session, *logged, "Kept");
}

}  // namespace

CommandSpec artifact_copy_command() {
  auto o = std::make_shared<ArtifactCopyOptions>();
  CommandSpec command;
  command.name = "copy";
  command.summary = "Copy or move a version to another home, or under another name";
  command.details =
      "Its description, metadata, tags and where its code came from go along. Content the target "
      "has is not copied again; what was interrupted goes on where it stopped.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact}};
  command.options = {
      {.names = "--to-home",
       .value = "DIR",
       .help = "The other home, made when it does not exist",
       .target = &o->to_home,
       .kind = WordKind::kFolder},
      {.names = "--as", .value = "NAME", .help = "Under this name", .target = &o->as},
      {.names = "-a,--alias",
       .value = "ALIAS",
       .help = "Give the copy this alias; may be given several times",
       .target = &o->aliases},
      {.names = "--no-aliases",
       .value = "",
       .help = "Leave out the aliases it has (a copy in the same home has none of them)",
       .target = &o->no_aliases},
      {.names = "--move", .value = "", .help = "Delete it here afterwards", .target = &o->move}};
  command.examples = {
      {"artifact copy model:production --to-home /srv/models", "into a shared home"},
      {"artifact copy model:v3 --as archive/model --move", "into another project"}};
  command.run = [o](Session& session) { return run_artifact_copy(session, *o); };
  return command;
}

CommandSpec artifact_export_command() {
  auto o = std::make_shared<ArtifactExportOptions>();
  CommandSpec command;
  command.name = "export";
  command.summary = "Write a version as a plain folder or a tar archive";
  command.details =
      "The folder has the files under files/ and all else in artifact.json; the archive has the "
      "same. Anything reads them; 'artifact import' makes the same version of them again.";
  command.arguments = {
      {"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
       WordKind::kArtifact},
      {"PATH", "A new folder, or a file that ends in .tar", &o->path, WordKind::kFile}};
  command.options = {{.names = "--archive",
                      .value = "",
                      .help = "A tar archive, whatever PATH ends in",
                      .target = &o->archive}};
  command.examples = {{"artifact export model:v3 model-v3.tar", "one file to send"},
                      {"artifact export iris ./iris-export", "a folder to look into"}};
  command.run = [o](Session& session) { return run_artifact_export(session, *o); };
  return command;
}

CommandSpec artifact_import_command() {
  auto o = std::make_shared<ArtifactImportOptions>();
  CommandSpec command;
  command.name = "import";
  command.summary = "Keep what 'artifact export' wrote, as the same version content";
  command.details =
      "Every file is verified. Archives with links, with paths that lead out, or with files nobody "
      "announced are refused, and leave nothing.";
  command.arguments = {{"PATH", "The folder or archive", &o->path, WordKind::kFile}};
  command.options = {
      {.names = "--as", .value = "NAME", .help = "Under this name", .target = &o->as},
      {.names = "-a,--alias",
       .value = "ALIAS",
       .help = "Give it this alias; may be given several times",
       .target = &o->aliases},
      {.names = "--no-aliases",
       .value = "",
       .help = "Leave out the aliases it had",
       .target = &o->no_aliases}};
  command.examples = {{"artifact import model-v3.tar", "under the name it had"},
                      {"artifact import model-v3.tar --as vendor/model", "under another one"}};
  command.run = [o](Session& session) { return run_artifact_import(session, *o); };
  return command;
}

}  // namespace treadle::cli
