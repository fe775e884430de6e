#include "coordinator.h"

#include "memo.h"
#include "step_events.h"
#include "step_partitions.h"
#include <treadle/base/random.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace treadle::execute {
namespace {

using std::chrono::steady_clock;

// How often the calling thread looks at the cancellation flag (a signal handler cannot wake it) and brings the observer the
// events of other threads.
constexpr auto kLookAround = std::chrono::milliseconds(50);

// How often the limits of pools are read again while steps wait for places.
constexpr auto kReadPools = std::chrono::milliseconds(250);

std::string paused_text(const std::string& pool) {
  const bool plain = std::all_of(pool.begin(), pool.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
  });
  const std::string word = plain ? pool : "'" + pool + "'";
  return "Steps wait for pool '" + pool +
         "', which is paused: its limit is 0. They start when `treadle pool set " + word +
         " 1` gives it room. Interrupt the run (Ctrl-C) to give it up.";
}

steady_clock::duration seconds(double s) {
  // A delay of years is as good as for ever, and does not overflow.
  return std::chrono::duration_cast<steady_clock::duration>(
      std::chrono::duration<double>(std::min(s, 1e8)));
}

// "30", "0.5".
std::string seconds_text(double s) {
  std::string text = std::to_string(s);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

double random_unit() {
  std::uint64_t bits = 0;
  const std::string bytes = random_bytes(sizeof bits);
  std::memcpy(&bits, bytes.data(), sizeof bits);
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace

std::optional<double> max_runtime(const RunOptions& options) {
  const auto tag = options.tags.find("dagster/max_runtime");
  if (tag == options.tags.end()) return std::nullopt;
  char* end = nullptr;
  const double limit = std::strtod(tag->second.c_str(), &end);
  if (end == tag->second.c_str() || *end != '\0' || !(limit > 0)) return std::nullopt;
  return std::min(limit, 1e8);
}

Coordinator::Coordinator(const plan::Plan& plan, const RunOptions& options, EventLog& log,
                         std::vector<KnownVersion>& versions, Cancellation& stop,
                         const Earlier& earlier, int at_once, Deadline begin)
    : plan_(plan),
      options_(options),
      log_(log),
      versions_(versions),
      stop_(stop),
      earlier_(earlier),
      readiness_(shape_of(plan)),
      values_(plan, readiness_),
      limits_(plan, options, at_once),
      results_(plan.steps.size()),
      tries_(plan.steps.size(), 0),
      hidden_(plan.steps.size(), false),
      max_runtime_(max_runtime(options)) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    results_[i].step_key = plan::step_key(plan.steps[i]);
    hidden_[i] = !plan.steps[i].execute;
    if (earlier.attempts.empty()) continue;
    const auto attempts = earlier.attempts.find(results_[i].step_key);
    if (attempts != earlier.attempts.end()) results_[i].attempts = attempts->second;
  }
  if (max_runtime_) runtime_ends_ = begin + seconds(*max_runtime_);
  code_versions_.resize(plan.steps.size());
  for (std::size_t i = 0; i < plan.steps.size() && options.find_memo; ++i) {
    const plan::PlannedStep& step = plan.steps[i];
    if (!(step.def->memoize || options.memoize) || !can_memoize(step)) continue;
    try {
      code_versions_[i] = derived_code_version(*step.def);
    } catch (const std::exception&) {
      // Without a version it is run.
    }
  }
}

// Settles what is done; what it made is known before anything reads it.
Readiness::Change Coordinator::begin() {
  std::vector<Readiness::Done> done;
  std::vector<bool> known(plan_.steps.size());
  done.reserve(earlier_.done.size());
  for (const Earlier::Step& step : earlier_.done) {
    if (!step.mapping_key.empty()) continue;
    values_.add(step.step, step.outputs);
    known[step.step] = true;
    results_[step.step].status = StepStatus::kSuccess;
    done.push_back({.step = step.step,
                    .outputs = values_.made(step.step, step.outputs),
                    .values = values_.count(step.step, step.outputs)});
  }
  for (std::uint32_t s = 0; s < plan_.steps.size(); ++s) {
    const plan::PlannedStep& step = plan_.steps[s];
    if (step.execute || known[s] || step.mapped_over.step != plan::kNoStep) continue;
    // Whoever reads it says that nobody has made it.
    done.push_back({.step = s, .outputs = step.outputs});
  }
  std::vector<const Earlier::Step*> instances;
  for (const Earlier::Step& step : earlier_.done) {
    if (step.mapping_key.empty()) continue;
    const auto index = values_.find_instance(step.step, step.mapping_key);
    if (!index) continue;
    instances.push_back(&step);
    done.push_back({.step = step.step,
                    .outputs = values_.made(step.step, step.outputs),
                    .values = {},
                    .instance = *index});
  }
  Readiness::Change change = readiness_.begin(done);
  for (const Readiness::Instances& added : change.added) add_instances(added);
  change.added.clear();
  for (const Earlier::Step* step : instances) {
    const Readiness::Instances* all = readiness_.find_instances(step->step);
    if (all == nullptr) continue;
    const std::uint32_t id = all->first + *values_.find_instance(step->step, step->mapping_key);
    values_.add(id, step->outputs);
    results_[id].status = StepStatus::kSuccess;
    hidden_[id] = !step->of_this_run;
  }
  return change;
}

void Coordinator::add_instances(const Readiness::Instances& instances) {
  hidden_[instances.step] = true;
  const std::string& name = plan_.steps[instances.step].def->name;
  for (std::uint32_t i = 0; i < instances.count; ++i) {
    StepResult& result = results_.emplace_back();
    result.step_key = name + "[" + values_.mapping_key(instances.first + i) + "]";
    const auto attempts = earlier_.attempts.find(result.step_key);
    if (attempts != earlier_.attempts.end()) result.attempts = attempts->second;
    tries_.push_back(0);
    hidden_.push_back(false);
  }
}

std::vector<std::string> Coordinator::failed() const {
  std::vector<std::string> keys;
  for (const std::uint32_t id : failed_) keys.push_back(key(id));
  return keys;
}

std::vector<StepResult> Coordinator::take_results() {
  std::vector<StepResult> results;
  results.reserve(results_.size());
  for (std::size_t id = 0; id < results_.size(); ++id) {
    if (!hidden_[id]) results.push_back(std::move(results_[id]));
  }
  return results;
}

void Coordinator::run(StepRunner& runner) {
  runner_ = &runner;
  runner.on_done([this](std::uint32_t id, AttemptReport report) {
    return attempt_ended(id, std::move(report));
  });
  {
    const std::scoped_lock lock(mutex_);
    follow(begin());
  }
  while (true) {
    const Deadline now = steady_clock::now();
    Deadline deadline;
    {
      const std::scoped_lock lock(mutex_);
      check_runtime(now);
      if (limits_.waits_for_others()) look_at_pools(now);
      const bool over = in_flight_ == 0 && retries_.empty() && !limits_.waits_for_others();
      const bool asked = options_.cancellation != nullptr && options_.cancellation->requested();
      // What is not recorded would have to be run again: nothing more is begun.
      const bool give_up = asked || log_.broken() || overran_;
      if (!stop_.requested() && (interrupted_ || (give_up && !over))) begin_cancel();
      if (in_flight_ == 0 && retries_.empty() && !limits_.waits_for_others()) break;
      if (!retries_.empty()) start_due_retries(now);
      deadline = next_deadline(now);
    }
    if (kill_at_ && now >= *kill_at_) {
      runner.kill();
      kill_at_.reset();
    }
    log_.deliver();
    runner.wait(deadline);
  }
  runner.finish();
}

void Coordinator::look_at_pools(Deadline now) {
  if (options_.read_shared_pools && now >= read_pools_at_) {
    limits_.change_pools(options_.read_shared_pools());
    read_pools_at_ = now + kReadPools;
  }
  start({});
  for (const std::string& pool : limits_.newly_paused()) {
    const std::string text = paused_text(pool);
    log_.emit(log_event({}, LogLevel::kWarning, text));
    // Nobody else would say why the program does not go on.
    if (!options_.observer) std::fprintf(stderr, "%s\n", text.c_str());
  }
}

void Coordinator::check_runtime(Deadline now) {
  const bool over = in_flight_ == 0 && retries_.empty() && !limits_.waits_for_others();
  if (now < runtime_ends_ || overran_ || over) return;
  overran_ = *max_runtime_;
  log_.emit(engine_event("Exceeded maximum runtime of " + seconds_text(*max_runtime_) +
                         " seconds: terminating run."));
}

bool Coordinator::halted() const {
  const std::scoped_lock lock(mutex_);
  return halted_;
}

bool Coordinator::canceled() const {
  const std::scoped_lock lock(mutex_);
  if (!stop_.requested()) return false;
  if (interrupted_) return true;
  for (std::size_t id = 0; id < results_.size(); ++id) {
    if (!hidden_[id] && results_[id].status == StepStatus::kPending) return true;
  }
  return false;
}

Deadline Coordinator::next_deadline(Deadline now) const {
  Deadline deadline = now + kLookAround;
  deadline = std::min(deadline, runtime_ends_);
  if (overran_) deadline = now + kLookAround;
  if (!retries_.empty()) deadline = std::min(deadline, retries_.begin()->first);
  return deadline;
}

Verdict::Kind Coordinator::attempt_ended(std::uint32_t id, AttemptReport report) {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t step = readiness_.step_of(id);
  const StepDef& def = *plan_.steps[step].def;
  results_[id].duration = report.duration;
  --in_flight_;
  limits_.ended(step);
  Verdict verdict =
      judge(report, def.retry_policy ? def.retry_policy : options_.default_retry_policy, tries_[id],
            report.failure ? random_unit() : 0);
  // A run that is being cancelled tries nothing again.
  if (verdict.kind == Verdict::Kind::kRetry &&
      (stop_.requested() || halted_ || !options_.retries)) {
    verdict = {.kind = Verdict::Kind::kFailure};
  }
  switch (verdict.kind) {
    case Verdict::Kind::kSuccess: {
      results_[id].status = StepStatus::kSuccess;
      results_[id].failure.reset();
      log_.emit(step_success(key(id), report.duration));
      const std::vector<std::uint32_t> outputs = values_.made(step, report.outputs);
      const std::vector<Readiness::Values> counts = values_.count(step, report.outputs);
      for (const ProducedOutput& produced : report.outputs) {
        const bool observed = !def.observes.empty();
        const plan::NodeId node = plan_.graph->find(
            observed ? def.observes[produced.output] : def.outputs[produced.output].asset.key);
        if (node == plan::kNoNode) continue;
        if (!observed) {
          versions_[node] = merged(versions_[node], produced.version);
        } else if (!produced.version.data_version.empty()) {
          versions_[node].data_version = produced.version.data_version;
        }
      }
      values_.add(id, report.outputs);
      follow(readiness_.succeed(id, outputs, counts));
      break;
    }
    case Verdict::Kind::kRetry:
      results_[id].status = StepStatus::kWaitingForRetry;
      log_.emit(step_up_for_retry(key(id), *report.failure, verdict.seconds_to_wait,
                                  results_[id].attempts));
      results_[id].failure = std::move(report.failure);
      retries_.emplace(steady_clock::now() + seconds(verdict.seconds_to_wait), id);
      runner_->wake();
      break;
    case Verdict::Kind::kInterrupted:
      interrupted_ = true;
      [[fallthrough]];
    case Verdict::Kind::kHalted:
    case Verdict::Kind::kFailure:
      results_[id].status = StepStatus::kFailure;
      log_.emit(step_failure(key(id), report, verdict, results_[id].attempts));
      results_[id].failure = std::move(report.failure);
      failed_.push_back(id);
      emit_failed_partitions(step, report);
      if (options_.stop_at_first_failure && options_.executor == Executor::kInProcess) {
        halt();
        return Verdict::Kind::kHalted;
      }
      if (!interrupted_) follow(readiness_.fail(id));
      break;
  }
  // Another step may have waited for this one to make room.
  if (limits_.any()) start({});
  if (in_flight_ == 0 || interrupted_) runner_->wake();
  return verdict.kind;
}

// Which partitions are there is asked of the record, also when none came out.
void Coordinator::emit_failed_partitions(std::uint32_t step, const AttemptReport& report) {
  const plan::PlannedStep& planned = plan_.steps[step];
  if (!planned.partitions || !planned.partitions->own) return;
  for (const std::uint32_t output : planned.outputs) {
    const AssetKey& asset = planned.def->outputs[output].asset.key;
    const bool made = std::any_of(report.outputs.begin(), report.outputs.end(),
                                  [&](const ProducedOutput& p) { return p.output == output; });
    if (asset.empty() || made) continue;
    for (const std::string& key : planned.partitions->own->keys()) {
      log_.emit(failed_to_materialize(planned.def->name, asset, key));
    }
  }
}

void Coordinator::follow(const Readiness::Change& change) {
  for (const Readiness::Instances& added : change.added) add_instances(added);
  for (const Dropped& dropped : change.dropped) drop(dropped);
  start(change.ready);
}

Attempt Coordinator::attempt_of(std::uint32_t id) {
  results_[id].status = StepStatus::kRunning;
  return {.step = readiness_.step_of(id),
          .number = ++results_[id].attempts,
          .tries = ++tries_[id],
          .instance = id,
          .mapping_key = values_.mapping_key(id),
          .sources = values_.sources_of(id)};
}

bool Coordinator::link(std::uint32_t id) {
  const std::uint32_t index = readiness_.step_of(id);
  const plan::PlannedStep& step = plan_.steps[index];
  const StepDef& def = *step.def;
  // Checks of the step itself are to be evaluated: what they failed on must not come back unseen.
  if (!options_.find_memo || !(def.memoize || options_.memoize) || !can_memoize(step) ||
      !step.checks.empty()) {
    return false;
  }
  const std::string config = config_of_step(options_.run_config, def, plan_.graph->definitions());
  const PartitionSlice* own =
      step.partitions && step.partitions->own ? &*step.partitions->own : nullptr;
  std::vector<std::int64_t> numbers{0};
  if (own) numbers = own->subset.numbers();

  struct Found {
    std::uint32_t output;
    std::string partition, memo;
    MemoHit hit;
  };
  std::vector<Found> found;
  for (const std::uint32_t output : step.outputs) {
    for (const std::int64_t number : numbers) {
      std::string memo = memo_of(plan_, step, output, own ? &number : nullptr, versions_,
                                 code_versions_[index], config);
      std::optional<MemoHit> hit;
      if (!memo.empty()) hit = options_.find_memo(memo);
      if (!hit) return false;
      found.push_back({output, own ? own->set.key(number) : "", std::move(memo), std::move(*hit)});
    }
  }
  if (found.empty()) return false;
  ++results_[id].attempts;
  const std::string& name = key(id);
  log_.emit(step_start(name, results_[id].attempts));
  log_.emit(log_event(name, LogLevel::kInfo,
                      "Not run: its code version, configuration and inputs are those of run " +
                          found.front().hit.run_id + ", whose outputs are linked."));
  std::vector<ProducedOutput> produced;
  for (Found& one : found) {
    const OutputDef& output = def.outputs[one.output];
    Provenance provenance;
    provenance.code_version =
        output.asset.code_version.empty() ? code_versions_[index] : output.asset.code_version;
    const plan::NodeId node = plan_.graph->find(output.asset.key);
    for (const plan::NodeId parent : plan_.graph->node(node).parents) {
      if (plan_.graph->node(parent).step == &def) continue;
      const plan::InputPartitions* read = find_input(step, parent);
      std::string version = versions_[parent].data_version;
      if (read && own) {
        version = input_version_for(*read, *own, *own->set.find(one.partition), versions_[parent]);
      } else if (read) {
        version = version_of(versions_[parent], read->slice);
      }
      provenance.inputs.push_back({plan_.graph->node(parent).info->key, std::move(version)});
    }
    provenance.data_version = one.hit.version.data_version;
    provenance.artifact = one.hit.version.artifact;
    log_.emit(materialization(name, output, provenance, {},
                              {{"treadle/memoized_from", one.hit.run_id}}, one.partition,
                              one.memo));
    if (produced.empty() || produced.back().output != one.output) {
      produced.push_back({.output = one.output, .version = {}});
    }
    KnownVersion& version = produced.back().version;
    if (!own) {
      version = std::move(one.hit.version);
    } else {
      auto part = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
      part->emplace(one.partition, std::move(one.hit.version));
      version =
          merged(std::move(version), {.data_version = {}, .artifact = {}, .partitions = part});
    }
  }
  results_[id].status = StepStatus::kSuccess;
  log_.emit(step_success(name, 0));
  linked_.emplace_back(id, std::move(produced));
  return true;
}

// What follows from linked steps, one after the other: chains of them may be long.
void Coordinator::settle_linked() {
  if (settling_) return;
  settling_ = true;
  while (!linked_.empty()) {
    const auto [id, outputs] = std::move(linked_.back());
    linked_.pop_back();
    const std::uint32_t step = readiness_.step_of(id);
    for (const ProducedOutput& produced : outputs) {
      const plan::NodeId node =
          plan_.graph->find(plan_.steps[step].def->outputs[produced.output].asset.key);
      if (node != plan::kNoNode) versions_[node] = merged(versions_[node], produced.version);
    }
    values_.add(id, outputs);
    follow(readiness_.succeed(id, values_.made(step, outputs), values_.count(step, outputs)));
  }
  settling_ = false;
}

// Whether this run is to execute it: a run that is executed again leaves steps out, and of mapped steps instances.
bool Coordinator::is_executed(std::uint32_t id) const {
  const plan::PlannedStep& step = plan_.steps[readiness_.step_of(id)];
  if (!step.execute) return false;
  const std::vector<std::string>& keys = step.mapping_keys;
  return keys.empty() || std::find(keys.begin(), keys.end(), values_.mapping_key(id)) != keys.end();
}

void Coordinator::start(const std::vector<std::uint32_t>& all) {
  if (stop_.requested() || interrupted_ || halted_) return;
  std::vector<std::uint32_t> ids;
  for (const std::uint32_t id : all) {
    if (!is_executed(id)) {
      // The run before has not made it: whoever reads it says that nobody has.
      hidden_[id] = true;
      follow(readiness_.succeed(id, plan_.steps[readiness_.step_of(id)].outputs, {}));
    } else if (!link(id)) {
      ids.push_back(id);
    }
  }
  start_attempts(ids);
  settle_linked();
}

void Coordinator::start_attempts(const std::vector<std::uint32_t>& ids) {
  std::vector<std::uint32_t> admitted;
  if (limits_.any()) {
    for (const std::uint32_t id : ids) limits_.wait(id, readiness_.step_of(id));
    admitted = limits_.take();
  }
  const std::vector<std::uint32_t>& now = limits_.any() ? admitted : ids;
  if (now.empty()) return;
  std::vector<Attempt> attempts;
  attempts.reserve(now.size());
  for (const std::uint32_t id : now) attempts.push_back(attempt_of(id));
  in_flight_ += static_cast<int>(attempts.size());
  runner_->start(attempts);
}

void Coordinator::drop(const Dropped& dropped) {
  results_[dropped.step].status = StepStatus::kSkipped;
  if (dropped.unresolved) return;
  const std::string name = key(dropped.step);
  std::vector<std::string> names;
  if (!dropped.missing.empty()) {
    for (const OutputOf& missing : dropped.missing) {
      const StepDef& upstream = *plan_.steps[readiness_.step_of(missing.step)].def;
      names.push_back(key(missing.step) + "." + upstream.outputs[missing.output].name);
    }
    log_.emit(log_event(
        name, LogLevel::kInfo,
        "Skipping step " + name + " due to skipped dependencies: " + list_text(names) + "."));
    log_.emit(step_skipped(name));
    return;
  }
  std::string message = "Dependencies for step " + name;
  const auto list = [&](const char* what, const std::vector<std::uint32_t>& steps) {
    if (steps.empty()) return;
    names.clear();
    for (const std::uint32_t step : steps) names.push_back(key(step));
    message += what + list_text(names);
  };
  list(" failed: ", dropped.failed);
  list(" were not executed: ", dropped.not_executed);
  log_.emit(log_event(name, LogLevel::kError, message + ". Not executing."));
}

void Coordinator::start_due_retries(Deadline now) {
  std::vector<std::uint32_t> due;
  while (!retries_.empty() && retries_.begin()->first <= now) {
    due.push_back(retries_.begin()->second);
    retries_.erase(retries_.begin());
  }
  if (!due.empty()) start(due);
}

// What is queued and has not begun.
void Coordinator::give_back() {
  for (const std::uint32_t id : runner_->cancel()) {
    results_[id].status = StepStatus::kPending;
    --results_[id].attempts;
    --in_flight_;
  }
  static_cast<void>(limits_.clear());
  for (const auto& [at, step] : retries_) results_[step].status = StepStatus::kFailure;
}

void Coordinator::halt() {
  halted_ = true;
  give_back();
  retries_.clear();
  runner_->wake();
}

void Coordinator::begin_cancel() {
  stop_.request();
  give_back();
  // Without its retry the run is not what it was to be, even if nothing else is left.
  interrupted_ = interrupted_ || !retries_.empty();
  retries_.clear();
  kill_at_ = steady_clock::now() + seconds(options_.terminate_grace_seconds);
  log_.emit(run_canceling(in_flight_));
}

}  // namespace treadle::execute
