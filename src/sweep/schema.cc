#include "schema.h"

#include <treadle/base/random.h>

#include <array>

namespace treadle::sweep {
namespace {

constexpr std::array<db::Migration, 1> kMigrations{{{1, R"sql(
create table sweep_sweep (
  id bigint primary key,
  project_id bigint not null,
  name text not null,
  display_name text not null,
  description text not null,
  config text not null,
  state smallint not null,
  controller text not null,
  scheduler text not null,
  prior_filter text not null,
  next_point bigint not null,
  user_id bigint not null,
  created bigint not null,
  updated bigint not null,
  heartbeat bigint not null,
  unique (project_id, name)
);
create table sweep_agent (
  id bigint primary key,
  sweep_id bigint not null references sweep_sweep (id),
  name text not null,
  host text not null,
  metrics text not null,
  exited smallint not null,
  user_id bigint not null,
  created bigint not null,
  heartbeat bigint not null
);
create index sweep_agent_sweep on sweep_agent (sweep_id);
create table sweep_assignment (
  sweep_id bigint not null references sweep_sweep (id),
  position bigint not null,
  run_id text not null,
  agent_id bigint not null,
  arguments text not null,
  primary key (sweep_id, position)
);
create index sweep_assignment_run on sweep_assignment (sweep_id, run_id);
)sql"}}};

}  // namespace

Result<void> migrate_tables(db::Database& database) {
  return db::migrate(database, "sweep", kMigrations);
}

Sweep read_sweep(const db::Statement& s) {
  Sweep out;
  out.id = s.integer(0);
  out.project_id = s.integer(1);
  out.name = s.text(2);
  out.display_name = s.text(3);
  out.description = s.text(4);
  out.config = s.text(5);
  out.state = static_cast<State>(s.integer(6));
  out.controller = s.text(7);
  out.scheduler = s.text(8);
  out.prior_filter = s.text(9);
  out.next_point = s.integer(10);
  out.user_id = s.integer(11);
  out.created = s.integer(12);
  out.updated = s.integer(13);
  out.heartbeat = s.integer(14);
  return out;
}

Result<Sweep> get_sweep(db::Session& session, std::int64_t id) {
  TREADLE_TRY(auto found, db::select_one(
                              session, std::string(kSelectSweep) + " where id = $1",
                              [&](db::Statement& s) { s.bind(1, id); }, read_sweep));
  if (!found) return fail(Errc::kNotFound, "There is no such sweep, or it was deleted.");
  return *std::move(found);
}

Result<void> put_sweep(db::Session& session, const Sweep& w) {
  return db::change(
      session,
      "insert into sweep_sweep (id, project_id, name, display_name, description, config, state, "
      "controller, scheduler, prior_filter, next_point, user_id, created, updated, heartbeat) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (id) "
      "do update set display_name = excluded.display_name, description = excluded.description, "
      "config = excluded.config, state = excluded.state, controller = excluded.controller, "
      "scheduler = excluded.scheduler, prior_filter = excluded.prior_filter, next_point = "
      "excluded.next_point, updated = excluded.updated, heartbeat = excluded.heartbeat",
      [&](db::Statement& s) {
        s.bind(1, w.id).bind(2, w.project_id).bind(3, w.name).bind(4, w.display_name);
        s.bind(5, w.description).bind(6, w.config).bind(7, static_cast<int>(w.state));
        s.bind(8, w.controller).bind(9, w.scheduler).bind(10, w.prior_filter);
        s.bind(11, w.next_point).bind(12, w.user_id).bind(13, w.created).bind(14, w.updated);
        s.bind(15, w.heartbeat);
      });
}

Agent read_agent(const db::Statement& s) {
  return {s.integer(0),           s.integer(1),           std::string(s.text(2)),
          std::string(s.text(3)), std::string(s.text(4)), s.integer(5) != 0,
          s.integer(6),           s.integer(7),           s.integer(8)};
}

Assignment read_assignment(const db::Statement& s) {
  return {std::string(s.text(0)), s.integer(1), std::string(s.text(2))};
}

std::string random_name() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string out = random_bytes(8);
  for (char& c : out) c = kLetters[static_cast<unsigned char>(c) % kLetters.size()];
  return out;
}

}  // namespace treadle::sweep
