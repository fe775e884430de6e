#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct ArtifactAliasOptions {
  std::string ref;
  std::vector<std::string> aliases;
  bool remove = false;
  bool protect = false;
  bool unprotect = false;
  bool override_protection = false;
  std::string host;
};

int run_artifact_alias(Session& session, const ArtifactAliasOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto version = artifacts.get(options.ref);
  if (!version) return session.fail(version.error());
  for (const std::string& alias : options.aliases)
    if (auto good = check_alias(alias); !good) return session.fail(good.error());
  artifact::Library& library = *artifacts.library;
  const ArtifactRef collection{version->entity, version->project, version->collection, ""};
  const artifact::ChangeOptions change{.protected_too = options.override_protection, .by = {}};
  for (const std::string& alias : options.aliases) {
    const std::vector<std::string> add = {alias};
    const std::vector<std::string> none;
    auto done = options.unprotect ? library.protect_alias(collection, alias, false)
                : options.remove  ? library.change_aliases(*version, collection, none, add, change)
                                  : library.change_aliases(*version, collection, add, none, change);
    if (done && options.protect) done = library.protect_alias(collection, alias, true);
    if (!done) return session.fail(with_override_hint(std::move(done).error()));
  }
  if (auto durable = artifacts.flush(); !durable) return session.fail(durable.error());
  const auto now = artifacts.get(version->text());
  if (!now) return session.fail(now.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("version");
    write_version(w, *now);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format(
      "{} has {}\n", printable(short_artifact(now->text())),
      now->aliases.empty() ? "no alias" : "the aliases " + printable(join(now->aliases, ", "))));
  return kExitOk;
}

struct ArtifactDeleteOptions {
  std::string ref;
  bool with_aliases = false;
  bool override_protection = false;
  std::string host;
};

int run_artifact_delete(Session& session, const ArtifactDeleteOptions& options) {
  const auto ref = parse_artifact_ref(options.ref);
  if (!ref) return session.fail(ref.error());
  // "model" alone would mean the latest version: too easy to say by accident.
  if (ref->version.empty())
    return session.usage_error(fmt::format("Name the version to delete: {}:v3, or {}:ALIAS.",
                                           printable(options.ref), printable(options.ref)));
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto version = artifacts.library->get(*ref);
  if (!version) return session.fail(version.error());
  if (auto done = artifacts.library->delete_version(
          *version, options.with_aliases, {.protected_too = options.override_protection, .by = {}});
      !done) {
    Error error = with_override_hint(std::move(done).error());
    const auto& aliases = version->aliases;
    if (!options.with_aliases && error.code == Errc::kInvalidArgument &&
        std::any_of(aliases.begin(), aliases.end(), [](const auto& a) { return a != "latest"; }))
      error.message += " (--with-aliases)";
    return session.fail(error);
  }
  if (auto durable = artifacts.flush(); !durable) return session.fail(durable.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("deleted");
    write_version(w, *version);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("Deleted {}.{}\n", printable(short_artifact(version->text())),
                            artifacts.home ? " Its space comes back with 'artifact gc'." : ""));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_alias_command() {
  auto o = std::make_shared<ArtifactAliasOptions>();
  CommandSpec command;
  command.name = "alias";
  command.summary = "Give a version another name, or take it away";
  command.details = "An alias names one version at a time: giving it to another moves it.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact},
                       {"ALIAS", "One or more aliases", &o->aliases, WordKind::kText}};
  command.options = {
      {.names = "--remove", .value = "", .help = "Take the aliases away", .target = &o->remove},
      {.names = "--protect",
       .value = "",
       .help = "Give them, and let nobody move them without --override-protection",
       .target = &o->protect},
      {.names = "--unprotect",
       .value = "",
       .help = "Only let them be moved again",
       .target = &o->unprotect},
      {.names = "--override-protection",
       .value = "",
       .help = "Also when an alias is protected",
       .target = &o->override_protection},
      host_option(&o->host)};
  command.examples = {{"artifact alias model:v3 production", "v3 is in production now"},
                      {"artifact alias model:v3 production --protect", "and stays it"},
                      {"artifact alias model:v3 production --remove", "no version is"}};
  command.run = [o](Session& session) { return run_artifact_alias(session, *o); };
  return command;
}

CommandSpec artifact_delete_command() {
  auto o = std::make_shared<ArtifactDeleteOptions>();
  CommandSpec command;
  command.name = "rm";
  command.summary = "Delete a version; its number is never used again";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS", &o->ref, WordKind::kArtifact}};
  command.options = {{.names = "--with-aliases",
                      .value = "",
                      .help = "Also when it has aliases other than 'latest'",
                      .target = &o->with_aliases},
                     {.names = "--override-protection",
                      .value = "",
                      .help = "Also when an alias is protected",
                      .target = &o->override_protection},
                     host_option(&o->host)};
  command.examples = {
      {"artifact rm model:v2", "the version, not the content it shares with others"}};
  command.run = [o](Session& session) { return run_artifact_delete(session, *o); };
  return command;
}

}  // namespace treadle::cli
