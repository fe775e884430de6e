// automation list: which schedules and sensors there are.
#include "commands.h"
#include "load.h"
#include "table.h"
#include <treadle/base/json.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

// Those of the definitions, then those that the front end keeps itself.
std::vector<InstigatorInfo> instigators_of(const LoadedDefinitions& loaded) {
  std::vector<InstigatorInfo> out;
  for (const ScheduleDef& one : loaded.definitions->schedules)
    out.push_back({"schedule", one.name, one.job,
                   fmt::format("{} ({})", fmt::join(one.cron, ", "), one.timezone), one.description,
                   one.running});
  for (const SensorDef& one : loaded.definitions->sensors)
    out.push_back({"sensor", one.name, one.job,
                   fmt::format("every {} s", one.minimum_interval_seconds), one.description,
                   one.running});
  out.insert(out.end(), loaded.instigators.begin(), loaded.instigators.end());
  return out;
}

int run_automation_list(Session& session, const SourceOptions& source) {
  auto loaded = load_definitions(session, source);
  if (!loaded) return loaded.error().exit_code;
  Table table;
  table.columns = {{"kind"},
                   {"name"},
                   {"target", Column::Align::kLeft, 2, false},
                   {"when", Column::Align::kLeft, 3, false},
                   {"default"},
                   {"description", Column::Align::kLeft, 1, false}};
  JsonWriter w;
  w.begin_object().key("instigators").begin_array();
  for (const InstigatorInfo& one : instigators_of(*loaded)) {
    table.rows.push_back({one.kind, one.name, one.target, one.when,
                          one.running ? "running" : "stopped", one.description});
    w.begin_object().field("kind", one.kind).field("name", one.name);
    w.field("target", one.target).field("when", one.when);
    w.field("default_status", one.running ? "running" : "stopped");
    w.field("description", one.description).end_object();
  }
  w.end_array().end_object();
  if (session.json()) session.print_json(w.str());
  session.print(table.rows.empty() ? "There are no schedules and sensors in these definitions.\n"
                                   : render_table(table, session.out()));
  return kExitOk;
}

}  // namespace

CommandSpec automation_list_command(const Program& program) {
  auto source = std::make_shared<SourceOptions>();
  CommandSpec command;
  command.name = "list";
  command.summary = "List schedules and sensors, with what they run and when";
  command.details =
      "Default: what the definitions say of whether it is on. 'automation tick' evaluates all of "
      "them; conditions are shown by 'automation tick --explain all'.";
  add_source_options(command, program, *source);
  command.examples = {{program.takes_source ? "automation list -f pipeline.py" : "automation list",
                       "all there are"}};
  command.run = [source](Session& session) { return run_automation_list(session, *source); };
  return command;
}

}  // namespace treadle::cli
