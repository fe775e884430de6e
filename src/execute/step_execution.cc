#include "step_execution.h"

#include "memo.h"
#include "provenance.h"
#include "step_events.h"
#include "step_partitions.h"
#include <treadle/define/io_manager.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <memory>
#include <set>

namespace treadle::execute {
namespace {

StepFailure engine_failure(std::string_view error_class, std::string message) {
  StepFailure failure;
  failure.error_class = error_class;
  failure.message = std::move(message);
  return failure;
}

tl::unexpected<StepFailure> failed(std::string_view error_class, std::string message) {
  return tl::unexpected<StepFailure>(engine_failure(error_class, std::move(message)));
}

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 && name ? name.get() : type.name();
}

// Runs user code that must not throw, and makes an outcome of what it throws nevertheless.
template <class Function>
auto guarded(const std::string& what, Function&& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& e) {
    StepFailure failure = engine_failure(kUncaughtException, what + ": " + e.what());
    failure.cause.push_back(engine_failure(class_name(typeid(e)), e.what()));
    return tl::unexpected<StepFailure>(std::move(failure));
  } catch (...) {
    return failed(kUncaughtException, what + ": it threw something that is no std::exception.");
  }
}

class StepExecution final : public StepContext {
 public:
  StepExecution(const StepEnvironment& environment, const Attempt& attempt, const EventSink& sink)
      : env_(environment),
        attempt_(attempt),
        sink_(sink),
        planned_(environment.plan.steps[attempt.step]),
        def_(*planned_.def),
        mapped_key_(attempt.mapping_key.empty() ? std::string()
                                                : attempt_key(environment.plan, attempt)),
        key_(attempt.mapping_key.empty() ? def_.name : mapped_key_) {}

  AttemptReport run();
  // Calls the hooks of the step, which ended like this.
  void run_hooks(HookContext::Ended ended, const std::optional<StepFailure>& failure);

  const std::string& run_id() const override { return env_.run_id; }
  const std::string& job_name() const override { return env_.job_name; }
  const std::string& run_config() const override { return env_.run_config; }
  const std::string& step_key() const override { return key_; }
  const std::string& node_key() const override { return def_.name; }
  const StepDef* definition() const override { return &def_; }
  const std::string& mapping_key() const override { return attempt_.mapping_key; }
  int retry_number() const override { return attempt_.number - 1; }
  bool output_selected(std::size_t output) const override {
    return contains(planned_.outputs, output);
  }
  bool check_selected(std::size_t check) const override { return contains(planned_.checks, check); }
  bool input_is_list(std::size_t input) const override {
    return def_.inputs[input].use != InputUse::kValue;
  }
  tl::expected<Value, StepFailure> load_input(std::size_t input) override;
  std::size_t input_size(std::size_t input) const override;
  tl::expected<Value, StepFailure> load_input_at(std::size_t input, std::size_t index) override;
  void report_input(const InputReport& report) override {
    emit(step_input(key_, def_.inputs[report.input].name, report.type_name,
                    report.type_check_passed, report.metadata));
  }
  StepOutcome handle_output(OutputReport output) override;
  StepOutcome report_check(CheckReport check) override;
  void report_event(Event event) override {
    event.step_key = key_;
    emit(std::move(event));
  }
  void log(LogLevel level, std::string_view message) override {
    emit(log_event(key_, level, message));
  }
  Value resource(const std::string& key) override { return env_.resources.get(key); }
  const PartitionSlice* partitions() const override { return own(); }
  const PartitionSlice* input_partitions(std::size_t input) const override {
    if (!planned_.partitions || !planned_.partitions->inputs[input]) return nullptr;
    return &planned_.partitions->inputs[input]->slice;
  }
  bool cancelled() const override {
    return env_.stop.requested() ||
           (env_.cancellation != nullptr && env_.cancellation->requested()) ||
           (env_.ends != std::chrono::steady_clock::time_point::max() &&
            std::chrono::steady_clock::now() >= env_.ends);
  }

 private:
  static bool contains(const std::vector<std::uint32_t>& list, std::size_t index) {
    return std::find(list.begin(), list.end(), index) != list.end();
  }
  void emit(Event event) {
    event.time = env_.clock.now();
    sink_(std::move(event));
  }
  bool produced(std::size_t output) const {
    return std::any_of(report_.outputs.begin(), report_.outputs.end(),
                       [&](const ProducedOutput& p) { return p.output == output; });
  }
  tl::expected<Value, StepFailure> load_value(std::size_t input);
  tl::expected<Value, StepFailure> load_with(const std::string& key, InputContext& context,
                                             const std::string& upstream_output);
  void input_loaded(const InputDef& input, std::size_t index, std::size_t size) {
    if (!input.checks_type && index + 1 == size) {
      emit(step_input(key_, input.name, input.type_name, true, {}));
    }
  }
  StepOutcome check_mapping_key(const OutputDef& output, const OutputReport& report);
  IOManager* find_io_manager(const std::string& key) const {
    const auto& managers = env_.plan.graph->definitions().io_managers;
    const auto at = managers.find(key);
    return at == managers.end() ? nullptr : at->second.get();
  }
  const plan::AssetGraph& graph() const { return *env_.plan.graph; }
  const std::string& code_version(const OutputDef& output);
  const PartitionSlice* own() const {
    const auto& partitions = planned_.partitions;
    return partitions && partitions->own ? &*partitions->own : nullptr;
  }
  // Of one partition, or of the whole.
  Provenance provenance_of(const OutputDef& output, const std::int64_t* number = nullptr);
  std::string input_version(plan::NodeId node, const std::int64_t* number) const;
  std::string memo(const OutputDef& output, const std::int64_t* number);
  void record(const OutputDef& output, OutputReport& report, const Metadata& stored_metadata,
              KnownVersion& version);
  void record_partitions(const OutputDef& output, const OutputReport& report,
                         const Metadata& metadata, const std::vector<StoredPartition>& stored,
                         KnownVersion& version);
  std::string check_output_name(const CheckDef& check) const;
  StepOutcome finish_outputs();
  StepOutcome blocking_checks() const;

  const StepEnvironment& env_;
  const Attempt& attempt_;
  const EventSink& sink_;
  const plan::PlannedStep& planned_;
  const StepDef& def_;
  const std::string mapped_key_;
  const std::string& key_;  // of the step: "work", "work[a]"
  AttemptReport report_;
  std::set<std::pair<std::size_t, std::string>> mapping_keys_;  // of dynamic outputs, so far
  std::vector<HookOutput> kept_;                                // for hooks
  // Versions that IO managers said they read, where they know better than the run.
  std::vector<std::pair<plan::NodeId, std::string>> read_;
  std::vector<CheckReport> checks_;
  std::optional<std::string> derived_code_version_;
};

AttemptReport StepExecution::run() {
  emit(step_start(key_, attempt_.number));
  const auto begin = std::chrono::steady_clock::now();
  StepOutcome outcome = guarded("Step \"" + key_ + "\" let an exception escape",
                                [&] { return def_.body->run(*this); });
  if (outcome) outcome = finish_outputs();
  if (outcome) outcome = blocking_checks();
  if (!outcome) report_.failure = std::move(outcome).error();
  report_.duration = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::steady_clock::now() - begin)
                         .count();
  return std::move(report_);
}

tl::expected<Value, StepFailure> StepExecution::load_input(std::size_t index) {
  const InputDef& input = def_.inputs[index];
  const plan::PlannedInput& planned = planned_.inputs[index];
  if (planned.from == plan::PlannedInput::From::kOutputs) return load_input_at(index, 0);
  if (planned.from == plan::PlannedInput::From::kValue) return load_value(index);
  const plan::Node& node = graph().node(planned.node);
  const std::string& key = input_io_manager_key(env_.plan, input, planned);
  const OutputDef* upstream = node.step != nullptr ? &node.step->outputs[node.output] : nullptr;
  InputContext context{.step = *this,
                       .input = input,
                       .upstream_output = upstream,
                       .asset = input.asset,
                       .upstream_step = node.step != nullptr ? node.step->name : std::string(),
                       .artifact = env_.versions[planned.node].artifact,
                       .metadata = {},
                       .data_version = {}};
  if ((context.partitions = input_partitions(index)) != nullptr) {
    context.stored = known_partitions(env_.versions[planned.node], *context.partitions);
  }
  auto value = load_with(key, context, upstream != nullptr ? upstream->name : std::string());
  if (!value) return value;
  input_loaded(input, 0, 1);
  if (!context.data_version.empty()) {
    read_.emplace_back(planned.node, std::move(context.data_version));
  }
  return value;
}

tl::expected<Value, StepFailure> StepExecution::load_with(const std::string& key,
                                                          InputContext& context,
                                                          const std::string& upstream_output) {
  const InputDef& input = context.input;
  IOManager* manager = find_io_manager(key);
  if (manager == nullptr) {
    return failed(kInvariant, "There is no IO manager '" + key + "' to load input '" + input.name +
                                  "' of step \"" + key_ + "\" with. Add it to the definitions.");
  }
  auto value = guarded(
      "IO manager '" + key + "' let an exception escape while loading input '" + input.name + "'",
      [&] { return manager->load_input(context); });
  if (!value) return value;
  emit(loaded_input(key_, input, key, context.upstream_step, upstream_output, context.data_version,
                    context.metadata));
  return value;
}

// An input that nothing is wired to: its own IO manager, its value, or nothing.
tl::expected<Value, StepFailure> StepExecution::load_value(std::size_t index) {
  const InputDef& input = def_.inputs[index];
  if (!input.io_manager_key.empty() && !input.value) {
    InputContext context{.step = *this,
                         .input = input,
                         .upstream_output = nullptr,
                         .asset = input.asset,
                         .upstream_step = {},
                         .artifact = {},
                         .metadata = {},
                         .data_version = {}};
    auto value = load_with(input.io_manager_key, context, {});
    if (value) input_loaded(input, 0, 1);
    return value;
  }
  if (!input.value) return Value();
  input_loaded(input, 0, 1);
  return *input.value;
}

std::size_t StepExecution::input_size(std::size_t input) const {
  const bool wired = planned_.inputs[input].from == plan::PlannedInput::From::kOutputs;
  return wired && attempt_.sources ? (*attempt_.sources)[input].size() : 1;
}

tl::expected<Value, StepFailure> StepExecution::load_input_at(std::size_t index, std::size_t at) {
  const InputDef& input = def_.inputs[index];
  const plan::PlannedInput& planned = planned_.inputs[index];
  if (planned.from != plan::PlannedInput::From::kOutputs) return load_input(index);
  const std::vector<InputSource>& sources = (*attempt_.sources)[index];
  if (at >= sources.size()) {
    return failed(kInvariant, "Input '" + input.name + "' of step \"" + key_ + "\" has " +
                                  std::to_string(sources.size()) + " values; there is no " +
                                  std::to_string(at) + ".");
  }
  const InputSource& source = sources[at];
  if (source.output.step == plan::kNoStep) {
    input_loaded(input, at, sources.size());
    return *input.from[source.output.output].value;
  }
  const OutputDef& upstream =
      env_.plan.steps[source.output.step].def->outputs[source.output.output];
  if (!source.found) {
    return failed(kOutputMissing, "Input '" + input.name + "' of step \"" + key_ +
                                      "\" comes from output '" + upstream.name + "' of step \"" +
                                      source.step_key +
                                      "\", which is not run now, and which the run that is "
                                      "re-executed has not made. Run that step as well.");
  }
  const std::string& key =
      input.io_manager_key.empty() ? upstream.io_manager_key : input.io_manager_key;
  InputContext context{.step = *this,
                       .input = input,
                       .upstream_output = &upstream,
                       .asset = upstream.asset.key,
                       .upstream_step = source.step_key,
                       .artifact = source.version.artifact,
                       .metadata = {},
                       .data_version = {}};
  context.upstream_run = source.run_id.empty() ? env_.run_id : source.run_id;
  context.upstream_mapping_key = source.mapping_key;
  context.index = at;
  auto value = load_with(key, context, upstream.name);
  if (value) input_loaded(input, at, sources.size());
  return value;
}

// A dynamic output has a key for each value; any other comes once.
StepOutcome StepExecution::check_mapping_key(const OutputDef& output, const OutputReport& report) {
  if (!output.dynamic) {
    if (!report.mapping_key.empty()) {
      return failed(kInvariant, "Compute for op \"" + def_.name + "\" for output \"" + output.name +
                                    "\" defined as Out emitted a DynamicOutput. Use DynamicOut.");
    }
    if (!produced(report.output)) return {};
    return failed(kInvariant, "Step \"" + key_ + "\" returned its output '" + output.name +
                                  "' more than once.");
  }
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (report.mapping_key.empty() ||
      !std::all_of(report.mapping_key.begin(), report.mapping_key.end(), is_good)) {
    return failed(kInvariant, "\"" + report.mapping_key +
                                  "\" is not a valid mapping key for output '" + output.name +
                                  "' of step \"" + key_ +
                                  "\": use letters, digits and '_', at least one.");
  }
  if (mapping_keys_.emplace(report.output, report.mapping_key).second) return {};
  return failed(kInvariant, "Compute for op \"" + def_.name +
                                "\" yielded a DynamicOutput with mapping_key \"" +
                                report.mapping_key + "\" multiple times.");
}

StepOutcome StepExecution::handle_output(OutputReport report) {
  const OutputDef& output = def_.outputs[report.output];
  TREADLE_CHECK(check_mapping_key(output, report));
  emit(step_output(key_, output.name, report.type_name, report.metadata, report.mapping_key,
                   report.type_check_passed));

  ProducedOutput done{.output = static_cast<std::uint32_t>(report.output),
                      .version = {},
                      .mapping_key = report.mapping_key};
  if (!def_.hooks.empty() && report.value) {
    kept_.push_back({report.output, report.mapping_key, report.value, report.metadata});
  }
  Metadata stored_metadata;
  std::vector<StoredPartition> stored_partitions;
  const bool stores = output.stores_value && report.value;
  if (stores) {
    IOManager* manager = find_io_manager(output.io_manager_key);
    if (manager == nullptr) {
      return failed(kInvariant, "There is no IO manager '" + output.io_manager_key +
                                    "' to store output '" + output.name + "' of step \"" + key_ +
                                    "\" with. Add it to the definitions.");
    }
    OutputContext context{.step = *this,
                          .output = output,
                          .output_metadata = report.metadata,
                          .metadata = {},
                          .data_version = {},
                          .artifact = {},
                          .mapping_key = report.mapping_key,
                          .partitions = output.asset.key.empty() ? nullptr : own()};
    TREADLE_CHECK(guarded("IO manager '" + output.io_manager_key +
                              "' let an exception escape while storing output '" + output.name +
                              "'",
                          [&] { return manager->handle_output(context, report.value); }));
    done.version = {std::move(context.data_version), std::move(context.artifact)};
    stored_metadata = std::move(context.metadata);
    stored_partitions = std::move(context.stored);
  }
  if (!def_.observes.empty() && report.data_version) {
    done.version.data_version = *report.data_version;
  }
  if (!output.asset.key.empty()) {
    Metadata metadata = std::move(report.metadata);
    for (const auto& [name, value] : stored_metadata) set_metadata(metadata, name, value);
    if (own()) {
      record_partitions(output, report, metadata, stored_partitions, done.version);
    } else {
      record(output, report, metadata, done.version);
    }
  }
  if (stores) {
    // The materialization says where an asset is.
    emit(handled_output(key_, output, stored_metadata, report.mapping_key,
                        output.asset.key.empty() ? done.version : KnownVersion{}));
  }
  report_.outputs.push_back(std::move(done));
  return {};
}

void StepExecution::record(const OutputDef& output, OutputReport& report, const Metadata& metadata,
                           KnownVersion& version) {
  Provenance provenance = provenance_of(output);
  provenance.artifact = version.artifact;
  if (report.data_version) version.data_version = *report.data_version;
  if (version.data_version.empty()) {
    version.data_version = derive_data_version(provenance, env_.run_id);
  }
  provenance.data_version = version.data_version;
  emit(materialization(key_, output, provenance, metadata, report.tags, {}, memo(output, nullptr)));
}

// What a later run finds this by; "" when nobody asked for it.
std::string StepExecution::memo(const OutputDef& output, const std::int64_t* number) {
  if (!(def_.memoize || env_.options.memoize) || !can_memoize(planned_)) return {};
  const auto index = static_cast<std::uint32_t>(&output - def_.outputs.data());
  return memo_of(env_.plan, planned_, index, number, env_.versions, code_version(output),
                 config_of_step(env_.options.run_config, def_, env_.plan.graph->definitions()));
}

// A materialization of each partition, made of what belongs to it.
void StepExecution::record_partitions(const OutputDef& output, const OutputReport& report,
                                      const Metadata& metadata,
                                      const std::vector<StoredPartition>& stored,
                                      KnownVersion& version) {
  const auto of = [](const auto& list, const std::string& key) {
    const auto at = std::find_if(list.begin(), list.end(),
                                 [&](const auto& entry) { return entry.first == key; });
    return at == list.end() ? nullptr : &at->second;
  };
  auto made = std::make_shared<std::unordered_map<std::string, KnownVersion>>();
  std::size_t next = 0;
  const std::vector<std::string> keys = own()->keys();
  own()->subset.for_each([&](std::int64_t number) {
    const std::string& key = keys[next];
    KnownVersion one = version;
    // IO managers say where they keep partitions in the order of the keys.
    if (next < stored.size() && stored[next].key == key) {
      one = {stored[next].data_version, stored[next].artifact, {}};
    }
    ++next;
    Provenance provenance = provenance_of(output, &number);
    provenance.artifact = one.artifact;
    if (report.data_version) one.data_version = *report.data_version;
    if (const std::string* given = of(report.partition_data_versions, key)) {
      one.data_version = *given;
    }
    if (one.data_version.empty()) {
      one.data_version = derive_data_version(provenance, env_.run_id);
    }
    provenance.data_version = one.data_version;
    if (const Metadata* more = of(report.partition_metadata, key)) {
      Metadata all = metadata;
      for (const auto& [name, value] : *more) set_metadata(all, name, value);
      emit(materialization(key_, output, provenance, all, report.tags, key, memo(output, &number)));
    } else {
      emit(materialization(key_, output, provenance, metadata, report.tags, key,
                           memo(output, &number)));
    }
    made->emplace(key, std::move(one));
  });
  version = {.data_version = {}, .artifact = {}, .partitions = std::move(made)};
}

StepOutcome StepExecution::report_check(CheckReport report) {
  const CheckDef& check = def_.checks[report.check];
  for (const CheckReport& earlier : checks_) {
    if (earlier.check == report.check) {
      return failed(kInvariant, "Step \"" + key_ + "\" reported its check '" + check.name +
                                    "' more than once.");
    }
  }
  emit(step_output(key_, check_output_name(check), "Any", {}));
  if (check.partitions && own()) {
    for (const std::string& key : own()->keys()) emit(check_evaluation(key_, check, report, key));
  } else {
    emit(check_evaluation(key_, check, report));
  }
  report.metadata.clear();
  checks_.push_back(std::move(report));
  // Where an output stands for the check, what waits for that output goes on.
  for (std::uint32_t i = 0; !check.output.empty() && i < def_.outputs.size(); ++i) {
    if (def_.outputs[i].name == check.output) {
      report_.outputs.push_back({.output = i, .version = {}});
    }
  }
  return {};
}

// Dagster's name for the output that carries a check: "result" for a stand-alone check, else "<asset>_<check>".
std::string StepExecution::check_output_name(const CheckDef& check) const {
  if (!check.output.empty()) return check.output;
  const bool alone = std::none_of(def_.outputs.begin(), def_.outputs.end(),
                                  [](const OutputDef& o) { return !o.asset.key.empty(); });
  if (alone && def_.checks.size() == 1) return "result";
  std::string name;
  for (const std::string& part : check.asset.parts()) {
    if (!name.empty()) name += "__";
    name += part;
  }
  return name + "_" + check.name;
}

const std::string& StepExecution::code_version(const OutputDef& output) {
  if (!output.asset.code_version.empty()) return output.asset.code_version;
  if (!derived_code_version_) {
    // No version is better than no run.
    try {
      derived_code_version_ = treadle::derived_code_version(def_);
    } catch (const std::exception&) {
      derived_code_version_.emplace();
    }
  }
  return *derived_code_version_;
}

std::string StepExecution::input_version(plan::NodeId node, const std::int64_t* number) const {
  const plan::InputPartitions* partitions = find_input(planned_, node);
  if (partitions && number) {
    return input_version_for(*partitions, *own(), *number, env_.versions[node]);
  }
  if (partitions) return version_of(env_.versions[node], partitions->slice);
  for (const auto& [read, version] : read_) {
    if (read == node) return version;
  }
  // An output that follows from another output of the same step.
  const plan::Node& upstream = graph().node(node);
  if (upstream.step == &def_) {
    for (const ProducedOutput& p : report_.outputs) {
      if (p.output != upstream.output) continue;
      if (!number || !p.version.partitions) return p.version.data_version;
      const auto at = p.version.partitions->find(own()->set.key(*number));
      return at == p.version.partitions->end() ? std::string() : at->second.data_version;
    }
  }
  return env_.versions[node].data_version;
}

Provenance StepExecution::provenance_of(const OutputDef& output, const std::int64_t* number) {
  Provenance provenance;
  provenance.code_version = code_version(output);
  const plan::NodeId node = graph().find(output.asset.key);
  if (node == plan::kNoNode) return provenance;
  const std::vector<plan::NodeId>& parents = graph().node(node).parents;
  provenance.inputs.reserve(parents.size());
  for (const plan::NodeId parent : parents) {
    provenance.inputs.push_back({graph().node(parent).info->key, input_version(parent, number)});
  }
  return provenance;
}

// What must have come by the end of the step: required outputs (one without a value comes by itself) and checks.
StepOutcome StepExecution::finish_outputs() {
  const auto missing = [&](const std::string& name) {
    return failed(kOutputMissing, "Core compute for op \"" + def_.name +
                                      "\" did not return an output for non-optional output \"" +
                                      name + "\"");
  };
  for (const std::uint32_t index : planned_.outputs) {
    const OutputDef& output = def_.outputs[index];
    const bool is_check_result =
        output.asset.key.empty() && def_.graph.empty() && !def_.checks.empty();
    if (!output.required || is_check_result || output.dynamic || produced(index)) continue;
    if (output.stores_value) return missing(output.name);
    OutputReport nothing;
    nothing.output = index;
    nothing.type_name = "Nothing";
    TREADLE_CHECK(handle_output(std::move(nothing)));
  }
  if (def_.can_subset) return {};
  for (const std::uint32_t index : planned_.checks) {
    const bool reported = std::any_of(checks_.begin(), checks_.end(),
                                      [&](const CheckReport& c) { return c.check == index; });
    // An op whose output stands for a check may hand over something else, so that nothing is checked.
    if (!reported && def_.checks[index].output.empty()) {
      return missing(check_output_name(def_.checks[index]));
    }
  }
  return {};
}

StepOutcome StepExecution::blocking_checks() const {
  // By asset, in order of appearance, as Dagster's message lists them.
  std::vector<std::pair<std::string, std::string>> by_asset;
  int count = 0;
  for (const CheckReport& report : checks_) {
    const CheckDef& check = def_.checks[report.check];
    if (report.passed || !report.error_severity || !check.blocking) continue;
    ++count;
    const auto at = std::find_if(by_asset.begin(), by_asset.end(), [&](const auto& entry) {
      return entry.first == check.asset.text();
    });
    if (at == by_asset.end()) {
      by_asset.emplace_back(check.asset.text(), check.name);
    } else {
      at->second += "," + check.name;
    }
  }
  if (count == 0) return {};
  std::string message = std::to_string(count) + " blocking asset check" + (count > 1 ? "s" : "") +
                        " failed with ERROR severity:";
  for (const auto& [asset, names] : by_asset) message += "\n" + asset + ": " + names;
  return failed(kCheckFailed, std::move(message));
}

class HookCall final : public HookContext {
 public:
  HookCall(StepExecution& step, const StepDef& def, const HookDef& hook, Ended ended,
           const std::optional<StepFailure>& failure, const std::vector<HookOutput>& outputs)
      : step_(step), def_(def), hook_(hook), ended_(ended), failure_(failure), outputs_(outputs) {}
  Ended ended() const override { return ended_; }
  const std::string& hook_name() const override { return hook_.name; }
  const std::string& run_id() const override { return step_.run_id(); }
  const std::string& job_name() const override { return step_.job_name(); }
  const std::string& step_key() const override { return step_.step_key(); }
  std::string op_name() const override { return def_.name.substr(def_.name.rfind('.') + 1); }
  int retry_number() const override { return step_.retry_number(); }
  const StepFailure* failure() const override { return failure_ ? &*failure_ : nullptr; }
  const std::vector<HookOutput>& outputs() const override { return outputs_; }
  Value resource(const std::string& key) override { return step_.resource(key); }
  void log(LogLevel level, std::string_view message) override { step_.log(level, message); }

 private:
  StepExecution& step_;
  const StepDef& def_;
  const HookDef& hook_;
  const Ended ended_;
  const std::optional<StepFailure>& failure_;
  const std::vector<HookOutput>& outputs_;
};

void StepExecution::run_hooks(HookContext::Ended ended, const std::optional<StepFailure>& failure) {
  for (const HookDef& hook : def_.hooks) {
    HookCall call(*this, def_, hook, ended, failure, kept_);
    const auto ran = guarded("Hook '" + hook.name + "' let an exception escape",
                             [&] { return hook.body->run(call); });
    if (!ran) {
      emit(hook_errored(key_, hook.name, call.op_name(), ran.error()));
    } else if (*ran) {
      emit(hook_completed(key_, hook.name, call.op_name()));
    } else {
      emit(hook_skipped(key_, hook.name, call.op_name()));
    }
  }
}

}  // namespace

void execute_attempt(const StepEnvironment& environment, const Attempt& attempt,
                     const EventSink& sink,
                     const std::function<Verdict::Kind(AttemptReport)>& ended) {
  StepExecution execution(environment, attempt, sink);
  AttemptReport report = execution.run();
  if (environment.plan.steps[attempt.step].def->hooks.empty()) {
    ended(std::move(report));
    return;
  }
  const std::optional<StepFailure> failure = report.failure;
  switch (ended(std::move(report))) {
    case Verdict::Kind::kSuccess:
      return execution.run_hooks(HookContext::Ended::kSuccess, failure);
    case Verdict::Kind::kRetry:
      return execution.run_hooks(HookContext::Ended::kRetry, failure);
    case Verdict::Kind::kFailure:
    case Verdict::Kind::kInterrupted:
      return execution.run_hooks(HookContext::Ended::kFailure, failure);
    case Verdict::Kind::kHalted:
      return;
  }
}

}  // namespace treadle::execute
