// What runs: a step body, what it may ask of the engine while it runs, and how it ends. The seam
// between the engine (room execute) and the languages user code is written in (C++ lambdas, Python
// functions).
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/value.h>
#include <treadle/model/event.h>
#include <treadle/model/metadata.h>

#include <any>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

struct PartitionSlice;  // define/partition_set.h

// Why a step ended without success: an outcome, not an Error.
struct StepFailure {
  std::string message;             // what the user's exception said
  std::string error_class;         // "ValueError", "std::runtime_error"; "" = unknown
  std::string stack;               // the user's traceback, many lines; "" = none
  std::vector<StepFailure> cause;  // at most one: the exception that led to this one
  Metadata metadata;
  bool allow_retries =
      true;  // false: the retry policy does not apply (Failure(allow_retries=False))
  struct RetryRequest {
    int max_retries = 1;
    double seconds_to_wait = 0;
  };
  std::optional<RetryRequest> retry;  // user code asked for a retry itself (RetryRequested)
  bool interrupted = false;           // stopped because the run is being cancelled
  std::any origin;  // the front end's own exception object, for re-raising in the same process
};

using StepOutcome = tl::expected<void, StepFailure>;

// One output, as user code hands it over.
struct OutputReport {
  std::size_t output = 0;         // index into StepDef::outputs
  Value value;                    // empty: nothing is stored (a materialization without a value)
  std::string type_name = "Any";  // for the STEP_OUTPUT event
  Metadata metadata;
  std::optional<std::string>
      data_version;  // given by user code; else the IO manager's, else derived
  std::vector<std::pair<std::string, std::string>> tags;
  // Of a step over partitions: metadata of single ones, added to `metadata`.
  std::vector<std::pair<std::string, Metadata>> partition_metadata = {};
  // Data versions that user code gave to single partitions; they win over `data_version`.
  std::vector<std::pair<std::string, std::string>> partition_data_versions = {};
  std::string mapping_key;        // of a dynamic output: letters, digits and '_', once per output
  bool type_check_passed = true;  // as the front end found; for the STEP_OUTPUT event
};

// What a front end says of an input whose type it has checked (InputDef::checks_type).
struct InputReport {
  std::size_t input = 0;
  std::string type_name = "Any";
  bool type_check_passed = true;
  Metadata metadata;
};

struct CheckReport {
  std::size_t check = 0;  // index into StepDef::checks
  bool passed = false;
  bool error_severity = true;  // false: WARN
  std::string description;
  Metadata metadata;
};

struct StepDef;  // define/definitions.h

// What the engine offers a running step. Lives as long as the step; calls come from the step's
// thread.
class StepContext {
 public:
  virtual ~StepContext() = default;

  virtual const std::string& run_id() const = 0;
  virtual const std::string& job_name() const = 0;
  virtual const std::string& step_key() const = 0;
  virtual int retry_number() const = 0;                          // 0 on the first attempt
  virtual const StepDef* definition() const { return nullptr; }  // null: only in tests
  // Whether the plan wants this output / check of the step (subset of a multi-asset).
  virtual bool output_selected(std::size_t output) const = 0;
  virtual bool check_selected(std::size_t check) const = 0;

  // Loads an input through its IO manager and records it. The error says which input and why. Of a list: its first value.
  virtual tl::expected<Value, StepFailure> load_input(std::size_t input) = 0;
  // Records the output, stores its value through its IO manager, records the materialization. Each
  // output once.
  virtual StepOutcome handle_output(OutputReport output) = 0;
  virtual StepOutcome report_check(CheckReport check) = 0;
  // Records a fact beside the step's own outputs (an extra materialization, an observation, ...).
  // Step and run are filled in.
  virtual void report_event(Event event) = 0;
  virtual void log(LogLevel level, std::string_view message) = 0;
  // A resource of the run by key; never empty for a required key.
  virtual Value resource(const std::string& key) = 0;
  // True once the run is being cancelled: long C++ steps should look now and then.
  virtual bool cancelled() const = 0;

  // The configuration of the run as it was given, JSON; "" = none.
  virtual const std::string& run_config() const;

  // Of an op that runs once for each value of a dynamic output: which one; "" otherwise. It is part of step_key(): "work[a]".
  virtual const std::string& mapping_key() const;
  // The step as it is declared: step_key() without its mapping key.
  virtual const std::string& node_key() const { return step_key(); }
  // How many values load_input_at gives for this input: of a list those whose steps did not leave them out, else 1.
  virtual std::size_t input_size(std::size_t input) const;
  // Whether the input takes a list: fan-in or collected.
  virtual bool input_is_list(std::size_t) const { return false; }
  // Loads one value of a list (InputUse::kList, kCollect). Any other input has only index 0, which is load_input.
  virtual tl::expected<Value, StepFailure> load_input_at(std::size_t input, std::size_t index);
  // The partitions that the step computes; null: it is not partitioned, or the run is not.
  virtual const PartitionSlice* partitions() const { return nullptr; }
  // Of the asset that the input reads: those that this step's are made from. Null: not partitioned.
  virtual const PartitionSlice* input_partitions(std::size_t) const { return nullptr; }
  // Records STEP_INPUT for an input with InputDef::checks_type.
  virtual void report_input(const InputReport& report);
};

// User code of one step. Thread-safe: several steps may share one body.
class StepBody {
 public:
  virtual ~StepBody() = default;
  // Runs to the end. Exceptions of user code must not leave it: they become a StepFailure.
  virtual StepOutcome run(StepContext& context) = 0;
  // Identifies the code when the user gave no version: equal code, equal text; "" = cannot say.
  // Computed when asked.
  virtual std::string derived_code_version() { return {}; }
  // True when the body must run on the thread that called the engine (Python under its global
  // lock).
  virtual bool wants_calling_thread() const { return false; }
};

}  // namespace treadle
