// Private to the room: its tables.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/db/query.h>

#include <cstdint>
#include <string>

namespace treadle::desk {

Result<void> migrate_tables(db::Database& database);

// An id no row of the table ever had: the time, in microseconds, or one more than the largest. What
// was deleted is not found again under the id of something new.
Result<std::int64_t> next_id(db::Session& session, const std::string& table, Micros now);

}  // namespace treadle::desk
