// Private to the room: the tables of the record. docs/formats/record.md says what each column
// means.
#pragma once

#include <treadle/db/database.h>

namespace treadle::events {

inline constexpr db::Migration kMigrations[] = {
    {1, R"sql(
create table runs (
  id integer primary key,
  run_id text not null unique,
  job_name text not null,
  status integer not null,
  created bigint not null,
  started bigint not null default 0,
  finished bigint not null default 0,
  root_run_id text not null default '',
  parent_run_id text not null default '',
  step_keys text not null default '[]',
  selection text not null default '',
  run_config text not null default '',
  origin text not null default '',
  executor text not null default ''
);
create table run_tags (
  run bigint not null references runs (id),
  name text not null,
  value text not null,
  primary key (run, name)
);
create table events (
  id integer primary key,
  run bigint not null,
  type integer not null,
  level integer not null,
  time bigint not null,
  step_key text not null,
  asset_key text,
  partition text not null,
  message text not null,
  payload text not null
);
create index events_run on events (run);
create index events_asset on events (asset_key, type) where asset_key is not null;
create table latest_materializations (
  asset_key text not null,
  partition text not null,
  event bigint not null,
  primary key (asset_key, partition)
);
create table latest_checks (
  asset_key text not null,
  check_name text not null,
  event bigint not null,
  primary key (asset_key, check_name)
);
)sql"},
    {2, R"sql(
create table key_values (
  name text primary key,
  value text not null
);
)sql"},
    {3, R"sql(
create index latest_materializations_event on latest_materializations (asset_key, event);
create table latest_failures (
  asset_key text not null,
  partition text not null,
  event bigint not null,
  primary key (asset_key, partition)
);
create index latest_failures_event on latest_failures (asset_key, event);
create table latest_partition_checks (
  asset_key text not null,
  check_name text not null,
  partition text not null,
  event bigint not null,
  primary key (asset_key, check_name, partition)
);
create table partition_summaries (
  asset_key text not null primary key,
  fingerprint text not null,
  event bigint not null,
  materialized blob not null,
  failed blob not null
);
create table dynamic_partitions (
  id integer primary key,
  name text not null,
  partition text not null,
  unique (name, partition)
);
create table memos (
  memo text not null primary key,
  event bigint not null
);
)sql"},
    {4, R"sql(
create table ticks (
  id integer primary key,
  kind text not null,
  name text not null,
  time bigint not null,
  status text not null,
  detail text not null
);
create index ticks_name on ticks (name, id);
)sql"},
    {5, R"sql(
create index latest_materializations_whole on latest_materializations (asset_key, event) where partition = '';
create index dynamic_partitions_name on dynamic_partitions (name, id, partition);
create table dynamic_removals (
  name text not null primary key,
  removals bigint not null
);
)sql"},
};

}  // namespace treadle::events
