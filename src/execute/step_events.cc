#include "step_events.h"

#include <treadle/base/json.h>

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace treadle::execute {
namespace {

// fmt would cost more than the whole event on the path of a step that does nothing.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  out.reserve((std::string_view(parts).size() + ...));
  (out.append(std::string_view(parts)), ...);
  return out;
}

Event event(EventType type, const std::string& step_key, std::string message,
            std::string payload = {}, LogLevel level = LogLevel::kDebug) {
  Event e;
  e.type = type;
  e.level = level;
  e.step_key = step_key;
  e.message = std::move(message);
  e.payload = std::move(payload);
  return e;
}

void write_text_or_null(JsonWriter& w, std::string_view name, const std::string& value) {
  w.key(name);
  if (value.empty()) {
    w.null();
  } else {
    w.value(value);
  }
}

void write_failure(JsonWriter& w, const StepFailure& failure) {
  w.begin_object().field("message", failure.message);
  write_text_or_null(w, "cls_name", failure.error_class);
  write_text_or_null(w, "stack", failure.stack);
  w.key("cause");
  if (failure.cause.empty()) {
    w.null();
  } else {
    write_failure(w, failure.cause.front());
  }
  w.end_object();
}

void write_metadata(JsonWriter& w, const Metadata& metadata) {
  if (!metadata.empty()) w.key("metadata").raw(metadata_to_json(metadata));
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string error_payload(const StepFailure& failure) {
  JsonWriter w;
  w.begin_object().key("error");
  write_failure(w, failure);
  w.end_object();
  return std::move(w).str();
}

// ["raw", "iris"]: Dagster's AssetKey.to_string().
std::string key_list(const AssetKey& asset) {
  JsonWriter w;
  w.begin_array();
  for (const std::string& part : asset.parts()) w.value(part);
  w.end_array();
  std::string json = std::move(w).str();
  std::string spaced;
  for (std::size_t i = 0; i < json.size(); ++i) {
    spaced += json[i];
    if (json[i] == ',' && json[i - 1] == '"' && json[i + 1] == '"') spaced += ' ';
  }
  return spaced;
}

}  // namespace

std::string list_text(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const std::string& name : names) {
    if (out.size() > 1) out += ", ";
    out += text("'", name, "'");
  }
  return out + "]";
}

std::string duration_text(Micros duration) {
  const double ms = static_cast<double>(duration) / 1e3;
  if (ms < 10) return fmt::format("{}ms", std::round(ms * 100) / 100);
  if (ms < 1'000) return fmt::format("{}ms", duration / 1'000);
  if (ms < 60'000) return fmt::format("{:.3g}s", ms / 1e3);
  const std::int64_t seconds = duration / 1'000'000;
  return fmt::format("{}m{}s", seconds / 60, seconds % 60);
}

std::string failure_to_json(const StepFailure& failure) {
  JsonWriter w;
  write_failure(w, failure);
  return std::move(w).str();
}

Event engine_event(std::string message, std::string payload) {
  return event(EventType::kEngineEvent, {}, std::move(message), std::move(payload));
}

Event log_event(const std::string& step_key, LogLevel level, std::string_view message) {
  return event(EventType::kLog, step_key, std::string(message), {}, level);
}

Event run_start(const std::string& job) {
  return event(EventType::kRunStart, {}, text("Started execution of run for \"", job, "\"."));
}

Event run_success(const std::string& job) {
  return event(EventType::kRunSuccess, {}, text("Finished execution of run for \"", job, "\"."));
}

Event run_failure(const std::string& job, const std::vector<std::string>& failed_steps,
                  const std::optional<StepFailure>& failure) {
  JsonWriter w;
  w.begin_object();
  if (!failed_steps.empty()) {
    w.key("failed_steps").begin_array();
    for (const std::string& step : failed_steps) w.value(step);
    w.end_array();
  }
  if (failure) {
    w.key("error");
    write_failure(w, *failure);
  }
  w.end_object();
  return event(EventType::kRunFailure, {},
               text("Execution of run for \"", job, "\" failed. ",
                    failure ? std::string("An exception was thrown during execution.")
                            : text("Steps failed: ", list_text(failed_steps), ".")),
               std::move(w).str(), LogLevel::kError);
}

Event run_canceling(int running) {
  std::string message = "Canceling the run: no further step is started";
  if (running > 0) {
    message += running == 1 ? "; waiting for the one that is running"
                            : fmt::format("; waiting for the {} that are running", running);
  }
  return event(EventType::kRunCanceling, {}, message + ".");
}

Event run_canceled(const std::string& job) {
  return event(EventType::kRunCanceled, {}, text("Execution of run for \"", job, "\" canceled."),
               {}, LogLevel::kError);
}

Event materialization_planned(const std::string& job, const std::string& step_key,
                              const AssetKey& asset, const PartitionSlice* partitions) {
  Event e = event(EventType::kAssetMaterializationPlanned, step_key,
                  text(job, " intends to materialize asset ", key_list(asset)));
  e.asset_key = asset.text();
  if (partitions && partitions->subset.size() == 1) {
    e.partition = partitions->set.key(partitions->subset.first());
  } else if (partitions) {
    JsonWriter w;
    w.begin_object().key("partitions").begin_array();
    for (const PartitionSubset::Range& r : partitions->subset.ranges()) {
      w.begin_array().value(partitions->set.key(r.begin)).value(partitions->set.key(r.end - 1));
      w.end_array();
    }
    w.end_array().end_object();
    e.payload = std::move(w).str();
  }
  return e;
}

Event check_planned(const std::string& job, const std::string& step_key, const CheckDef& check) {
  JsonWriter w;
  w.begin_object().field("check", check.name).end_object();
  Event e = event(EventType::kAssetCheckEvaluationPlanned, step_key,
                  text(job, " intends to execute asset check ", check.name, " on asset ",
                       key_list(check.asset)),
                  std::move(w).str());
  e.asset_key = check.asset.text();
  return e;
}

Event resources_starting(const std::vector<std::string>& keys) {
  return event(EventType::kResourceInitStarted, {},
               text("Starting initialization of resources [", joined(keys), "]."));
}

Event resources_ready(const std::vector<std::string>& keys) {
  return event(EventType::kResourceInitSuccess, {},
               text("Finished initialization of resources [", joined(keys), "]."));
}

Event resources_failed(const std::vector<std::string>& keys, const StepFailure& failure) {
  return event(EventType::kResourceInitFailure, {},
               text("Initialization of resources [", joined(keys), "] failed."),
               error_payload(failure), LogLevel::kError);
}

Event teardown_failed(const std::string& key, const StepFailure& failure) {
  Event e = engine_event(text("Teardown of resources [", key, "] failed."), error_payload(failure));
  e.level = LogLevel::kError;
  return e;
}

Event logs_captured(const std::string& step_key, int pid, const std::string& out,
                    const std::string& err) {
  JsonWriter w;
  w.begin_object().field("stdout", out).field("stderr", err).field("pid", pid).end_object();
  return event(EventType::kLogsCaptured, step_key,
               fmt::format("Capturing logs for process (pid: {}).", pid), std::move(w).str());
}

Event step_start(const std::string& step_key, int attempt) {
  if (attempt <= 1) {
    return event(EventType::kStepStart, step_key,
                 text("Started execution of step \"", step_key, "\"."));
  }
  return event(
      EventType::kStepRestarted, step_key,
      fmt::format("Started re-execution (attempt # {}) of step \"{}\".", attempt, step_key),
      fmt::format("{{\"attempt\":{}}}", attempt));
}

Event loaded_input(const std::string& step_key, const InputDef& input,
                   const std::string& io_manager_key, const std::string& upstream_step,
                   const std::string& upstream_output, const std::string& data_version,
                   const Metadata& metadata) {
  JsonWriter w;
  w.begin_object().field("input", input.name).field("io_manager", io_manager_key);
  if (!upstream_step.empty()) {
    w.field("upstream_step", upstream_step).field("upstream_output", upstream_output);
  }
  if (!data_version.empty()) w.field("data_version", data_version);
  write_metadata(w, metadata);
  w.end_object();
  std::string message =
      text("Loaded input \"", input.name, "\" using input manager \"", io_manager_key, "\"");
  if (!upstream_step.empty()) {
    message += text(", from output \"", upstream_output, "\" of step \"", upstream_step, "\"");
  }
  return event(EventType::kLoadedInput, step_key, std::move(message), std::move(w).str());
}

Event step_input(const std::string& step_key, const std::string& input, std::string_view type_name,
                 bool type_check_passed, const Metadata& metadata) {
  JsonWriter w;
  w.begin_object().field("input", input);
  if (!type_check_passed) w.field("type_check_passed", false);
  write_metadata(w, metadata);
  w.end_object();
  return event(
      EventType::kStepInput, step_key,
      text("Got input \"", input, "\" of type \"", type_name,
           type_check_passed ? "\". (Type check passed)." : "\". Warning! Type check failed."),
      std::move(w).str());
}

Event step_output(const std::string& step_key, std::string_view output, std::string_view type_name,
                  const Metadata& metadata, const std::string& mapping_key,
                  bool type_check_passed) {
  JsonWriter w;
  w.begin_object().field("output", output);
  if (!mapping_key.empty()) w.field("mapping_key", mapping_key);
  if (!type_check_passed) w.field("type_check_passed", false);
  write_metadata(w, metadata);
  w.end_object();
  const std::string mapping =
      mapping_key.empty() ? std::string() : text(" mapping key \"", mapping_key, "\"");
  return event(
      EventType::kStepOutput, step_key,
      text("Yielded output \"", output, "\"", mapping, " of type \"", type_name,
           type_check_passed ? "\". (Type check passed)." : "\". Warning! Type check failed."),
      std::move(w).str());
}

Event handled_output(const std::string& step_key, const OutputDef& output, const Metadata& metadata,
                     const std::string& mapping_key, const KnownVersion& version) {
  JsonWriter w;
  w.begin_object().field("output", output.name).field("io_manager", output.io_manager_key);
  if (!mapping_key.empty()) w.field("mapping_key", mapping_key);
  if (!version.artifact.empty()) w.field("artifact", version.artifact);
  if (!version.data_version.empty()) w.field("data_version", version.data_version);
  write_metadata(w, metadata);
  w.end_object();
  return event(
      EventType::kHandledOutput, step_key,
      text("Handled output \"", output.name, "\" using IO manager \"", output.io_manager_key, "\""),
      std::move(w).str());
}

Event materialization(const std::string& step_key, const OutputDef& output,
                      const Provenance& provenance, const Metadata& metadata, const Tags& tags,
                      const std::string& partition, const std::string& memo) {
  JsonWriter w;
  w.begin_object().field("output", output.name);
  if (!memo.empty()) w.field("memo", memo);
  w.key("provenance").raw(provenance_to_json(provenance));
  write_metadata(w, metadata);
  if (!tags.empty()) {
    w.key("tags").begin_object();
    for (const auto& [name, value] : tags) w.field(name, value);
    w.end_object();
  }
  w.end_object();
  Event e = event(EventType::kAssetMaterialization, step_key,
                  text("Materialized value ", output.asset.key.text(), "."), std::move(w).str());
  e.asset_key = output.asset.key.text();
  e.partition = partition;
  return e;
}

Event failed_to_materialize(const std::string& step_key, const AssetKey& asset,
                            const std::string& partition) {
  Event e = event(EventType::kAssetFailedToMaterialize, step_key,
                  text("Asset ", key_list(asset), " failed to materialize"), {}, LogLevel::kError);
  e.asset_key = asset.text();
  e.partition = partition;
  return e;
}

Event check_evaluation(const std::string& step_key, const CheckDef& check,
                       const CheckReport& report, const std::string& partition) {
  JsonWriter w;
  w.begin_object().field("check", check.name).field("passed", report.passed);
  w.field("severity", report.error_severity ? "ERROR" : "WARN");
  if (check.blocking) w.field("blocking", true);
  if (!report.description.empty()) w.field("description", report.description);
  write_metadata(w, report.metadata);
  w.end_object();
  std::string message = text("Asset check '", check.name, "' on '", check.asset.text(), "' ",
                             report.passed ? "passed." : "did not pass.");
  if (!report.description.empty()) message += text(" Description: '", report.description, "'");
  Event e =
      event(EventType::kAssetCheckEvaluation, step_key, std::move(message), std::move(w).str());
  e.asset_key = check.asset.text();
  e.partition = partition;
  return e;
}

Event step_success(const std::string& step_key, Micros duration) {
  return event(
      EventType::kStepSuccess, step_key,
      text("Finished execution of step \"", step_key, "\" in ", duration_text(duration), "."),
      text("{\"duration_us\":", std::to_string(duration), "}"));
}

Event step_up_for_retry(const std::string& step_key, const StepFailure& failure,
                        double seconds_to_wait, int attempt) {
  JsonWriter w;
  w.begin_object().key("error");
  write_failure(w, failure);
  if (seconds_to_wait > 0) w.field("seconds_to_wait", seconds_to_wait);
  w.field("attempt", attempt).end_object();
  const std::string wait =
      seconds_to_wait > 0 ? fmt::format(" in {:.6g} seconds", seconds_to_wait) : std::string();
  return event(
      EventType::kStepUpForRetry, step_key,
      text("Execution of step \"", step_key, "\" failed and has requested a retry", wait, "."),
      std::move(w).str());
}

Event step_failure(const std::string& step_key, const AttemptReport& report, const Verdict& verdict,
                   int attempt) {
  JsonWriter w;
  w.begin_object().key("error");
  if (verdict.exceeded && report.failure->retry) {
    StepFailure exceeded = *report.failure;
    exceeded.message = fmt::format("Exceeded max_retries of {}", *verdict.exceeded);
    write_failure(w, exceeded);
  } else {
    write_failure(w, *report.failure);
  }
  w.field("error_source", error_source(report)).field("attempt", attempt);
  write_metadata(w, report.failure->metadata);
  if (report.exit) {
    w.key("exit").begin_object();
    if (report.exit->signal != 0) {
      w.field("signal", signal_name(report.exit->signal)).field("number", report.exit->signal);
    } else {
      w.field("code", report.exit->code);
    }
    w.end_object();
  }
  w.end_object();
  return event(EventType::kStepFailure, step_key,
               text("Execution of step \"", step_key, "\" failed."), std::move(w).str(),
               LogLevel::kError);
}

Event step_skipped(const std::string& step_key) {
  return event(EventType::kStepSkipped, step_key,
               text("Skipped execution of step \"", step_key, "\"."));
}

Event hook_completed(const std::string& step_key, const std::string& hook, const std::string& op) {
  JsonWriter w;
  w.begin_object().field("hook", hook).end_object();
  return event(EventType::kHookCompleted, step_key,
               text("Finished the execution of hook \"", hook, "\" triggered for \"", op, "\"."),
               std::move(w).str());
}

Event hook_skipped(const std::string& step_key, const std::string& hook, const std::string& op) {
  JsonWriter w;
  w.begin_object().field("hook", hook).end_object();
  return event(
      EventType::kHookSkipped, step_key,
      text("Skipped the execution of hook \"", hook,
           "\". It did not meet its triggering condition during the execution of \"", op, "\"."),
      std::move(w).str());
}

Event hook_errored(const std::string& step_key, const std::string& hook, const std::string& op,
                   const StepFailure& failure) {
  JsonWriter w;
  w.begin_object().field("hook", hook).key("error");
  write_failure(w, failure);
  w.end_object();
  return event(EventType::kHookErrored, step_key,
               text("Error occurred during the execution of hook_fn triggered for op \"", op, "\""),
               std::move(w).str(), LogLevel::kError);
}

}  // namespace treadle::execute
