#include "sql_store.h"
#include <treadle/base/suggest.h>

namespace treadle::tracking {
namespace {

constexpr std::string_view kProjectColumns =
    "select id, entity, name, description, settings, created, (select count(*) from tracking_run r "
    "where r.project = p.id) from tracking_project p ";

Project read_project(const db::Statement& s) {
  Project project;
  project.key = s.integer(0);
  project.entity = s.text(1);
  project.name = s.text(2);
  project.description = s.text(3);
  project.settings = s.text(4);
  project.created = s.integer(5);
  project.run_count = s.integer(6);
  return project;
}

}  // namespace

Result<std::int64_t> use_project(db::Session& session, const std::string& entity,
                                 const std::string& name, Micros now) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select id from tracking_project where entity = $1 and name = $2"));
  s->bind(1, entity).bind(2, name);
  TREADLE_TRY(const bool found, s->step());
  if (found) return s->integer(0);
  TREADLE_TRY(s, session.prepare("insert into tracking_project (id, entity, name, description, "
                                 "settings, created) select coalesce(max(id), 0) + 1, $1, $2, '', "
                                 "'{}', $3 from tracking_project returning id"));
  s->bind(1, entity).bind(2, name).bind(3, now);
  TREADLE_TRY(const bool made, s->step());
  return made ? s->integer(0) : 0;
}

Result<Project> SqlStore::add_project(const std::string& entity, const std::string& name) {
  const RunRef ref = with_defaults({entity, name, ""});
  TREADLE_CHECK(check_run_ref(ref));
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::int64_t key,
                use_project(session, ref.entity, ref.project, options_.clock.now()));
    (void)key;
    return {};
  }));
  TREADLE_TRY(auto project, find_project(ref.entity, ref.project));
  if (!project) return fail(Errc::kInternal, "The project was removed while it was made.");
  return std::move(*project);
}

Result<std::optional<Project>> SqlStore::find_project(const std::string& entity,
                                                      const std::string& name) {
  const RunRef ref = with_defaults({entity, name, ""});
  std::optional<Project> project;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare(std::string(kProjectColumns) + "where entity = $1 and name = $2"));
    s->bind(1, ref.entity).bind(2, ref.project);
    TREADLE_TRY(const bool found, s->step());
    if (found) project = read_project(*s);
    return {};
  }));
  return project;
}

Result<std::vector<Project>> SqlStore::projects(const std::string& entity) {
  std::vector<Project> projects;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s,
                session.prepare(std::string(kProjectColumns) +
                                "where $1 = '' or entity = $1 order by entity, name"));
    s->bind(1, entity);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) return {};
      projects.push_back(read_project(*s));
    }
  }));
  return projects;
}

Result<void> SqlStore::update_project(std::int64_t project_key, const std::string& description,
                                      const std::string& settings) {
  TREADLE_CHECK(check_object(settings, "project's settings"));
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(db::Statement * s, session.prepare("update tracking_project set description = $1, "
                                                   "settings = $2 where id = $3"));
    s->bind(1, description).bind(2, settings).bind(3, project_key);
    TREADLE_CHECK(s->run());
    if (session.changes() == 0) return fail(Errc::kNotFound, "The project is not there any more.");
    return {};
  });
}

Result<void> SqlStore::remove_project(std::int64_t project_key) {
  std::vector<std::int64_t> gone;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    gone.clear();
    TREADLE_TRY(db::Statement * s,
                session.prepare("select id from tracking_run where project = $1"));
    s->bind(1, project_key);
    while (true) {
      TREADLE_TRY(const bool more, s->step());
      if (!more) break;
      gone.push_back(s->integer(0));
    }
    for (const std::int64_t run : gone) TREADLE_CHECK(remove_run(session, run));
    for (const char* sql : {"delete from tracking_path where project = $1",
                            "delete from tracking_project where id = $1"}) {
      TREADLE_TRY(s, session.prepare(sql));
      s->bind(1, project_key);
      TREADLE_CHECK(s->run());
    }
    return {};
  }));
  for (const std::int64_t run : gone) heads_.forget(run);
  return {};
}

}  // namespace treadle::tracking
