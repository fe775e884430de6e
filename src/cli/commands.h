// The commands, one file each: command_<name>.cc builds the CommandSpec and runs it.
#pragma once

#include "spec.h"
#include <treadle/cli/cli.h>

#include <string>
#include <vector>

namespace treadle::cli {

CommandSpec materialize_command(const Program& program);
CommandSpec list_command(const Program& program);
CommandSpec partitions_command(const Program& program);
CommandSpec status_command(const Program& program);
CommandSpec check_command(const Program& program);
CommandSpec asset_show_command(const Program& program);

CommandSpec automation_list_command(const Program& program);
CommandSpec automation_tick_command(const Program& program);
CommandSpec automation_ticks_command();

CommandSpec config_command(const Program& program);
CommandSpec pool_command();

CommandSpec run_list_command();
CommandSpec run_show_command();
CommandSpec run_logs_command();
CommandSpec run_resume_command(const Program& program);
CommandSpec run_reexecute_command(const Program& program);
// Tracked runs.
CommandSpec runs_list_command();
CommandSpec runs_export_command();
CommandSpec runs_send_command();

CommandSpec artifact_put_command();
CommandSpec artifact_get_command();
CommandSpec artifact_ls_command();
CommandSpec artifact_show_command();
CommandSpec artifact_verify_command();
CommandSpec artifact_gc_command();
CommandSpec artifact_alias_command();
CommandSpec artifact_delete_command();
CommandSpec artifact_tag_command();
CommandSpec artifact_ttl_command();
CommandSpec artifact_describe_command();
CommandSpec artifact_diff_command();
CommandSpec artifact_lineage_command();
CommandSpec artifact_copy_command();
CommandSpec artifact_export_command();
CommandSpec artifact_import_command();
CommandSpec artifact_reproduce_command();
std::vector<CommandSpec> registry_commands();
std::vector<CommandSpec> registry_link_commands();

// W&B's server over the home, and who may use it.
CommandSpec server_command();
CommandSpec issuer_command();
std::vector<CommandSpec> account_commands();  // user, org, team, member, key

CommandSpec completion_command(const Program& program);

// The whole tree, with the groups run, asset and artifact.
CommandSpec root_command(const Program& program, struct GlobalOptions& globals);

}  // namespace treadle::cli
