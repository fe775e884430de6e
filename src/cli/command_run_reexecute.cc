#include "commands.h"
#include "run_again.h"
#include "run_config_option.h"
#include "text.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace treadle::cli {
namespace {

struct ReexecuteOptions {
  std::string id;
  SourceOptions source;
  RunFlags run;
  std::vector<std::string> steps;
  std::string config;
  bool from_failure = false;
};

const JobDef* op_job(const Definitions& definitions, const std::string& name) {
  for (const JobDef& job : definitions.jobs) {
    if (job.name == name && job.graph) return &job;
  }
  return nullptr;
}

int run_reexecute(Session& session, const ReexecuteOptions& options) {
  if (options.from_failure && !options.steps.empty())
    return session.usage_error("Give either --from-failure or --step.");
  auto found = find_run_to_repeat(session, options.id);
  if (!found) return found.error().exit_code;
  const Run& parent = *found;
  if (options.from_failure && parent.status == RunStatus::kSuccess) {
    return session.usage_error(
        fmt::format("Run {} has succeeded: there is no failure to run it again from.",
                    short_id(parent.run_id)));
  }
  auto config = read_run_config(session, options.config);
  if (!config) return session.fail(config.error());
  auto again = load_code_of(session, parent, options.source, options.run);
  if (!again) return again.error().exit_code;
  const auto& [home, code] = *again;

  execute::RunOptions run;
  run.job_name = parent.job_name;
  run.tags = parent.tags;
  run.origin = code.loaded.origin;
  run.run_config = config->empty() ? parent.run_config : std::move(*config);
  if (auto good = configure_again(code.loaded,
                                  options.steps.empty() ? parent.step_keys : options.steps, run);
      !good)
    return session.fail(good.error());
  run.parent_run_id = parent.run_id;
  run.root_run_id = parent.root_run_id.empty() ? parent.run_id : parent.root_run_id;
  RunFlags flags = options.run;
  if (flags.executor.empty()) flags.executor = parent.executor;
  if (auto chosen = choose_run_options(session, flags, *home, run); !chosen)
    return session.fail(chosen.error());

  std::optional<std::vector<std::string>> steps =
      options.steps.empty() ? parent.step_keys : options.steps;
  if (options.from_failure) steps.reset();
  const JobDef* job = op_job(*code.loaded.definitions, parent.job_name);
  return execute_and_report(
      session, *home, code, parent.step_keys.size(), std::move(run),
      [&](execute::RunOptions ready) {
        return job == nullptr ? app::execute_steps_again(*home, *code.graph, parent.run_id, steps,
                                                         std::move(ready))
                              : app::execute_job_again(*home, *code.loaded.definitions, *job,
                                                       parent.run_id, steps, std::move(ready));
      });
}

}  // namespace

CommandSpec run_reexecute_command(const Program& program) {
  auto o = std::make_shared<ReexecuteOptions>();
  CommandSpec command;
  command.name = "reexecute";
  command.summary = "Run again what a run ran, as a new run";
  command.details =
      "All of its steps, those that are named, or with --from-failure those that failed and what "
      "was never reached. What the other steps made is loaded from the run before. The code is "
      "found where the record says the run was made from, unless -f or -m names it.";
  command.arguments = {
      {"RUN", "The run's id, or the beginning of it, or 'latest'", &o->id, WordKind::kRun}};
  add_source_options(command, program, o->source);
  command.options.push_back({.names = "--from-failure",
                             .value = "",
                             .help = "Only what failed and what follows from it",
                             .target = &o->from_failure});
  command.options.push_back({.names = "--step",
                             .value = "KEY",
                             .help = "Only this step; '+' and '*' mean those around it "
                                     "(\"load+\", \"*clean\", \"work[a]*\"); may be given several "
                                     "times",
                             .target = &o->steps});
  command.options.push_back({.names = "-c,--config",
                             .value = "CONFIG",
                             .help = "Another configuration than that of the run before: a file "
                                     "or the JSON itself",
                             .target = &o->config});
  add_run_options(command, o->run);
  command.examples = {{"run reexecute latest --from-failure", "a new run of what is left"}};
  command.run = [o](Session& session) { return run_reexecute(session, *o); };
  return command;
}

}  // namespace treadle::cli
