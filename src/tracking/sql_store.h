// Private to the room: the store.
#pragma once

#include "documents.h"
#include "row_stream.h"
#include <treadle/artifact/store.h>
#include <treadle/blob/store.h>
#include <treadle/tracking/store.h>

#include <deque>

namespace treadle::tracking {

class SqlStore final : public Store {
 public:
  SqlStore(db::Database& database, artifact::Store& artifacts, const StoreOptions& options)
      : database_(database), artifacts_(artifacts), options_(options) {}

  // projects.cc
  Result<Project> add_project(const std::string& entity, const std::string& name) override;
  Result<std::optional<Project>> find_project(const std::string& entity,
                                              const std::string& name) override;
  Result<std::vector<Project>> projects(const std::string& entity) override;
  Result<void> update_project(std::int64_t project_key, const std::string& description,
                              const std::string& settings) override;
  Result<void> remove_project(std::int64_t project_key) override;

  // runs.cc
  Result<Started> start(const RunRef& ref, const RunChanges& changes, Resume resume) override;
  Result<Started> upsert(const RunRef& ref, const RunChanges& changes) override;
  Result<Run> update(std::int64_t run_key, const RunChanges& changes) override;
  Result<void> finish(std::int64_t run_key, int exit_code) override;
  Result<void> request_stop(std::int64_t run_key) override;
  Result<void> set_state(std::int64_t run_key, State state) override;
  Result<void> remove(std::int64_t run_key) override;
  Result<std::optional<Run>> find(const RunRef& ref) override;
  Result<Run> get(const RunRef& ref) override;
  Result<Run> get(std::int64_t run_key) override;
  Result<std::vector<Run>> find_by_id(const std::string& id) override;

  // stream.cc
  Result<StreamReply> stream(std::int64_t run_key, const StreamUpdate& update,
                             db::Sync sync) override;
  Result<StreamReply> heartbeat(std::int64_t run_key) override;
  Result<Run> rewind(std::int64_t run_key, std::int64_t step) override;
  Result<Run> fork(std::int64_t run_key, std::int64_t step, const RunRef& into) override;

  // list.cc
  Result<RunPage> runs(const RunQuery& query) override;
  Result<std::int64_t> count(const RunQuery& query) override;

  // history.cc
  Result<void> scan(std::int64_t run_key, Stream stream, const HistoryQuery& query,
                    const RowSink& sink) override;
  Result<std::vector<std::string>> rows(std::int64_t run_key, Stream stream,
                                        const HistoryQuery& query) override;
  Result<std::vector<std::string>> sampled(std::int64_t run_key, Stream stream,
                                           const SampleQuery& query) override;
  Result<std::vector<Point>> series(std::int64_t run_key, const std::string& key,
                                    std::int64_t samples, Stream stream) override;
  Result<KeysInfo> keys_info(std::int64_t run_key, Stream stream) override;

  // console.cc
  Result<std::vector<std::string>> console(std::int64_t run_key, std::int64_t first,
                                           std::int64_t count) override;

  // run_files.cc
  Result<RunFile> put_file(std::int64_t run_key, const std::string& name, std::string_view bytes,
                           const std::string& mimetype) override;
  Result<RunFile> put_file_from(std::int64_t run_key, const std::string& name,
                                const std::string& path, const std::string& mimetype) override;
  Result<std::vector<RunFile>> files(std::int64_t run_key, const std::string& pattern) override;
  Result<std::optional<RunFile>> find_file(std::int64_t run_key, const std::string& name) override;
  Result<std::string> read_file(std::int64_t run_key, const std::string& name,
                                std::int64_t limit) override;
  Result<void> copy_file(std::int64_t run_key, const std::string& name,
                         const std::string& path) override;
  Result<void> remove_file(std::int64_t run_key, const std::string& name) override;

 private:
  RunRef with_defaults(RunRef ref) const;
  Result<Started> begin(const RunRef& given, const RunChanges& changes, Resume resume, bool run_it);
  Result<RunFile> keep_file(std::int64_t run_key, const std::string& name,
                            const std::string& mimetype,
                            const std::function<Result<blob::Blob>(blob::Batch&)>& add);
  void index_silent(const std::vector<std::int64_t>& runs);

  db::Database& database_;
  artifact::Store& artifacts_;
  const StoreOptions options_;
  HeadCache heads_;
};

// run_rows.cc: rows of tracking_run as values, inside a transaction.
struct RunRow {
  Run run;
  std::int64_t project_key = 0;
  bool indexed = false;
};
// `where` names tracking_run as r and tracking_project as p; `bind` sets its parameters.
Result<std::vector<RunRow>> select_runs(db::Session& session, const std::string& where,
                                        const std::function<void(db::Statement&)>& bind,
                                        bool with_documents = true);
Result<std::optional<RunRow>> select_run(db::Session& session, std::int64_t run_key,
                                         bool with_documents = true);
Result<RunRow> get_run(db::Session& session, std::int64_t run_key, bool with_documents = true);
Result<std::int64_t> insert_run(db::Session& session, std::int64_t project_key, const Run& run);
Result<void> update_run(db::Session& session, const Run& run);
Result<std::vector<std::string>> select_tags(db::Session& session, std::int64_t run_key);
Result<void> set_run_tags(db::Session& session, std::int64_t run_key,
                          const std::vector<std::string>& tags);
Result<void> remove_run(db::Session& session, std::int64_t run_key);
Result<std::int64_t> use_project(db::Session& session, const std::string& entity,
                                 const std::string& name, Micros now);
// What a run's state is said to be after so long a silence.
State state_now(State stored, Micros heartbeat, Micros now, Micros crashed_after);

// console.cc. Returns how many lines there are then.
Result<std::int64_t> put_console(db::Session& session, std::int64_t run_key, std::int64_t lines,
                                 const Lines& update);

// shared.cc: several writers of one run. `count` lines are there; each part of what one of them sends
// gets its place: where its lines are already, or behind all others.
Result<std::vector<Lines>> place_lines(db::Session& session, std::int64_t run, std::int64_t stream,
                                       std::string_view writer, const Lines& lines,
                                       std::int64_t count);
// The rows of a request that are new, behind those that are there. Rows of history get their steps.
struct SharedRows {
  Lines lines;
  std::deque<std::string> texts;  // of lines that had to be changed
  Result<void> place(db::Session& session, std::int64_t run, Stream stream, std::string_view writer,
                     const Lines& given, std::int64_t count);
};
// As put_console.
Result<std::int64_t> put_shared_console(db::Session& session, std::int64_t run,
                                        std::string_view writer, std::int64_t count,
                                        const Lines& lines);

}  // namespace treadle::tracking
