#include "schema.h"

#include <array>

namespace treadle::tracking {
namespace {

constexpr std::array<db::Migration, 2> kMigrations{{{1, R"sql(
create table tracking_project (
  id bigint primary key,
  entity text not null,
  name text not null,
  description text not null,
  settings text not null,
  created bigint not null,
  unique (entity, name)
);
create table tracking_run (
  id bigint primary key,
  project bigint not null references tracking_project (id),
  run_id text not null,
  display_name text not null,
  run_group text not null,
  job_type text not null,
  state smallint not null,
  exit_code bigint,
  stop_requested smallint not null,
  indexed smallint not null,
  created bigint not null,
  heartbeat bigint not null,
  finished bigint not null,
  history_lines bigint not null,
  event_lines bigint not null,
  console_lines bigint not null,
  last_step bigint not null,
  user_name text not null,
  host text not null,
  program text not null,
  repository text not null,
  commit_hash text not null,
  sweep text not null,
  forked_from text not null,
  forked_at bigint not null,
  description text not null,
  notes text not null,
  unique (project, run_id)
);
create index tracking_run_id on tracking_run (run_id);
create index tracking_run_created on tracking_run (project, created);
create table tracking_document (
  run bigint primary key references tracking_run (id),
  config text not null,
  summary text not null,
  metadata text not null,
  system_metrics text not null
);
create table tracking_tag (
  run bigint not null references tracking_run (id),
  position bigint not null,
  tag text not null,
  primary key (run, tag)
);
create table tracking_path (
  id bigint primary key,
  project bigint not null references tracking_project (id),
  path text not null,
  unique (project, path)
);
create table tracking_value (
  path bigint not null references tracking_path (id),
  run bigint not null references tracking_run (id),
  value text not null,
  primary key (path, run)
);
create index tracking_value_run on tracking_value (run);
create table tracking_stream (
  run bigint not null references tracking_run (id),
  stream smallint not null,
  lines bigint not null,
  last_step bigint not null,
  revision bigint not null,
  keys bytea not null,
  primary key (run, stream)
);
create table tracking_chunk (
  run bigint not null,
  stream smallint not null,
  first_line bigint not null,
  lines bigint not null,
  cells bigint not null,
  min_step bigint not null,
  max_step bigint not null,
  digest bigint not null,
  content bytea not null,
  primary key (run, stream, first_line)
);
create table tracking_column (
  run bigint not null,
  stream smallint not null,
  first_line bigint not null,
  position bigint not null,
  sample smallint not null,
  content bytea not null,
  primary key (run, stream, first_line, position, sample)
);
create table tracking_console (
  run bigint not null,
  block bigint not null,
  lines bigint not null,
  content bytea not null,
  primary key (run, block)
);
create table tracking_file (
  id bigint primary key,
  run bigint not null references tracking_run (id),
  name text not null,
  sha256 bytea not null,
  md5 bytea not null,
  size bigint not null,
  mimetype text not null,
  updated bigint not null,
  unique (run, name)
);
)sql"},
                                                    {2, R"sql(
create table tracking_writer (
  run bigint not null,
  stream smallint not null,
  writer text not null,
  first_line bigint not null,
  lines bigint not null,
  place bigint not null,
  primary key (run, stream, writer, first_line)
);
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "tracking", kMigrations);
}

}  // namespace treadle::tracking
