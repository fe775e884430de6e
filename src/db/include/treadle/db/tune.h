// Trading memory and disk for speed.
#pragma once

namespace treadle::db {

class Database;

// For a process that writes all day: SQLite's log grows to 64 MB instead of 16 before it is folded into the
// database, and up to 16 MB of pages stay in memory. A process that only looks in would have to read such a
// log first. Durability is the same. Call it before others use the database.
void tune_for_many_writes(Database& database);

}  // namespace treadle::db
