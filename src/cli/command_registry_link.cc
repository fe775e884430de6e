// What is in a registry: link, unlink, alias, protect, history.
#include "artifact_lookup.h"
#include "commands.h"
#include "registry_lookup.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/artifact/registry.h>

#include <fmt/format.h>

#include <cstdlib>

namespace treadle::cli {
namespace {

// Who is at the keyboard, for the history.
std::string user_name() {
  const char* user = std::getenv("USER");
  return user == nullptr ? "" : user;
}

std::string place_text(const artifact::Membership& member) {
  return artifact::registry_name(member.project) + "/" + member.collection + ":v" +
         std::to_string(member.index);
}

int report_member(Session& session, const artifact::Membership& member, std::string_view what) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("member");
    write_membership(w, member);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format(
      "{} {} = {}{}\n", what, printable(place_text(member)),
      printable(short_artifact(member.version.text())),
      member.aliases.empty() ? "" : ", with the aliases " + printable(join(member.aliases, ", "))));
  return kExitOk;
}

// Opens the home for writing; null after an error was reported.
std::unique_ptr<app::Home> open_for_change(Session& session, int& code) {
  if (!open_store_for_reading(session, code)) return nullptr;
  auto home = session.open_home();
  if (!home) {
    code = session.fail(home.error());
    return nullptr;
  }
  return std::move(*home);
}

// Where the library's own way knows neither who did it nor protected aliases.
Result<void> unlink(const Artifacts& artifacts, const artifact::Membership& member,
                    const artifact::ChangeOptions& options) {
  if (artifacts.home) {
    return artifact::Catalog(artifacts.home->store())
        .unlink(member.version, member.collection_id, options);
  }
  return artifacts.library->unlink(member.version,
                                   {member.entity, member.project, member.collection, ""});
}

struct LinkOptions {
  std::string ref;
  std::string target;
  std::vector<std::string> aliases;
  bool override_protection = false;
  std::string host;
};

int run_link(Session& session, const LinkOptions& options) {
  const auto place = parse_registry_collection(options.target);
  if (!place) return session.fail(place.error());
  if (!place->version.empty())
    return session.usage_error("Name the collection without a version: the registry numbers it.");
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto version = artifacts.get(options.ref);
  if (!version) return session.fail(version.error());
  const auto member =
      artifacts.library->link(*version, place->ref(), options.aliases,
                              {.protected_too = options.override_protection, .by = user_name()});
  if (!member) return session.fail(with_override_hint(member.error()));
  if (auto durable = artifacts.flush(); !durable) return session.fail(durable.error());
  return report_member(session, *member, "Linked");
}

int run_unlink(Session& session, const LinkOptions& options) {
  const auto place = parse_registry_collection(options.target);
  if (!place) return session.fail(place.error());
  if (place->version.empty())
    return session.usage_error(fmt::format("Name the version to unlink: {}:v3, or {}:ALIAS.",
                                           printable(options.target), printable(options.target)));
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto registry = get_registry(artifacts, *place);
  if (!registry) return session.fail(registry.error());
  const auto member = get_member(artifacts, *registry, *place);
  if (!member) return session.fail(with_override_hint(member.error()));
  auto gone =
      unlink(artifacts, *member, {.protected_too = options.override_protection, .by = user_name()});
  if (gone) gone = artifacts.flush();
  if (!gone) return session.fail(with_override_hint(gone.error()));
  return report_member(session, *member, "Unlinked");
}

struct AliasOptions {
  std::string target;
  std::vector<std::string> aliases;
  bool remove = false;
  bool override_protection = false;
  std::string host;
};

int run_alias(Session& session, const AliasOptions& options) {
  const auto place = parse_registry_collection(options.target);
  if (!place) return session.fail(place.error());
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto registry = get_registry(artifacts, *place);
  if (!registry) return session.fail(registry.error());
  const auto member = get_member(artifacts, *registry, *place);
  if (!member) return session.fail(with_override_hint(member.error()));
  const std::vector<std::string> none;
  auto done = artifacts.library->change_aliases(
      member->version, {registry->entity, registry->project(), place->collection, ""},
      options.remove ? none : options.aliases, options.remove ? options.aliases : none,
      {.protected_too = options.override_protection, .by = user_name()});
  if (done) done = artifacts.flush();
  if (!done) return session.fail(with_override_hint(done.error()));
  RegistryPlace same = *place;
  same.version = "v" + std::to_string(member->index);
  const auto now = get_member(artifacts, *registry, same);
  if (!now) return session.fail(now.error());
  return report_member(session, *now, "Now");
}

int run_protect(Session& session, const AliasOptions& options) {
  const auto place = parse_registry_place(options.target);
  if (!place) return session.fail(place.error());
  int code = kExitOk;
  const auto home = open_for_change(session, code);
  if (!home) return code;
  const auto registry = artifact::Registries(home->store()).get(place->entity, place->registry);
  if (!registry) return session.fail(registry.error());
  artifact::Catalog catalog(home->store());
  for (const std::string& alias : options.aliases) {
    auto done = options.remove ? catalog.unprotect_alias(place->ref(), alias, user_name())
                               : catalog.protect_alias(place->ref(), alias, user_name());
    if (!done) return session.fail(with_override_hint(done.error()));
  }
  const auto held = catalog.protected_aliases(place->ref());
  if (!held) return session.fail(held.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("place", options.target).key("protected_aliases").begin_array();
    for (const std::string& alias : *held) w.value(alias);
    w.end_array().end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format(
      "{}: {}\n", printable(options.target),
      held->empty() ? "no alias is protected" : "protected are " + printable(join(*held, ", "))));
  return kExitOk;
}

int run_history(Session& session, const std::string& target) {
  const auto place = parse_registry_collection(target);
  if (!place) return session.fail(place.error());
  int code = kExitOk;
  const auto home = open_store_for_reading(session, code);
  if (!home) return code;
  artifact::Catalog catalog(home->store());
  const auto collection = catalog.get_collection(place->ref());
  if (!collection) return session.fail(collection.error());
  const auto events = catalog.history(collection->id);
  if (!events) return session.fail(events.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("history").begin_array();
    for (const artifact::MembershipEvent& event : *events) {
      const auto text = [&](std::string_view key, const std::string& value) {
        w.key(key);
        value.empty() ? w.null() : w.value(value);
      };
      w.begin_object().field("action", event.action).key("version");
      event.index < 0 ? w.null() : w.value("v" + std::to_string(event.index));
      text("source", event.version);
      text("alias", event.alias);
      text("by", event.by);
      w.field("at", format_utc(event.at)).end_object();
    }
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  Table table;
  table.columns = {{"when"},
                   {"what"},
                   {"version"},
                   {"alias"},
                   {"made as", Column::Align::kLeft, 1, true},
                   {"by", Column::Align::kLeft, 2, false}};
  for (const artifact::MembershipEvent& event : *events)
    table.rows.push_back({format_time(event.at), event.action,
                          event.index < 0 ? "" : "v" + std::to_string(event.index), event.alias,
                          short_artifact(event.version), event.by});
  session.print(events->empty() ? "Nothing has happened there yet.\n"
                                : render_table(table, session.out()));
  return kExitOk;
}

OptionSpec override_option(bool* target) {
  return {.names = "--override-protection",
          .value = "",
          .help = "Also where an alias is protected",
          .target = target};
}

}  // namespace

std::vector<CommandSpec> registry_link_commands() {
  std::vector<CommandSpec> out;
  auto link = std::make_shared<LinkOptions>();
  CommandSpec command;
  command.name = "link";
  command.summary = "Link a version into a collection of a registry";
  command.details =
      "The version stays where it was made; in the registry it gets a number and aliases of its "
      "own. The collection is made with the first link.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest",
                        &link->ref, WordKind::kArtifact},
                       {"TARGET", "REGISTRY/COLLECTION", &link->target, WordKind::kText}};
  command.options = {{.names = "-a,--alias",
                      .value = "ALIAS",
                      .help = "An alias there; may be given several times",
                      .target = &link->aliases},
                     override_option(&link->override_protection),
                     host_option(&link->host)};
  command.examples = {
      {"registry link churn:v3 model/Churn --alias production", "for everybody to find"}};
  command.run = [link](Session& session) { return run_link(session, *link); };
  out.push_back(command);

  auto unlink = std::make_shared<LinkOptions>();
  command = {};
  command.name = "unlink";
  command.summary = "Take a version out of a collection of a registry";
  command.arguments = {
      {"TARGET", "REGISTRY/COLLECTION:v3 or :ALIAS", &unlink->target, WordKind::kText}};
  command.options = {override_option(&unlink->override_protection), host_option(&unlink->host)};
  command.examples = {{"registry unlink model/Churn:v2", "the version stays where it was made"}};
  command.run = [unlink](Session& session) { return run_unlink(session, *unlink); };
  out.push_back(command);

  auto alias = std::make_shared<AliasOptions>();
  command = {};
  command.name = "alias";
  command.summary = "Give a linked version an alias in the registry, or take it away";
  command.arguments = {
      {"TARGET", "REGISTRY/COLLECTION:v3 or :ALIAS", &alias->target, WordKind::kText},
      {"ALIAS", "One or more aliases", &alias->aliases, WordKind::kText}};
  command.options = {
      {.names = "--remove", .value = "", .help = "Take the aliases away", .target = &alias->remove},
      override_option(&alias->override_protection),
      host_option(&alias->host)};
  command.examples = {{"registry alias model/Churn:v4 production", "v4 is in production now"}};
  command.run = [alias](Session& session) { return run_alias(session, *alias); };
  out.push_back(command);

  auto protect = std::make_shared<AliasOptions>();
  command = {};
  command.name = "protect";
  command.summary = "Protect aliases of a registry, or of one collection, from being moved";
  command.details = "Who moves one all the same says so with --override-protection.";
  command.arguments = {
      {"TARGET", "REGISTRY or REGISTRY/COLLECTION", &protect->target, WordKind::kText},
      {"ALIAS", "One or more aliases", &protect->aliases, WordKind::kText}};
  command.options = {{.names = "--remove",
                      .value = "",
                      .help = "Protect them no longer",
                      .target = &protect->remove}};
  command.examples = {{"registry protect model production", "in every collection of it"}};
  command.run = [protect](Session& session) { return run_protect(session, *protect); };
  out.push_back(command);

  auto target = std::make_shared<std::string>();
  command = {};
  command.name = "history";
  command.summary = "Show who linked what into a collection and moved its aliases, and when";
  command.arguments = {{"TARGET", "REGISTRY/COLLECTION", target.get(), WordKind::kText}};
  command.examples = {{"registry history model/Churn", "what was in production, and since when"}};
  command.run = [target](Session& session) { return run_history(session, *target); };
  out.push_back(command);
  return out;
}

}  // namespace treadle::cli
