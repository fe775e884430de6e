#include "execute.h"

#include "progress.h"
#include "render.h"
#include "report.h"
#include "signals.h"
#include "text.h"
#include <treadle/artifact/store.h>

#include <fmt/format.h>

#include <cstdlib>
#include <unistd.h>

namespace treadle::cli {
namespace {

// The words that call this program again with the same home.
std::string again(const Session& session, std::string_view command) {
  const char* invoked_as = session.program().takes_source ? std::getenv(kInvokedAs) : nullptr;
  std::string text = invoked_as ? invoked_as : session.words().front();
  const auto& words = session.words();
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--home" && i + 1 < words.size()) text += " --home " + words[i + 1];
    if (words[i].starts_with("--home=")) text += " " + words[i];
  }
  return text + " " + std::string(command);
}

std::string look_further(const Session& session, const RunReport& report) {
  std::vector<std::string> lines;
  const std::string id = short_id(report.run.run_id);
  const AssetLine* shown = nullptr;
  const AssetLine* kept = nullptr;
  const StepLine* failed = nullptr;
  for (const StepLine& step : report.steps) {
    if (step.outcome == Outcome::kFailed && !failed) failed = &step;
    for (const AssetLine& asset : step.assets) {
      if (asset.materialized) shown = &asset;
      if (!asset.artifact.empty()) kept = &asset;
    }
  }
  if (failed)
    lines.push_back(again(session, fmt::format("run logs {} --step {}", id, failed->step_key)));
  if (report.run.status != RunStatus::kSuccess)
    lines.push_back(again(session, "run resume " + id) + "   # when mended: finishes what is left");
  if (shown) lines.push_back(again(session, "asset show " + shown->asset));
  lines.push_back(again(session, "run show " + id));
  if (kept)
    lines.push_back(
        again(session, fmt::format("artifact get {} DIR", short_artifact(kept->artifact))));
  std::string out = "\n" + session.out().paint(Style::kDim, "Look further:") + "\n";
  for (const std::string& line : lines) out += "  " + printable(line) + "\n";
  return out;
}

void print_report(Session& session, const RunReport& report) {
  std::string out;
  if (session.err().interactive || !session.out().interactive) out += "\n";
  out += render_report_table(report, session.out());
  const std::string failures = render_failures(report, session.out());
  if (!failures.empty()) out += "\n" + failures;
  std::size_t done = 0;
  for (const StepLine& step : report.steps) done += step.outcome == Outcome::kDone;
  const Micros took = report.duration(session.now());
  out += fmt::format("\nRun {} {}: {} of {}{}.\n", short_id(report.run.run_id),
                     session.out().paint(status_style(report.run, report.interrupted),
                                         status_word(report.run, report.interrupted)),
                     done, count_text(report.steps.size(), "step"),
                     took < 0 ? "" : " in " + format_duration(took));
  session.print(out + look_further(session, report));
}

}  // namespace

void add_run_options(CommandSpec& command, RunFlags& flags) {
  command.options.push_back(
      {.names = "--executor",
       .value = "NAME",
       .help = "Where steps run: all in this process, or each in a forked process of its own",
       .target = &flags.executor,
       .choices = {"in_process", "process"}});
  command.options.push_back({.names = "--max-concurrent",
                             .value = "N",
                             .help = "Run at most N steps at once; 0 (default): one per core",
                             .target = &flags.max_concurrent});
  command.options.push_back({.names = "--durability",
                             .value = "LEVEL",
                             .help = "What a lost machine may lose: nothing (full), unfinished "
                                     "runs (normal, default), anything (off)",
                             .target = &flags.durability,
                             .choices = {"full", "normal", "off"}});
}

Result<db::Durability> choose_durability(Session& session, const RunFlags& flags) {
  std::string level = flags.durability;
  if (level.empty()) {
    TREADLE_TRY(const app::Settings settings, session.settings());
    level = settings.durability;
  }
  if (level == "full") return db::Durability::kFull;
  if (level == "off") return db::Durability::kOff;
  return db::Durability::kNormal;
}

Result<void> choose_run_options(Session& session, const RunFlags& flags, const app::Home& home,
                                execute::RunOptions& options) {
  TREADLE_TRY(const app::Settings settings, session.settings());
  // What a job says of itself comes before the settings.
  const bool by_settings = flags.executor.empty() && !options.executor_said;
  const std::string& executor = by_settings ? settings.executor : flags.executor;
  if (executor == "process") options.executor = execute::Executor::kProcess;
  if (executor == "in_process") options.executor = execute::Executor::kInProcess;
  if (flags.max_concurrent > 0) options.max_concurrent = flags.max_concurrent;
  if (options.max_concurrent == 0) options.max_concurrent = settings.max_concurrent;
  options.logs_folder = home.logs_folder();
  return {};
}

std::string step_label(const StepDef& step) {
  std::vector<std::string> parts;
  for (const OutputDef& output : step.outputs)
    if (!output.asset.key.empty()) parts.push_back(output.asset.key.text());
  if (parts.empty())
    for (const CheckDef& check : step.checks)
      parts.push_back(fmt::format("check {} of {}", check.name, check.asset.text()));
  return parts.empty() ? step.name : join(parts, ", ");
}

int execute_and_report(Session& session, app::Home& home, const Code& code, std::size_t step_count,
                       execute::RunOptions options,
                       const std::function<Result<execute::RunResult>(execute::RunOptions)>& run) {
  ProgressPlan plan{.step_count = step_count, .labels = {}};
  for (const StepDef& step : code.loaded.definitions->steps)
    plan.labels.emplace(step.name, step_label(step));
  const SignalGuard signals(session.program().cancellation);
  Progress progress(session.err(), STDERR_FILENO, std::move(plan));
  options.cancellation = signals.cancellation();
  options.observer = [&](const Event& event) {
    if (event.type == EventType::kStepSuccess || event.type == EventType::kStepFailure)
      if (session.program().flush_output) session.program().flush_output();
    progress.on_event(event);
  };
  if (session.program().prepare_run) session.program().prepare_run(options);

  auto result = run(std::move(options));
  progress.finish();
  if (!result) return session.fail(result.error());

  const auto recorded = home.record().find_run(result->run_id);
  if (!recorded) return session.fail(recorded.error());
  events::EventFilter filter;
  filter.run_id = result->run_id;
  const auto events = home.record().events(filter);
  if (!events) return session.fail(events.error());
  RunReport report = make_report(recorded->value_or(Run{}), *events);
  add_artifacts(report, home.store());
  if (session.json()) {
    JsonWriter w;
    write_report(w, report);
    session.print_json(w.str());
  } else {
    print_report(session, report);
  }
  if (result->success()) return kExitOk;
  return result->status == RunStatus::kCanceled ? kExitInterrupted : kExitRunFailed;
}

}  // namespace treadle::cli
