#include "coordinator.h"
#include "event_log.h"
#include "fork_runner.h"
#include "in_process_runner.h"
#include "resource_set.h"
#include "resume.h"
#include "step_events.h"
#include "step_execution.h"
#include "step_partitions.h"
#include <treadle/base/random.h>
#include <treadle/execute/run.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <unistd.h>

namespace treadle::execute {
namespace {

// A run that is re-executed and those which it re-executes itself, nearest first.
Result<std::vector<Ancestor>> ancestors_from(events::Record& record, const std::string& run_id) {
  std::vector<Ancestor> ancestors;
  constexpr std::size_t kMostAncestors = 1'000;
  for (std::string id = run_id; !id.empty() && ancestors.size() < kMostAncestors;) {
    TREADLE_TRY(const std::optional<Run> run, record.find_run(id));
    if (!run) {
      return fail(Errc::kNotFound, "Could not load ancestor run " + id +
                                       " for re-execution: it is not in this home.");
    }
    events::EventFilter filter;
    filter.run_id = id;
    filter.types = resume_event_types();
    TREADLE_TRY(std::vector<Event> events, record.events(filter));
    ancestors.push_back({.run_id = id, .events = std::move(events)});
    id = run->parent_run_id;
  }
  return ancestors;
}

int steps_at_once(const RunOptions& options) {
  if (options.max_concurrent > 0) return options.max_concurrent;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Versions known_versions(const plan::Plan& plan, const RunOptions& options) {
  Versions versions(plan.graph->nodes().size());
  for (const auto& [asset, version] : options.known_versions) {
    const plan::NodeId node = plan.graph->find(asset);
    if (node != plan::kNoNode) versions[node] = version;
  }
  return versions;
}

Result<void> add_run(World& world, const plan::Plan& plan, const RunOptions& options,
                     const std::string& run_id) {
  Run run;
  run.run_id = run_id;
  run.job_name = options.job_name;
  run.created = world.clock.now();
  run.root_run_id = options.root_run_id;
  run.parent_run_id = options.parent_run_id;
  run.tags = options.tags;
  run.step_keys.reserve(plan.steps.size());
  for (const plan::PlannedStep& step : plan.steps) {
    if (!step.execute) continue;
    if (step.mapping_keys.empty()) run.step_keys.push_back(plan::step_key(step));
    for (const std::string& key : step.mapping_keys) {
      run.step_keys.push_back(step.def->name + "[" + key + "]");
    }
  }
  run.selection = options.selection;
  run.run_config = options.run_config;
  run.origin = options.origin;
  run.executor = options.executor == Executor::kProcess ? "process" : "in_process";
  return world.record.add_run(run);
}

Result<void> check_resumable(World& world, const std::string& run_id) {
  if (run_id.empty()) {
    return fail(Errc::kInvalidArgument, "Which run to resume must be said: its id is empty.");
  }
  TREADLE_TRY(const std::optional<Run> run, world.record.find_run(run_id));
  if (!run) return fail(Errc::kNotFound, "There is no run '" + run_id + "' to resume.");
  if (run->status == RunStatus::kSuccess) {
    return fail(Errc::kInvalidArgument, "Run " + run_id +
                                            " has finished successfully: there is nothing to "
                                            "resume. Start a new run instead.");
  }
  return {};
}

// One execution of a run, from its first event to its last.
class Execution {
 public:
  Execution(World& world, const plan::Plan& plan, const RunOptions& options, std::string run_id)
      : world_(world),
        plan_(plan),
        options_(options),
        run_id_(std::move(run_id)),
        versions_(known_versions(plan, options)) {}

  Result<RunResult> run();

 private:
  bool in_process() const { return options_.executor == Executor::kInProcess; }
  Result<std::unique_ptr<ForkRunner>> make_fork_runner();
  Result<void> read_what_is_done();
  Result<void> read_what_is_not_executed();
  void announce(EventLog& log);
  std::vector<std::uint32_t> steps_to_run() const;
  std::string pid() const { return std::to_string(::getpid()); }
  Result<RunResult> finish(EventLog& log, RunStatus status, Event last, RunResult result);

  World& world_;
  const plan::Plan& plan_;
  const RunOptions& options_;
  const std::string run_id_;
  Versions versions_;
  Cancellation stop_;
  Earlier earlier_;
};

Result<RunResult> Execution::run() {
  const auto begin = std::chrono::steady_clock::now();
  // The process that forks steps must exist before any thread of ours: before the writer.
  std::unique_ptr<StepRunner> runner;
  if (!in_process()) {
    TREADLE_TRY(runner, make_fork_runner());
  }
  if (!options_.resume) TREADLE_CHECK(add_run(world_, plan_, options_, run_id_));
  TREADLE_TRY(const std::unique_ptr<events::RunWriter> writer, world_.record.execute_run(run_id_));
  // Only now, when nobody else can be executing it.
  if (options_.resume) TREADLE_CHECK(read_what_is_done());
  TREADLE_CHECK(read_what_is_not_executed());

  EventLog log(*writer, world_.clock, run_id_, options_.observer);
  announce(log);
  RunResult result;
  result.run_id = run_id_;

  const std::vector<std::uint32_t> to_run = steps_to_run();
  ResourceSet resources(plan_, in_process() ? to_run : std::vector<std::uint32_t>());
  const EventSink sink = [&log](Event event) { log.emit(std::move(event)); };
  if (StepOutcome up = resources.set_up(run_id_, options_.run_config, sink); !up) {
    result.failure = std::move(up).error();
    for (const plan::PlannedStep& step : plan_.steps) {
      if (step.execute) result.steps.emplace_back().step_key = plan::step_key(step);
    }
    Event failure = run_failure(options_.job_name, {}, result.failure);
    return finish(log, RunStatus::kFailure, std::move(failure), std::move(result));
  }

  auto ends = std::chrono::steady_clock::time_point::max();
  if (const std::optional<double> limit = max_runtime(options_)) {
    ends = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(*limit));
  }
  const StepEnvironment environment{.plan = plan_,
                                    .run_id = run_id_,
                                    .job_name = options_.job_name,
                                    .run_config = options_.run_config,
                                    .clock = world_.clock,
                                    .versions = versions_,
                                    .resources = resources,
                                    .options = options_,
                                    .stop = stop_,
                                    .cancellation = options_.cancellation,
                                    .ends = ends};
  if (in_process()) {
    runner = std::make_unique<InProcessRunner>(environment, sink, steps_at_once(options_),
                                               options_.logs_folder);
  } else {
    static_cast<ForkRunner&>(*runner).attach(sink);
  }
  Coordinator coordinator(plan_, options_, log, versions_, stop_, earlier_, steps_at_once(options_),
                          begin);
  coordinator.run(*runner);
  runner.reset();
  resources.tear_down(sink);

  const Micros took = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::steady_clock::now() - begin)
                          .count();
  const bool halted = coordinator.halted();
  if (!halted) {
    log.emit(engine_event(
        in_process() ? "Finished steps in process (pid: " + pid() + ") in " + duration_text(took)
                     : "Multiprocess executor: parent process exiting after " +
                           duration_text(took) + " (pid: " + pid() + ")",
        "{\"pid\":" + pid() + "}"));
  }

  const std::vector<std::string> failed = coordinator.failed();
  const bool canceled = coordinator.canceled();
  result.steps = coordinator.take_results();
  if (const std::optional<double> seconds = coordinator.overran(); canceled && seconds) {
    result.failure.emplace();
    result.failure->error_class = "TimeoutError";
    result.failure->message =
        "Exceeded maximum runtime of " + options_.tags.at("dagster/max_runtime") + " seconds.";
    Event failure = run_failure(options_.job_name, failed, result.failure);
    return finish(log, RunStatus::kFailure, std::move(failure), std::move(result));
  }
  if (canceled) {
    return finish(log, RunStatus::kCanceled, run_canceled(options_.job_name), std::move(result));
  }
  if (halted) {
    const auto at = std::find_if(result.steps.begin(), result.steps.end(),
                                 [&](const auto& step) { return step.step_key == failed.front(); });
    Event failure = run_failure(options_.job_name, failed, at->failure);
    return finish(log, RunStatus::kFailure, std::move(failure), std::move(result));
  }
  if (!failed.empty()) {
    return finish(log, RunStatus::kFailure, run_failure(options_.job_name, failed, {}),
                  std::move(result));
  }
  return finish(log, RunStatus::kSuccess, run_success(options_.job_name), std::move(result));
}

Result<std::unique_ptr<ForkRunner>> Execution::make_fork_runner() {
  if (world_.prepare_to_fork) world_.prepare_to_fork();
  return ForkRunner::create({.plan = plan_,
                             .run_id = run_id_,
                             .options = options_,
                             .clock = world_.clock,
                             .versions = versions_,
                             .max_concurrent = steps_at_once(options_)});
}

Result<void> Execution::read_what_is_done() {
  events::EventFilter filter;
  filter.run_id = run_id_;
  filter.types = resume_event_types();
  TREADLE_TRY(const std::vector<Event> events, world_.record.events(filter));
  TREADLE_TRY(earlier_, read_earlier(plan_, events));
  for (const auto& [node, version] : earlier_.versions) {
    versions_[node] = merged(versions_[node], version);
  }
  return {};
}

// What the run that is re-executed, and those before it, made of the steps that this plan leaves out.
Result<void> Execution::read_what_is_not_executed() {
  const bool whole = std::all_of(plan_.steps.begin(), plan_.steps.end(), [](const auto& step) {
    return step.execute && step.mapping_keys.empty();
  });
  if (whole || options_.parent_run_id.empty()) return {};
  TREADLE_TRY(const std::vector<Ancestor> ancestors,
              ancestors_from(world_.record, options_.parent_run_id));
  TREADLE_TRY(std::vector<Earlier::Step> steps, read_ancestors(plan_, ancestors));
  for (Earlier::Step& step : steps) earlier_.done.push_back(std::move(step));
  return {};
}

void Execution::announce(EventLog& log) {
  const std::string& job = options_.job_name;
  if (!earlier_.started) {
    for (const plan::PlannedStep& step : plan_.steps) {
      if (!step.execute) continue;
      for (const std::uint32_t output : step.outputs) {
        const AssetKey& asset = step.def->outputs[output].asset.key;
        if (asset.empty()) continue;
        const bool partitioned = step.partitions && step.partitions->own;
        log.emit(materialization_planned(job, step.def->name, asset,
                                         partitioned ? &*step.partitions->own : nullptr));
      }
    }
    for (const plan::PlannedStep& step : plan_.steps) {
      if (!step.execute) continue;
      for (const std::uint32_t check : step.checks) {
        log.emit(check_planned(job, step.def->name, step.def->checks[check]));
      }
    }
    log.emit(run_start(job));
  }
  if (options_.resume) {
    std::size_t done = 0, planned = 0;
    for (const Earlier::Step& step : earlier_.done) {
      done += step.of_this_run && step.mapping_key.empty();
    }
    for (const plan::PlannedStep& step : plan_.steps) planned += step.execute;
    log.emit(engine_event("Resuming the run: " + std::to_string(done) + " of " +
                          std::to_string(planned) +
                          " steps have succeeded before and are not run again."));
  }
  log.emit(engine_event(in_process()
                            ? "Executing steps in process (pid: " + pid() + ")"
                            : "Executing steps using multiprocess executor: parent process "
                              "(pid: " +
                                  pid() + ")",
                        "{\"pid\":" + pid() + "}"));
}

std::vector<std::uint32_t> Execution::steps_to_run() const {
  std::vector<bool> done(plan_.steps.size(), false);
  for (const Earlier::Step& d : earlier_.done) {
    if (d.mapping_key.empty()) done[d.step] = true;
  }
  std::vector<std::uint32_t> steps;
  for (std::uint32_t i = 0; i < done.size(); ++i) {
    if (!done[i] && plan_.steps[i].execute) steps.push_back(i);
  }
  return steps;
}

Result<RunResult> Execution::finish(EventLog& log, RunStatus status, Event last, RunResult result) {
  TREADLE_CHECK(log.finish(status, std::move(last)));
  result.status = status;
  return result;
}

}  // namespace

Result<std::vector<std::string>> steps_from_failure(events::Record& record, const plan::Plan& job,
                                                    const std::string& run_id) {
  TREADLE_TRY(const std::optional<Run> run, record.find_run(run_id));
  if (!run) return fail(Errc::kNotFound, "There is no run '" + run_id + "' to re-execute.");
  if (run->status == RunStatus::kSuccess) {
    return fail(Errc::kInvalidArgument,
                "Cannot reexecute from failure a run that is not failed or canceled");
  }
  events::EventFilter filter;
  filter.run_id = run_id;
  filter.types = resume_event_types();
  TREADLE_TRY(const std::vector<Event> events, record.events(filter));
  return steps_to_retry(job, run->step_keys, events);
}

Result<std::vector<std::string>> select_steps_again(events::Record& record, const plan::Plan& job,
                                                    const std::string& run_id,
                                                    const std::vector<std::string>& selection) {
  TREADLE_TRY(const std::vector<Ancestor> ancestors, ancestors_from(record, run_id));
  TREADLE_TRY(const auto known, known_mapping_keys(job, ancestors));
  auto selected = plan::select_steps_again(job, known, selection);
  if (!selected) {
    const Problem& problem = selected.error();
    if (problem.code != "unknown_step") return fail(Errc::kInvalidArgument, problem.text());
    // Dagster's message ends with the names.
    return fail(Errc::kNotFound,
                problem.message + (problem.cure.empty() ? "" : ". " + problem.cure));
  }
  return std::move(*selected);
}

Result<RunResult> run(World& world, const plan::Plan& plan, const RunOptions& options) {
  if (options.resume) TREADLE_CHECK(check_resumable(world, options.run_id));
  return Execution(world, plan, options, options.run_id.empty() ? random_uuid() : options.run_id)
      .run();
}

}  // namespace treadle::execute
