#include "schema.h"

#include <array>

namespace treadle::artifact {
namespace {

constexpr std::array<db::Migration, 5> kMigrations{{{1, R"sql(
create table artifact_collection (
  id bigint primary key,
  entity text not null,
  project text not null,
  name text not null,
  type text not null,
  description text not null,
  created bigint not null,
  next_index bigint not null,
  unique (entity, project, name)
);
create table artifact_version (
  id bigint primary key,
  collection_id bigint not null references artifact_collection (id),
  version_index bigint not null,
  state text not null,
  digest text not null,
  content_digest text not null,
  manifest_sha256 bytea not null,
  description text not null,
  metadata text not null,
  size bigint not null,
  file_count bigint not null,
  created bigint not null,
  run_id text not null,
  unique (collection_id, version_index)
);
create index artifact_version_run on artifact_version (run_id) where run_id <> '';
create table artifact_alias (
  collection_id bigint not null references artifact_collection (id),
  alias text not null,
  version_id bigint not null references artifact_version (id),
  primary key (collection_id, alias)
);
create index artifact_alias_version on artifact_alias (version_id);
create table artifact_use (
  version_id bigint not null references artifact_version (id),
  run_id text not null,
  used bigint not null,
  primary key (version_id, run_id)
);
create index artifact_use_run on artifact_use (run_id);
create table artifact_flush (
  id smallint primary key,
  flushed bigint not null
);
)sql"},
                                                    {2, R"sql(
alter table artifact_collection add column kind text not null default 'SEQUENCE';
alter table artifact_collection add column state text not null default 'READY';
alter table artifact_collection add column ttl bigint not null default -2;
alter table artifact_collection add column updated bigint not null default 0;
update artifact_collection set updated = created;
alter table artifact_version add column ttl bigint not null default -1;
alter table artifact_version add column updated bigint not null default 0;
update artifact_version set updated = created;
alter table artifact_version add column history_step bigint;
alter table artifact_version add column code_id bigint;
create table artifact_type (
  id bigint primary key,
  entity text not null,
  project text not null,
  name text not null,
  description text not null,
  created bigint not null,
  unique (entity, project, name)
);
insert into artifact_type (id, entity, project, name, description, created)
  select min(id), entity, project, type, '', min(created) from artifact_collection
  group by entity, project, type;
create table artifact_version_tag (
  version_id bigint not null references artifact_version (id),
  tag text not null,
  primary key (version_id, tag)
);
create table artifact_collection_tag (
  collection_id bigint not null references artifact_collection (id),
  tag text not null,
  primary key (collection_id, tag)
);
create table artifact_membership (
  collection_id bigint not null references artifact_collection (id),
  member_index bigint not null,
  version_id bigint not null references artifact_version (id),
  created bigint not null,
  primary key (collection_id, member_index),
  unique (collection_id, version_id)
);
create index artifact_membership_version on artifact_membership (version_id);
create table artifact_history (
  id bigint primary key,
  collection_id bigint not null,
  action text not null,
  version_id bigint,
  member_index bigint,
  alias text not null,
  at bigint not null,
  by_whom text not null
);
create index artifact_history_collection on artifact_history (collection_id);
create table artifact_protected_alias (
  entity text not null,
  project text not null,
  collection text not null,
  alias text not null,
  primary key (entity, project, collection, alias)
);
create table artifact_registry (
  id bigint primary key,
  entity text not null,
  name text not null,
  description text,
  access text not null,
  all_types smallint not null,
  created bigint not null,
  updated bigint not null,
  unique (entity, name)
);
create table artifact_registry_type (
  registry_id bigint not null references artifact_registry (id),
  type text not null,
  primary key (registry_id, type)
);
create table artifact_code (
  id bigint primary key,
  repository text not null,
  commit_hash text not null,
  branch text not null,
  folder text not null,
  diff_sha256 bytea
);
create index artifact_code_commit on artifact_code (commit_hash);
create table artifact_draft (
  id bigint primary key,
  entity text not null,
  project text not null,
  collection text not null,
  state text not null,
  revision bigint not null,
  base_id bigint not null,
  version_id bigint not null,
  distributed_id text not null,
  spec text not null,
  created bigint not null
);
create index artifact_draft_pending on artifact_draft (state) where state = 'PENDING';
create table artifact_draft_entry (
  draft_id bigint not null references artifact_draft (id),
  path text not null,
  md5 text not null,
  sha256 bytea,
  size bigint not null,
  reference text not null,
  extra text not null,
  removed smallint not null,
  primary key (draft_id, path)
);
create index artifact_draft_entry_md5 on artifact_draft_entry (draft_id, md5);
create table artifact_client (
  client_id text primary key,
  version_id bigint not null
);
)sql"},
                                                    {3, R"sql(
create table artifact_reach (
  entity text not null,
  project text not null,
  sha256 bytea not null,
  primary key (entity, project, sha256)
);
)sql"},
                                                    {4, R"sql(
create table artifact_run_link (
  version_id bigint not null,
  entity text not null,
  project text not null,
  run_id text not null,
  kind smallint not null,
  at bigint not null,
  primary key (version_id, entity, project, run_id, kind)
);
create index artifact_run_link_run on artifact_run_link (entity, project, run_id, kind);
)sql"},
                                                    {5, R"sql(
alter table artifact_collection add column described smallint not null default 0;
update artifact_collection set described = 1 where description <> '';
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "artifact", kMigrations);
}

}  // namespace treadle::artifact
