#include "schema.h"

#include <array>

namespace treadle::artifact {
namespace {

constexpr std::array<db::Migration, 1> kMigrations{{{1, R"sql(
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
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "artifact", kMigrations);
}

}  // namespace treadle::artifact
