#include "commands.h"
#include "session.h"

#include <algorithm>

namespace treadle::cli {
namespace {

CommandSpec make_group(std::string name, std::string summary, std::vector<CommandSpec> commands) {
  CommandSpec group;
  group.name = std::move(name);
  group.summary = std::move(summary);
  group.subcommands = std::move(commands);
  return group;
}

std::vector<CommandSpec> artifact_commands() {
  std::vector<CommandSpec> commands;
  for (CommandSpec (*make)() :
       {&artifact_put_command, &artifact_get_command, &artifact_ls_command, &artifact_show_command,
        &artifact_diff_command, &artifact_lineage_command, &artifact_reproduce_command,
        &artifact_alias_command, &artifact_tag_command, &artifact_ttl_command,
        &artifact_describe_command, &artifact_delete_command, &artifact_copy_command,
        &artifact_export_command, &artifact_import_command, &artifact_verify_command,
        &artifact_gc_command})
    commands.push_back(make());
  // The names these had, and have elsewhere.
  for (const auto& [from, name] : {std::pair("list", "ls"), std::pair("rm", "delete")}) {
    const auto named = std::find_if(commands.begin(), commands.end(),
                                    [&](const CommandSpec& c) { return c.name == from; });
    CommandSpec other = *named;
    other.name = name;
    other.hidden = true;
    commands.push_back(std::move(other));
  }
  return commands;
}

}  // namespace

CommandSpec root_command(const Program& program, GlobalOptions& globals) {
  CommandSpec root;
  root.name = program.name;
  if (program.takes_source) {
    root.summary = "Runs pipelines of assets and keeps what they make as versioned artifacts";
    root.examples = {{"materialize -f pipeline.py", "run everything a file declares"},
                     {"materialize --stale -f pipeline.py", "run only what has changed"},
                     {"asset show model", "what was kept, its checks and metadata"},
                     {"artifact put iris data/ --type dataset", "keep a folder by hand"},
                     {"run list", "what happened lately"}};
  } else {
    root.summary = "A pipeline of assets; what it makes is kept as versioned artifacts";
    root.examples = {{"materialize", "run everything"},
                     {"materialize --stale", "run only what has changed"},
                     {"asset show model", "what was kept, its checks and metadata"},
                     {"run list", "what happened lately"}};
  }
  root.details =
      "Everything is kept in one home folder: --home, else TREADLE_HOME, else DAGSTER_HOME, else "
      "'home' in the project's settings, "
      "else .treadle in the project's folder.\n\n"
      "Exit codes: 0 done; 1 the run failed; 2 wrong usage; 3 invalid definitions; 4 not found; 5 "
      "trouble with the home; "
      "70 a bug; 130 interrupted.";
  root.options = {
      {.names = "--home",
       .value = "DIR",
       .help = "The home folder",
       .target = &globals.home,
       .kind = WordKind::kFolder},
      {.names = "--database",
       .value = "URL",
       .help = "PostgreSQL for what is else in the home's treadle.db; the home remembers it",
       .target = &globals.database},
      {.names = "--json",
       .value = "",
       .help = "One JSON document on stdout instead of text",
       .target = &globals.json},
      {.names = "--color",
       .value = "WHEN",
       .help = "Colour the output",
       .target = &globals.color,
       .choices = {"auto", "always", "never"}},
  };
  root.subcommands.push_back(materialize_command(program));
  root.subcommands.push_back(list_command(program));
  root.subcommands.push_back(status_command(program));
  root.subcommands.push_back(partitions_command(program));
  root.subcommands.push_back(check_command(program));
  root.subcommands.push_back(config_command(program));
  std::vector<CommandSpec> automation_commands;
  automation_commands.push_back(automation_list_command(program));
  automation_commands.push_back(automation_tick_command(program));
  automation_commands.push_back(automation_ticks_command());
  root.subcommands.push_back(make_group("automation",
                                        "Schedules, sensors and conditions: what they ask for",
                                        std::move(automation_commands)));
  std::vector<CommandSpec> run_commands;
  run_commands.push_back(run_list_command());
  run_commands.push_back(run_show_command());
  run_commands.push_back(run_logs_command());
  run_commands.push_back(run_resume_command(program));
  run_commands.push_back(run_reexecute_command(program));
  root.subcommands.push_back(
      make_group("run", "Look at runs, and finish what was interrupted", std::move(run_commands)));
  std::vector<CommandSpec> runs_commands;
  runs_commands.push_back(runs_list_command());
  runs_commands.push_back(runs_export_command());
  runs_commands.push_back(runs_send_command());
  root.subcommands.push_back(
      make_group("runs", "Find tracked runs and take their metrics out", std::move(runs_commands)));
  std::vector<CommandSpec> asset_commands;
  asset_commands.push_back(asset_show_command(program));
  root.subcommands.push_back(make_group("asset", "Look at assets", std::move(asset_commands)));
  root.subcommands.push_back(make_group(
      "artifact", "Keep, fetch and look after versioned artifacts", artifact_commands()));
  root.subcommands.push_back(make_group(
      "registry", "Link versions into collections that others rely on", registry_commands()));
  root.subcommands.push_back(server_command());
  for (CommandSpec& command : account_commands()) root.subcommands.push_back(std::move(command));
  root.subcommands.push_back(issuer_command());
  root.subcommands.push_back(pool_command());
  root.subcommands.push_back(completion_command(program));
  return root;
}

}  // namespace treadle::cli
