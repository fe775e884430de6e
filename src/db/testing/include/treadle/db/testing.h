// For tests of all rooms: a database of the kind that this test run is about.
#pragma once

#include <treadle/db/database.h>

namespace treadle::db {

// The database that belongs to `path`, new when it was not opened before: the SQLite file there, or,
// where TREADLE_TEST_DATABASE names a PostgreSQL, a schema of its own (cmake/with_postgresql.py).
Result<std::unique_ptr<Database>> open_for_test(const std::string& path,
                                                const Options& options = {});
// The URL of that schema, "" = the tests run on SQLite.
Result<std::string> test_url(const std::string& path);

}  // namespace treadle::db
