#include "schema.h"

#include <algorithm>
#include <array>

namespace treadle::desk {
namespace {

constexpr std::array<db::Migration, 1> kMigrations{{{1, R"sql(
create table desk_integration (
  id bigint primary key,
  entity_id bigint not null,
  kind smallint not null,
  name text not null,
  target text not null,
  token_ref text not null,
  secret_ref text not null,
  created bigint not null,
  unique (entity_id, kind, name)
);
create table desk_automation (
  id bigint primary key,
  name text not null,
  description text,
  enabled smallint not null,
  scope_kind smallint not null,
  scope_id bigint not null,
  entity_id bigint not null,
  project_id bigint not null,
  event text not null,
  filter text not null,
  action text not null,
  action_config text not null,
  creator_id bigint not null,
  created bigint not null,
  updated bigint not null,
  unique (scope_kind, scope_id, name)
);
create index desk_automation_entity on desk_automation (entity_id);
create index desk_automation_project on desk_automation (project_id);
create table desk_view (
  id bigint primary key,
  project_id bigint not null,
  type text not null,
  name text not null,
  display_name text not null,
  description text not null,
  spec text not null,
  user_id bigint not null,
  created bigint not null,
  updated bigint not null
);
create index desk_view_project on desk_view (project_id);
create table desk_chart (
  id bigint primary key,
  entity_id bigint not null,
  name text not null,
  display_name text not null,
  type text not null,
  access text not null,
  spec text not null,
  user_id bigint not null,
  created bigint not null,
  unique (entity_id, name)
);
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "desk", kMigrations);
}

Result<std::int64_t> next_id(db::Session& session, const std::string& table, Micros now) {
  TREADLE_TRY(const auto largest,
              db::select_one(session, "select coalesce(max(id), 0) from " + table, db::bind_nothing,
                             [](const db::Statement& s) { return s.integer(0); }));
  return std::max(now, largest.value_or(0) + 1);
}

}  // namespace treadle::desk
