// Private to the room: events and runs to and from rows.
#pragma once

#include <treadle/db/database.h>
#include <treadle/events/record.h>
#include <treadle/model/event.h>
#include <treadle/model/run.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace treadle::events {

// Adds the event under `run` (0 = no run) and moves the projections it concerns.
Result<void> insert_event(db::Session& session, std::int64_t run, const Event& event,
                          std::int64_t* id_of_event = nullptr);

// Columns of kEventColumns, in that order, from the current row.
inline constexpr std::string_view kEventColumns =
    "e.id, coalesce(r.run_id, ''), e.type, e.level, e.time, e.step_key, e.asset_key, e.partition, "
    "e.message, e.payload";
Event read_event(const db::Statement& row);

Result<void> insert_run(db::Session& session, const Run& run);
// The run's key, or 0.
Result<std::int64_t> find_run_key(db::Session& session, const std::string& run_id);
inline constexpr std::string_view kRunColumns =
    "r.id, r.run_id, r.job_name, r.status, r.created, r.started, r.finished, r.root_run_id, "
    "r.parent_run_id, r.step_keys, r.selection, r.run_config, r.origin, r.executor";
Run read_run(const db::Statement& row);
Result<void> set_tags(db::Session& session, std::int64_t run,
                      const std::map<std::string, std::string>& tags);

// The JSON object under `name` of the payload, without reading the rest: projections read tens of
// thousands. "" when absent.
std::string_view object_in_payload(std::string_view payload, std::string_view name);

}  // namespace treadle::events
