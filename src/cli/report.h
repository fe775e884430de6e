// What a run did, asset by asset, read from its events: one form for the table after `materialize`
// and for `run show`. Pure but for add_artifacts.
#pragma once

#include <treadle/artifact/service.h>
#include <treadle/model/event.h>
#include <treadle/model/run.h>

#include <cstdint>
#include <string>
#include <vector>

namespace treadle::cli {

enum class Outcome { kPending, kRunning, kWaiting, kDone, kFailed, kInterrupted, kSkipped };
std::string_view to_string(Outcome outcome);  // "done" ...: the words of --json

struct CheckLine {
  std::string asset;
  std::string name;
  bool passed = false;
  bool error_severity = true;
  bool blocking = false;
  std::string description;
  Metadata metadata;
};

struct AssetLine {
  std::string asset;
  std::string artifact;      // "local/default/model:v3" or ""
  std::string data_version;  // "" = unknown
  bool materialized = false;
  // Of the artifact, from the store: unknown until add_artifacts.
  bool unchanged = false;  // the version was there before this run
  std::int64_t size = -1;
};

struct ErrorText {
  std::string message;
  std::string cls_name;
  std::string stack;
  std::vector<ErrorText> cause;  // at most one
};

struct StepLine {
  std::string step_key;
  Outcome outcome = Outcome::kPending;
  int attempts = 0;
  Micros started = 0;
  Micros duration = -1;  // of the last attempt; -1 = unknown
  std::vector<AssetLine> assets;
  std::vector<CheckLine> checks;
  std::vector<ErrorText> error;  // at most one: why it failed or waits for a retry
  std::string exit;              // "killed by SIGSEGV", "exited with code 3"; "" = ended by itself
  Metadata failure_metadata;
  std::string note;                         // why it was not run
  std::vector<std::string> planned_checks;  // "check small of b"
};

struct RunReport {
  Run run;
  bool interrupted = false;          // its process is gone before its end
  std::vector<StepLine> steps;       // in order of the plan
  std::vector<ErrorText> run_error;  // at most one: what failed outside any step
  Micros duration(Micros now) const;
};

// Unknown fields and payloads that do not parse are passed over: the record may be of a newer
// version.
RunReport make_report(const Run& run, const std::vector<Event>& events);

// Looks up size and age of the versions. One that is gone stays unknown.
void add_artifacts(RunReport& report, artifact::ArtifactService& service);

}  // namespace treadle::cli
