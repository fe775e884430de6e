#include "commands.h"
#include "render.h"
#include "session.h"
#include "text.h"
#include <treadle/artifact/store.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct ArtifactGcOptions {
  bool dry_run = false;
  int grace_hours = 24;
};

int run_artifact_gc(Session& session, const ArtifactGcOptions& options) {
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  artifact::GcReport report;
  if (*home) {
    if (!options.dry_run) {
      home = session.open_home();
      if (!home) return session.fail(home.error());
    }
    artifact::GcOptions gc;
    gc.dry_run = options.dry_run;
    gc.grace = options.grace_hours * 3600LL * 1'000'000;
    const auto done = (*home)->store().gc(gc);
    if (!done) return session.fail(done.error());
    report = *done;
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object()
        .field("dry_run", options.dry_run)
        .field("blobs", report.blobs)
        .field("blob_bytes", report.blob_bytes);
    w.field("files", report.files).field("file_bytes", report.file_bytes);
    w.field("drafts", report.drafts).key("expired").begin_array();
    for (const std::string& version : report.expired) w.value(version);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (!*home) {
    session.print(session.no_home_text());
    return kExitOk;
  }
  for (const std::string& version : report.expired)
    session.print(fmt::format("{} {}: its time to live is over.\n",
                              options.dry_run ? "Would delete" : "Deleted",
                              printable(short_artifact(version))));
  if (report.blobs == 0 && report.files == 0) {
    session.print("Nothing to remove: every content belongs to a version.\n");
    return kExitOk;
  }
  session.print(fmt::format(
      "{} {} that no version has ({}), {} on disk ({}).\n",
      options.dry_run ? "Would remove" : "Removed",
      count_text(static_cast<std::size_t>(report.blobs), "content"), format_size(report.blob_bytes),
      count_text(static_cast<std::size_t>(report.files), "file"), format_size(report.file_bytes)));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_gc_command() {
  auto o = std::make_shared<ArtifactGcOptions>();
  CommandSpec command;
  command.name = "gc";
  command.summary = "Remove content that no version has any more";
  command.details =
      "Deletes versions whose time to live is over first ('artifact ttl'). Also removes what "
      "writers "
      "that died have left. Safe while others write.";
  command.options = {
      {.names = "--dry-run",
       .value = "",
       .help = "Only say what would be removed",
       .target = &o->dry_run},
      {.names = "--grace",
       .value = "HOURS",
       .help = "Leave alone what is younger (default 24): a writer may be about to name it",
       .target = &o->grace_hours},
  };
  command.examples = {{"artifact gc --dry-run", "see how much there is"},
                      {"artifact gc", "remove it"}};
  command.run = [o](Session& session) { return run_artifact_gc(session, *o); };
  return command;
}

}  // namespace treadle::cli
