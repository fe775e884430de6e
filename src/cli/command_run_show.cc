#include "commands.h"
#include "render.h"
#include "run_lookup.h"
#include "text.h"
#include "tracked_run.h"
#include <treadle/artifact/store.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

std::string render_run_head(const RunReport& report, const Session& session) {
  const Run& run = report.run;
  const Terminal& terminal = session.out();
  const auto line = [&](std::string_view name, const std::string& value) {
    return value.empty() ? std::string()
                         : "  " + terminal.paint(Style::kDim, pad_right(name, 11)) + value + "\n";
  };
  std::string out =
      terminal.paint(Style::kBold, printable(run.run_id)) + "  " +
      terminal.paint(status_style(run, report.interrupted), status_word(run, report.interrupted)) +
      "\n";
  if (run.started > 0)
    out +=
        line("started", format_time(run.started) + ", " + format_ago(run.started, session.now()));
  const Micros took = report.duration(session.now());
  if (took >= 0) out += line("took", format_duration(took));
  if (run.job_name != "__ASSET_JOB") out += line("job", printable(run.job_name));
  out += line("selection", run.selection.empty() ? "*" : printable(run.selection));
  out += line("executor", printable(run.executor));
  for (const auto& [name, value] : run.tags)
    out += line("tag", printable(name) + "=" + printable(value));
  if (!run.parent_run_id.empty()) out += line("re-runs", printable(run.parent_run_id));
  return out + "\n";
}

// A run that was only tracked, by code that no engine executed.
int show_tracked(Session& session, tracking::Store& runs, const std::string& id,
                 const Error* not_executed) {
  const auto tracked = get_tracked_run(runs, id);
  if (!tracked) {
    const bool absent = tracked.error().code == Errc::kNotFound && not_executed != nullptr;
    return session.fail(absent ? *not_executed : tracked.error());
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("tracked").begin_array();
    write_tracked_run(w, runs, *tracked);
    w.end_array().end_object();
    session.print_json(w.str());
  } else {
    session.print(render_tracked_run(runs, *tracked, session));
  }
  return kExitOk;
}

int run_run_show(Session& session, const std::string& id, const std::string& host) {
  if (!session.server(host).empty()) {
    const auto runs = open_tracked_runs(session, host);
    if (!runs) return session.fail(runs.error());
    return show_tracked(session, *runs->store, id, nullptr);
  }
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  if (!*home) return session.fail(kExitNotFound, "not_found", session.no_home_text());
  const auto run = get_run(**home, id);
  if (!run && run.error().code == Errc::kNotFound) {
    return show_tracked(session, (*home)->tracking(), id, &run.error());
  }
  if (!run) return session.fail(run.error());
  const std::vector<tracking::Run> tracked = tracked_as((*home)->tracking(), *run);
  events::EventFilter filter;
  filter.run_id = run->run_id;
  const auto events = (*home)->record().events(filter);
  if (!events) return session.fail(events.error());
  RunReport report = make_report(*run, *events);
  report.interrupted = (*home)->record().interrupted(run->run_id).value_or(false);
  add_artifacts(report, (*home)->store());
  if (session.json()) {
    JsonWriter w;
    write_report(w, report);
    if (tracked.empty()) {
      session.print_json(w.str());
      return kExitOk;
    }
    JsonWriter more;
    more.begin_array();
    for (const tracking::Run& part : tracked) write_tracked_run(more, (*home)->tracking(), part);
    more.end_array();
    std::string document = w.str();
    document.pop_back();  // the report's closing brace
    session.print_json(document + ",\"tracked\":" + more.str() + "}");
    return kExitOk;
  }
  std::string out = render_run_head(report, session) + render_report_table(report, session.out());
  const std::string failures = render_failures(report, session.out());
  if (!failures.empty()) out += "\n" + failures;
  if (report.interrupted)
    out +=
        fmt::format("\nThe process that executed this run is gone. Finish it: {} run resume {}\n",
                    session.program().name, short_id(run->run_id));
  for (const tracking::Run& part : tracked) {
    out += "\n" + render_tracked_run((*home)->tracking(), part, session);
  }
  session.print(out);
  return kExitOk;
}

}  // namespace

CommandSpec run_show_command() {
  struct Options {
    std::string id;
    std::string host;
  };
  auto o = std::make_shared<Options>();
  CommandSpec command;
  command.name = "show";
  command.summary =
      "Show what a run did: steps, assets, checks, errors; its config, metrics and files";
  command.arguments = {
      {"RUN", "The run's id, or the beginning of it, or 'latest'", &o->id, WordKind::kRun}};
  command.options = {host_option(&o->host)};
  command.examples = {{"run show latest", "the newest run"},
                      {"run show 3f2a91bc", "the beginning of an id is enough"}};
  command.run = [o](Session& session) { return run_run_show(session, o->id, o->host); };
  return command;
}

}  // namespace treadle::cli
