#include "core.h"
#include "rows.h"
#include <treadle/artifact/run_links.h>
#include <treadle/db/query.h>

namespace treadle::artifact {

RunLinks::RunLinks(Store& store) : store_(store) {}

Result<void> RunLinks::add(const Version& version, const RunPlace& place, RunLink link) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    return run(session,
               "insert into artifact_run_link (version_id, entity, project, run_id, kind, at) "
               "values ($1, $2, $3, $4, $5, $6) on conflict (version_id, entity, project, run_id, "
               "kind) do nothing",
               [&](db::Statement& s) {
                 s.bind(1, version.id).bind(2, place.entity).bind(3, place.project);
                 s.bind(4, place.run_id).bind(5, static_cast<int>(link)).bind(6, core.clock.now());
               });
  });
}

Result<std::vector<RunPlace>> RunLinks::runs(const Version& version, RunLink link) {
  return db::read_all(
      store_.core().database,
      "select entity, project, run_id from artifact_run_link where version_id = $1 and kind = $2 "
      "order by at, entity, project, run_id",
      [&](db::Statement& s) { s.bind(1, version.id).bind(2, static_cast<int>(link)); },
      [](const db::Statement& s) {
        return RunPlace{std::string(s.text(0)), std::string(s.text(1)), std::string(s.text(2))};
      });
}

Result<std::vector<Version>> RunLinks::versions(const RunPlace& place, RunLink link) {
  std::vector<Version> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_versions(session,
                                     "v.id in (select l.version_id from artifact_run_link l where "
                                     "l.entity = $1 and l.project = $2 and l.run_id = $3 and "
                                     "l.kind = $4) order by v.id",
                                     [&](db::Statement& s) {
                                       s.bind(1, place.entity).bind(2, place.project);
                                       s.bind(3, place.run_id).bind(4, static_cast<int>(link));
                                     }));
    return {};
  }));
  return out;
}

}  // namespace treadle::artifact
