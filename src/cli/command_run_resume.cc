#include "commands.h"
#include "render.h"
#include "run_again.h"
#include "run_config_option.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {
namespace {

struct RunResumeOptions {
  std::string id;
  SourceOptions source;
  RunFlags run;
};

int run_run_resume(Session& session, const RunResumeOptions& options) {
  auto found = find_run_to_repeat(session, options.id);
  if (!found) return found.error().exit_code;
  const Run& run = *found;
  if (run.status == RunStatus::kSuccess) {
    session.print(fmt::format("Run {} has succeeded already; there is nothing to resume.\n",
                              short_id(run.run_id)));
    if (session.json()) {
      JsonWriter w;
      w.begin_object()
          .field("run_id", run.run_id)
          .field("success", true)
          .field("resumed", false)
          .end_object();
      session.print_json(w.str());
    }
    return kExitOk;
  }
  auto again = load_code_of(session, run, options.source, options.run);
  if (!again) return again.error().exit_code;
  const auto& [home, code] = *again;

  execute::RunOptions ready;
  ready.run_id = run.run_id;
  ready.job_name = run.job_name;
  ready.tags = run.tags;
  ready.selection = run.selection;
  ready.origin = run.origin;
  ready.resume = true;
  ready.run_config = run.run_config;
  if (auto good = configure_again(code.loaded, run.step_keys, ready); !good)
    return session.fail(good.error());
  for (const JobDef& job : code.loaded.definitions->jobs)
    if (job.name == run.job_name) ready.default_retry_policy = job.retry_policy;
  RunFlags flags = options.run;
  if (flags.executor.empty()) flags.executor = run.executor;
  if (auto chosen = choose_run_options(session, flags, *home, ready); !chosen)
    return session.fail(chosen.error());
  return execute_and_report(session, *home, code, run.step_keys.size(), std::move(ready),
                            [&](execute::RunOptions with) {
                              return app::resume(*home, *code.graph, run.run_id, std::move(with));
                            });
}

}  // namespace

CommandSpec run_resume_command(const Program& program) {
  auto o = std::make_shared<RunResumeOptions>();
  CommandSpec command;
  command.name = "resume";
  command.summary = "Finish a run that failed, was canceled or was killed";
  command.details =
      "Steps that succeeded are not run again. The code is found where the record says the run was "
      "made from, unless -f or -m "
      "names it.";
  command.arguments = {
      {"RUN", "The run's id, or the beginning of it, or 'latest'", &o->id, WordKind::kRun}};
  add_source_options(command, program, o->source);
  add_run_options(command, o->run);
  command.examples = {
      {"run resume latest", "after Ctrl-C, a crash, or a failure that is mended now"}};
  command.run = [o](Session& session) { return run_run_resume(session, *o); };
  return command;
}

}  // namespace treadle::cli
