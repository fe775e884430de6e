// The accounts of a home: makes them, finds them, and says who may do what. Any process that has the
// home open may use it; a running server sees changes at once.
#pragma once

#include <treadle/account/account.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::account {

struct AccountsOptions {
  Clock& clock = system_clock();
  std::string first_user = "local";  // the admin who owns what was kept before there were users
};

// Thread-safe. Errors name the thing and the cure.
class Accounts {
 public:
  // `secret` (the home's key) goes into the hashes of API keys: a stolen database opens nothing.
  static Result<std::unique_ptr<Accounts>> open(db::Database& database, std::string secret,
                                                const AccountsOptions& options = {});

  // The first user, an admin, when there is no user yet; with a key to be shown once.
  Result<std::optional<NewKey>> ensure_admin();
  // The key by which programs of this home's owner reach its server; of the first user.
  Result<std::string> local_key();

  Result<User> add_user(const std::string& name, const std::string& email, bool admin,
                        bool service = false);
  // Takes away the user's keys and memberships; the name stays taken, what they made stays.
  Result<void> remove_user(const std::string& name);
  Result<std::vector<User>> users();
  Result<std::optional<User>> find_user(std::string_view name_or_email);
  Result<std::optional<User>> find_user(std::int64_t id);
  Result<User> get_user(std::string_view name);  // suggests
  Result<void> set_default_entity(std::int64_t user_id, const std::string& entity);

  // `text`: any of 40 and more characters without spaces; "" = one is made up.
  Result<NewKey> add_key(std::int64_t user_id, const std::string& description,
                         const std::string& text = {});
  Result<std::vector<Key>> keys(std::int64_t user_id);
  Result<std::optional<Key>> find_key(std::int64_t id);
  Result<void> revoke_key(std::int64_t id);
  Result<bool> has_keys();
  // Whose key it is; nothing when it is nobody's.
  Result<std::optional<User>> authenticate(std::string_view key);

  Result<Organization> add_organization(const std::string& name, const User& admin);
  Result<std::optional<Organization>> find_organization(std::string_view name);
  Result<std::optional<Organization>> find_organization(std::int64_t id);
  // All, or those of a user.
  Result<std::vector<Organization>> organizations(std::int64_t user_id = 0);
  // `organization` "" = of none.
  Result<Entity> add_team(const std::string& name, const std::string& organization,
                          const User& admin);
  Result<std::optional<Entity>> find_entity(std::string_view name);
  Result<std::optional<Entity>> find_entity(std::int64_t id);
  Result<std::vector<Entity>> entities();
  // Those the user belongs to: their own first, then teams by name.
  Result<std::vector<Entity>> entities_of(std::int64_t user_id);
  // Makes a team of a name that is in use in the home, but nobody's yet; the first user is its admin.
  Result<void> adopt(const std::string& entity);

  // Of a team, or of an organization through its entity. kNone removes.
  Result<void> set_member(std::int64_t entity_id, std::int64_t user_id, Role role);
  Result<std::vector<Member>> members(std::int64_t entity_id);
  Result<Role> role_in(std::int64_t entity_id, std::int64_t user_id);

  // The project of that name; made when `make`. Nothing: it is not there.
  Result<std::optional<Project>> project(const std::string& entity, const std::string& name,
                                         bool make, std::int64_t creator_id = 0);
  Result<std::optional<Project>> find_project(std::int64_t id);
  Result<std::vector<Project>> projects(const std::string& entity);
  Result<void> rename_project(std::int64_t id, const std::string& name);
  Result<void> set_visibility(std::int64_t id, Visibility visibility);
  Result<void> remove_project(std::int64_t id);
  Result<void> set_project_member(std::int64_t project_id, std::int64_t user_id, Role role);
  Result<void> set_project_team(std::int64_t project_id, std::int64_t team_id, Role role);
  Result<std::vector<Member>> project_members(std::int64_t project_id);
  Result<std::vector<TeamMember>> project_teams(std::int64_t project_id);

  // What the user may do with what the entity owns, in the project or ("") anywhere: viewers read,
  // members write, admins also decide who may. kNone also when there is no such entity.
  Result<Role> access(const User& user, std::string_view entity, std::string_view project = {});

  Result<void> audit(const std::string& user, const std::string& action, const std::string& target,
                     const std::string& detail, const std::string& peer);
  // Newest first.
  Result<std::vector<AuditLine>> audit_log(int limit);

 private:
  Accounts(db::Database& database, std::string secret, const AccountsOptions& options);
  std::string hash(std::string_view key) const;
  std::string derived_local_key() const;

  db::Database& database_;
  const std::string secret_;
  Clock& clock_;
  const std::string first_user_;
};

}  // namespace treadle::account
