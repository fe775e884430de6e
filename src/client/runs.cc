// Runs that are begun, changed, streamed and ended.
#include "fields.h"
#include "remote_runs.h"
#include <treadle/base/digest.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/random.h>
#include <treadle/tracking/metric.h>

#include <unistd.h>

namespace treadle::client {

using std::chrono::milliseconds;
using tracking::Resume;
using tracking::Run;
using tracking::RunChanges;
using tracking::RunRef;
using tracking::Started;
using tracking::StreamReply;
namespace json = boost::json;

namespace {

std::string new_id() {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id = random_bytes(8);
  for (char& c : id) c = kDigits[static_cast<unsigned char>(c) % kDigits.size()];
  return id;
}

Error missing(const RunRef& ref, const std::string& server) {
  return {Errc::kNotFound, "There is no run " + ref.entity + "/" + ref.project + "/" + ref.id +
                               " on the server " + server + "."};
}

}  // namespace

RemoteRuns::RemoteRuns(std::shared_ptr<Connection> connection, RunsOptions options)
    : connection_(std::move(connection)), options_(std::move(options)), process_(::getpid()) {}

RemoteRuns::~RemoteRuns() {
  if (process_ == ::getpid()) return;
  // Senders' threads stayed with the parent: there is nothing to be ended here.
  for (auto& [key, run] : known_) {
    if (run.sender) new std::shared_ptr<RunSender>(std::move(run.sender));
  }
}

Result<std::unique_ptr<tracking::Store>> open_runs(std::shared_ptr<Connection> connection,
                                                   const RunsOptions& given) {
  RunsOptions options = given;
  const bool loopback = is_loopback(connection->address().base_url);
  if (options.interval.count() <= 0) options.interval = milliseconds(loopback ? 500 : 15'000);
  if (!options.compress && loopback) options.compress = false;
  return std::make_unique<RemoteRuns>(std::move(connection), std::move(options));
}

// --- what is known of the runs that were named

Result<RemoteRuns::Known> RemoteRuns::known(std::int64_t run_key) {
  const std::scoped_lock lock(mutex_);
  const auto it = known_.find(run_key);
  if (it == known_.end()) {
    return fail(Errc::kNotFound, "There is no run " + std::to_string(run_key) + ".");
  }
  return it->second;
}

std::shared_ptr<RunSender> RemoteRuns::sender_of(std::int64_t run_key) {
  const std::scoped_lock lock(mutex_);
  const auto it = known_.find(run_key);
  return it == known_.end() ? nullptr : it->second.sender;
}

std::int64_t RemoteRuns::remember(const RemoteRun& run, const std::string& cursor) {
  const std::scoped_lock lock(mutex_);
  const auto [it, is_new] =
      key_of_.try_emplace(run.run.text(), static_cast<std::int64_t>(key_of_.size()) + 1);
  Known& known = known_[it->second];
  known.key = it->second;
  known.ref = {run.run.entity, run.run.project, run.run.id};
  if (!run.id.empty()) known.id = run.id;
  if (!cursor.empty()) known.cursor = cursor;
  return known.key;
}

Run RemoteRuns::keyed(RemoteRun run, const std::string& cursor) {
  run.run.key = remember(run, cursor);
  return std::move(run.run);
}

Result<RunRef> RemoteRuns::complete(RunRef ref) {
  const Address& address = connection_->address();
  if (ref.entity.empty()) ref.entity = address.entity;
  if (ref.entity.empty()) {
    TREADLE_TRY(ref.entity, connection_->default_entity());
  }
  if (ref.project.empty()) ref.project = address.project;
  if (ref.project.empty()) ref.project = "uncategorized";
  return ref;
}

std::string RemoteRuns::fields() const {
  std::string fields(kRunFields);
  if (knows_more_) fields += kMoreRunFields;
  return fields;
}

Result<void> RemoteRuns::query(std::string_view document, const Variables& variables,
                               json::value& data) {
  return connection_->graphql(document, variables_text(variables), data);
}

// --- begin

// The run as a resume finds it; `begun`: a client was at work on it before.
Result<std::optional<RemoteRun>> RemoteRuns::resume_status(const RunRef& ref, bool& begun) {
  json::value data;
  QueryOptions options;
  options.patience = options_.begin_patience;
  TREADLE_CHECK(connection_->graphql(kResumeStatus,
                                     variables_text({{"project", quoted(ref.project)},
                                                     {"entity", quoted(ref.entity)},
                                                     {"name", quoted(ref.id)}}),
                                     data, options));
  const json::value* bucket = client::find(data, {"model", "bucket"});
  if (bucket == nullptr) return std::nullopt;
  TREADLE_TRY(RemoteRun run, read_run(*bucket));
  json::value own;
  begun = parse_json_value(text(*bucket, "wandbConfig"), own).has_value() && own.is_object() &&
          own.get_object().contains("t");
  return run;
}

Result<Variables> RemoteRuns::variables_of(const RunChanges& changes, const Run* before) {
  Variables variables;
  add_changes(variables, changes);
  if (changes.add_tags) {
    const std::vector<std::string> tags = changes.tags ? *changes.tags
                                          : before     ? before->tags
                                                       : std::vector<std::string>();
    variables["tags"] = quoted(joined_tags(tags, *changes.add_tags));
  }
  const auto whole = [](const std::optional<std::string>& all,
                        const std::optional<std::string>& patch,
                        std::string_view there) -> Result<std::string> {
    std::string text = all ? *all : std::string(there);
    if (!patch) return text;
    return patched(text, *patch);
  };
  if (changes.config || changes.config_patch) {
    TREADLE_TRY(const std::string config,
                whole(changes.config, changes.config_patch, before ? before->config : "{}"));
    TREADLE_TRY(const std::string wrapped, tracking::wandb_config(config));
    variables["config"] = quoted(wrapped);
  }
  if (changes.summary || changes.summary_patch) {
    TREADLE_TRY(const std::string summary,
                whole(changes.summary, changes.summary_patch, before ? before->summary : "{}"));
    variables["summaryMetrics"] = quoted(summary);
  }
  return variables;
}

Result<Started> RemoteRuns::start(const RunRef& given, const RunChanges& changes, Resume resume) {
  TREADLE_TRY(const bool packs, connection_->has_feature("FILESTREAM_GZIP"));
  TREADLE_TRY(RunRef ref, complete(given));
  std::optional<RemoteRun> before;
  if (ref.id.empty()) {
    ref.id = new_id();
  } else if (resume != Resume::kNone) {
    bool begun = false;
    TREADLE_TRY(before, resume_status(ref, begun));
    if (resume == Resume::kMust && !begun) {
      return fail(missing(ref, connection_->address().base_url));
    }
    if (resume == Resume::kNever && begun) {
      return fail(Errc::kAlreadyExists, "The run " + ref.entity + "/" + ref.project + "/" + ref.id +
                                            " exists already, and must not be resumed.");
    }
  }
  RunChanges with = changes;
  TREADLE_TRY(with.config,
              patched(before ? before->run.config : "{}", changes.config.value_or("{}")));
  if (changes.config_patch) {
    TREADLE_TRY(with.config, patched(*with.config, *changes.config_patch));
  }
  with.config_patch.reset();
  TREADLE_TRY(with.config, with_client(*with.config, TREADLE_VERSION));
  TREADLE_TRY(Variables variables, variables_of(with, before ? &before->run : nullptr));
  variables["entity"] = quoted(ref.entity);
  variables["project"] = quoted(ref.project);
  variables["name"] = quoted(ref.id);
  if (variables["host"].empty()) variables["host"] = quoted("");

  json::value data;
  TREADLE_CHECK(with_fields([&](const std::string& fields) {
    return connection_->graphql(upsert_document(fields), variables_text(variables), data,
                                {Retry::kUpsert, options_.begin_patience, {}});
  }));
  const json::value* bucket = client::find(data, {"upsertBucket", "bucket"});
  if (bucket == nullptr)
    return fail(Errc::kInternal, "The server did not begin the run " + ref.id + ".");
  TREADLE_TRY(RemoteRun found, read_run(*bucket));
  Started started;
  started.inserted = flag(*client::find(data, {"upsertBucket"}), "inserted");
  started.run = keyed(found);

  SenderOptions sending;
  sending.run = {started.run.entity, started.run.project, started.run.id};
  sending.id = found.id;
  sending.console_offset = started.run.console_lines;
  sending.compress = options_.compress.value_or(packs);
  sending.interval = options_.interval;
  sending.heartbeat = options_.heartbeat;
  sending.folder = options_.folder;
  const std::scoped_lock lock(mutex_);
  Known& run = known_[started.run.key];
  run.work = started.run;
  run.sender = std::make_shared<RunSender>(connection_, std::move(sending));
  return started;
}

Result<Started> RemoteRuns::upsert(const RunRef& given, const RunChanges& changes) {
  TREADLE_TRY(const RunRef ref, complete(given));
  TREADLE_TRY(const auto before, find(ref));
  if (before) {
    TREADLE_TRY(Run run, update(before->key, changes));
    return Started{std::move(run), false};
  }
  TREADLE_TRY(Variables variables, variables_of(changes, nullptr));
  variables["entity"] = quoted(ref.entity);
  variables["project"] = quoted(ref.project);
  if (!ref.id.empty()) variables["name"] = quoted(ref.id);
  if (variables["state"].empty()) variables["state"] = quoted("pending");
  json::value data;
  TREADLE_CHECK(with_fields(
      [&](const std::string& fields) { return query(upsert_document(fields), variables, data); }));
  const json::value* bucket = client::find(data, {"upsertBucket", "bucket"});
  if (bucket == nullptr)
    return fail(Errc::kInternal, "The server did not make the run " + ref.id + ".");
  TREADLE_TRY(RemoteRun run, read_run(*bucket));
  return Started{keyed(std::move(run)), true};
}

// --- at work

Result<Run> RemoteRuns::change_at_work(const Known& run, const RunChanges& changes) {
  TREADLE_TRY(const Variables variables, variables_of(changes, &*run.work));
  TREADLE_CHECK(run.sender->change(variables));
  Run now = *run.work;
  if (changes.display_name) now.display_name = *changes.display_name;
  if (changes.notes) now.notes = *changes.notes;
  if (changes.group) now.group = *changes.group;
  if (changes.job_type) now.job_type = *changes.job_type;
  if (changes.tags) now.tags = *changes.tags;
  if (changes.add_tags) now.tags = joined_tags(now.tags, *changes.add_tags);
  if (changes.config) now.config = *changes.config;
  if (changes.config_patch) {
    TREADLE_TRY(now.config, patched(now.config, *changes.config_patch));
  }
  const std::scoped_lock lock(mutex_);
  known_[run.key].work = now;
  return now;
}

Result<Run> RemoteRuns::update(std::int64_t run_key, const RunChanges& changes) {
  TREADLE_TRY(const Known run, known(run_key));
  if (run.sender) {
    if (changes.state == tracking::State::kPreempting) {
      TREADLE_TRY(const auto reply, run.sender->stream({.preempting = true}));
      (void)reply;
      return *run.work;
    }
    return change_at_work(run, changes);
  }
  std::optional<Run> before;
  if (changes.add_tags || changes.config_patch || changes.summary_patch) {
    TREADLE_TRY(before, get(run_key));
  }
  TREADLE_TRY(Variables variables, variables_of(changes, before ? &*before : nullptr));
  variables["id"] = quoted(run.id);
  json::value data;
  TREADLE_CHECK(with_fields(
      [&](const std::string& fields) { return query(upsert_document(fields), variables, data); }));
  const json::value* bucket = client::find(data, {"upsertBucket", "bucket"});
  if (bucket == nullptr) return fail(missing(run.ref, connection_->address().base_url));
  TREADLE_TRY(RemoteRun now, read_run(*bucket));
  return keyed(std::move(now));
}

Result<StreamReply> RemoteRuns::stream(std::int64_t run_key, const tracking::StreamUpdate& update,
                                       db::Sync) {
  TREADLE_TRY(const Known run, known(run_key));
  if (!run.sender) {
    return fail(Errc::kInvalidArgument,
                "The run " + run.ref.id + " is not at work here: begin it first.");
  }
  TREADLE_TRY(const StreamReply reply, run.sender->stream(update));
  if (update.complete) TREADLE_CHECK(finish(run_key, update.exit_code));
  return reply;
}

Result<StreamReply> RemoteRuns::heartbeat(std::int64_t run_key) {
  return stream(run_key, {}, db::Sync::kNo);  // the sender's own are enough
}

Result<void> RemoteRuns::finish(std::int64_t run_key, int exit_code) {
  const auto sender = sender_of(run_key);
  if (!sender) return {};
  auto finished = sender->finish(exit_code, options_.finish_patience);
  const std::scoped_lock lock(mutex_);
  known_[run_key].sender.reset();
  known_[run_key].work.reset();
  return finished;
}

Result<void> RemoteRuns::request_stop(std::int64_t run_key) {
  TREADLE_TRY(const Known run, known(run_key));
  json::value data;
  return query("mutation StopRun($id: ID!) { stopRun(input: {id: $id}) { success } }",
               {{"id", quoted(run.id)}}, data);
}

Result<void> RemoteRuns::set_state(std::int64_t run_key, tracking::State state) {
  TREADLE_TRY(const Known run, known(run_key));
  json::value data;
  return query(
      "mutation UpdateRunState($input: UpdateRunStateInput!) { updateRunState(input: $input) "
      "{ success } }",
      {{"input",
        R"({"id":)" + quoted(run.id) + R"(,"state":)" + quoted(tracking::to_string(state)) + "}"}},
      data);
}

Result<Run> RemoteRuns::rewind(std::int64_t run_key, std::int64_t step) {
  TREADLE_TRY(const Known run, known(run_key));
  json::value data;
  TREADLE_CHECK(with_fields([&](const std::string& fields) {
    return query(
        "mutation RewindRun($runName: String!, $entity: String, $project: String, "
        "$metricName: String!, $metricValue: Float!) { rewindRun(input: {runName: "
        "$runName, entityName: $entity, projectName: $project, metricName: $metricName, "
        "metricValue: $metricValue}) { rewoundRun { " +
            fields + " } } }",
        {{"runName", quoted(run.ref.id)},
         {"entity", quoted(run.ref.entity)},
         {"project", quoted(run.ref.project)},
         {"metricName", quoted("_step")},
         {"metricValue", std::to_string(step)}},
        data);
  }));
  const json::value* node = client::find(data, {"rewindRun", "rewoundRun"});
  if (node == nullptr) return fail(missing(run.ref, connection_->address().base_url));
  TREADLE_TRY(RemoteRun now, read_run(*node));
  return keyed(std::move(now));
}

// The protocol has no word for it: a new run is given what the other one has up to the step.
Result<Run> RemoteRuns::fork(std::int64_t run_key, std::int64_t step, const RunRef& into) {
  TREADLE_TRY(const Run source, get(run_key));
  TREADLE_TRY(const auto rows,
              this->rows(run_key, tracking::Stream::kHistory, {.max_step = step + 1}));
  TREADLE_TRY(auto summarizer, tracking::Summarizer::make("{}"));
  for (const auto& metric : tracking::metric_definitions(source.config)) summarizer.define(metric);
  for (const std::string& row : rows) TREADLE_CHECK(summarizer.add(row));
  RunChanges changes;
  changes.config = source.config;
  RunRef ref = into;
  if (ref.entity.empty()) ref.entity = source.entity;
  if (ref.project.empty()) ref.project = source.project;
  if (ref.id.empty()) ref.id = new_id();
  TREADLE_TRY(const Started started, start(ref, changes, Resume::kNever));
  const auto sender = sender_of(started.run.key);
  const std::string summary = summarizer.summary();
  TREADLE_TRY(const auto reply,
              sender->stream(
                  {.history = tracking::Lines{0, {rows.begin(), rows.end()}}, .summary = summary}));
  (void)reply;
  TREADLE_CHECK(sender->settle(options_.begin_patience));
  {
    const std::scoped_lock lock(mutex_);
    known_[started.run.key].sender.reset();
    known_[started.run.key].work.reset();
  }
  return get(started.run.key);
}

Result<void> RemoteRuns::remove(std::int64_t run_key) {
  TREADLE_TRY(const Known run, known(run_key));
  json::value data;
  return query(
      "mutation DeleteRun($id: ID!, $deleteArtifacts: Boolean) { deleteRun(input: {id: $id, "
      "deleteArtifacts: $deleteArtifacts}) { clientMutationId } }",
      {{"id", quoted(run.id)}, {"deleteArtifacts", "false"}}, data);
}

// --- files

Result<tracking::RunFile> RemoteRuns::put_file(std::int64_t run_key, const std::string& name,
                                               std::string_view bytes, const std::string&) {
  TREADLE_TRY(const Known run, known(run_key));
  tracking::RunFile file;
  file.name = name;
  file.size = static_cast<std::int64_t>(bytes.size());
  file.md5 = to_base64(md5(bytes));
  if (run.sender) {
    TREADLE_TRY(const FileToSend sent, run.sender->put_bytes(name, bytes));
    (void)sent;
    return file;
  }
  Spool spool(options_.folder, connection_->address().base_url, run.ref);
  TREADLE_TRY(const std::string path, spool.keep_bytes(name, bytes));
  const auto sent = send_files(*connection_, run.ref, {{name, path}});
  spool.remove();
  TREADLE_CHECK(sent);
  return file;
}

Result<tracking::RunFile> RemoteRuns::put_file_from(std::int64_t run_key, const std::string& name,
                                                    const std::string& path, const std::string&) {
  TREADLE_TRY(const Known run, known(run_key));
  TREADLE_TRY(const FileStat stat, real_files().stat(path));
  tracking::RunFile file;
  file.name = name;
  file.size = stat.size;
  if (run.sender) {
    TREADLE_TRY(const FileToSend sent, run.sender->put_file(name, path));
    (void)sent;
    return file;
  }
  TREADLE_CHECK(send_files(*connection_, run.ref, {{name, path}}));
  TREADLE_TRY(const auto kept, find_file(run_key, name));
  return kept.value_or(file);
}

Result<void> RemoteRuns::with_fields(const std::function<Result<void>(const std::string&)>& ask) {
  auto asked = ask(fields());
  if (asked || asked.error().code != Errc::kUnsupported || !knows_more_) return asked;
  knows_more_ = false;
  return ask(fields());
}

}  // namespace treadle::client
