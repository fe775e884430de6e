// Private to the room: what every resolver and endpoint stands on, and who asks.
#pragma once

#include "parts.h"
#include "signer.h"
#include <treadle/account/accounts.h>
#include <treadle/account/identity.h>
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/registry.h>
#include <treadle/artifact/run_links.h>
#include <treadle/artifact/store.h>
#include <treadle/base/files.h>
#include <treadle/desk/desk.h>
#include <treadle/graphql/schema.h>
#include <treadle/serve/service.h>
#include <treadle/sweep/sweeps.h>
#include <treadle/tracking/store.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace treadle::serve {

struct Backend {
  Backend(const Parts& given, desk::Desk& opened_desk, sweep::Sweeps& opened_sweeps)
      : database(given.database),
        accounts(given.accounts),
        identities(given.identities),
        artifacts(given.artifacts),
        catalog(given.artifacts),
        drafts(given.artifacts),
        registries(given.artifacts),
        run_links(given.artifacts),
        runs(given.runs),
        desk(opened_desk),
        sweeps(opened_sweeps),
        signer(given.secret),
        uploads(join_path(given.folder, "uploads")),
        parts(uploads),
        version(given.version) {}
  db::Database& database;
  account::Accounts& accounts;
  account::Identities& identities;
  artifact::Store& artifacts;
  artifact::Catalog catalog;
  artifact::Drafts drafts;
  artifact::Registries registries;
  artifact::RunLinks run_links;
  tracking::Store& runs;
  desk::Desk& desk;
  sweep::Sweeps& sweeps;
  const Signer signer;
  const std::string uploads;  // the folder of what is on its way in
  PartStore parts;
  const std::string version;
  std::string base_url;        // without a slash at its end
  bool base_is_given = false;  // by who runs the server; else it is a guess

  // What the sender of a request reaches this server by: what was given, else what the request names.
  std::string base_for(const http::Request& request) const;
};

// One GraphQL request.
struct Caller final : graphql::Context {
  Caller(Backend& b, account::User u) : backend(b), user(std::move(u)) {}
  Backend& backend;
  const account::User user;
  std::string peer;
  std::string base_url;     // see Backend::base_for
  std::string operation;    // for the audit log
  bool shares_run = false;  // one of several programs that write to a run (W&B's shared mode)
  // Projects whose triggers include those of their whole entity: see User.projects.
  std::map<std::int64_t, std::int64_t> entity_of_project;
};

inline Caller& caller(const graphql::Call& call) {
  return call.in<Caller>();
}
inline Backend& backend(const graphql::Call& call) {
  return caller(call).backend;
}

// Whether the caller may read (viewers), write (members) or decide (admins) there. What one may not
// even read is kNotFound, so that nobody learns what there is; `may` only says.
Result<void> require(const graphql::Call& call, account::Role role, const std::string& entity,
                     const std::string& project = {});
Result<void> require(const Caller& caller, account::Role role, const std::string& entity,
                     const std::string& project = {});
bool may(const graphql::Call& call, account::Role role, const std::string& entity,
         const std::string& project = {});
Result<void> require_admin(const graphql::Call& call);

// A line in the audit log. What cannot be logged is not done.
Result<void> audit(const graphql::Call& call, const std::string& target,
                   const std::string& detail = {});

// "" = the caller's default entity.
std::string entity_or_default(const graphql::Call& call, const std::string& entity);

}  // namespace treadle::serve
