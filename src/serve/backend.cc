#include "backend.h"

#include <algorithm>

namespace treadle::serve {

using account::Role;

std::string Backend::base_for(const http::Request& request) const {
  if (base_is_given) return base_url;
  const std::string* host = request.header("Host");
  const auto is_of_a_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  };
  if (host == nullptr || host->empty() || !std::all_of(host->begin(), host->end(), is_of_a_name)) {
    return base_url;
  }
  return (request.secure ? "https://" : "http://") + *host;
}

Result<void> require(const Caller& caller, Role role, const std::string& entity,
                     const std::string& project) {
  TREADLE_TRY(const Role has, caller.backend.accounts.access(caller.user, entity, project));
  if (has >= role) return {};
  const std::string place = project.empty() ? entity : entity + "/" + project;
  if (has < Role::kRestrictedViewer) {
    return fail(Errc::kNotFound, "There is no '" + place + "', or you may not see it: you are '" +
                                     caller.user.name + "'. Ask an admin of it to add you.");
  }
  return fail(Errc::kPermissionDenied, "You ('" + caller.user.name + "') are " +
                                           std::string(account::to_string(has)) + " of '" + place +
                                           "' and would have to be " +
                                           std::string(account::to_string(role)) + " of it.");
}

Result<void> require(const graphql::Call& call, Role role, const std::string& entity,
                     const std::string& project) {
  return require(caller(call), role, entity, project);
}

bool may(const graphql::Call& call, Role role, const std::string& entity,
         const std::string& project) {
  const auto has = backend(call).accounts.access(caller(call).user, entity, project);
  return has && *has >= role;
}

Result<void> require_admin(const graphql::Call& call) {
  if (caller(call).user.admin) return {};
  return fail(Errc::kPermissionDenied, "Only an admin of the server may do that, and '" +
                                           caller(call).user.name + "' is none.");
}

Result<void> audit(const graphql::Call& call, const std::string& target,
                   const std::string& detail) {
  const Caller& who = caller(call);
  return who.backend.accounts.audit(who.user.name, who.operation, target, detail, who.peer);
}

std::string entity_or_default(const graphql::Call& call, const std::string& entity) {
  return entity.empty() ? caller(call).user.default_entity : entity;
}

}  // namespace treadle::serve
