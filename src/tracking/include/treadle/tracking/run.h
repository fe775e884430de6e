// What W&B calls a run, as values. A run seen as orchestration (room events) and a run seen as
// tracking are one run when they have one id; see docs/decisions on run identity.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::tracking {

enum class State : std::uint8_t {
  kPending = 0,
  kRunning = 1,
  kFinished = 2,
  kFailed = 3,
  kCrashed = 4,  // said to be running, but not heard of for StoreOptions::crashed_after
  kKilled = 5,   // asked to stop, and ended
  kPreempting = 6,
  kPreempted = 7,
  kStopped = 8,
};
std::string_view to_string(State state);  // "running", as on W&B's wire
std::optional<State> state_from(std::string_view name);
constexpr bool is_alive(State s) {
  return s == State::kPending || s == State::kRunning || s == State::kPreempting;
}

struct Project {
  std::int64_t key = 0;
  std::string entity;
  std::string name;
  std::string description;
  std::string settings = "{}";  // JSON object text, kept for whoever set it
  Micros created = 0;
  std::int64_t run_count = 0;
};

// Which run: its id is unique in its project. "" = the store's default entity, project.
struct RunRef {
  std::string entity;
  std::string project;
  std::string id;
};

// How start() takes an id that is or is not there.
enum class Resume : std::uint8_t {
  kNone,   // an existing run is begun anew: running again, its history goes on
  kAllow,  // either
  kMust,   // kNotFound when missing
  kNever,  // kAlreadyExists when there
};

// What to set; nothing = leave as it is.
struct RunChanges {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::optional<std::string> notes;
  std::optional<std::vector<std::string>> tags;      // instead of those there are
  std::optional<std::vector<std::string>> add_tags;  // beside them
  std::optional<std::string> group;
  std::optional<std::string> job_type;
  std::optional<std::string> host;
  std::optional<std::string> program;
  std::optional<std::string> repository;
  std::optional<std::string> commit;
  std::optional<std::string> user;
  std::optional<std::string> sweep;
  std::optional<std::string> metadata;  // JSON object text: W&B's wandb-metadata.json
  // JSON object texts. Plain values: {"lr": 0.1}, without W&B's {"lr": {"value": 0.1}} (see
  // plain_config). The whole object, or only the top-level keys that change: a patch's keys replace
  // those there are. Bare NaN and infinities are kept.
  std::optional<std::string> config;
  std::optional<std::string> config_patch;
  std::optional<std::string> summary;
  std::optional<std::string> summary_patch;
  std::optional<State> state;
};

struct Run {
  std::int64_t key = 0;  // of the store; the other calls take it
  std::string entity;
  std::string project;
  std::string id;
  std::string display_name;
  std::string description;
  std::string notes;
  std::vector<std::string> tags;  // in order of setting
  std::string group;
  std::string job_type;
  State state = State::kPending;
  std::optional<int> exit_code;
  bool stop_requested = false;
  std::string host;
  std::string program;
  std::string repository;
  std::string commit;
  std::string user;
  std::string sweep;
  std::string forked_from;            // id of the run it continues, or ""
  std::int64_t forked_at = 0;         // the last step taken over
  std::string metadata = "{}";        // JSON object text
  std::string config = "{}";          // JSON object text, plain values
  std::string summary = "{}";         // JSON object text
  std::string system_metrics = "{}";  // JSON object text: the last row of system metrics
  Micros created = 0;
  Micros heartbeat = 0;
  Micros finished = 0;  // 0 = not yet
  std::int64_t history_lines = 0;
  std::int64_t event_lines = 0;  // system metrics
  std::int64_t console_lines = 0;
  std::int64_t last_step = -1;  // largest _step in the history; -1 = none
  std::string text() const;     // "entity/project/id"
};

// W&B keeps {"lr": {"value": 0.1, "desc": null}}; the store keeps {"lr": 0.1}. Both ways; text that
// is no JSON object is kInvalidArgument. Values without the wrapper are taken as they are.
Result<std::string> plain_config(std::string_view wandb_config);

// Where a run goes on from: the SDK writes it into the config (`_wandb.branch_point`) of a run that
// forks another, or that is rewound (then `run` is itself).
struct BranchPoint {
  std::string run;        // its id, in the same project
  std::int64_t step = 0;  // the last one that is taken over
};
// `config` as plain_config() makes it.
std::optional<BranchPoint> find_branch_point(std::string_view config);
Result<std::string> wandb_config(std::string_view plain);

// A file of a run: media, code, output.log, whatever was saved.
struct RunFile {
  std::string name;    // path inside the run, checked like an artifact's entry
  std::string sha256;  // hex
  std::string md5;     // base64
  std::int64_t size = 0;
  std::string mimetype;
  Micros updated = 0;
};

// The name rule a run id, project or entity breaks, if any.
Result<void> check_run_ref(const RunRef& ref);

}  // namespace treadle::tracking
