// `treadle issuer`: whose identity tokens stand in for an API key. Works on a running server's home, too.
#include "commands.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include <treadle/account/identity.h>
#include <treadle/app/server.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct IssuerOptions {
  std::string url;
  std::string audience;
  std::string claim = "sub";
  std::string keys_file;
  std::string subject;
  std::string user;
};

struct Doors {
  std::unique_ptr<app::Home> home;
  std::unique_ptr<account::Accounts> accounts;
  std::unique_ptr<account::Identities> identities;
};
using IssuerAction = std::function<Result<int>(Session&, Doors&, const IssuerOptions&)>;

std::function<int(Session&)> with_identities(std::shared_ptr<IssuerOptions> options,
                                             IssuerAction action) {
  return [options, action](Session& session) {
    const auto run = [&]() -> Result<int> {
      Doors doors;
      TREADLE_TRY(doors.home, session.open_home(db::Durability::kFull));
      TREADLE_TRY(doors.accounts, app::open_accounts(*doors.home));
      doors.identities = app::open_identities(*doors.home, *doors.accounts);
      return action(session, doors, *options);
    };
    const auto code = run();
    return code ? *code : session.fail(code.error());
  };
}

Result<int> changed(Session& session, Doors& doors, const std::string& action,
                    const std::string& target, const std::string& detail, const std::string& text) {
  TREADLE_CHECK(doors.accounts->audit("", action, target, detail, "command line"));
  if (session.json()) session.print_json("{\"ok\":true}");
  session.print(text + "\n");
  return kExitOk;
}

Result<int> add_issuer(Session& session, Doors& doors, const IssuerOptions& o) {
  account::IssuerSpec spec{o.url, o.audience, o.claim, ""};
  if (!o.keys_file.empty()) {
    TREADLE_TRY(spec.keys, read_file(real_files(), o.keys_file));
  }
  TREADLE_CHECK(doors.identities->add(spec));
  return changed(session, doors, "issuer add", o.url, o.audience + " " + o.claim,
                 fmt::format("Tokens of {} for '{}' are taken; their '{}' names the user.",
                             printable(o.url), printable(o.audience), printable(o.claim)));
}

Result<int> list_issuers(Session& session, Doors& doors, const IssuerOptions&) {
  TREADLE_TRY(const auto issuers, doors.identities->issuers());
  JsonWriter w;
  w.begin_object().key("issuers").begin_array();
  Table table;
  table.columns = {{"issuer"}, {"audience"}, {"claim"}, {"keys"}, {"lets in"}};
  for (const account::Issuer& issuer : issuers) {
    TREADLE_TRY(const auto subjects, doors.identities->subjects(issuer));
    w.begin_object().field("url", issuer.url).field("audience", issuer.audience);
    w.field("claim", issuer.claim).field("keys_given", issuer.keys_given);
    w.key("subjects").begin_array();
    std::vector<std::string> lets_in;
    for (const account::Subject& one : subjects) {
      w.begin_object().field("subject", one.subject).field("user", one.user).end_object();
      lets_in.push_back(one.subject + " as " + one.user);
    }
    w.end_array().end_object();
    table.rows.push_back({printable(issuer.url), printable(issuer.audience),
                          printable(issuer.claim), issuer.keys_given ? "given" : "fetched",
                          lets_in.empty() ? "users" : printable(join(lets_in, ", "))});
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  session.print(issuers.empty() ? "No issuer is trusted: treadle issuer add URL --audience NAME\n"
                                : render_table(table, session.out()));
  return kExitOk;
}

Result<int> remove_issuer(Session& session, Doors& doors, const IssuerOptions& o) {
  TREADLE_CHECK(doors.identities->remove(o.url));
  return changed(session, doors, "issuer remove", o.url, "",
                 "Its tokens, and what they were exchanged for, open nothing any more.");
}

Result<int> allow_subject(Session& session, Doors& doors, const IssuerOptions& o) {
  TREADLE_TRY(const account::User user, doors.accounts->get_user(o.user));
  TREADLE_CHECK(doors.identities->allow(o.url, o.subject, user));
  return changed(session, doors, "issuer allow", o.url, o.subject + " as " + o.user,
                 fmt::format("'{}' is '{}' here.", printable(o.subject), printable(o.user)));
}

Result<int> disallow_subject(Session& session, Doors& doors, const IssuerOptions& o) {
  TREADLE_CHECK(doors.identities->disallow(o.url, o.subject));
  return changed(session, doors, "issuer disallow", o.url, o.subject,
                 fmt::format("'{}' is nobody here any more.", printable(o.subject)));
}

ArgumentSpec url_argument(const std::shared_ptr<IssuerOptions>& o) {
  return {"URL", "The issuer, exactly as its tokens have it under 'iss'", &o->url};
}

}  // namespace

CommandSpec issuer_command() {
  constexpr const char* kExample = "https://token.actions.githubusercontent.com";
  CommandSpec out;
  out.name = "issuer";
  out.summary = "Whose identity tokens (OIDC) stand in for an API key";

  auto o = std::make_shared<IssuerOptions>();
  CommandSpec add;
  add.name = "add";
  add.summary = "Take identity tokens of an issuer";
  add.arguments = {url_argument(o)};
  add.options = {{.names = "--audience",
                  .value = "NAME",
                  .help = "What its tokens have under 'aud' when they are meant for this server",
                  .target = &o->audience},
                 {.names = "--claim",
                  .value = "CLAIM",
                  .help = "The claim that is a user's name or email",
                  .target = &o->claim},
                 {.names = "--keys",
                  .value = "FILE",
                  .help = "Its public keys (JWKS), instead of asking it",
                  .target = &o->keys_file}};
  add.examples = {{fmt::format("issuer add {} --audience treadle", kExample),
                   "jobs of a build service, whose subjects issuer allow names"}};
  add.run = with_identities(o, add_issuer);

  o = std::make_shared<IssuerOptions>();
  CommandSpec list;
  list.name = "list";
  list.summary = "List issuers and whom they let in";
  list.examples = {{"issuer list", "all of them"}};
  list.run = with_identities(o, list_issuers);

  o = std::make_shared<IssuerOptions>();
  CommandSpec remove;
  remove.name = "remove";
  remove.summary = "Take no more tokens of an issuer";
  remove.arguments = {url_argument(o)};
  remove.examples = {{fmt::format("issuer remove {}", kExample), "at once"}};
  remove.run = with_identities(o, remove_issuer);

  o = std::make_shared<IssuerOptions>();
  CommandSpec allow;
  allow.name = "allow";
  allow.summary = "Say who a subject is that is no user's name";
  allow.arguments = {url_argument(o),
                     {"SUBJECT", "Text of the claim; '*' stands for any text", &o->subject}};
  allow.options = {
      {.names = "--user", .value = "NAME", .help = "Who it is here", .target = &o->user}};
  allow.examples = {{fmt::format("issuer allow {} 'repo:acme/app:*' --user builder", kExample),
                     "builds of this repository act as builder"}};
  allow.run = with_identities(o, allow_subject);

  o = std::make_shared<IssuerOptions>();
  CommandSpec disallow;
  disallow.name = "disallow";
  disallow.summary = "Take back what allow said";
  disallow.arguments = {url_argument(o), {"SUBJECT", "As it was given to allow", &o->subject}};
  disallow.examples = {
      {fmt::format("issuer disallow {} 'repo:acme/app:*'", kExample), "they are nobody again"}};
  disallow.run = with_identities(o, disallow_subject);

  out.subcommands = {std::move(add), std::move(list), std::move(remove), std::move(allow),
                     std::move(disallow)};
  return out;
}

}  // namespace treadle::cli
