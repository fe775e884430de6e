// Sweeps as W&B knows them: a config, agents that ask for work, and which run each was given. The
// search itself is in space.h.
//
//   TREADLE_TRY(auto sweeps, Sweeps::open(database));
//   TREADLE_TRY(const Sweep s, sweeps->add({.project_id = 7, .config = yaml}));
//   TREADLE_TRY(const Agent a, sweeps->add_agent(s.id, "host"));
//   TREADLE_TRY(const auto commands, sweeps->heartbeat(a.id, {}, trials));  // "run", "stop", "exit"
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>
#include <treadle/sweep/space.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::sweep {

enum class State : std::uint8_t { kPending, kRunning, kPaused, kFinished, kCanceled };
std::string_view to_string(State state);  // "RUNNING", as on W&B's wire
std::optional<State> state_from(std::string_view name);

struct Sweep {
  std::int64_t id = 0;
  std::int64_t project_id = 0;
  std::string name;          // eight letters and digits; made up by add()
  std::string display_name;  // "" = the config's
  std::string description;
  std::string config;  // YAML, kept to the letter
  State state = State::kPending;
  std::string controller;    // JSON text of a controller beside the agents; "" = none
  std::string scheduler;     // JSON text: what of the controller's was handed out
  std::string prior_filter;  // JSON text: which older runs belong to it; "" = none
  std::int64_t next_point = 0;
  std::int64_t user_id = 0;
  Micros created = 0;
  Micros updated = 0;
  Micros heartbeat = 0;
};
struct SweepChanges {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::optional<std::string> config;
  std::optional<State> state;
  std::optional<std::string> controller;
  std::optional<std::string> scheduler;
  std::optional<std::string> prior_filter;
};

struct Agent {
  std::int64_t id = 0;
  std::int64_t sweep_id = 0;
  std::string name;
  std::string host;
  std::string metrics;  // JSON text, as last told
  bool exited = false;
  std::int64_t user_id = 0;
  Micros created = 0;
  Micros heartbeat = 0;
};

// A run an agent was told to do.
struct Assignment {
  std::string run_id;
  std::int64_t agent_id = 0;
  std::string arguments;  // a point
};

struct Command {
  enum class Kind : std::uint8_t { kRun, kStop, kExit };
  Kind kind = Kind::kRun;
  std::string run_id;     // kRun, kStop
  std::string program;    // kRun
  std::string arguments;  // kRun: a point
};

// The results of runs so far, for methods that learn; asked for outside a transaction.
using ReadTrials = std::function<Result<std::vector<Trial>>(const std::vector<Assignment>&)>;

// Thread-safe. kNotFound: there is no such sweep or agent.
class Sweeps {
 public:
  static Result<std::unique_ptr<Sweeps>> open(db::Database& database,
                                              Clock& clock = system_clock());

  Result<Sweep> add(const Sweep& sweep);
  Result<Sweep> change(std::int64_t id, const SweepChanges& changes);
  Result<std::optional<Sweep>> find(std::int64_t id);
  Result<std::optional<Sweep>> find(std::int64_t project_id, std::string_view name);
  // Newest first.
  Result<std::vector<Sweep>> list(std::int64_t project_id);
  Result<void> remove_project(std::int64_t project_id);

  // The first agent sets a pending sweep running.
  Result<Agent> add_agent(std::int64_t sweep_id, const std::string& host, std::int64_t user_id = 0);
  Result<std::optional<Agent>> find_agent(std::int64_t id);
  Result<std::vector<Agent>> agents(std::int64_t sweep_id);
  Result<std::vector<Assignment>> assignments(std::int64_t sweep_id);
  Result<std::optional<Assignment>> assignment(std::int64_t sweep_id, const std::string& run_id);

  // What an agent that is busy with `running` runs is to do now. An idle one gets the next point of
  // the search, or is told to leave when there is none. `behind`: running ones that are to end
  // early.
  Result<std::vector<Command>> heartbeat(std::int64_t agent_id,
                                         const std::vector<std::string>& running,
                                         const std::string& metrics, const ReadTrials& trials,
                                         const std::vector<std::string>& behind = {});

 private:
  Sweeps(db::Database& database, Clock& clock) : database_(database), clock_(clock) {}
  db::Database& database_;
  Clock& clock_;
};

}  // namespace treadle::sweep
