// Runs kept by a server: tracking::Store over W&B's protocol. What a process at work reports is handed
// to a thread of the run, which sends it; no call of stream(), update() or put_file() waits for the
// network then. Until the server has said that it has it, all of it also lies in a file: nothing is
// lost when the server or this process goes away.
//
//   TREADLE_TRY(auto runs, client::open_runs(connection, {.folder = "wandb"}));
//   TREADLE_TRY(auto begun, runs->start({"", "iris", ""}, {.config = R"({"lr":0.1})"}));
//   runs->stream(begun.run.key, {.history = tracking::Lines{0, {row}}});
//   TREADLE_CHECK(runs->stream(begun.run.key, {.complete = true}));   // waits until all is there
//
// Keys of runs are this store's own, good as long as it lives. What the protocol has no word for is
// kUnsupported. Reads see what the server has; flush() makes that everything.
#pragma once

#include <treadle/client/connection.h>
#include <treadle/tracking/store.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::client {

struct RunsOptions {
  // Where what is not sent yet lies, one folder a run: "<folder>/run-<id>-<number>".
  std::string folder = "wandb";
  // Between two requests of a run. 0 = as the SDK, 15 s; on loopback 0.5 s.
  std::chrono::milliseconds interval{0};
  std::chrono::milliseconds heartbeat{30'000};
  // How long start() tries; how long the end of a run waits for a server that is away.
  std::chrono::milliseconds begin_patience{90'000};
  std::chrono::milliseconds finish_patience{600'000};
  // Bodies go packed: when the server takes that and is not on this machine; or as said.
  std::optional<bool> compress;
};

// Thread-safe. A run ends by StreamUpdate::complete; one that is at work when the store is destroyed is
// not ended: what is unsent stays in its folder.
Result<std::unique_ptr<tracking::Store>> open_runs(std::shared_ptr<Connection> connection,
                                                   const RunsOptions& options = {});

// The versions ("entity/project/collection:v3") that a run made, or used.
enum class RunArtifacts : std::uint8_t { kMade, kUsed };
Result<std::vector<std::string>> artifacts_of_run(Connection& connection,
                                                  const tracking::RunRef& run, RunArtifacts which);

// Sends what a run left in its folder (see RunsOptions::folder), and removes the folder. Sending twice
// does no harm. kNotFound: nothing was left there.
struct SentRun {
  std::string run;   // "entity/project/id"
  std::string host;  // where it was meant to go
};
Result<SentRun> send_kept(Connection& connection, const std::string& folder);
// The host that a folder's run was meant for.
Result<SentRun> kept_run(const std::string& folder);

}  // namespace treadle::client
