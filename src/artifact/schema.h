// Private to the room: its tables.
#pragma once

#include <treadle/db/database.h>

namespace treadle::artifact {

Result<void> migrate_tables(db::Database& database);

}  // namespace treadle::artifact
