// Metrics of a C++ program, and those of other programs read back: td::wandb.
//
//   auto run = td::wandb::init({.project = "iris", .config = R"({"lr": 0.1})"});
//   for (int epoch = 0; epoch < 10; ++epoch) run->log({{"epoch", epoch}, {"loss", 1.0 / (epoch + 1)}});
//   run->finish();
//
//   auto api = td::wandb::Api::open();
//   for (const auto& point : api->series("iris/8f3k2m1x", "loss").value()) plot(point.step, point.value);
//
// In a step, `init({.id = context.run_id()})` is the run that is executed. The same home as in
// Python: what one logs, the other reads. With a `host`, or WANDB_BASE_URL, runs are kept by that server
// instead: Treadle's or W&B's. log() never waits for it; what it has not taken lies on disk until then.
#pragma once

#include <treadle/base/result.h>
#include <treadle/tracking/history.h>
#include <treadle/tracking/run.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace treadle::wandb {

struct InitOptions {
  std::string entity = {};   // "" = "local"; on a server, that of the key
  std::string project = {};  // "" = "uncategorized"
  std::string id = {};       // "" = made up; one that is there is resumed
  std::string name = {};
  std::string notes = {};
  std::string group = {};
  std::string job_type = {};
  std::vector<std::string> tags = {};
  std::string config = "{}";  // JSON object
  std::string home = {};      // as MaterializeOptions::home
  // The URL of a server; "" = WANDB_BASE_URL, else none: the home. "embedded": the home in any case.
  std::string host = {};
  std::string api_key = {};  // "" = WANDB_API_KEY, else ~/.netrc
};

// A run at work. Thread-safe. Rows are written a few times a second and when it ends. Destroyed
// without finish(), it ends as failed when an exception is on its way, else as finished.
class Run {
 public:
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  ~Run();

  const std::string& id() const;
  std::string path() const;  // "entity/project/id"

  // One row at the next step.
  Result<void> log(std::initializer_list<std::pair<std::string_view, double>> values);
  // The same for anything JSON can say: {"loss": 0.5, "note": "warm-up"}.
  Result<void> log_json(std::string_view object);
  // Values the run is known by, beside the last ones logged. JSON object.
  Result<void> set_summary(std::string_view object);
  // Keeps a file under this name.
  Result<void> save(const std::string& path, const std::string& name);
  Result<void> finish(int exit_code = 0);

 private:
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  friend Result<Run> init(const InitOptions& options);
};

Result<Run> init(const InitOptions& options = {});

// Reads the runs of a home, or of a server. Runs are named "entity/project/id", "project/id" or by their id.
class Api {
 public:
  // Home, host and key as in InitOptions.
  static Result<Api> open(const std::string& home = {}, const std::string& host = {},
                          const std::string& api_key = {});
  Api(Api&&) noexcept;
  Api& operator=(Api&&) noexcept;
  ~Api();

  Result<tracking::Run> run(const std::string& path);
  // Those that match a filter, in an order; see docs/guides/wandb-tracking.md.
  Result<std::vector<tracking::Run>> runs(const std::string& project,
                                          const std::string& filter = {},
                                          const std::string& order = {});
  // At most `samples` points of a metric, evenly spaced; 0 = all.
  Result<std::vector<tracking::Point>> series(const std::string& path, const std::string& key,
                                              std::int64_t samples = 500);
  // Every row, as JSON.
  Result<std::vector<std::string>> history(const std::string& path);
  Result<std::vector<tracking::RunFile>> files(const std::string& path);
  Result<std::string> read_file(const std::string& path, const std::string& name);

 private:
  struct State;
  explicit Api(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace treadle::wandb
