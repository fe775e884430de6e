#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/db/testing.h>

#include <cstdlib>

namespace treadle::db {

Result<std::string> test_url(const std::string& path) {
  const char* server = std::getenv("TREADLE_TEST_DATABASE");
  if (server == nullptr || *server == '\0') return std::string();
  const std::string base = server;
  const std::string schema = "t_" + to_hex(sha256(absolute_path(path))).substr(0, 24);
  TREADLE_TRY(const auto database, open_postgres(base, {.durability = Durability::kOff}));
  TREADLE_CHECK(database->write(
      [&](Session& session) { return session.execute("create schema if not exists " + schema); }));
  return base + (base.find('?') == std::string::npos ? "?" : "&") + "options=-csearch_path%3D" +
         schema;
}

Result<std::unique_ptr<Database>> open_for_test(const std::string& path, const Options& options) {
  TREADLE_TRY(const std::string url, test_url(path));
  return url.empty() ? open_sqlite(path, options) : open_postgres(url, options);
}

}  // namespace treadle::db
