// What a running run sends, and cutting and copying of histories.
#include "sql_store.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::tracking {
namespace {

constexpr std::int64_t kFirstArchive = 100;  // stream numbers of histories that were cut off

State ended(const Run& run, int exit_code) {
  if (run.stop_requested) return State::kKilled;
  if (exit_code == 0) return State::kFinished;
  return run.state == State::kPreempting ? State::kPreempted : State::kFailed;
}

// The last row of a batch, as JSON.
std::string last_row(const RowBatch& batch) {
  RowReader reader(batch);
  reader.seek(batch.rows - 1);
  std::string json;
  reader.append_json(json);
  return json;
}

// Puts the last value of every column into the summary, nested as it was logged.
Result<std::string> with_last_values(std::string_view summary, const RowBatch& batch) {
  boost::json::value value;
  TREADLE_CHECK(parse_json_value(summary, value));
  if (!value.is_object()) value.emplace_object();
  for (const Column& column : batch.columns) {
    if (column.count == 0) continue;
    ColumnCursor cursor(column);
    cursor.skip(column.count - 1);
    std::string text;
    cursor.append_json(text);
    boost::json::value last;
    TREADLE_CHECK(parse_json_value(text, last));
    boost::json::object* object = &value.get_object();
    const std::vector<std::string> names = split_key(column.key);
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      boost::json::value& inner = (*object)[names[i]];
      if (!inner.is_object()) inner.emplace_object();
      object = &inner.get_object();
    }
    (*object)[names.back()] = std::move(last);
  }
  return json_value_text(value);
}

void forget_key(boost::json::object& object, const std::vector<std::string>& names,
                std::size_t at = 0) {
  boost::json::value* inner = object.if_contains(names[at]);
  if (inner == nullptr) return;
  if (at + 1 == names.size()) {
    object.erase(names[at]);
  } else if (inner->is_object()) {
    forget_key(inner->get_object(), names, at + 1);
  }
}

struct Appended {
  Stream stream;
  StreamHead head;
};

}  // namespace

Result<StreamReply> SqlStore::stream(std::int64_t run_key, const StreamUpdate& update,
                                     db::Sync sync) {
  ParsedLines history, events;
  const bool shared = !update.writer.empty();
  if (update.history && !shared) {
    TREADLE_TRY(history, parse_lines(*update.history, "history"));
  }
  if (update.events && !shared) {
    TREADLE_TRY(events, parse_lines(*update.events, "system metrics"));
  }
  if (update.summary) TREADLE_CHECK(check_object(*update.summary, "summary"));

  StreamReply reply;
  std::vector<Appended> appended;
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        appended.clear();
        TREADLE_TRY(RunRow row, get_run(session, run_key, false));
        Run& run = row.run;
        reply.stop_requested = run.stop_requested;
        const Micros now = options_.clock.now();
        run.heartbeat = now;
        const auto append = [&](const ParsedLines& lines, Stream which) -> Result<std::int64_t> {
          TREADLE_TRY(StreamHead head, load_head(session, run_key, which, &heads_));
          TREADLE_TRY(const bool changed, append_lines(session, run_key, which, lines, head));
          if (changed) TREADLE_CHECK(save_head(session, run_key, which, head));
          if (which == Stream::kHistory) run.last_step = head.last_step;
          const std::int64_t count = head.lines;
          appended.push_back({which, std::move(head)});
          return count;
        };
        SharedRows placed;
        if (shared && update.history) {
          TREADLE_CHECK(placed.place(session, run_key, Stream::kHistory, update.writer,
                                     *update.history, run.history_lines));
          TREADLE_TRY(history, parse_lines(placed.lines, "history"));
        }
        if (shared && update.events) {
          TREADLE_CHECK(placed.place(session, run_key, Stream::kEvents, update.writer,
                                     *update.events, run.event_lines));
          TREADLE_TRY(events, parse_lines(placed.lines, "system metrics"));
        }
        const bool derive = update.derive_summary && history.batch.rows > 0;
        const bool new_events = events.batch.rows > 0;
        if (history.batch.rows > 0) {
          TREADLE_TRY(run.history_lines, append(history, Stream::kHistory));
        }
        if (new_events) {
          TREADLE_TRY(run.event_lines, append(events, Stream::kEvents));
        }
        if (update.console && shared) {
          TREADLE_TRY(run.console_lines, put_shared_console(session, run_key, update.writer,
                                                            run.console_lines, *update.console));
        } else if (update.console) {
          TREADLE_TRY(run.console_lines,
                      put_console(session, run_key, run.console_lines, *update.console));
        }
        // Of several writers the last words of one may come after another has ended the run.
        if (!is_alive(run.state) && !shared) {
          run.state = State::kRunning;
          run.exit_code.reset();
          run.finished = 0;
        }
        if (update.preempting) run.state = State::kPreempting;
        if (update.complete) {
          run.state = ended(run, update.exit_code);
          run.exit_code = update.exit_code;
          run.finished = now;
          run.stop_requested = false;
        }
        TREADLE_CHECK(update_run(session, run));
        if (!update.summary && !derive && !new_events && !update.complete) return {};
        TREADLE_TRY(Documents documents, load_documents(session, run_key));
        if (update.summary && shared) {
          TREADLE_TRY(documents.summary, with_patch(documents.summary, *update.summary, "summary"));
          if (run.last_step >= 0) {
            const std::string step = R"({"_step":)" + std::to_string(run.last_step) + "}";
            TREADLE_TRY(documents.summary, with_patch(documents.summary, step, "summary"));
          }
        } else if (update.summary) {
          documents.summary = *update.summary;
        }
        if (derive) {
          TREADLE_TRY(documents.summary, with_last_values(documents.summary, history.batch));
        }
        if (new_events) documents.system_metrics = last_row(events.batch);
        TREADLE_CHECK(save_documents(session, run_key, documents));
        if (update.complete) return index_values(session, row.project_key, run_key, documents);
        // While it runs, its values change all the time: they are looked at when somebody asks.
        if (!row.indexed || (!update.summary && !derive)) return {};
        TREADLE_TRY(db::Statement * s,
                    session.prepare("update tracking_run set indexed = 0 where id = $1"));
        s->bind(1, run_key);
        return s->run();
      },
      sync));
  for (Appended& done : appended) heads_.put(run_key, done.stream, std::move(done.head));
  return reply;
}

Result<StreamReply> SqlStore::heartbeat(std::int64_t run_key) {
  return stream(run_key, {}, db::Sync::kNo);
}

Result<Run> SqlStore::rewind(std::int64_t run_key, std::int64_t step) {
  heads_.forget(run_key);
  TREADLE_CHECK(database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, run_key));
    Run& run = row.run;
    TREADLE_TRY(
        db::Statement * s,
        session.prepare("select coalesce(max(stream), 0) from tracking_chunk where run = $1"));
    s->bind(1, run_key);
    TREADLE_TRY(const bool any, s->step());
    const std::int64_t archive = std::max(kFirstArchive, (any ? s->integer(0) : 0) + 1);
    TREADLE_TRY(StreamHead head, load_head(session, run_key, Stream::kHistory));
    const std::vector<KeyInfo> before = head.keys.keys();
    TREADLE_CHECK(cut_after(session, run_key, Stream::kHistory, step, archive, head));
    TREADLE_CHECK(save_head(session, run_key, Stream::kHistory, head));
    // What was logged goes back to what it was; what was set by hand stays.
    boost::json::value summary;
    TREADLE_CHECK(parse_json_value(run.summary, summary));
    if (!summary.is_object()) summary.emplace_object();
    for (const KeyInfo& key : before) forget_key(summary.get_object(), split_key(key.key));
    run.summary = json_value_text(summary);
    TREADLE_TRY(const auto chunks,
                list_chunks(session, run_key, static_cast<std::int64_t>(Stream::kHistory)));
    for (const ChunkRow& chunk : chunks) {
      TREADLE_TRY(ChunkHead part, load_chunk(session, run_key, 0, chunk));
      TREADLE_CHECK(load_columns(session, run_key, 0, chunk, part));
      TREADLE_TRY(run.summary, with_last_values(run.summary, part.batch));
    }
    run.history_lines = head.lines;
    run.last_step = head.last_step;
    run.state = State::kRunning;
    run.exit_code.reset();
    run.finished = 0;
    run.heartbeat = options_.clock.now();
    TREADLE_CHECK(update_run(session, run));
    const Documents documents{run.config, run.summary, run.metadata, run.system_metrics};
    TREADLE_CHECK(save_documents(session, run_key, documents));
    return index_values(session, row.project_key, run_key, documents);
  }));
  return get(run_key);
}

Result<Run> SqlStore::fork(std::int64_t run_key, std::int64_t step, const RunRef& into) {
  TREADLE_TRY(const Run source, get(run_key));
  RunRef ref = into;
  if (ref.entity.empty()) ref.entity = source.entity;
  if (ref.project.empty()) ref.project = source.project;
  RunChanges changes;
  changes.config = source.config;
  TREADLE_TRY(const Started started, begin(ref, changes, Resume::kNever, true));
  const std::int64_t key = started.run.key;
  auto copied = database_.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(RunRow row, get_run(session, key));
    StreamHead head;
    TREADLE_CHECK(copy_until(session, run_key, key, Stream::kHistory, step, head));
    TREADLE_CHECK(save_head(session, key, Stream::kHistory, head));
    TREADLE_TRY(const auto chunks, list_chunks(session, key, 0));
    for (const ChunkRow& chunk : chunks) {
      TREADLE_TRY(ChunkHead part, load_chunk(session, key, 0, chunk));
      TREADLE_CHECK(load_columns(session, key, 0, chunk, part));
      TREADLE_TRY(row.run.summary, with_last_values(row.run.summary, part.batch));
    }
    row.run.history_lines = head.lines;
    row.run.last_step = head.last_step;
    row.run.forked_from = source.id;
    row.run.forked_at = step;
    TREADLE_CHECK(update_run(session, row.run));
    const Documents documents{row.run.config, row.run.summary, row.run.metadata,
                              row.run.system_metrics};
    TREADLE_CHECK(save_documents(session, key, documents));
    return index_values(session, row.project_key, key, documents);
  });
  if (!copied) {
    (void)remove(key);
    return fail(std::move(copied).error());
  }
  return get(key);
}

}  // namespace treadle::tracking
