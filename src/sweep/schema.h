// Private to the room: its tables, and their rows as values.
#pragma once

#include <treadle/db/query.h>
#include <treadle/sweep/sweeps.h>

namespace treadle::sweep {

Result<void> migrate_tables(db::Database& database);

inline constexpr std::string_view kSelectSweep =
    "select id, project_id, name, display_name, description, config, state, controller, "
    "scheduler, prior_filter, next_point, user_id, created, updated, heartbeat from sweep_sweep";
Sweep read_sweep(const db::Statement& s);
Result<Sweep> get_sweep(db::Session& session, std::int64_t id);
// A new row, or the one of its id.
Result<void> put_sweep(db::Session& session, const Sweep& sweep);

inline constexpr std::string_view kSelectAgent =
    "select id, sweep_id, name, host, metrics, exited, user_id, created, heartbeat from "
    "sweep_agent";
Agent read_agent(const db::Statement& s);
inline constexpr std::string_view kSelectAssignment =
    "select run_id, agent_id, arguments from sweep_assignment";
Assignment read_assignment(const db::Statement& s);

// Eight letters and digits, as W&B names runs and sweeps.
std::string random_name();

}  // namespace treadle::sweep
