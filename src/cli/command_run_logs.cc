#include "commands.h"
#include "render.h"
#include "run_lookup.h"
#include "text.h"
#include <treadle/base/files.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/suggest.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace treadle::cli {
namespace {

struct RunLogsOptions {
  std::string id;
  std::string step;
  std::string level;
  bool all = false;
  bool follow = false;
};

LogLevel level_from(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

// What a person reading logs wants: what user code said, how steps went, what failed. --all shows
// the rest.
bool is_told(const Event& event, const RunLogsOptions& options) {
  if (!options.step.empty() && event.step_key != options.step) return false;
  if (options.all) return true;
  switch (event.type) {
    case EventType::kLog:
      return event.level >= level_from(options.level);
    case EventType::kRunStart:
    case EventType::kRunSuccess:
    case EventType::kRunFailure:
    case EventType::kRunCanceling:
    case EventType::kRunCanceled:
    case EventType::kStepStart:
    case EventType::kStepSuccess:
    case EventType::kStepFailure:
    case EventType::kStepSkipped:
    case EventType::kStepUpForRetry:
    case EventType::kStepRestarted:
    case EventType::kResourceInitFailure:
    case EventType::kAssetCheckEvaluation:
      return true;
    default:
      return options.level == "debug";
  }
}

std::vector<std::string> captured_files(const Event& event) {
  std::vector<std::string> paths;
  boost::json::value payload;
  if (!parse_json_value(event.payload, payload) || !payload.is_object()) return paths;
  for (const char* name : {"stdout", "stderr"})
    if (const auto* path = payload.get_object().if_contains(name); path && path->is_string())
      paths.emplace_back(path->get_string());
  return paths;
}

std::string render_logged(const Event& event, const Terminal& terminal) {
  std::string out = render_event(event, terminal);
  if (event.type == EventType::kStepFailure || event.type == EventType::kStepUpForRetry) {
    Run run;
    const RunReport report = make_report(run, {event});
    for (const StepLine& step : report.steps)
      for (const ErrorText& error : step.error) out += indent(render_error(error), "    ") + "\n";
  }
  return out;
}

// What forked steps printed, after the events.
std::string render_captured(const std::vector<Event>& events, const RunLogsOptions& options,
                            const Terminal& terminal) {
  std::string out;
  for (const Event& event : events) {
    if (event.type != EventType::kLogsCaptured) continue;
    if (!options.step.empty() && event.step_key != options.step) continue;
    for (const std::string& path : captured_files(event)) {
      const auto text = read_file(real_files(), path);
      if (!text || text->empty()) continue;
      const std::string stream = path.ends_with(".err") ? "stderr" : "stdout";
      out += "\n" +
             terminal.paint(Style::kDim, fmt::format("{} of {} ({})", stream,
                                                     printable(event.step_key), printable(path))) +
             "\n";
      out += printable_block(*text);
      if (!out.ends_with('\n')) out += '\n';
    }
  }
  return out;
}

int follow_run(Session& session, app::Home& home, const Run& run, const RunLogsOptions& options) {
  events::EventFilter filter;
  filter.run_id = run.run_id;
  while (true) {
    // Whether it is over is asked before its events are read, so that the last ones are not missed.
    const auto now = home.record().find_run(run.run_id);
    if (!now) return session.fail(now.error());
    const bool over = !*now || is_finished((*now)->status) ||
                      home.record().interrupted(run.run_id).value_or(true);
    const auto events = home.record().events(filter);
    if (!events) return session.fail(events.error());
    for (const Event& event : *events) {
      filter.after_id = event.id;
      if (!is_told(event, options)) continue;
      session.write_out(session.json() ? event_to_json(event) + "\n"
                                       : render_logged(event, session.out()));
    }
    if (over) return kExitOk;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

int run_run_logs(Session& session, const RunLogsOptions& options) {
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  if (!*home) return session.fail(kExitNotFound, "not_found", session.no_home_text());
  const auto run = get_run(**home, options.id);
  if (!run) return session.fail(run.error());
  if (!options.step.empty() &&
      std::find(run->step_keys.begin(), run->step_keys.end(), options.step) == run->step_keys.end())
    return session.fail(
        kExitNotFound, "not_found",
        fmt::format("Run {} has no step '{}'.{}", short_id(run->run_id), printable(options.step),
                    did_you_mean(options.step, run->step_keys)));
  if (options.follow) return follow_run(session, **home, *run, options);
  events::EventFilter filter;
  filter.run_id = run->run_id;
  const auto events = (*home)->record().events(filter);
  if (!events) return session.fail(events.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("run_id", run->run_id).key("events").begin_array();
    for (const Event& event : *events)
      if (options.step.empty() || event.step_key == options.step) w.raw(event_to_json(event));
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  std::string out;
  for (const Event& event : *events)
    if (is_told(event, options)) out += render_logged(event, session.out());
  session.print(out + render_captured(*events, options, session.out()));
  return kExitOk;
}

}  // namespace

CommandSpec run_logs_command() {
  auto o = std::make_shared<RunLogsOptions>();
  CommandSpec command;
  command.name = "logs";
  command.summary = "Print what a run's steps logged and printed, with errors in full";
  command.details =
      "Log lines of user code, starts and ends of steps, and tracebacks; then what steps in "
      "processes of their own printed. "
      "--json prints every event of the record; with --follow, one JSON object per line.";
  command.arguments = {
      {"RUN", "The run's id, or the beginning of it, or 'latest'", &o->id, WordKind::kRun}};
  command.options = {
      {.names = "--step", .value = "STEP", .help = "Only this step", .target = &o->step},
      {.names = "--level",
       .value = "LEVEL",
       .help = "Least level of log lines shown (default: info)",
       .target = &o->level,
       .choices = {"debug", "info", "warning", "error"}},
      {.names = "--all", .value = "", .help = "Every event of the record", .target = &o->all},
      {.names = "--follow",
       .value = "",
       .help = "Go on printing until the run is over",
       .target = &o->follow},
  };
  command.examples = {{"run logs latest", "the newest run"},
                      {"run logs 3f2a91bc --step model", "one step of a run"},
                      {"run logs latest --follow", "watch a run of another process"}};
  command.run = [o](Session& session) { return run_run_logs(session, *o); };
  return command;
}

}  // namespace treadle::cli
