// `runs`: tracked runs by what they were given and what they reached.
#include "commands.h"
#include "tracked_run.h"
#include <treadle/tracking/export.h>

#include <map>

namespace treadle::cli {
namespace {

constexpr const char* kNewestFirst = "-created_at";

struct TrackedListOptions {
  std::string project;
  std::string filter;
  std::string order = kNewestFirst;
  int limit = 20;
  std::string host;
};

tracking::RunQuery query_of(const TrackedListOptions& options) {
  tracking::RunQuery query;
  const auto slash = options.project.find('/');
  if (slash == std::string::npos) {
    query.project = options.project;
  } else {
    query.entity = options.project.substr(0, slash);
    query.project = options.project.substr(slash + 1);
  }
  query.filter = options.filter;
  query.order = options.order;
  query.limit = options.limit;
  return query;
}

int run_runs_list(Session& session, const TrackedListOptions& options) {
  const auto runs = open_tracked_runs(session, options.host);
  if (!runs) return session.fail(runs.error());
  if (runs->server && options.project.empty() && options.order != kNewestFirst)
    return session.usage_error("On a server, --order is within a project: name it with --project.");
  tracking::RunPage page;
  if (runs->store != nullptr) {
    auto found = list_tracked_runs(*runs, query_of(options));
    if (!found) return session.fail(found.error());
    page = *std::move(found);
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("total", page.total).key("runs").begin_array();
    for (const tracking::Run& run : page.runs) write_tracked_run(w, *runs->store, run);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (runs->store == nullptr) {
    session.print(session.no_home_text());
  } else {
    session.print(page.runs.empty() ? "No runs.\n" : render_tracked_list(page, session));
  }
  return kExitOk;
}

struct ExportOptions {
  std::string run;
  std::vector<std::string> keys;
  std::string format = "jsonl";
  bool events = false;
};

std::string csv_field(std::string_view json) {
  if (json == "null") return {};
  std::string text(json);
  if (text.size() >= 2 && text.front() == '"' && text.find_first_of("\\,\n") == std::string::npos) {
    text = text.substr(1, text.size() - 2);
  }
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// Rows under columns, for a spreadsheet. A key that a row lacks is an empty field.
int export_csv(Session& session, app::Home& home, const tracking::Run& run,
               const ExportOptions& options, tracking::Stream stream) {
  std::vector<std::string> keys = options.keys;
  if (keys.empty()) {
    const auto info = home.tracking().keys_info(run.key, stream);
    if (!info) return session.fail(info.error());
    for (const tracking::KeyInfo& key : info->keys) keys.push_back(key.key);
  }
  std::string head;
  std::vector<std::map<std::int64_t, std::string>> columns;
  for (const std::string& key : keys) {
    head += (head.empty() ? "" : ",") + csv_field(key);
    tracking::HistoryQuery query;
    query.keys = {key};
    auto& column = columns.emplace_back();
    const std::size_t before = key.size();
    const auto scanned =
        home.tracking().scan(run.key, stream, query, [&](std::int64_t line, std::string_view json) {
          // {"key":value}: the key is written as JSON, at least as long as it is.
          const auto colon = json.find("\":", before + 1);
          column.emplace(line, csv_field(json.substr(colon + 2, json.size() - colon - 3)));
          return true;
        });
    if (!scanned) return session.fail(scanned.error());
  }
  session.write_out(head + "\n");
  const std::int64_t lines =
      stream == tracking::Stream::kHistory ? run.history_lines : run.event_lines;
  std::string text;
  for (std::int64_t line = 0; line < lines; ++line) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += ',';
      const auto it = columns[i].find(line);
      if (it != columns[i].end()) text += it->second;
    }
    text += '\n';
    if (text.size() > 1'000'000) {
      session.write_out(text);
      text.clear();
    }
  }
  session.write_out(text);
  return kExitOk;
}

int export_parquet(Session& session, app::Home& home, const tracking::Run& run,
                   const ExportOptions& options, tracking::Stream stream) {
  if (session.out().width > 0) {
    return session.usage_error(
        "A Parquet file is nothing for a terminal: put '> run.parquet' behind.");
  }
  const auto written = tracking::write_parquet(home.tracking(), run, stream, options.keys,
                                               [&](std::string_view bytes) -> Result<void> {
                                                 session.write_out(bytes);
                                                 return {};
                                               });
  return written ? static_cast<int>(kExitOk) : session.fail(written.error());
}

int run_export(Session& session, const ExportOptions& options) {
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  if (!*home) return session.fail(kExitNotFound, "not_found", session.no_home_text());
  const auto run = get_tracked_run((*home)->tracking(), options.run);
  if (!run) return session.fail(run.error());
  const auto stream = options.events ? tracking::Stream::kEvents : tracking::Stream::kHistory;
  if (options.format == "parquet") return export_parquet(session, **home, *run, options, stream);
  if (options.format == "csv") return export_csv(session, **home, *run, options, stream);
  tracking::HistoryQuery query;
  query.keys = options.keys;
  std::string text;
  const auto scanned =
      (*home)->tracking().scan(run->key, stream, query, [&](std::int64_t, std::string_view json) {
        text += json;
        text += '\n';
        if (text.size() > 1'000'000) {
          session.write_out(text);
          text.clear();
        }
        return true;
      });
  session.write_out(text);
  return scanned ? static_cast<int>(kExitOk) : session.fail(scanned.error());
}

}  // namespace

CommandSpec runs_list_command() {
  auto o = std::make_shared<TrackedListOptions>();
  CommandSpec command;
  command.name = "list";
  command.summary = "List tracked runs that match, newest first";
  command.options = {
      {.names = "-p,--project",
       .value = "PROJECT",
       .help = "Only of this [entity/]project",
       .target = &o->project},
      {.names = "--filter",
       .value = "JSON",
       .help = "Only those that match: config, summary_metrics, state, tags, ...",
       .target = &o->filter},
      {.names = "--order",
       .value = "PATHS",
       .help = "Order by these, '-' before one for descending (default -created_at)",
       .target = &o->order},
      {.names = "-n,--limit",
       .value = "N",
       .help = "At most N runs (default 20); 0: all",
       .target = &o->limit},
      host_option(&o->host),
  };
  command.examples = {{"runs list -p iris", "the last 20 runs of a project"},
                      {R"(runs list --filter '{"config.lr": {"$gt": 0.1}, "state": "finished"}')",
                       "by what they were given"},
                      {"runs list --order -summary_metrics.accuracy -n 5", "the best five"}};
  command.run = [o](Session& session) { return run_runs_list(session, *o); };
  return command;
}

CommandSpec runs_export_command() {
  auto o = std::make_shared<ExportOptions>();
  CommandSpec command;
  command.name = "export";
  command.summary = "Write a tracked run's history to stdout";
  command.arguments = {
      {"RUN", "The run: [[entity/]project/]id, its name, or 'latest'", &o->run, WordKind::kRun}};
  command.options = {
      {.names = "-k,--key",
       .value = "KEY",
       .help = "Only rows that have this metric, and only it; may be given several times",
       .target = &o->keys},
      {.names = "--format",
       .value = "FORMAT",
       .help = "One JSON object a line (default), comma-separated values, or a Parquet file",
       .target = &o->format,
       .choices = {"jsonl", "csv", "parquet"}},
      {.names = "--system",
       .value = "",
       .help = "The system metrics instead",
       .target = &o->events},
  };
  command.examples = {
      {"runs export latest > history.jsonl", "every row"},
      {"runs export iris/8f3k2m1x -k _step -k loss --format csv", "two columns"},
      {"runs export latest --format parquet > run.parquet", "for Pandas and the like"}};
  command.run = [o](Session& session) { return run_export(session, *o); };
  return command;
}

}  // namespace treadle::cli
