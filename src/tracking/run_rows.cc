#include "sql_store.h"

#include <algorithm>

namespace treadle::tracking {
namespace {

constexpr std::string_view kRunColumns =
    "r.id, p.entity, p.name, r.run_id, r.display_name, r.run_group, r.job_type, r.state, "
    "r.exit_code, r.stop_requested, r.created, r.heartbeat, r.finished, r.history_lines, "
    "r.event_lines, r.console_lines, r.last_step, r.user_name, r.host, r.program, r.repository, "
    "r.commit_hash, r.sweep, r.forked_from, r.forked_at, r.description, r.notes, r.project, "
    "r.indexed";

RunRow read_row(const db::Statement& s) {
  RunRow row;
  Run& run = row.run;
  int i = 0;
  const auto text = [&] { return std::string(s.text(i++)); };
  run.key = s.integer(i++);
  run.entity = text();
  run.project = text();
  run.id = text();
  run.display_name = text();
  run.group = text();
  run.job_type = text();
  run.state = static_cast<State>(s.integer(i++));
  if (!s.is_null(i)) run.exit_code = static_cast<int>(s.integer(i));
  ++i;
  run.stop_requested = s.integer(i++) != 0;
  run.created = s.integer(i++);
  run.heartbeat = s.integer(i++);
  run.finished = s.integer(i++);
  run.history_lines = s.integer(i++);
  run.event_lines = s.integer(i++);
  run.console_lines = s.integer(i++);
  run.last_step = s.integer(i++);
  run.user = text();
  run.host = text();
  run.program = text();
  run.repository = text();
  run.commit = text();
  run.sweep = text();
  run.forked_from = text();
  run.forked_at = s.integer(i++);
  run.description = text();
  run.notes = text();
  row.project_key = s.integer(i++);
  row.indexed = s.integer(i++) != 0;
  return row;
}

// Parameters 1 to 24 of insert_run and update_run.
void bind_run(db::Statement& s, const Run& run) {
  s.bind(1, run.display_name)
      .bind(2, run.group)
      .bind(3, run.job_type)
      .bind(4, static_cast<std::int64_t>(run.state));
  if (run.exit_code) {
    s.bind(5, *run.exit_code);
  } else {
    s.bind_null(5);
  }
  s.bind(6, run.stop_requested)
      .bind(7, run.heartbeat)
      .bind(8, run.finished)
      .bind(9, run.history_lines)
      .bind(10, run.event_lines)
      .bind(11, run.console_lines)
      .bind(12, run.last_step)
      .bind(13, run.user)
      .bind(14, run.host)
      .bind(15, run.program)
      .bind(16, run.repository)
      .bind(17, run.commit)
      .bind(18, run.sweep)
      .bind(19, run.forked_from)
      .bind(20, run.forked_at)
      .bind(21, run.description)
      .bind(22, run.notes);
}

}  // namespace

Result<std::vector<RunRow>> select_runs(db::Session& session, const std::string& where,
                                        const std::function<void(db::Statement&)>& bind,
                                        bool with_documents) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare("select " + std::string(kRunColumns) +
                      " from tracking_run r join tracking_project p on p.id = r.project " + where));
  bind(*s);
  std::vector<RunRow> rows;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    rows.push_back(read_row(*s));
  }
  for (RunRow& row : rows) {
    TREADLE_TRY(row.run.tags, select_tags(session, row.run.key));
    if (!with_documents) continue;
    TREADLE_TRY(Documents documents, load_documents(session, row.run.key));
    row.run.config = std::move(documents.config);
    row.run.summary = std::move(documents.summary);
    row.run.metadata = std::move(documents.metadata);
    row.run.system_metrics = std::move(documents.system_metrics);
  }
  return rows;
}

Result<std::optional<RunRow>> select_run(db::Session& session, std::int64_t run_key,
                                         bool with_documents) {
  TREADLE_TRY(auto rows, select_runs(
                             session, "where r.id = $1",
                             [&](db::Statement& s) { s.bind(1, run_key); }, with_documents));
  if (rows.empty()) return std::optional<RunRow>();
  return std::optional<RunRow>(std::move(rows.front()));
}

Result<RunRow> get_run(db::Session& session, std::int64_t run_key, bool with_documents) {
  TREADLE_TRY(auto row, select_run(session, run_key, with_documents));
  if (row) return std::move(*row);
  return fail(Errc::kNotFound, "The run is not there any more: it was deleted.");
}

Result<std::int64_t> insert_run(db::Session& session, std::int64_t project_key, const Run& run) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare(
          "insert into tracking_run (id, display_name, run_group, job_type, state, exit_code, "
          "stop_requested, heartbeat, finished, history_lines, event_lines, console_lines, "
          "last_step, "
          "user_name, host, program, repository, commit_hash, sweep, forked_from, forked_at, "
          "description, notes, project, run_id, created, indexed) select coalesce(max(id), 0) + 1, "
          "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
          "$20, "
          "$21, $22, $23, $24, $25, 0 from tracking_run returning id"));
  bind_run(*s, run);
  s->bind(23, project_key).bind(24, run.id).bind(25, run.created);
  TREADLE_TRY(const bool made, s->step());
  return made ? s->integer(0) : 0;
}

Result<void> update_run(db::Session& session, const Run& run) {
  TREADLE_TRY(
      db::Statement * s,
      session.prepare(
          "update tracking_run set display_name = $1, run_group = $2, job_type = $3, state = $4, "
          "exit_code = $5, stop_requested = $6, heartbeat = $7, finished = $8, history_lines = $9, "
          "event_lines = $10, console_lines = $11, last_step = $12, user_name = $13, host = $14, "
          "program = $15, repository = $16, commit_hash = $17, sweep = $18, forked_from = $19, "
          "forked_at = $20, description = $21, notes = $22 where id = $23"));
  bind_run(*s, run);
  s->bind(23, run.key);
  return s->run();
}

Result<std::vector<std::string>> select_tags(db::Session& session, std::int64_t run_key) {
  TREADLE_TRY(db::Statement * s,
              session.prepare("select tag from tracking_tag where run = $1 order by position"));
  s->bind(1, run_key);
  std::vector<std::string> tags;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) return tags;
    tags.emplace_back(s->text(0));
  }
}

Result<void> set_run_tags(db::Session& session, std::int64_t run_key,
                          const std::vector<std::string>& tags) {
  TREADLE_TRY(db::Statement * s, session.prepare("delete from tracking_tag where run = $1"));
  s->bind(1, run_key);
  TREADLE_CHECK(s->run());
  for (std::size_t i = 0; i < tags.size(); ++i) {
    TREADLE_TRY(s,
                session.prepare("insert into tracking_tag (run, position, tag) values ($1, $2, $3) "
                                "on conflict (run, tag) do nothing"));
    s->bind(1, run_key).bind(2, static_cast<std::int64_t>(i)).bind(3, tags[i]);
    TREADLE_CHECK(s->run());
  }
  return {};
}

Result<void> remove_run(db::Session& session, std::int64_t run_key) {
  TREADLE_CHECK(remove_streams(session, run_key));
  for (const char* sql :
       {"delete from tracking_value where run = $1", "delete from tracking_tag where run = $1",
        "delete from tracking_console where run = $1", "delete from tracking_writer where run = $1",
        "delete from tracking_file where run = $1", "delete from tracking_document where run = $1",
        "delete from tracking_run where id = $1"}) {
    TREADLE_TRY(db::Statement * s, session.prepare(sql));
    s->bind(1, run_key);
    TREADLE_CHECK(s->run());
  }
  return {};
}

State state_now(State stored, Micros heartbeat, Micros now, Micros crashed_after) {
  // Heard of at a time that is still to come: the clock was set back. A run that goes on is heard of
  // again at once, and one that does not would else be running until that time.
  const bool silent = heartbeat + crashed_after < now || now + crashed_after < heartbeat;
  if (silent && stored == State::kRunning) return State::kCrashed;
  if (silent && stored == State::kPreempting) return State::kPreempted;
  return stored;
}

}  // namespace treadle::tracking
