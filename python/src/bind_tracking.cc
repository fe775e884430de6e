// treadle._core.Tracking: a home's tracked runs as the package uses them. Documents travel as JSON
// text; a run is a dictionary of its fields.
#include "bindings.h"
#include "convert.h"
#include "home.h"
#include "server.h"
#include <treadle/artifact/store.h>
#include <treadle/client/runs.h>
#include <treadle/tracking/metric.h>
#include <treadle/tracking/store.h>

namespace treadle::python {
namespace {

using tracking::Stream;

// The runs of a home, or those of a server.
struct Tracking {
  app::Home* home = nullptr;  // kept alive by the binding
  std::shared_ptr<client::Connection> server = nullptr;
  std::shared_ptr<tracking::Store> remote = nullptr;
  tracking::Store& store() const { return remote ? *remote : home->tracking(); }
};

// `patience`: seconds that the beginning and the end of a run may take while the server is away.
void open_remote(Tracking* self, PythonServer& server, nb::handle folder, double begin_patience,
                 double finish_patience) {
  const auto milliseconds = [](double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  };
  client::RunsOptions options;
  options.folder = text_of(folder);
  options.begin_patience = milliseconds(begin_patience);
  options.finish_patience = milliseconds(finish_patience);
  new (self) Tracking{nullptr, server.connection,
                      value_or_raise(client::open_runs(server.connection, options))};
}

nb::list text_list(const std::vector<std::string>& items) {
  nb::list list;
  for (const std::string& item : items) list.append(to_text(item));
  return list;
}

nb::dict run_dict(const tracking::Run& run) {
  nb::dict d;
  d["key"] = run.key;
  const auto text = [&](const char* name, const std::string& value) { d[name] = to_text(value); };
  text("entity", run.entity);
  text("project", run.project);
  text("id", run.id);
  text("display_name", run.display_name);
  text("description", run.description);
  text("notes", run.notes);
  d["tags"] = text_list(run.tags);
  text("group", run.group);
  text("job_type", run.job_type);
  d["state"] = to_text(to_string(run.state));
  d["exit_code"] = run.exit_code ? nb::object(nb::int_(*run.exit_code)) : nb::object(nb::none());
  text("host", run.host);
  text("program", run.program);
  text("repository", run.repository);
  text("commit", run.commit);
  text("user", run.user);
  text("sweep", run.sweep);
  text("forked_from", run.forked_from);
  d["forked_at"] = run.forked_at;
  text("metadata", run.metadata);
  text("config", run.config);
  text("summary", run.summary);
  text("system_metrics", run.system_metrics);
  d["created"] = run.created;
  d["heartbeat"] = run.heartbeat;
  d["finished"] = run.finished;
  d["history_lines"] = run.history_lines;
  d["event_lines"] = run.event_lines;
  d["console_lines"] = run.console_lines;
  d["last_step"] = run.last_step;
  return d;
}

tracking::RunChanges changes_of(nb::handle given) {
  tracking::RunChanges changes;
  const std::map<std::string, std::optional<std::string>*> texts = {
      {"display_name", &changes.display_name},
      {"description", &changes.description},
      {"notes", &changes.notes},
      {"group", &changes.group},
      {"job_type", &changes.job_type},
      {"host", &changes.host},
      {"program", &changes.program},
      {"repository", &changes.repository},
      {"commit", &changes.commit},
      {"user", &changes.user},
      {"sweep", &changes.sweep},
      {"metadata", &changes.metadata},
      {"config", &changes.config},
      {"config_patch", &changes.config_patch},
      {"summary", &changes.summary},
      {"summary_patch", &changes.summary_patch}};
  for (const auto& [key, value] : nb::cast<nb::dict>(given)) {
    const std::string name = text_of(key);
    if (value.is_none()) continue;
    if (name == "tags") {
      changes.tags = texts_of(value);
    } else if (name == "add_tags") {
      changes.add_tags = texts_of(value);
    } else if (name == "state") {
      changes.state = tracking::state_from(text_of(value));
    } else if (const auto it = texts.find(name); it != texts.end()) {
      *it->second = text_of(value);
    } else {
      raise("CheckError", "a run has no '" + name + "' to change.");
    }
  }
  return changes;
}

nb::tuple start(Tracking& self, nb::handle entity, nb::handle project, nb::handle id,
                nb::handle resume, nb::handle changes) {
  const tracking::RunRef ref{text_of(entity), text_of(project), text_of(id)};
  const std::string mode = text_of(resume);
  const auto wanted = mode == "allow"   ? tracking::Resume::kAllow
                      : mode == "must"  ? tracking::Resume::kMust
                      : mode == "never" ? tracking::Resume::kNever
                                        : tracking::Resume::kNone;
  const tracking::RunChanges with = changes_of(changes);
  const auto started =
      value_or_raise(without_lock([&] { return self.store().start(ref, with, wanted); }));
  return nb::make_tuple(run_dict(started.run), started.inserted);
}

nb::object update(Tracking& self, std::int64_t key, nb::handle changes) {
  const tracking::RunChanges with = changes_of(changes);
  return run_dict(value_or_raise(without_lock([&] { return self.store().update(key, with); })));
}

// Lines as (offset, [text]) or None; their texts live in `kept`.
std::optional<tracking::Lines> lines_of(nb::handle given, std::vector<std::string>& kept) {
  if (given.is_none()) return std::nullopt;
  const Items items(given);
  kept = texts_of(items.at(1));
  return tracking::Lines{items.integer(0), {kept.begin(), kept.end()}};
}

bool stream(Tracking& self, std::int64_t key, nb::handle history, nb::handle events,
            nb::handle console, nb::handle summary, nb::handle exit_code) {
  std::vector<std::string> history_lines, event_lines, console_lines;
  tracking::StreamUpdate update;
  update.history = lines_of(history, history_lines);
  update.events = lines_of(events, event_lines);
  update.console = lines_of(console, console_lines);
  std::string document;
  if (!summary.is_none()) {
    document = text_of(summary);
    update.summary = document;
  }
  if (!exit_code.is_none()) {
    update.complete = true;
    update.exit_code = nb::cast<int>(exit_code);
  }
  const auto sync = update.complete ? db::Sync::kYes : db::Sync::kNo;
  return value_or_raise(without_lock([&] { return self.store().stream(key, update, sync); }))
      .stop_requested;
}

nb::object find(Tracking& self, nb::handle entity, nb::handle project, nb::handle id) {
  const tracking::RunRef ref{text_of(entity), text_of(project), text_of(id)};
  const auto run = value_or_raise(without_lock([&] { return self.store().find(ref); }));
  return run ? nb::object(run_dict(*run)) : nb::object(nb::none());
}

nb::list find_by_id(Tracking& self, nb::handle id) {
  const std::string text = text_of(id);
  nb::list list;
  for (const auto& run :
       value_or_raise(without_lock([&] { return self.store().find_by_id(text); }))) {
    list.append(run_dict(run));
  }
  return list;
}

nb::tuple runs(Tracking& self, nb::handle entity, nb::handle project, nb::handle filter,
               nb::handle order, std::int64_t limit, std::int64_t after) {
  tracking::RunQuery query{
      text_of(entity), text_of(project), text_of(filter), text_of(order), limit, after};
  const auto page = value_or_raise(without_lock([&] { return self.store().runs(query); }));
  nb::list list;
  for (const auto& run : page.runs) list.append(run_dict(run));
  return nb::make_tuple(list, page.total, page.more);
}

Stream stream_of(nb::handle name) {
  return text_of(name) == "events" ? Stream::kEvents : Stream::kHistory;
}

nb::list rows(Tracking& self, std::int64_t key, nb::handle stream, nb::handle keys,
              std::int64_t min_step, std::int64_t max_step, std::int64_t limit) {
  const Stream which = stream_of(stream);
  tracking::HistoryQuery query;
  query.keys = texts_of(keys);
  query.min_step = min_step;
  if (max_step >= 0) query.max_step = max_step;
  query.limit = limit;
  return text_list(
      value_or_raise(without_lock([&] { return self.store().rows(key, which, query); })));
}

nb::list sampled(Tracking& self, std::int64_t key, nb::handle stream, nb::handle keys,
                 std::int64_t samples) {
  const Stream which = stream_of(stream);
  tracking::SampleQuery query;
  query.keys = texts_of(keys);
  query.samples = samples;
  return text_list(
      value_or_raise(without_lock([&] { return self.store().sampled(key, which, query); })));
}

nb::tuple file_tuple(const tracking::RunFile& file) {
  return nb::make_tuple(to_text(file.name), to_text(file.md5), file.size, to_text(file.mimetype),
                        file.updated, to_text(file.sha256));
}

nb::tuple put_file(Tracking& self, std::int64_t key, nb::handle name, nb::handle content) {
  const std::string path = text_of(name);
  if (nb::isinstance<nb::str>(content)) {
    const std::string source = text_of(content);
    return file_tuple(value_or_raise(
        without_lock([&] { return self.store().put_file_from(key, path, source); })));
  }
  const auto bytes = nb::cast<nb::bytes>(content);
  const std::string_view view(bytes.c_str(), bytes.size());
  return file_tuple(
      value_or_raise(without_lock([&] { return self.store().put_file(key, path, view); })));
}

nb::list files(Tracking& self, std::int64_t key, nb::handle pattern) {
  const std::string like = text_of(pattern);
  nb::list list;
  for (const auto& file :
       value_or_raise(without_lock([&] { return self.store().files(key, like); }))) {
    list.append(file_tuple(file));
  }
  return list;
}

// The names of the versions that a run made, or used.
nb::list version_names(Tracking& self, std::int64_t key, client::RunArtifacts which) {
  return text_list(value_or_raise(without_lock([&]() -> Result<std::vector<std::string>> {
    TREADLE_TRY(const tracking::Run run, self.store().get(key));
    if (self.remote) {
      return client::artifacts_of_run(*self.server, {run.entity, run.project, run.id}, which);
    }
    artifact::Store& store = self.home->store();
    TREADLE_TRY(const auto versions, which == client::RunArtifacts::kMade ? store.made_by(run.id)
                                                                          : store.used_by(run.id));
    std::vector<std::string> names;
    for (const artifact::Version& version : versions) names.push_back(version.text());
    return names;
  })));
}

tracking::MetricDefinition definition_of(nb::handle name, nb::handle step_metric, bool step_sync,
                                         bool hidden, nb::handle summary, nb::handle goal) {
  return {text_of(name), text_of(step_metric), step_sync, hidden, texts_of(summary), text_of(goal)};
}

void bind_store(nb::module_& module) {
  nb::class_<Tracking>(module, "Tracking")
      .def(
          "__init__",
          [](Tracking* self, PythonHome& home) { new (self) Tracking{home.home.get()}; },
          nb::keep_alive<1, 2>())
      .def("__init__", open_remote)
      .def("start", start)
      .def("update", update)
      .def("stream", stream, nb::arg("key"), nb::arg("history").none(), nb::arg("events").none(),
           nb::arg("console").none(), nb::arg("summary").none(), nb::arg("exit_code").none())
      .def("find", find)
      .def("find_by_id", find_by_id)
      .def("get",
           [](Tracking& s, std::int64_t key) {
             return run_dict(value_or_raise(without_lock([&] { return s.store().get(key); })));
           })
      .def("runs", runs)
      .def("rows", rows)
      .def("sampled", sampled)
      .def("keys_info",
           [](Tracking& s, std::int64_t key) {
             return to_text(history_keys_json(
                 value_or_raise(without_lock([&] { return s.store().keys_info(key); }))));
           })
      .def("console",
           [](Tracking& s, std::int64_t key, std::int64_t first, std::int64_t count) {
             return text_list(value_or_raise(
                 without_lock([&] { return s.store().console(key, first, count); })));
           })
      .def("put_file", put_file)
      .def("files", files)
      .def("read_file",
           [](Tracking& s, std::int64_t key, nb::handle name) {
             const std::string path = text_of(name);
             const std::string bytes =
                 value_or_raise(without_lock([&] { return s.store().read_file(key, path); }));
             return nb::bytes(bytes.data(), bytes.size());
           })
      .def("copy_file",
           [](Tracking& s, std::int64_t key, nb::handle name, nb::handle to) {
             const std::string path = text_of(name), target = text_of(to);
             value_or_raise(without_lock([&] { return s.store().copy_file(key, path, target); }));
           })
      .def("made_by",
           [](Tracking& s, std::int64_t key) {
             return version_names(s, key, client::RunArtifacts::kMade);
           })
      .def("used_by",
           [](Tracking& s, std::int64_t key) {
             return version_names(s, key, client::RunArtifacts::kUsed);
           })
      .def("projects",
           [](Tracking& s, nb::handle entity) {
             nb::list list;
             const std::string name = text_of(entity);
             for (const auto& project :
                  value_or_raise(without_lock([&] { return s.store().projects(name); }))) {
               list.append(nb::make_tuple(to_text(project.entity), to_text(project.name)));
             }
             return list;
           })
      .def("remove_file",
           [](Tracking& s, std::int64_t key, nb::handle name) {
             const std::string path = text_of(name);
             value_or_raise(without_lock([&] { return s.store().remove_file(key, path); }));
           })
      .def("remove",
           [](Tracking& s, std::int64_t key) {
             value_or_raise(without_lock([&] { return s.store().remove(key); }));
           })
      .def("request_stop",
           [](Tracking& s, std::int64_t key) {
             value_or_raise(without_lock([&] { return s.store().request_stop(key); }));
           })
      .def("rewind",
           [](Tracking& s, std::int64_t key, std::int64_t step) {
             return run_dict(
                 value_or_raise(without_lock([&] { return s.store().rewind(key, step); })));
           })
      .def("fork",
           [](Tracking& s, std::int64_t key, std::int64_t step, nb::handle id) {
             const tracking::RunRef into{"", "", text_of(id)};
             return run_dict(
                 value_or_raise(without_lock([&] { return s.store().fork(key, step, into); })));
           })
      .def_static("with_metric", [](nb::handle config, nb::handle name, nb::handle step_metric,
                                    bool step_sync, bool hidden, nb::handle summary,
                                    nb::handle goal) {
        const auto metric = definition_of(name, step_metric, step_sync, hidden, summary, goal);
        return to_text(value_or_raise(tracking::with_metric_definition(text_of(config), metric)));
      });
}

void bind_summarizer(nb::module_& module) {
  using tracking::Summarizer;
  nb::class_<Summarizer>(module, "Summarizer")
      .def("__init__",
           [](Summarizer* self, nb::handle summary, nb::handle config) {
             new (self) Summarizer(value_or_raise(Summarizer::make(text_of(summary))));
             for (const auto& metric : tracking::metric_definitions(text_of(config))) {
               self->define(metric);
             }
           })
      .def("define",
           [](Summarizer& s, nb::handle name, nb::handle step_metric, bool step_sync, bool hidden,
              nb::handle summary, nb::handle goal) {
             s.define(definition_of(name, step_metric, step_sync, hidden, summary, goal));
           })
      .def("add", [](Summarizer& s, nb::handle row) { value_or_raise(s.add(text_of(row))); })
      .def("set", [](Summarizer& s, nb::handle object) { value_or_raise(s.set(text_of(object))); })
      .def("remove", [](Summarizer& s, nb::handle key) { value_or_raise(s.remove(text_of(key))); })
      .def("summary", [](Summarizer& s) { return to_text(s.summary()); });
}

}  // namespace

void bind_tracking(nb::module_& module) {
  bind_store(module);
  bind_summarizer(module);
}

}  // namespace treadle::python
