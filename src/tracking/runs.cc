// Beginning, changing, ending and finding runs.
#include "display_name.h"
#include "schema.h"
#include "sql_store.h"
#include <treadle/base/random.h>
#include <treadle/base/suggest.h>
#include <treadle/blob/store.h>

#include <algorithm>

namespace treadle::tracking {
namespace {

std::string made_up_id() {
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id;
  while (id.size() < 8) {
    for (const char c : random_bytes(16)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 252 && id.size() < 8) id += kLetters[byte % kLetters.size()];
    }
  }
  return id;
}

void set(std::string& to, const std::optional<std::string>& from) {
  if (from) to = *from;
}

// What the documents and fields become; whether documents did.
Result<bool> apply(const RunChanges& changes, Run& run) {
  set(run.display_name, changes.display_name);
  set(run.description, changes.description);
  set(run.notes, changes.notes);
  set(run.group, changes.group);
  set(run.job_type, changes.job_type);
  set(run.host, changes.host);
  set(run.program, changes.program);
  set(run.repository, changes.repository);
  set(run.commit, changes.commit);
  set(run.user, changes.user);
  set(run.sweep, changes.sweep);
  if (changes.state) run.state = *changes.state;
  if (changes.tags) run.tags = *changes.tags;
  for (const std::string& tag : changes.add_tags.value_or(std::vector<std::string>())) {
    if (std::find(run.tags.begin(), run.tags.end(), tag) == run.tags.end()) run.tags.push_back(tag);
  }
  bool documents = false;
  const auto replace = [&](std::string& document, const std::optional<std::string>& whole,
                           const std::optional<std::string>& patch,
                           std::string_view what) -> Result<void> {
    if (whole) {
      TREADLE_CHECK(check_object(*whole, what));
      document = *whole;
      documents = true;
    }
    if (patch) {
      TREADLE_TRY(document, with_patch(document, *patch, what));
      documents = true;
    }
    return {};
  };
  TREADLE_CHECK(replace(run.config, changes.config, changes.config_patch, "config"));
  TREADLE_CHECK(replace(run.summary, changes.summary, changes.summary_patch, "summary"));
  TREADLE_CHECK(replace(run.metadata, changes.metadata, {}, "metadata"));
  return documents;
}

Result<void> save(db::Session& session, std::int64_t project_key, const Run& run,
                  const RunChanges& changes, bool documents) {
  TREADLE_CHECK(update_run(session, run));
  if (changes.tags || changes.add_tags) TREADLE_CHECK(set_run_tags(session, run.key, run.tags));
  if (!documents) return {};
  const Documents all{run.config, run.summary, run.metadata, run.system_metrics};
  TREADLE_CHECK(save_documents(session, run.key, all));
  return index_values(session, project_key, run.key, all);
}

Result<std::optional<RunRow>> select_ref(db::Session& session, const RunRef& ref) {
  TREADLE_TRY(auto rows,
              select_runs(session, "where p.entity = $1 and p.name = $2 and r.run_id = $3",
                          [&](db::Statement& s) {
                            s.bind(1, ref.entity).bind(2, ref.project).bind(3, ref.id);
                          }));
  if (rows.empty()) return std::optional<RunRow>();
  return std::optional<RunRow>(std::move(rows.front()));
}

std::string text_of(const RunRef& ref) {
  return ref.entity + "/" + ref.project + "/" + ref.id;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(db::Database& database, artifact::Store& artifacts,
                                           const StoreOptions& options) {
  TREADLE_CHECK(migrate_tables(database));
  artifacts.also_keep([] {
    return [](db::Session& session, blob::BlobSet& used) -> Result<void> {
      TREADLE_TRY(db::Statement * s, session.prepare("select sha256 from tracking_file"));
      while (true) {
        TREADLE_TRY(const bool more, s->step());
        if (!more) return {};
        Sha256 sha256{};
        const std::string_view bytes = s->text(0);
        std::copy_n(bytes.begin(), std::min(bytes.size(), sha256.size()),
                    reinterpret_cast<char*>(sha256.data()));
        used.insert(sha256);
      }
    };
  });
  return std::make_unique<SqlStore>(database, artifacts, options);
}

RunRef SqlStore::with_defaults(RunRef ref) const {
  if (ref.entity.empty()) ref.entity = options_.entity;
  if (ref.project.empty()) ref.project = options_.project;
  return ref;
}

Result<Started> SqlStore::begin(const RunRef& given, const RunChanges& changes, Resume resume,
                                bool run_it) {
  RunRef ref = with_defaults(given);
  if (ref.id.empty()) ref.id = made_up_id();
  TREADLE_CHECK(check_run_ref(ref));
  Started started;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    const Micros now = options_.clock.now();
    TREADLE_TRY(auto row, select_ref(session, ref));
    if (row && resume == Resume::kNever) {
      return fail(Errc::kAlreadyExists,
                  "The run " + text_of(ref) +
                      " exists already, and resume=\"never\" says that it must "
                      "not. Give another id, or resume=\"allow\".");
    }
    if (!row && resume == Resume::kMust) {
      return fail(Errc::kNotFound,
                  "There is no run " + text_of(ref) +
                      " to be resumed, and resume=\"must\" says that there must be "
                      "one. Check its id, or use resume=\"allow\".");
    }
    Run& run = started.run;
    std::int64_t project_key = 0;
    if (row) {
      run = std::move(row->run);
      project_key = row->project_key;
    } else {
      started.inserted = true;
      TREADLE_TRY(project_key, use_project(session, ref.entity, ref.project, now));
      run.entity = ref.entity;
      run.project = ref.project;
      run.id = ref.id;
      run.created = now;
      run.heartbeat = now;
      TREADLE_TRY(db::Statement * s,
                  session.prepare("select count(*) from tracking_run where project = $1"));
      s->bind(1, project_key);
      TREADLE_TRY(const bool counted, s->step());
      run.display_name = made_up_name(counted ? s->integer(0) + 1 : 1);
    }
    if (run_it) {
      run.state = State::kRunning;
      run.exit_code.reset();
      run.finished = 0;
      run.stop_requested = false;
      run.heartbeat = now;
    }
    TREADLE_TRY(const bool documents, apply(changes, run));
    if (started.inserted) {
      TREADLE_TRY(run.key, insert_run(session, project_key, run));
    }
    return save(session, project_key, run, changes, documents || started.inserted);
  }));
  return started;
}

Result<Started> SqlStore::start(const RunRef& ref, const RunChanges& changes, Resume resume) {
  return begin(ref, changes, resume, true);
}

Result<Started> SqlStore::upsert(const RunRef& ref, const RunChanges& changes) {
  return begin(ref, changes, Resume::kAllow, false);
}

Result<Run> SqlStore::update(std::int64_t run_key, const RunChanges& changes) {
  Run run;
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, run_key));
    run = std::move(row.run);
    TREADLE_TRY(const bool documents, apply(changes, run));
    return save(session, row.project_key, run, changes, documents);
  }));
  run.state = state_now(run.state, run.heartbeat, options_.clock.now(), options_.crashed_after);
  return run;
}

Result<void> SqlStore::finish(std::int64_t run_key, int exit_code) {
  StreamUpdate update;
  update.complete = true;
  update.exit_code = exit_code;
  TREADLE_TRY(const StreamReply reply, stream(run_key, update, db::Sync::kYes));
  (void)reply;
  return {};
}

Result<void> SqlStore::request_stop(std::int64_t run_key) {
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, run_key, false));
    row.run.stop_requested = true;
    return update_run(session, row.run);
  });
}

Result<void> SqlStore::set_state(std::int64_t run_key, State state) {
  return database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, run_key, false));
    const Micros now = options_.clock.now();
    const State before = state_now(row.run.state, row.run.heartbeat, now, options_.crashed_after);
    if (before == state || !is_alive(before)) {
      return fail(Errc::kInvalidArgument, "invalid state transition: run " + row.run.text() +
                                              " is " + std::string(to_string(before)) +
                                              " and cannot become " +
                                              std::string(to_string(state)) + ".");
    }
    row.run.state = state;
    if (is_alive(state)) {
      row.run.heartbeat = now;
    } else {
      row.run.finished = now;
    }
    return update_run(session, row.run);
  });
}

Result<void> SqlStore::remove(std::int64_t run_key) {
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const RunRow row, get_run(session, run_key, false));
    (void)row;
    return remove_run(session, run_key);
  }));
  heads_.forget(run_key);
  return {};
}

Result<std::optional<Run>> SqlStore::find(const RunRef& given) {
  const RunRef ref = with_defaults(given);
  std::optional<Run> run;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(auto row, select_ref(session, ref));
    if (row) run = std::move(row->run);
    return {};
  }));
  if (run) {
    run->state =
        state_now(run->state, run->heartbeat, options_.clock.now(), options_.crashed_after);
  }
  return run;
}

Result<Run> SqlStore::get(const RunRef& given) {
  TREADLE_TRY(auto run, find(given));
  if (run) return std::move(*run);
  const RunRef ref = with_defaults(given);
  std::vector<std::string> ids;
  RunQuery query;
  query.entity = ref.entity;
  query.project = ref.project;
  query.order = "-created_at";
  query.limit = 200;
  query.with_documents = false;
  TREADLE_TRY(const RunPage page, runs(query));
  for (const Run& other : page.runs) ids.push_back(other.id);
  return fail(Errc::kNotFound, "There is no run " + text_of(ref) + "." + did_you_mean(ref.id, ids) +
                                   " `treadle runs list` shows those there are.");
}

Result<Run> SqlStore::get(std::int64_t run_key) {
  Run run;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, run_key));
    run = std::move(row.run);
    return {};
  }));
  run.state = state_now(run.state, run.heartbeat, options_.clock.now(), options_.crashed_after);
  return run;
}

Result<std::vector<Run>> SqlStore::find_by_id(const std::string& id) {
  std::vector<Run> found;
  TREADLE_CHECK(database_.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(auto rows,
                select_runs(session, "where r.run_id = $1 order by r.created desc, r.id desc",
                            [&](db::Statement& s) { s.bind(1, id); }));
    for (RunRow& row : rows) found.push_back(std::move(row.run));
    return {};
  }));
  const Micros now = options_.clock.now();
  for (Run& run : found) {
    run.state = state_now(run.state, run.heartbeat, now, options_.crashed_after);
  }
  return found;
}

}  // namespace treadle::tracking
