// Private to the room: its tables. docs/formats/tracking.md says what each column means.
#pragma once

#include <treadle/db/database.h>

namespace treadle::tracking {

Result<void> migrate_tables(db::Database& database);

}  // namespace treadle::tracking
