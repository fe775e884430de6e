// Registries as a whole: create, list, show, edit, delete.
#include "artifact_lookup.h"
#include "commands.h"
#include "registry_lookup.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/artifact/registry.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct RegistryCreateOptions {
  std::string name;
  std::string description;
  std::vector<std::string> types;
  bool restricted = false;
  std::string host;
};

int report_registry(Session& session, const artifact::Registry& registry, std::string_view what) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("registry");
    write_registry(w, registry);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("{} the registry {}: it takes {}.\n", what, printable(registry.name),
                            registry.all_types
                                ? "artifacts of any type"
                                : "the types " + printable(join(registry.types, ", "))));
  return kExitOk;
}

int run_registry_create(Session& session, const RegistryCreateOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kMake, code);
  if (!artifacts) return code;
  const auto place = parse_registry(options.name);
  if (!place) return session.fail(place.error());
  artifact::RegistrySpec spec;
  spec.entity = place->entity;
  spec.name = place->registry;
  if (!options.description.empty()) spec.description = options.description;
  spec.all_types = options.types.empty();
  spec.types = options.types;
  if (options.restricted) spec.access = artifact::RegistryAccess::kRestricted;
  const auto made = artifacts.library->create_registry(spec);
  if (!made) return session.fail(made.error());
  return report_registry(session, *made, "Made");
}

struct RegistryListOptions {
  std::string organization;
  std::string host;
};

int run_registry_list(Session& session, const RegistryListOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kLook, code);
  if (!artifacts && code != kExitOk) return code;
  std::vector<artifact::Registry> list;
  if (artifacts) {
    auto found = artifacts.library->registries(options.organization);
    if (!found) return session.fail(found.error());
    list = std::move(*found);
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("registries").begin_array();
    for (const artifact::Registry& registry : list) write_registry(w, registry);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (list.empty()) {
    session.print(artifacts ? "No registries. Make one: treadle registry create NAME\n"
                            : session.no_home_text());
    return kExitOk;
  }
  Table table;
  table.columns = {{"registry"},
                   {"takes", Column::Align::kLeft, 2, false},
                   {"access"},
                   {"made"},
                   {"description", Column::Align::kLeft, 1, false}};
  for (const artifact::Registry& registry : list) {
    table.rows.push_back(
        {registry.name, registry.all_types ? "any type" : join(registry.types, ", "),
         registry.access == artifact::RegistryAccess::kRestricted ? "restricted" : "organization",
         format_ago(registry.created, session.now()), registry.description.value_or("")});
  }
  session.print(render_table(table, session.out()));
  return kExitOk;
}

Result<artifact::Collection> get_collection(const Artifacts& artifacts,
                                            const artifact::Registry& registry,
                                            const std::string& name) {
  const ArtifactRef ref{registry.entity, registry.project(), name, ""};
  if (artifacts.home) return artifact::Catalog(artifacts.home->store()).get_collection(ref);
  TREADLE_TRY(auto found, artifacts.library->find_collection(ref));
  if (found) return *std::move(found);
  return fail(Errc::kNotFound, fmt::format("The registry '{}' has no collection '{}'.",
                                           printable(registry.name), printable(name)));
}

// W&B's protocol does not say which aliases are protected.
Result<std::vector<std::string>> protected_aliases(const Artifacts& artifacts,
                                                   const ArtifactRef& ref) {
  if (!artifacts.home) return std::vector<std::string>();
  return artifact::Catalog(artifacts.home->store()).protected_aliases(ref);
}

// A whole registry, or one collection of it with its members.
int run_registry_show(Session& session, const std::string& name, const std::string& host) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, host, Access::kRead, code);
  if (!artifacts) return code;
  const auto place = parse_registry_place(name);
  if (!place) return session.fail(place.error());
  const auto registry = get_registry(artifacts, *place);
  if (!registry) return session.fail(registry.error());
  std::vector<artifact::Collection> collections;
  if (place->collection.empty()) {
    artifact::CollectionFilter filter;
    filter.entity = registry->entity;
    filter.project = registry->project();
    auto found = artifacts.library->collections(filter);
    if (!found) return session.fail(found.error());
    collections = std::move(*found);
  } else {
    auto found = get_collection(artifacts, *registry, place->collection);
    if (!found) return session.fail(found.error());
    collections.push_back(std::move(*found));
  }
  JsonWriter w;
  w.begin_object().key("registry");
  write_registry(w, *registry);
  w.key("collections").begin_array();
  std::string out;
  for (const artifact::Collection& collection : collections) {
    const ArtifactRef ref{collection.entity, collection.project, collection.name, ""};
    const auto members = artifacts.library->members(ref);
    if (!members) return session.fail(members.error());
    const auto held = protected_aliases(artifacts, ref);
    if (!held) return session.fail(held.error());
    w.begin_object().field("name", collection.name).field("type", collection.type);
    w.field("description", collection.description).key("tags").begin_array();
    for (const std::string& tag : collection.tags) w.value(tag);
    w.end_array().key("protected_aliases").begin_array();
    for (const std::string& alias : *held) w.value(alias);
    w.end_array().key("members").begin_array();
    Table table;
    table.columns = {{"version"},
                     {"aliases", Column::Align::kLeft, 2, false},
                     {"made as", Column::Align::kLeft, 1, true},
                     {"linked"}};
    for (const artifact::Membership& member : *members) {
      write_membership(w, member);
      table.rows.push_back({"v" + std::to_string(member.index), join(member.aliases, ", "),
                            short_artifact(member.version.text()),
                            format_ago(member.created, session.now())});
    }
    w.end_array().end_object();
    out += session.out().paint(Style::kBold, printable(registry->name + "/" + collection.name)) +
           "  " + session.out().paint(Style::kDim, printable(collection.type)) + "\n";
    if (!held->empty()) out += "  protected aliases: " + printable(join(*held, ", ")) + "\n";
    out += render_table(table, session.out()) + "\n";
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  if (collections.empty()) out = "Nothing is linked into " + printable(registry->name) + " yet.\n";
  session.print(out);
  return kExitOk;
}

struct RegistryEditOptions {
  std::string name;
  std::string rename;
  std::string description;
  std::vector<std::string> types;
  bool any_type = false;
  std::string host;
};

int run_registry_edit(Session& session, const RegistryEditOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto place = parse_registry(options.name);
  if (!place) return session.fail(place.error());
  const auto registry = get_registry(artifacts, *place);
  if (!registry) return session.fail(registry.error());
  artifact::RegistryEdit edit;
  if (!options.rename.empty()) edit.name = options.rename;
  if (!options.description.empty()) edit.description = std::optional(options.description);
  if (options.any_type) edit.all_types = true;
  edit.types_to_add = options.types;
  const auto now = artifacts.library->edit_registry(*registry, edit);
  if (!now) return session.fail(now.error());
  return report_registry(session, *now, "Changed");
}

struct RegistryDeleteOptions {
  std::string name;
  bool override_protection = false;
  std::string host;
};

int run_registry_delete(Session& session, const RegistryDeleteOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kWrite, code);
  if (!artifacts) return code;
  const auto place = parse_registry(options.name);
  if (!place) return session.fail(place.error());
  const auto registry = get_registry(artifacts, *place);
  if (!registry) return session.fail(registry.error());
  artifact::ChangeOptions change;
  change.protected_too = options.override_protection;
  if (auto gone = artifacts.library->delete_registry(*registry, change); !gone)
    return session.fail(with_override_hint(gone.error()));
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("deleted");
    write_registry(w, *registry);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(
      fmt::format("Deleted the registry {}; the versions it linked stay where they were made.\n",
                  printable(registry->name)));
  return kExitOk;
}

CommandSpec create_command() {
  auto o = std::make_shared<RegistryCreateOptions>();
  CommandSpec command;
  command.name = "create";
  command.summary = "Make a registry";
  command.arguments = {{"NAME", "Its name", &o->name, WordKind::kText}};
  command.options = {{.names = "--description",
                      .value = "TEXT",
                      .help = "What it is for",
                      .target = &o->description},
                     {.names = "-t,--type",
                      .value = "TYPE",
                      .help = "A type of artifact it takes; may be given several times; without, "
                              "it takes any, for good",
                      .target = &o->types},
                     {.names = "--restricted",
                      .value = "",
                      .help = "For its members only, once a server asks who somebody is",
                      .target = &o->restricted},
                     host_option(&o->host)};
  command.examples = {{"registry create model --type model", "for models only"}};
  command.run = [o](Session& session) { return run_registry_create(session, *o); };
  return command;
}

CommandSpec edit_command() {
  auto o = std::make_shared<RegistryEditOptions>();
  CommandSpec command;
  command.name = "edit";
  command.summary = "Rename a registry, describe it, let it take more types";
  command.arguments = {{"NAME", "The registry", &o->name, WordKind::kText}};
  command.options = {
      {.names = "--rename", .value = "NAME", .help = "Its new name", .target = &o->rename},
      {.names = "--description",
       .value = "TEXT",
       .help = "What it is for",
       .target = &o->description},
      {.names = "-t,--type",
       .value = "TYPE",
       .help = "One more type it takes; may be given several times",
       .target = &o->types},
      {.names = "--any-type", .value = "", .help = "It takes any type", .target = &o->any_type},
      host_option(&o->host)};
  command.examples = {{"registry edit model --type dataset", "datasets, too"}};
  command.run = [o](Session& session) { return run_registry_edit(session, *o); };
  return command;
}

CommandSpec delete_command() {
  auto o = std::make_shared<RegistryDeleteOptions>();
  CommandSpec command;
  command.name = "delete";
  command.summary = "Delete a registry and its links, not the versions";
  command.arguments = {{"NAME", "The registry", &o->name, WordKind::kText}};
  command.options = {{.names = "--override-protection",
                      .value = "",
                      .help = "Also when it has protected aliases",
                      .target = &o->override_protection},
                     host_option(&o->host)};
  command.examples = {{"registry delete trial", "the versions stay where they were made"}};
  command.run = [o](Session& session) { return run_registry_delete(session, *o); };
  return command;
}

}  // namespace

std::vector<CommandSpec> registry_commands() {
  std::vector<CommandSpec> out;
  out.push_back(create_command());
  auto listed = std::make_shared<RegistryListOptions>();
  CommandSpec list;
  list.name = "list";
  list.summary = "List registries";
  list.arguments = {{"ORGANIZATION", "Only of this one (on a server: by default yours)",
                     &listed->organization, WordKind::kText, false}};
  list.options = {host_option(&listed->host)};
  list.examples = {{"registry list", "all of them"}};
  list.run = [listed](Session& session) { return run_registry_list(session, *listed); };
  out.push_back(std::move(list));
  auto name = std::make_shared<std::string>();
  auto host = std::make_shared<std::string>();
  CommandSpec show;
  show.name = "show";
  show.summary = "Show what is linked into a registry, or into one of its collections";
  show.arguments = {{"NAME", "REGISTRY or REGISTRY/COLLECTION", name.get(), WordKind::kText}};
  show.examples = {{"registry show model", "all collections"},
                   {"registry show model/Churn", "one of them"}};
  show.options = {host_option(host.get())};
  show.run = [name, host](Session& session) { return run_registry_show(session, *name, *host); };
  out.push_back(std::move(show));
  for (CommandSpec& each : registry_link_commands()) out.push_back(std::move(each));
  out.push_back(edit_command());
  out.push_back(delete_command());
  return out;
}

}  // namespace treadle::cli
