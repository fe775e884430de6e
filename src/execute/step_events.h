// The events of a run and of its steps, with Dagster's messages and the payloads of docs/formats/events.md. Pure.
#pragma once

#include "attempt.h"
#include <treadle/define/definitions.h>
#include <treadle/model/event.h>

#include <string>
#include <string_view>
#include <vector>

namespace treadle::execute {

// "['a', 'b']": how Dagster's messages list names.
std::string list_text(const std::vector<std::string>& names);
// "15ms", "9.9ms", "4.1s": durations as Dagster's messages say them.
std::string duration_text(Micros duration);
// {"message", "cls_name", "stack", "cause"}
std::string failure_to_json(const StepFailure& failure);

Event engine_event(std::string message, std::string payload = {});
Event log_event(const std::string& step_key, LogLevel level, std::string_view message);

Event run_start(const std::string& job);
Event run_success(const std::string& job);
Event run_failure(const std::string& job, const std::vector<std::string>& failed_steps,
                  const std::optional<StepFailure>& failure);
Event run_canceling(int running);
Event run_canceled(const std::string& job);
Event materialization_planned(const std::string& job, const std::string& step_key,
                              const AssetKey& asset, const PartitionSlice* partitions = nullptr);
Event check_planned(const std::string& job, const std::string& step_key, const CheckDef& check);

Event resources_starting(const std::vector<std::string>& keys);
Event resources_ready(const std::vector<std::string>& keys);
Event resources_failed(const std::vector<std::string>& keys, const StepFailure& failure);
Event teardown_failed(const std::string& key, const StepFailure& failure);
Event logs_captured(const std::string& step_key, int pid, const std::string& out,
                    const std::string& err);

Event step_start(const std::string& step_key, int attempt);  // STEP_RESTARTED from the second on
Event loaded_input(const std::string& step_key, const InputDef& input,
                   const std::string& io_manager_key, const std::string& upstream_step,
                   const std::string& upstream_output, const std::string& data_version,
                   const Metadata& metadata);
Event step_input(const std::string& step_key, const std::string& input, std::string_view type_name,
                 bool type_check_passed, const Metadata& metadata);
Event step_output(const std::string& step_key, std::string_view output, std::string_view type_name,
                  const Metadata& metadata, const std::string& mapping_key = {},
                  bool type_check_passed = true);
Event handled_output(const std::string& step_key, const OutputDef& output, const Metadata& metadata,
                     const std::string& mapping_key, const KnownVersion& version);
Event materialization(const std::string& step_key, const OutputDef& output,
                      const Provenance& provenance, const Metadata& metadata, const Tags& tags,
                      const std::string& partition = {}, const std::string& memo = {});
// Of one partition of an asset, when the step that was to make it has failed.
Event failed_to_materialize(const std::string& step_key, const AssetKey& asset,
                            const std::string& partition);
Event check_evaluation(const std::string& step_key, const CheckDef& check,
                       const CheckReport& report, const std::string& partition = {});
Event step_success(const std::string& step_key, Micros duration);
Event step_up_for_retry(const std::string& step_key, const StepFailure& failure,
                        double seconds_to_wait, int attempt);
Event step_failure(const std::string& step_key, const AttemptReport& report, const Verdict& verdict,
                   int attempt);
Event step_skipped(const std::string& step_key);
Event hook_completed(const std::string& step_key, const std::string& hook, const std::string& op);
Event hook_skipped(const std::string& step_key, const std::string& hook, const std::string& op);
Event hook_errored(const std::string& step_key, const std::string& hook, const std::string& op,
                   const StepFailure& failure);

}  // namespace treadle::execute
