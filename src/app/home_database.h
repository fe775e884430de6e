// Private to the room: which database belongs to a home, and that no other is taken for it. Content is
// in the home's folder, and what is known of it in the database: one without the other is a loss, and
// garbage collection by a stranger's record would take everything away.
#pragma once

#include <treadle/app/home.h>
#include <treadle/db/database.h>

#include <memory>
#include <string>

namespace treadle::app {

struct DatabaseOptions {
  std::string home;
  std::string url;  // what was asked for, "" = what the home remembers, else treadle.db
  db::Options options;
};

// By the flag, the environment, the settings; "" = nobody says.
std::string database_url(const HomeOptions& options);

// Opens it, without looking at what is in it, unless nothing is although the home has content.
Result<std::unique_ptr<db::Database>> open_database(DatabaseOptions& where);

// Notes in each of the two which other it belongs to, at the first time, and refuses a home whose
// database is another home's. Nothing for SQLite, which lies in the home.
Result<void> keep_together(const DatabaseOptions& where, events::Record& record);

}  // namespace treadle::app
