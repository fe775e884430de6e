// The administrators' commands: users, organizations, teams, members, keys. They work on a running
// server's home, too.
#include "commands.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include <treadle/account/accounts.h>
#include <treadle/app/server.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

using account::Accounts;

// One set of options for all of them: they are small.
struct AccountOptions {
  std::string name;
  std::string second;
  std::string email;
  std::string key;
  std::string user;
  std::string team;
  std::string organization;
  std::string role = "member";
  std::string description;
  bool admin = false;
  bool service = false;
};
using Action = std::function<int(Session&, Accounts&, const AccountOptions&)>;

std::function<int(Session&)> with_accounts(std::shared_ptr<AccountOptions> options, Action action) {
  return [options, action](Session& session) {
    auto home = session.open_home(db::Durability::kFull);
    if (!home) return session.fail(home.error());
    auto accounts = app::open_accounts(**home);
    if (!accounts) return session.fail(accounts.error());
    const auto made = (*accounts)->ensure_admin();
    if (!made) return session.fail(made.error());
    if (*made) {
      session.note(fmt::format("The admin 'local' was made. Its API key, shown only now: {}\n",
                               (*made)->text));
    }
    return action(session, **accounts, *options);
  };
}

void log_change(Accounts& accounts, const std::string& action, const std::string& target,
                const std::string& detail = {}) {
  (void)accounts.audit("", action, target, detail, "command line");
}

int show_key(Session& session, const account::NewKey& made, const std::string& user) {
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("user", user).field("key_id", made.key.id).field("key", made.text);
    w.end_object();
    session.print_json(w.str());
  }
  session.print(fmt::format("API key {} of '{}', shown only now:\n\n  {}\n", made.key.id,
                            printable(user), made.text));
  return kExitOk;
}

int done(Session& session, const std::string& text) {
  if (session.json()) session.print_json("{\"ok\":true}");
  session.print(text + "\n");
  return kExitOk;
}

int add_user(Session& session, Accounts& accounts, const AccountOptions& o) {
  const auto user = accounts.add_user(o.name, o.email, o.admin, o.service);
  if (!user) return session.fail(user.error());
  const auto key = accounts.add_key(user->id, "made with the user", o.key);
  if (!key) {
    (void)accounts.remove_user(o.name);
    return session.fail(key.error());
  }
  log_change(accounts, "user add", o.name, o.admin ? "admin" : "");
  return show_key(session, *key, o.name);
}

int list_users(Session& session, Accounts& accounts, const AccountOptions&) {
  const auto users = accounts.users();
  if (!users) return session.fail(users.error());
  JsonWriter w;
  w.begin_object().key("users").begin_array();
  Table table;
  table.columns = {{"user"}, {"kind"}, {"teams", Column::Align::kLeft, 1, false}, {"made"}};
  for (const account::User& user : *users) {
    const auto entities = accounts.entities_of(user.id);
    if (!entities) return session.fail(entities.error());
    std::vector<std::string> teams;
    for (const auto& entity : *entities)
      if (entity.kind == account::Entity::Kind::kTeam) teams.push_back(entity.name);
    const char* kind = user.admin ? "admin" : user.service ? "service" : "user";
    w.begin_object().field("name", user.name).field("email", user.email).field("kind", kind);
    w.key("teams").begin_array();
    for (const std::string& team : teams) w.value(team);
    w.end_array().end_object();
    table.rows.push_back({printable(user.name), kind, printable(join(teams, ", ")),
                          format_ago(user.created, session.now())});
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  session.print(render_table(table, session.out()));
  return kExitOk;
}

int remove_user(Session& session, Accounts& accounts, const AccountOptions& o) {
  if (auto ok = accounts.remove_user(o.name); !ok) return session.fail(ok.error());
  log_change(accounts, "user remove", o.name);
  return done(session, fmt::format("Removed '{}'; what they made stays.", printable(o.name)));
}

int add_organization(Session& session, Accounts& accounts, const AccountOptions& o) {
  const auto admin = accounts.get_user(o.user);
  if (!admin) return session.fail(admin.error());
  const auto made = accounts.add_organization(o.name, *admin);
  if (!made) return session.fail(made.error());
  log_change(accounts, "org add", o.name, o.user);
  return done(session, fmt::format("Made the organization '{}'; its registries are in '{}'.",
                                   printable(o.name), printable(made->entity)));
}

int add_team(Session& session, Accounts& accounts, const AccountOptions& o) {
  const auto admin = accounts.get_user(o.user);
  if (!admin) return session.fail(admin.error());
  const auto made = accounts.add_team(o.name, o.organization, *admin);
  if (!made) return session.fail(made.error());
  log_change(accounts, "team add", o.name, o.user);
  return done(session, fmt::format("Made the team '{}'.", printable(o.name)));
}

int add_member(Session& session, Accounts& accounts, const AccountOptions& o) {
  if (o.team.empty() == o.organization.empty())
    return session.usage_error("Say where: --team TEAM or --org ORG.");
  const auto role = o.role == "none" ? account::Role::kNone : account::role_from(o.role);
  if (!role) return session.usage_error("--role is one of admin, member, viewer, none.");
  const auto user = accounts.get_user(o.name);
  if (!user) return session.fail(user.error());
  std::string entity_name = o.team;
  if (!o.organization.empty()) {
    const auto organization = accounts.find_organization(o.organization);
    if (!organization) return session.fail(organization.error());
    if (!*organization)
      return session.fail(kExitNotFound, "not_found",
                          "There is no organization '" + o.organization + "'.");
    entity_name = (*organization)->entity;
  }
  const auto entity = accounts.find_entity(entity_name);
  if (!entity) return session.fail(entity.error());
  if (!*entity || (*entity)->kind == account::Entity::Kind::kUser)
    return session.fail(kExitNotFound, "not_found",
                        "There is no team '" + entity_name + "'. Make it: team add.");
  if (auto ok = accounts.set_member((*entity)->id, user->id, *role); !ok)
    return session.fail(ok.error());
  log_change(accounts, "member add", entity_name, o.name + " " + o.role);
  return done(session, fmt::format("'{}' is {} of '{}'.", printable(o.name), o.role,
                                   printable(entity_name)));
}

int new_key(Session& session, Accounts& accounts, const AccountOptions& o) {
  const auto user = accounts.get_user(o.name);
  if (!user) return session.fail(user.error());
  const auto made = accounts.add_key(user->id, o.description, o.key);
  if (!made) return session.fail(made.error());
  log_change(accounts, "key new", o.name);
  return show_key(session, *made, o.name);
}

int list_keys(Session& session, Accounts& accounts, const AccountOptions& o) {
  const auto user = accounts.get_user(o.name);
  if (!user) return session.fail(user.error());
  const auto keys = accounts.keys(user->id);
  if (!keys) return session.fail(keys.error());
  JsonWriter w;
  w.begin_object().key("keys").begin_array();
  Table table;
  table.columns = {{"id"}, {"begins"}, {"made"}, {"description", Column::Align::kLeft, 1, false}};
  for (const account::Key& key : *keys) {
    w.begin_object().field("id", key.id).field("begins", key.hint);
    w.field("description", key.description).end_object();
    table.rows.push_back({std::to_string(key.id), printable(key.hint),
                          format_ago(key.created, session.now()), printable(key.description)});
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  session.print(render_table(table, session.out()));
  return kExitOk;
}

int revoke_key(Session& session, Accounts& accounts, const AccountOptions& o) {
  std::int64_t id = 0;
  for (const char c : o.name)
    id = c >= '0' && c <= '9' && id < 1'000'000'000 ? id * 10 + (c - '0') : -1'000'000'000'000;
  if (id <= 0) return session.usage_error("Name the key by its number: key list USER shows it.");
  if (auto ok = accounts.revoke_key(id); !ok) return session.fail(ok.error());
  log_change(accounts, "key revoke", o.name);
  return done(session, "The key opens nothing any more.");
}

CommandSpec make(std::string name, std::string summary, std::shared_ptr<AccountOptions> o,
                 std::vector<ArgumentSpec> arguments, std::vector<OptionSpec> options,
                 Action action, std::vector<Example> examples) {
  CommandSpec command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  command.arguments = std::move(arguments);
  command.options = std::move(options);
  command.examples = std::move(examples);
  command.run = with_accounts(std::move(o), std::move(action));
  return command;
}

CommandSpec group(std::string name, std::string summary, std::vector<CommandSpec> commands) {
  CommandSpec out;
  out.name = std::move(name);
  out.summary = std::move(summary);
  out.subcommands = std::move(commands);
  return out;
}

OptionSpec admin_user(const std::shared_ptr<AccountOptions>& o) {
  return {.names = "--admin", .value = "USER", .help = "Who decides there", .target = &o->user};
}

OptionSpec own_key(const std::shared_ptr<AccountOptions>& o) {
  return {.names = "--key",
          .value = "KEY",
          .help = "This key, of 40 and more characters, instead of a random one",
          .target = &o->key};
}

}  // namespace

std::vector<CommandSpec> account_commands() {
  std::vector<CommandSpec> out;
  const auto options = [] { return std::make_shared<AccountOptions>(); };

  auto o = options();
  std::vector<CommandSpec> user;
  user.push_back(make(
      "add", "Add a user; shows an API key once", o,
      {{"NAME", "Also the name of the user's own entity", &o->name}},
      {{.names = "--admin", .value = "", .help = "Of the whole server", .target = &o->admin},
       {.names = "--service",
        .value = "",
        .help = "A program, not a person",
        .target = &o->service},
       {.names = "--email", .value = "ADDRESS", .help = "May be searched for", .target = &o->email},
       own_key(o)},
      add_user,
      {{"user add ada", "a key for ada is shown"}, {"user add root2 --admin", "a second admin"}}));
  o = options();
  user.push_back(
      make("list", "List users", o, {}, {}, list_users, {{"user list", "users, their teams"}}));
  o = options();
  user.push_back(make("remove", "Take a user's keys and memberships away", o,
                      {{"NAME", "The user", &o->name}}, {}, remove_user,
                      {{"user remove ada", "her keys open nothing any more"}}));
  out.push_back(group("user", "Who may use the server", std::move(user)));

  o = options();
  std::vector<CommandSpec> org;
  org.push_back(make("add", "Make an organization, which owns registries", o,
                     {{"NAME", "Its name", &o->name}}, {admin_user(o)}, add_organization,
                     {{"org add acme --admin ada", "registries are made in it"}}));
  out.push_back(group("org", "Organizations", std::move(org)));

  o = options();
  std::vector<CommandSpec> team;
  team.push_back(
      make("add", "Make a team, which owns projects", o, {{"NAME", "Its name", &o->name}},
           {{.names = "--org", .value = "ORG", .help = "Whose team", .target = &o->organization},
            admin_user(o)},
           add_team, {{"team add vision --org acme --admin ada", "projects are made in it"}}));
  out.push_back(group("team", "Teams", std::move(team)));

  o = options();
  std::vector<CommandSpec> member;
  member.push_back(make(
      "add", "Put a user into a team or organization, or change the role", o,
      {{"USER", "The user", &o->name}},
      {{.names = "--team", .value = "TEAM", .help = "The team", .target = &o->team},
       {.names = "--org", .value = "ORG", .help = "The organization", .target = &o->organization},
       {.names = "--role",
        .value = "ROLE",
        .help = "What they may",
        .target = &o->role,
        .choices = {"admin", "member", "viewer", "none"}}},
      add_member,
      {{"member add bob --team vision --role viewer", "bob may read"},
       {"member add bob --team vision --role none", "and no longer"}}));
  out.push_back(group("member", "Who is in which team", std::move(member)));

  o = options();
  std::vector<CommandSpec> key;
  key.push_back(make("new", "Make an API key; it is shown once", o, {{"USER", "Whose", &o->name}},
                     {{.names = "--description",
                       .value = "TEXT",
                       .help = "What it is for",
                       .target = &o->description},
                      own_key(o)},
                     new_key, {{"key new ada --description laptop", "beside the keys she has"}}));
  o = options();
  key.push_back(make("list", "List a user's keys by their first characters", o,
                     {{"USER", "Whose", &o->name}}, {}, list_keys,
                     {{"key list ada", "what can be revoked"}}));
  o = options();
  key.push_back(make("revoke", "Make a key open nothing any more", o,
                     {{"ID", "Its number in key list", &o->name}}, {}, revoke_key,
                     {{"key revoke 3", "the key with this number"}}));
  out.push_back(group("key", "API keys", std::move(key)));
  return out;
}

}  // namespace treadle::cli
