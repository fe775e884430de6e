#include "rows.h"

#include <array>

namespace treadle::account {
namespace {

constexpr std::array<db::Migration, 2> kMigrations{{{1, R"sql(
create table account_user (
  id bigint primary key,
  name text not null unique,
  full_name text not null default '',
  email text not null,
  admin smallint not null,
  service smallint not null,
  default_entity text not null,
  created bigint not null,
  removed bigint not null default 0
);
create table account_entity (
  id bigint primary key,
  name text not null unique,
  kind smallint not null,
  user_id bigint not null default 0,
  organization_id bigint not null default 0,
  created bigint not null
);
create table account_organization (
  id bigint primary key,
  name text not null unique,
  entity text not null,
  created bigint not null
);
create table account_member (
  entity_id bigint not null references account_entity (id),
  user_id bigint not null references account_user (id),
  role smallint not null,
  primary key (entity_id, user_id)
);
create index account_member_user on account_member (user_id);
create table account_key (
  id bigint primary key,
  user_id bigint not null references account_user (id),
  hash text not null unique,
  hint text not null,
  description text not null,
  created bigint not null
);
create index account_key_user on account_key (user_id);
create table account_project (
  id bigint primary key,
  entity text not null,
  name text not null,
  visibility smallint not null,
  creator_id bigint not null,
  created bigint not null,
  updated bigint not null,
  unique (entity, name)
);
create table account_project_member (
  project_id bigint not null references account_project (id),
  user_id bigint not null,
  team_id bigint not null,
  role smallint not null,
  primary key (project_id, user_id, team_id)
);
create table account_audit (
  id bigint primary key,
  time bigint not null,
  name text not null,
  action text not null,
  target text not null,
  detail text not null,
  peer text not null
);
)sql"},
                                                    {2, R"sql(
create table account_issuer (
  id bigint primary key,
  url text not null unique,
  audience text not null,
  claim text not null,
  keys_given smallint not null,
  key_set text not null,
  created bigint not null
);
create table account_subject (
  issuer_id bigint not null references account_issuer (id),
  pattern text not null,
  user_id bigint not null references account_user (id),
  primary key (issuer_id, pattern)
);
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "account", kMigrations);
}

User read_user(const db::Statement& s) {
  return {s.integer(0),      std::string(s.text(1)), std::string(s.text(2)), std::string(s.text(3)),
          s.integer(4) != 0, s.integer(5) != 0,      std::string(s.text(6)), s.integer(7)};
}

Entity read_entity(const db::Statement& s) {
  return {s.integer(0), std::string(s.text(1)), static_cast<Entity::Kind>(s.integer(2)),
          s.integer(3), s.integer(4),           s.integer(5)};
}

Organization read_organization(const db::Statement& s) {
  return {s.integer(0), std::string(s.text(1)), std::string(s.text(2)), s.integer(3)};
}

Project read_project(const db::Statement& s) {
  return {s.integer(0),
          std::string(s.text(1)),
          std::string(s.text(2)),
          static_cast<Visibility>(s.integer(3)),
          s.integer(4),
          s.integer(5),
          s.integer(6)};
}

Result<std::optional<Entity>> select_entity(db::Session& session, std::string_view name) {
  return select_one(
      session, "select " + std::string(kEntityColumns) + " from account_entity e where e.name = $1",
      [&](db::Statement& s) { s.bind(1, name); }, read_entity);
}

Result<Entity> insert_entity(db::Session& session, Entity entity) {
  TREADLE_TRY(const auto taken, select_entity(session, entity.name));
  if (taken) {
    return fail(
        Errc::kAlreadyExists,
        "The name '" + entity.name + "' is taken by a user, team or organization. Choose another.");
  }
  TREADLE_TRY(db::Statement * s,
              session.prepare("insert into account_entity (id, name, kind, user_id, "
                              "organization_id, created) select coalesce(max(id), 0) + 1, $1, $2, "
                              "$3, $4, $5 from account_entity returning id"));
  s->bind(1, entity.name).bind(2, static_cast<int>(entity.kind)).bind(3, entity.user_id);
  s->bind(4, entity.organization_id).bind(5, entity.created);
  TREADLE_CHECK(s->step());
  entity.id = s->integer(0);
  TREADLE_CHECK(s->run());
  return entity;
}

Result<void> upsert_member(db::Session& session, std::int64_t entity_id, std::int64_t user_id,
                           Role role) {
  if (role == Role::kNone) {
    return change(session, "delete from account_member where entity_id = $1 and user_id = $2",
                  [&](db::Statement& s) { s.bind(1, entity_id).bind(2, user_id); });
  }
  return change(session,
                "insert into account_member (entity_id, user_id, role) values ($1, $2, $3) "
                "on conflict (entity_id, user_id) do update set role = excluded.role",
                [&](db::Statement& s) {
                  s.bind(1, entity_id).bind(2, user_id).bind(3, static_cast<int>(role));
                });
}

}  // namespace treadle::account
