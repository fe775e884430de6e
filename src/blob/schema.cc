#include "schema.h"

#include <array>

namespace treadle::blob {
namespace {

constexpr std::array<db::Migration, 2> kMigrations{{{1, R"sql(
create table blob_pack (
  id bigint primary key,
  name text not null unique,
  size bigint not null,
  created bigint not null
);
create table blob_object (
  sha256 bytea primary key,
  md5 bytea not null,
  size bigint not null,
  created bigint not null,
  bad smallint not null default 0,
  pack_id bigint,
  pack_offset bigint,
  file text,
  content bytea
);
create index blob_object_bad on blob_object (bad) where bad = 1;
create table blob_state (
  id smallint primary key,
  generation bigint not null
);
insert into blob_state (id, generation) values (1, 0);
)sql"},
                                                    {2, R"sql(
create index blob_object_md5 on blob_object (md5);
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "blob", kMigrations);
}

}  // namespace treadle::blob
