#include "schema.h"

#include <algorithm>
#include <array>

namespace treadle::sweep {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"PENDING", "RUNNING", "PAUSED", "FINISHED",
                                                     "CANCELED"};

// One more than the largest, and never less than the time: ids are not used again.
Result<std::int64_t> next_id(db::Session& session, const std::string& table, Micros now) {
  TREADLE_TRY(const auto largest,
              db::select_one(session, "select coalesce(max(id), 0) from " + table, db::bind_nothing,
                             [](const db::Statement& s) { return s.integer(0); }));
  return std::max(now, largest.value_or(0) + 1);
}

}  // namespace

std::string_view to_string(State state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<State> state_from(std::string_view name) {
  if (name == "CANCELLED") return State::kCanceled;
  const auto* const it = std::find(kStates.begin(), kStates.end(), name);
  if (it == kStates.end()) return std::nullopt;
  return static_cast<State>(it - kStates.begin());
}

Result<std::unique_ptr<Sweeps>> Sweeps::open(db::Database& database, Clock& clock) {
  TREADLE_CHECK(migrate_tables(database));
  return std::unique_ptr<Sweeps>(new Sweeps(database, clock));
}

Result<Sweep> Sweeps::add(const Sweep& sweep) {
  TREADLE_CHECK(Space::parse(sweep.config));
  Sweep out = sweep;
  if (out.name.empty()) out.name = random_name();
  out.created = clock_.now();
  out.updated = out.created;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out.id, next_id(session, "sweep_sweep", out.created));
    return put_sweep(session, out);
  }));
  return out;
}

Result<Sweep> Sweeps::change(std::int64_t id, const SweepChanges& changes) {
  if (changes.config) TREADLE_CHECK(Space::parse(*changes.config));
  Sweep out;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, get_sweep(session, id));
    if (changes.display_name) out.display_name = *changes.display_name;
    if (changes.description) out.description = *changes.description;
    if (changes.config) out.config = *changes.config;
    if (changes.state) out.state = *changes.state;
    if (changes.controller) out.controller = *changes.controller;
    if (changes.scheduler) out.scheduler = *changes.scheduler;
    if (changes.prior_filter) out.prior_filter = *changes.prior_filter;
    out.updated = clock_.now();
    return put_sweep(session, out);
  }));
  return out;
}

Result<std::optional<Sweep>> Sweeps::find(std::int64_t id) {
  return db::read_one(
      database_, std::string(kSelectSweep) + " where id = $1",
      [&](db::Statement& s) { s.bind(1, id); }, read_sweep);
}

Result<std::optional<Sweep>> Sweeps::find(std::int64_t project_id, std::string_view name) {
  return db::read_one(
      database_, std::string(kSelectSweep) + " where project_id = $1 and name = $2",
      [&](db::Statement& s) { s.bind(1, project_id).bind(2, name); }, read_sweep);
}

Result<std::vector<Sweep>> Sweeps::list(std::int64_t project_id) {
  return db::read_all(
      database_, std::string(kSelectSweep) + " where project_id = $1 order by id desc",
      [&](db::Statement& s) { s.bind(1, project_id); }, read_sweep);
}

Result<void> Sweeps::remove_project(std::int64_t project_id) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto bind = [&](db::Statement& s) { s.bind(1, project_id); };
    constexpr std::string_view kOf = "(select id from sweep_sweep where project_id = $1)";
    for (const char* table : {"sweep_assignment", "sweep_agent"}) {
      TREADLE_CHECK(db::change(
          session, std::string("delete from ") + table + " where sweep_id in " + std::string(kOf),
          bind));
    }
    return db::change(session, "delete from sweep_sweep where project_id = $1", bind);
  });
}

Result<Agent> Sweeps::add_agent(std::int64_t sweep_id, const std::string& host,
                                std::int64_t user_id) {
  Agent out;
  out.sweep_id = sweep_id;
  out.host = host;
  out.name = random_name();
  out.user_id = user_id;
  out.created = clock_.now();
  out.heartbeat = out.created;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(Sweep sweep, get_sweep(session, sweep_id));
    if (sweep.state == State::kPending) {
      sweep.state = State::kRunning;
      sweep.updated = out.created;
      TREADLE_CHECK(put_sweep(session, sweep));
    }
    TREADLE_TRY(out.id, next_id(session, "sweep_agent", out.created));
    return db::change(session,
                      "insert into sweep_agent (id, sweep_id, name, host, metrics, exited, "
                      "user_id, created, heartbeat) values ($1, $2, $3, $4, '{}', 0, $5, $6, $6)",
                      [&](db::Statement& s) {
                        s.bind(1, out.id).bind(2, sweep_id).bind(3, out.name).bind(4, host);
                        s.bind(5, user_id).bind(6, out.created);
                      });
  }));
  return out;
}

Result<std::optional<Agent>> Sweeps::find_agent(std::int64_t id) {
  return db::read_one(
      database_, std::string(kSelectAgent) + " where id = $1",
      [&](db::Statement& s) { s.bind(1, id); }, read_agent);
}

Result<std::vector<Agent>> Sweeps::agents(std::int64_t sweep_id) {
  return db::read_all(
      database_, std::string(kSelectAgent) + " where sweep_id = $1 order by id",
      [&](db::Statement& s) { s.bind(1, sweep_id); }, read_agent);
}

Result<std::vector<Assignment>> Sweeps::assignments(std::int64_t sweep_id) {
  return db::read_all(
      database_, std::string(kSelectAssignment) + " where sweep_id = $1 order by position",
      [&](db::Statement& s) { s.bind(1, sweep_id); }, read_assignment);
}

Result<std::optional<Assignment>> Sweeps::assignment(std::int64_t sweep_id,
                                                     const std::string& run_id) {
  return db::read_one(
      database_, std::string(kSelectAssignment) + " where sweep_id = $1 and run_id = $2",
      [&](db::Statement& s) { s.bind(1, sweep_id).bind(2, run_id); }, read_assignment);
}

}  // namespace treadle::sweep
