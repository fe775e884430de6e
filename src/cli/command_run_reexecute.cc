#include "commands.h"
#include "run_again.h"
#include "run_config_option.h"
#include "text.h"
#include <treadle/base/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

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

// The steps of a run of assets that did not succeed.
Result<std::vector<std::string>> unfinished(app::Home& home, const Run& run) {
  TREADLE_TRY(const std::vector<Event> events,
              home.record().events({.run_id = run.run_id, .types = {EventType::kStepSuccess}}));
  std::set<std::string> done;
  for (const Event& event : events) done.insert(event.step_key);
  std::vector<std::string> keys;
  std::copy_if(run.step_keys.begin(), run.step_keys.end(), std::back_inserter(keys),
               [&](const std::string& key) { return !done.contains(key); });
  return keys;
}

const JobDef* op_job(const Definitions& definitions, const std::string& name) {
  for (const JobDef& job : definitions.jobs) {
    if (job.name == name && job.graph) return &job;
  }
  return nullptr;
}

// That the definitions have the steps that were asked for by name.
Result<void> check_steps(const Definitions& definitions, const std::vector<std::string>& asked) {
  std::vector<std::string> names;
  for (const StepDef& step : definitions.steps) names.push_back(step.name);
  for (const std::string& key : asked) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    return fail(Errc::kNotFound, "There is no step '" + key + "'." + did_you_mean(key, names) +
                                     " `treadle run show` lists the steps of a run.");
  }
  return {};
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

  if (const JobDef* job = op_job(*code.loaded.definitions, parent.job_name)) {
    std::optional<std::vector<std::string>> steps =
        options.steps.empty() ? parent.step_keys : options.steps;
    if (options.from_failure) steps.reset();
    return execute_and_report(session, *home, code, parent.step_keys.size(), std::move(run),
                              [&](execute::RunOptions ready) {
                                return app::execute_job_again(*home, *code.loaded.definitions, *job,
                                                              parent.run_id, steps,
                                                              std::move(ready));
                              });
  }
  if (auto known = check_steps(code.graph->definitions(), options.steps); !known)
    return session.fail(known.error());
  std::vector<std::string> steps = options.steps.empty() ? parent.step_keys : options.steps;
  if (options.from_failure) {
    auto left = unfinished(*home, parent);
    if (!left) return session.fail(left.error());
    steps = std::move(*left);
  }
  return execute_and_report(
      session, *home, code, steps.size(), std::move(run), [&](execute::RunOptions ready) {
        return app::execute_steps(*home, *code.graph, steps, std::move(ready));
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
                             .help = "Only this step; may be given several times",
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
