// Tags and time to live of versions and collections, and what may not move.
#include "artifact_lookup.h"
#include "commands.h"
#include "duration.h"
#include "render.h"
#include "text.h"

#include <fmt/format.h>

#include <optional>

namespace treadle::cli {
namespace {

int report_version(Session& session, const artifact::Version& version, const std::string& line) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("version");
    write_version(w, version);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("{} {}\n", printable(short_artifact(version.text())), line));
  return kExitOk;
}

// Finds the version and changes it: what each command here does. Nothing after an error was reported, with
// the exit code in `code`.
std::optional<artifact::Version> edit_version(Session& session, const std::string& host,
                                              const std::string& ref,
                                              const artifact::VersionEdit& edit, int& code) {
  const Artifacts artifacts = open_artifacts(session, host, Access::kWrite, code);
  if (!artifacts) return std::nullopt;
  auto version = artifacts.get(ref);
  if (version) version = artifacts.library->edit_version(*version, edit);
  if (version) {
    if (auto durable = artifacts.flush(); !durable) {
      code = session.fail(durable.error());
      return std::nullopt;
    }
    return *std::move(version);
  }
  code = session.fail(version.error());
  return std::nullopt;
}

struct ArtifactTagOptions {
  std::string ref;
  std::vector<std::string> tags;
  bool remove = false;
  std::string host;
};

int run_artifact_tag(Session& session, const ArtifactTagOptions& options) {
  artifact::VersionEdit edit;
  (options.remove ? edit.tags_to_remove : edit.tags_to_add) = options.tags;
  int code = kExitOk;
  const auto now = edit_version(session, options.host, options.ref, edit, code);
  if (!now) return code;
  return report_version(
      session, *now,
      now->tags.empty() ? "has no tag" : "has the tags " + printable(join(now->tags, ", ")));
}

struct ArtifactTtlOptions {
  std::string ref;
  std::string ttl;
  std::string host;
};

int run_artifact_ttl(Session& session, const ArtifactTtlOptions& options) {
  const auto seconds = parse_ttl(options.ttl);
  if (!seconds) return session.fail(seconds.error());
  artifact::VersionEdit edit;
  edit.ttl_seconds = *seconds;
  int code = kExitOk;
  const auto now = edit_version(session, options.host, options.ref, edit, code);
  if (!now) return code;
  return report_version(session, *now, ttl_text(*now));
}

struct ArtifactDescribeOptions {
  std::string ref;
  std::string description;
  std::string metadata;
  std::string host;
};

int run_artifact_describe(Session& session, const ArtifactDescribeOptions& options) {
  if (options.description.empty() && options.metadata.empty())
    return session.usage_error("Give --description, --metadata, or both.");
  artifact::VersionEdit edit;
  if (!options.description.empty()) edit.description = options.description;
  if (!options.metadata.empty()) {
    auto metadata = read_metadata_option(options.metadata);
    if (!metadata) return session.fail(metadata.error());
    edit.metadata = std::move(*metadata);
  }
  int code = kExitOk;
  const auto now = edit_version(session, options.host, options.ref, edit, code);
  if (!now) return code;
  return report_version(session, *now, "is described anew");
}

}  // namespace

CommandSpec artifact_tag_command() {
  auto o = std::make_shared<ArtifactTagOptions>();
  CommandSpec command;
  command.name = "tag";
  command.summary = "Tag a version, or take tags away";
  command.details = "Unlike an alias, many versions may have one tag.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact},
                       {"TAG", "One or more tags", &o->tags, WordKind::kText}};
  command.options = {
      {.names = "--remove", .value = "", .help = "Take the tags away", .target = &o->remove},
      host_option(&o->host)};
  command.examples = {{"artifact tag iris:v3 checked public", "two tags"},
                      {"artifact tag iris:v3 public --remove", "one less"}};
  command.run = [o](Session& session) { return run_artifact_tag(session, *o); };
  return command;
}

CommandSpec artifact_ttl_command() {
  auto o = std::make_shared<ArtifactTtlOptions>();
  CommandSpec command;
  command.name = "ttl";
  command.summary = "Say how long a version is kept";
  command.details =
      "Counted from when the version was made. 'artifact gc' deletes versions whose time is over, "
      "unless they are linked into a registry or have a protected alias.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact},
                       {"TIME",
                        "30d, 12h, 45m, 90s; 'none' keeps it, 'inherit' leaves it to the "
                        "collection",
                        &o->ttl, WordKind::kText}};
  command.options = {host_option(&o->host)};
  command.examples = {{"artifact ttl checkpoint:v7 30d", "a month from when it was made"},
                      {"artifact ttl checkpoint:best none", "until somebody deletes it"}};
  command.run = [o](Session& session) { return run_artifact_ttl(session, *o); };
  return command;
}

CommandSpec artifact_describe_command() {
  auto o = std::make_shared<ArtifactDescribeOptions>();
  CommandSpec command;
  command.name = "describe";
  command.summary = "Change a version's description or metadata; its content never changes";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact}};
  command.options = {{.names = "--description",
                      .value = "TEXT",
                      .help = "What a person should know about this version",
                      .target = &o->description},
                     {.names = "--metadata",
                      .value = "JSON",
                      .help = "A JSON object that replaces the metadata, or @FILE",
                      .target = &o->metadata},
                     host_option(&o->host)};
  command.examples = {
      {"artifact describe model:v3 --description 'trained on all of May'", "for the next reader"}};
  command.run = [o](Session& session) { return run_artifact_describe(session, *o); };
  return command;
}

}  // namespace treadle::cli
