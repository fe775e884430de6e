// Private to the room: the tables, and rows as values.
#pragma once

#include <treadle/account/account.h>
#include <treadle/db/query.h>

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

using db::bind_nothing;
using db::change;
using db::read_all;
using db::read_one;
using db::select;
using db::select_one;
using db::write_one;

Result<std::optional<Entity>> select_entity(db::Session& session, std::string_view name);
// A row of account_entity; kAlreadyExists when the name is taken.
Result<Entity> insert_entity(db::Session& session, Entity entity);
Result<void> upsert_member(db::Session& session, std::int64_t entity_id, std::int64_t user_id,
                           Role role);

}  // namespace treadle::account
