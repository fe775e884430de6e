#include "commands.h"
#include "render.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include <treadle/base/suggest.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct RunListOptions {
  int limit = 20;
  std::vector<std::string> statuses;
  std::string job;
  std::vector<std::string> tags;
};

int run_run_list(Session& session, const RunListOptions& options) {
  events::RunFilter filter;
  filter.limit = options.limit;
  filter.job_name = options.job;
  for (std::string name : options.statuses) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    filter.statuses.push_back(*run_status_from(name));
  }
  for (const std::string& tag : options.tags) {
    const auto equals = tag.find('=');
    if (equals == std::string::npos)
      return session.usage_error(fmt::format("--tag takes name=value, not '{}'.", printable(tag)));
    filter.tags[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  std::vector<Run> runs;
  std::vector<bool> interrupted;
  if (*home) {
    auto found = (*home)->record().runs(filter);
    if (!found) return session.fail(found.error());
    runs = std::move(*found);
    for (const Run& run : runs) {
      const bool open = run.status == RunStatus::kStarted || run.status == RunStatus::kCanceling;
      interrupted.push_back(open && (*home)->record().interrupted(run.run_id).value_or(false));
    }
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("runs").begin_array();
    for (std::size_t i = 0; i < runs.size(); ++i) write_run(w, runs[i], interrupted[i]);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (!*home) {
    session.print(session.no_home_text());
    return kExitOk;
  }
  if (runs.empty()) session.print("No runs.\n");
  Table table;
  table.columns = {{"run"},
                   {"status"},
                   {"started"},
                   {"took", Column::Align::kRight},
                   {"steps", Column::Align::kRight},
                   {"job", Column::Align::kLeft, 2, false},
                   {"selection", Column::Align::kLeft, 1, false}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    const std::string took =
        run.started > 0 && run.finished > 0 ? format_duration(run.finished - run.started) : "";
    table.rows.push_back(
        {run.run_id.size() == 36 ? short_id(run.run_id) : run.run_id,
         Cell(std::string(status_word(run, interrupted[i])), status_style(run, interrupted[i])),
         format_ago(run.started > 0 ? run.started : run.created, session.now()), took,
         std::to_string(run.step_keys.size()), run.job_name == "__ASSET_JOB" ? "" : run.job_name,
         run.selection.empty() ? "*" : run.selection});
  }
  session.print(render_table(table, session.out()));
  return kExitOk;
}

}  // namespace

CommandSpec run_list_command() {
  auto o = std::make_shared<RunListOptions>();
  CommandSpec command;
  command.name = "list";
  command.summary = "List runs, newest first";
  command.options = {
      {.names = "-n,--limit",
       .value = "N",
       .help = "At most N runs (default 20); 0: all",
       .target = &o->limit},
      {.names = "--status",
       .value = "STATUS",
       .help = "Only runs with this status; may be given several times",
       .target = &o->statuses,
       .choices = {"started", "success", "failure", "canceled", "not_started"}},
      {.names = "--job", .value = "NAME", .help = "Only runs of this job", .target = &o->job},
      {.names = "--tag",
       .value = "NAME=VALUE",
       .help = "Only runs with this tag; may be given several times",
       .target = &o->tags},
  };
  command.examples = {{"run list", "the last 20 runs"},
                      {"run list --status failure --limit 0", "every run that failed"},
                      {"run list --json", "for a script"}};
  command.run = [o](Session& session) { return run_run_list(session, *o); };
  return command;
}

}  // namespace treadle::cli
