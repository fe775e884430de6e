#include "rows.h"
#include <treadle/account/accounts.h>
#include <treadle/base/digest.h>
#include <treadle/base/random.h>
#include <treadle/base/suggest.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>

namespace treadle::account {
namespace {

constexpr std::size_t kShortestKey = 40;
constexpr std::size_t kLongestKey = 4096;

const std::string kUsers =
    "select " + std::string(kUserColumns) + " from account_user u where u.removed = 0";

Result<User> insert_user(db::Session& session, User user) {
  Entity entity;
  entity.name = user.name;
  entity.kind = Entity::Kind::kUser;
  entity.created = user.created;
  TREADLE_TRY(const std::optional<std::int64_t> next,
              select_one(session, "select coalesce(max(id), 0) + 1 from account_user", bind_nothing,
                         [](const db::Statement& s) { return s.integer(0); }));
  user.id = *next;
  entity.user_id = user.id;
  TREADLE_CHECK(insert_entity(session, entity));
  user.default_entity = user.name;
  TREADLE_CHECK(change(session,
                       "insert into account_user (id, name, full_name, email, admin, service, "
                       "default_entity, created) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                       [&](db::Statement& s) {
                         s.bind(1, user.id).bind(2, user.name).bind(3, user.full_name);
                         s.bind(4, user.email).bind(5, user.admin).bind(6, user.service);
                         s.bind(7, user.default_entity).bind(8, user.created);
                       }));
  return user;
}

Result<Key> insert_key(db::Session& session, Key key, const std::string& hash) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into account_key (id, user_id, hash, hint, description, "
                              "created) select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5 "
                              "from account_key returning id"));
  s->bind(1, key.user_id).bind(2, hash).bind(3, key.hint).bind(4, key.description);
  s->bind(5, key.created);
  TREADLE_CHECK(s->step());
  key.id = s->integer(0);
  TREADLE_CHECK(s->run());
  return key;
}

Result<void> check_key_text(const std::string& text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7F; });
  if (text.size() < kShortestKey || text.size() > kLongestKey || !plain) {
    return fail(Errc::kInvalidArgument,
                "An API key has at least 40 characters, none of them a space. Leave it out to have "
                "one made.");
  }
  return {};
}

Key read_key(const db::Statement& s) {
  return {s.integer(0), s.integer(1), std::string(s.text(2)), std::string(s.text(3)), s.integer(4)};
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kNone:
      return "none";
    case Role::kRestrictedViewer:
      return "restricted_viewer";
    case Role::kViewer:
      return "viewer";
    case Role::kMember:
      return "member";
    case Role::kAdmin:
      return "admin";
  }
  return "none";
}

std::optional<Role> role_from(std::string_view name) {
  for (const Role role : {Role::kRestrictedViewer, Role::kViewer, Role::kMember, Role::kAdmin}) {
    if (to_string(role) == name) return role;
  }
  return std::nullopt;
}

std::string_view to_string(Visibility visibility) {
  switch (visibility) {
    case Visibility::kPrivate:
      return "PRIVATE";
    case Visibility::kRestricted:
      return "RESTRICTED";
    case Visibility::kReadable:
      return "USER_READ";
    case Visibility::kWritable:
      return "USER_WRITE";
  }
  return "PRIVATE";
}

std::optional<Visibility> visibility_from(std::string_view name) {
  for (const Visibility v : {Visibility::kPrivate, Visibility::kRestricted, Visibility::kReadable,
                             Visibility::kWritable}) {
    if (to_string(v) == name) return v;
  }
  if (name == "ENTITY_READ") return Visibility::kReadable;
  return std::nullopt;
}

Accounts::Accounts(db::Database& database, std::string secret, const AccountsOptions& options)
    : database_(database),
      secret_(std::move(secret)),
      clock_(options.clock),
      first_user_(options.first_user) {}

Result<std::unique_ptr<Accounts>> Accounts::open(db::Database& database, std::string secret,
                                                 const AccountsOptions& options) {
  TREADLE_CHECK(migrate_tables(database));
  return std::unique_ptr<Accounts>(new Accounts(database, std::move(secret), options));
}

std::string Accounts::hash(std::string_view key) const {
  return to_hex(hmac_sha256(secret_, "treadle api key\n" + std::string(key)));
}

std::string Accounts::derived_local_key() const {
  return "local-" + to_hex(hmac_sha256(secret_, "treadle local api key")).substr(0, 40);
}

Result<std::optional<NewKey>> Accounts::ensure_admin() {
  std::optional<NewKey> made;
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        made.reset();
        TREADLE_TRY(const auto users,
                    select(session, kUsers + " limit 1", bind_nothing, read_user));
        if (!users.empty()) return {};
        User user;
        user.name = first_user_;
        user.admin = true;
        user.created = clock_.now();
        TREADLE_TRY(user, insert_user(session, user));
        NewKey key;
        key.text = "local-" + to_hex(random_bytes(20));
        key.key = {0, user.id, key.text.substr(0, 10), "made at the first start", user.created};
        TREADLE_TRY(key.key, insert_key(session, key.key, hash(key.text)));
        made = std::move(key);
        return {};
      },
      db::Sync::kYes));
  return made;
}

Result<std::string> Accounts::local_key() {
  std::string text = derived_local_key();
  TREADLE_TRY(const std::optional<User> known, authenticate(text));
  if (known) return text;
  TREADLE_TRY(const User user, get_user(first_user_));
  const std::string hashed = hash(text);
  const Micros now = clock_.now();
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    return change(session,
                  "insert into account_key (id, user_id, hash, hint, description, created) select "
                  "coalesce(max(id), 0) + 1, $1, $2, $3, 'programs on this machine', $4 from "
                  "account_key where true on conflict (hash) do nothing",
                  [&](db::Statement& s) {
                    s.bind(1, user.id).bind(2, hashed).bind(3, "local-").bind(4, now);
                  });
  }));
  return text;
}

Result<User> Accounts::add_user(const std::string& name, const std::string& email, bool admin,
                                bool service) {
  TREADLE_CHECK(check_artifact_name("user", name));
  User user;
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        user = {};
        user.name = name;
        user.email = email;
        user.admin = admin;
        user.service = service;
        user.created = clock_.now();
        TREADLE_TRY(user, insert_user(session, user));
        return {};
      },
      db::Sync::kYes));
  return user;
}

Result<void> Accounts::remove_user(const std::string& name) {
  TREADLE_TRY(const User user, get_user(name));
  return database_.write(
      [&](db::Session& session) -> Result<void> {
        const auto bind = [&](db::Statement& s) { s.bind(1, user.id); };
        if (user.admin) {
          TREADLE_TRY(const auto admins,
                      select(session, kUsers + " and u.admin = 1 and u.id <> $1", bind, read_user));
          if (admins.empty()) {
            return fail(Errc::kInvalidArgument,
                        "'" + name +
                            "' is the only admin. Make another first: treadle user add NAME "
                            "--admin.");
          }
        }
        TREADLE_CHECK(change(session, "delete from account_key where user_id = $1", bind));
        TREADLE_CHECK(change(session, "delete from account_member where user_id = $1", bind));
        TREADLE_CHECK(
            change(session, "delete from account_project_member where user_id = $1", bind));
        return change(session, "update account_user set removed = $2 where id = $1",
                      [&](db::Statement& s) { s.bind(1, user.id).bind(2, clock_.now()); });
      },
      db::Sync::kYes);
}

Result<std::vector<User>> Accounts::users() {
  return read_all(database_, kUsers + " order by u.name", bind_nothing, read_user);
}

Result<std::optional<User>> Accounts::find_user(std::string_view name_or_email) {
  return read_one(
      database_, kUsers + " and (u.name = $1 or (u.email = $1 and u.email <> '')) order by u.id",
      [&](db::Statement& s) { s.bind(1, name_or_email); }, read_user);
}

Result<std::optional<User>> Accounts::find_user(std::int64_t id) {
  return read_one(
      database_, kUsers + " and u.id = $1", [&](db::Statement& s) { s.bind(1, id); }, read_user);
}

Result<User> Accounts::get_user(std::string_view name) {
  TREADLE_TRY(std::optional<User> user, find_user(name));
  if (user) return *std::move(user);
  TREADLE_TRY(const std::vector<User> all, users());
  std::vector<std::string> names;
  for (const User& one : all) names.push_back(one.name);
  return fail(Errc::kNotFound,
              "There is no user '" + std::string(name) + "'." + did_you_mean(name, names));
}

Result<void> Accounts::set_default_entity(std::int64_t user_id, const std::string& entity) {
  return write_one(database_, "update account_user set default_entity = $2 where id = $1",
                   [&](db::Statement& s) { s.bind(1, user_id).bind(2, entity); });
}

Result<NewKey> Accounts::add_key(std::int64_t user_id, const std::string& description,
                                 const std::string& text) {
  if (!text.empty()) TREADLE_CHECK(check_key_text(text));
  NewKey made;
  made.text = text.empty() ? "local-" + to_hex(random_bytes(20)) : text;
  const std::string hashed = hash(made.text);
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        TREADLE_TRY(const auto taken,
                    select(
                        session, "select user_id from account_key where hash = $1",
                        [&](db::Statement& s) { s.bind(1, hashed); },
                        [](const db::Statement& s) { return s.integer(0); }));
        if (!taken.empty()) {
          return fail(Errc::kAlreadyExists, "This key is in use already. Choose another.");
        }
        made.key = {0, user_id, made.text.substr(0, 10), description, clock_.now()};
        TREADLE_TRY(made.key, insert_key(session, made.key, hashed));
        return {};
      },
      db::Sync::kYes));
  return made;
}

Result<std::vector<Key>> Accounts::keys(std::int64_t user_id) {
  return read_all(
      database_,
      "select id, user_id, hint, description, created from account_key where user_id = $1 "
      "order by id",
      [&](db::Statement& s) { s.bind(1, user_id); }, read_key);
}

Result<std::optional<Key>> Accounts::find_key(std::int64_t id) {
  return read_one(
      database_, "select id, user_id, hint, description, created from account_key where id = $1",
      [&](db::Statement& s) { s.bind(1, id); }, read_key);
}

Result<void> Accounts::revoke_key(std::int64_t id) {
  TREADLE_TRY(const std::optional<Key> key, find_key(id));
  if (!key) {
    return fail(Errc::kNotFound, "There is no key " + std::to_string(id) +
                                     ". `treadle key list USER` shows those there are.");
  }
  return database_.write(
      [&](db::Session& session) -> Result<void> {
        return change(session, "delete from account_key where id = $1",
                      [&](db::Statement& s) { s.bind(1, id); });
      },
      db::Sync::kYes);
}

Result<bool> Accounts::has_keys() {
  TREADLE_TRY(const auto rows,
              read_all(database_, "select id from account_key limit 1", bind_nothing,
                       [](const db::Statement& s) { return s.integer(0); }));
  return !rows.empty();
}

Result<std::optional<User>> Accounts::authenticate(std::string_view key) {
  if (key.empty() || key.size() > kLongestKey) return std::nullopt;
  const std::string hashed = hash(key);
  return read_one(
      database_,
      "select " + std::string(kUserColumns) +
          " from account_key k join account_user u on u.id = k.user_id where k.hash = $1 and "
          "u.removed = 0",
      [&](db::Statement& s) { s.bind(1, hashed); }, read_user);
}

}  // namespace treadle::account
