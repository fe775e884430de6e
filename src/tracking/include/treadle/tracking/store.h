// Runs as W&B knows them, kept in a home: what they were given (config), what they report
// (history, summary, console, files) and how they are found again.
//
//   TREADLE_TRY(auto begun, store.start({"", "iris", "run-1"}, {.config = R"({"lr":0.1})"}));
//   std::string_view row = R"({"_step":0,"loss":0.5})";
//   store.stream(begun.run.key, {.history = Lines{0, {row}}});
//   store.stream(begun.run.key, {.complete = true});
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/files.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>
#include <treadle/tracking/history.h>
#include <treadle/tracking/run.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {
class Store;
}

namespace treadle::tracking {

struct StoreOptions {
  Clock& clock = system_clock();
  std::string entity = "local";  // where a reference names none
  std::string project = "uncategorized";
  Micros crashed_after = 5LL * 60 * 1'000'000;  // silence after which a running run has crashed
};

struct Started {
  Run run;
  bool inserted = false;  // the run is new
};

// Which runs, in what order.
struct RunQuery {
  std::string entity;   // "" = any
  std::string project;  // "" = any
  // W&B's Mongo-like filter, JSON object text ("" = all): {"config.lr": {"$gt": 0.1}, "state":
  // "finished"}. See docs/formats/tracking.md for paths and operators.
  std::string filter;
  // "+created_at" (default), "-created_at", "-config.lr", "+summary_metrics.loss", "name", ... ;
  // several with commas.
  std::string order;
  std::int64_t limit = 50;  // 0 = all
  // Continue after this run: its key, as Run::key of the last one got; 0 = from the beginning.
  std::int64_t after = 0;
  bool with_documents = true;  // config, summary, metadata, system metrics
};
struct RunPage {
  std::vector<Run> runs;
  std::int64_t total = 0;  // how many match in all
  bool more = false;
};

// Thread-safe; several processes may use one home. Opens lazily after close_for_fork(). Errors:
// kNotFound names the run and the nearest name; kInvalidArgument says what is wrong with input and
// where.
class Store {
 public:
  // `database` and `artifacts` (whose blobs hold the run files) must outlive the store. Tells
  // `artifacts` which blobs run files need, so that garbage collection keeps them.
  static Result<std::unique_ptr<Store>> open(db::Database& database, artifact::Store& artifacts,
                                             const StoreOptions& options = {});
  virtual ~Store() = default;

  // Projects come into being when first used by start() or upsert(), or here.
  virtual Result<Project> add_project(const std::string& entity, const std::string& name) = 0;
  virtual Result<std::optional<Project>> find_project(const std::string& entity,
                                                      const std::string& name) = 0;
  // In order of entity and name; entity "" = of all.
  virtual Result<std::vector<Project>> projects(const std::string& entity = {}) = 0;
  virtual Result<void> update_project(std::int64_t project_key, const std::string& description,
                                      const std::string& settings) = 0;
  // With its runs.
  virtual Result<void> remove_project(std::int64_t project_key) = 0;

  // Begins or resumes a run: it is kRunning afterwards (unless `changes` say otherwise) and has a
  // display name. An empty id is made up (8 letters and digits).
  virtual Result<Started> start(const RunRef& ref, const RunChanges& changes,
                                Resume resume = Resume::kNone) = 0;
  // Adds the run (kPending) or changes it; never touches the state of a run that is there, unless
  // `changes` say so.
  virtual Result<Started> upsert(const RunRef& ref, const RunChanges& changes) = 0;
  virtual Result<Run> update(std::int64_t run_key, const RunChanges& changes) = 0;
  // Takes effect together, once: see StreamUpdate. A finished run that streams again is running
  // again. kYes: survives the loss of the machine when this returns.
  virtual Result<StreamReply> stream(std::int64_t run_key, const StreamUpdate& update,
                                     db::Sync sync = db::Sync::kNo) = 0;
  // Only says that the run is alive.
  virtual Result<StreamReply> heartbeat(std::int64_t run_key) = 0;
  virtual Result<void> finish(std::int64_t run_key, int exit_code) = 0;
  // The next stream() or heartbeat() is told; when it ends, it is kKilled.
  virtual Result<void> request_stop(std::int64_t run_key) = 0;
  // A legal transition of W&B's, else kInvalidArgument with "invalid state transition".
  virtual Result<void> set_state(std::int64_t run_key, State state) = 0;
  // Cuts the history after `step`; the rest is kept aside, the summary goes back. Running again.
  virtual Result<Run> rewind(std::int64_t run_key, std::int64_t step) = 0;
  // A new run that has the history up to `step`, config and summary of another.
  virtual Result<Run> fork(std::int64_t run_key, std::int64_t step, const RunRef& into) = 0;
  // With history, console and files. Its id may be used again.
  virtual Result<void> remove(std::int64_t run_key) = 0;

  virtual Result<std::optional<Run>> find(const RunRef& ref) = 0;
  virtual Result<Run> get(const RunRef& ref) = 0;
  virtual Result<Run> get(std::int64_t run_key) = 0;
  // Runs with this id in whatever project, newest first.
  virtual Result<std::vector<Run>> find_by_id(const std::string& id) = 0;
  virtual Result<RunPage> runs(const RunQuery& query) = 0;
  virtual Result<std::int64_t> count(const RunQuery& query) = 0;

  // Rows, whole or only some keys, in order of line.
  virtual Result<void> scan(std::int64_t run_key, Stream stream, const HistoryQuery& query,
                            const RowSink& sink) = 0;
  virtual Result<std::vector<std::string>> rows(std::int64_t run_key, Stream stream,
                                                const HistoryQuery& query = {}) = 0;
  virtual Result<std::vector<std::string>> sampled(std::int64_t run_key, Stream stream,
                                                   const SampleQuery& query) = 0;
  // At most `samples` points of one metric (0 = all).
  virtual Result<std::vector<Point>> series(std::int64_t run_key, const std::string& key,
                                            std::int64_t samples = 0,
                                            Stream stream = Stream::kHistory) = 0;
  virtual Result<KeysInfo> keys_info(std::int64_t run_key, Stream stream = Stream::kHistory) = 0;

  // `count` lines from line `first` on; first < 0 = from the end.
  virtual Result<std::vector<std::string>> console(std::int64_t run_key, std::int64_t first = 0,
                                                   std::int64_t count = 0) = 0;

  // Keeps a file of the run; one of the same name is replaced. Bytes or a file on disk, read in
  // constant memory.
  virtual Result<RunFile> put_file(std::int64_t run_key, const std::string& name,
                                   std::string_view bytes, const std::string& mimetype = {}) = 0;
  virtual Result<RunFile> put_file_from(std::int64_t run_key, const std::string& name,
                                        const std::string& path,
                                        const std::string& mimetype = {}) = 0;
  // In order of name; `pattern` is SQL's LIKE ("" = all).
  virtual Result<std::vector<RunFile>> files(std::int64_t run_key,
                                             const std::string& pattern = {}) = 0;
  virtual Result<std::optional<RunFile>> find_file(std::int64_t run_key,
                                                   const std::string& name) = 0;
  // The content, verified.
  virtual Result<std::string> read_file(std::int64_t run_key, const std::string& name,
                                        std::int64_t limit = 1LL << 31) = 0;
  // To a new file at `path`, in constant memory; replaces what is there.
  virtual Result<void> copy_file(std::int64_t run_key, const std::string& name,
                                 const std::string& path) = 0;
  virtual Result<void> remove_file(std::int64_t run_key, const std::string& name) = 0;
};

}  // namespace treadle::tracking
