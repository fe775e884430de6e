#include "home_database.h"

#include <treadle/app/settings.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>

#include <cstdlib>

namespace treadle::app {
namespace {

constexpr std::string_view kHomeId = "home/id";
constexpr std::string_view kHomePath = "home/path";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What <home>/database says: the URL, and the id by which the two know each other.
struct Note {
  std::string url;
  std::string id;
};

std::string note_path(const std::string& home) {
  return join_path(home, "database");
}

Result<Note> read_note(const std::string& home) {
  auto text = read_file(real_files(), note_path(home));
  if (!text) {
    if (text.error().code == Errc::kNotFound) return Note{};
    return fail(std::move(text).error());
  }
  const std::size_t line = text->find('\n');
  if (line == std::string::npos || text->size() < line + 3) {
    return fail(Errc::kCorrupt,
                "The file '" + note_path(home) +
                    "' must hold the database's URL and an id, a line each. Restore "
                    "it, or give the URL with --database.");
  }
  return Note{text->substr(0, line), text->substr(line + 1, text->size() - line - 2)};
}

bool keeps_content(const std::string& home) {
  for (const char* folder : {"blobs/packs", "blobs/files"}) {
    const auto names = real_files().list(join_path(home, folder));
    if (names && !names->empty()) return true;
  }
  return false;
}

Result<bool> has_tables(db::Database& database) {
  bool found = false;
  TREADLE_CHECK(database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(found, session.has_table("schema_versions"));
    return {};
  }));
  return found;
}

// A database without a table beside content that is kept: somebody took away the database, or its
// log. Beginning anew would make garbage of the content.
Result<void> check_not_emptied(db::Database& database, const DatabaseOptions& where) {
  TREADLE_TRY(const bool before, has_tables(database));
  if (before || !keeps_content(where.home)) return {};
  TREADLE_TRY(const bool meanwhile,
              has_tables(database));  // another process may be making the home
  if (meanwhile) return {};
  const std::string blobs = join_path(where.home, "blobs");
  if (!where.url.empty()) {
    return fail(Errc::kCorrupt, "The database is empty, though content is kept in '" + blobs +
                                    "'. Restore it from a backup (pg_restore), or move the whole "
                                    "home away to start anew.");
  }
  return fail(Errc::kCorrupt, "The database '" + join_path(where.home, "treadle.db") +
                                  "' is empty, though content is kept in '" + blobs +
                                  "'. Restore treadle.db (and treadle.db-wal, which belongs to it) "
                                  "from a backup, or move the whole home away to start anew.");
}

}  // namespace

std::string database_url(const HomeOptions& options) {
  if (!options.database.empty()) return options.database;
  if (const std::string url = variable("TREADLE_DATABASE"); !url.empty()) return url;
  // The file's database belongs to the file's home.
  if (!options.path.empty() || !variable("TREADLE_HOME").empty() ||
      !variable("DAGSTER_HOME").empty()) {
    return "";
  }
  const auto settings = read_settings(absolute_path("."));
  return settings ? settings->database : "";
}

Result<std::unique_ptr<db::Database>> open_database(DatabaseOptions& where) {
  TREADLE_TRY(const Note note, read_note(where.home));
  if (where.url.empty()) where.url = note.url;
  const std::string file = join_path(where.home, "treadle.db");
  std::unique_ptr<db::Database> database;
  if (where.url.empty()) {
    TREADLE_TRY(database, db::open_sqlite(file, where.options));
  } else {
    if (!db::is_postgres_url(where.url)) {
      return fail(Errc::kInvalidArgument,
                  "A database is named by a URL like postgresql://user:password@host:5432/name. "
                  "Without one, SQLite in the home is used.");
    }
    if (note.id.empty() && real_files().stat(file)) {
      return fail(Errc::kInvalidArgument,
                  "The home '" + where.home +
                      "' keeps its record in treadle.db already. Choose another home for the "
                      "database with --home, or leave --database out.");
    }
    TREADLE_TRY(database, db::open_postgres(where.url, where.options));
  }
  TREADLE_CHECK(check_not_emptied(*database, where));
  return database;
}

Result<void> keep_together(const DatabaseOptions& where, events::Record& record) {
  if (where.url.empty()) return {};
  const std::vector<std::string> names{std::string(kHomeId), std::string(kHomePath)};
  TREADLE_TRY(auto known, record.values(names));
  TREADLE_TRY(const Note note, read_note(where.home));
  std::string id = known[names[0]];
  if (id.empty() && !note.id.empty()) {
    return fail(Errc::kCorrupt, "The database is not the one of the home '" + where.home +
                                    "': it knows no home. Restore it, or give the right one with "
                                    "--database.");
  }
  if (!id.empty() && id != note.id) {
    // Whoever makes the home at the same time writes the note a moment after.
    const bool same_place = known[names[1]] == where.home && note.id.empty();
    if (!same_place) {
      return fail(
          Errc::kInvalidArgument,
          "The database belongs to the home '" + known[names[1]] +
              "', which has the content it tells of. Use that home, or a database or schema "
              "of its own for '" +
              where.home + "'.");
    }
  }
  if (where.options.read_only) return {};
  if (id.empty()) {
    id = to_hex(random_bytes(16));
    TREADLE_CHECK(record.set_values({{names[0], id}, {names[1], where.home}}));
  }
  if (note.id == id && note.url == where.url) return {};
  return write_file_atomic(real_files(), note_path(where.home), where.url + "\n" + id + "\n", true,
                           0600);
}

}  // namespace treadle::app
