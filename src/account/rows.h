// Private to the room: the tables, and rows as values.
#pragma once

#include <treadle/account/account.h>
#include <treadle/db/database.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::account {

Result<void> migrate_tables(db::Database& database);

inline constexpr std::string_view kUserColumns =
    "u.id, u.name, u.full_name, u.email, u.admin, u.service, u.default_entity, u.created";
inline constexpr std::string_view kEntityColumns =
    "e.id, e.name, e.kind, e.user_id, e.organization_id, e.created";
inline constexpr std::string_view kOrganizationColumns = "o.id, o.name, o.entity, o.created";
inline constexpr std::string_view kProjectColumns =
    "p.id, p.entity, p.name, p.visibility, p.creator_id, p.created, p.updated";
User read_user(const db::Statement& s);
Entity read_entity(const db::Statement& s);
Organization read_organization(const db::Statement& s);
Project read_project(const db::Statement& s);

// All rows of a statement. `bind` takes a Statement&, `read` a const Statement&.
template <class Bind, class Read>
auto select(db::Session& session, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::vector<decltype(read(std::declval<const db::Statement&>()))>> {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  bind(*s);
  std::vector<decltype(read(*s))> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return out;
    out.push_back(read(*s));
  }
}
template <class Bind, class Read>
auto select_one(db::Session& session, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::optional<decltype(read(std::declval<const db::Statement&>()))>> {
  TREADLE_TRY(auto rows, select(session, sql, bind, read));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}
template <class Bind>
Result<void> change(db::Session& session, std::string_view sql, const Bind& bind) {
  TREADLE_TRY(db::Statement * s, session.prepare(sql));
  bind(*s);
  return s->run();
}
inline void bind_nothing(db::Statement&) {}

// The same, each in a read transaction of its own.
template <class Bind, class Read>
auto read_all(db::Database& database, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::vector<decltype(read(std::declval<const db::Statement&>()))>> {
  std::vector<decltype(read(std::declval<const db::Statement&>()))> out;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select(session, sql, bind, read));
    return {};
  }));
  return out;
}
template <class Bind, class Read>
auto read_one(db::Database& database, std::string_view sql, const Bind& bind, const Read& read)
    -> Result<std::optional<decltype(read(std::declval<const db::Statement&>()))>> {
  TREADLE_TRY(auto rows, read_all(database, sql, bind, read));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}
template <class Bind>
Result<void> write_one(db::Database& database, std::string_view sql, const Bind& bind) {
  return database.write(
      [&](db::Session& session) -> Result<void> { return change(session, sql, bind); });
}

Result<std::optional<Entity>> select_entity(db::Session& session, std::string_view name);
// A row of account_entity; kAlreadyExists when the name is taken.
Result<Entity> insert_entity(db::Session& session, Entity entity);
Result<void> upsert_member(db::Session& session, std::int64_t entity_id, std::int64_t user_id,
                           Role role);

}  // namespace treadle::account
