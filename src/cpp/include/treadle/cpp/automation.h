// Schedules, sensors and conditions in C++. All are declared beside the assets, and can be asked in
// tests what they would request; `automation tick` asks them all at once. Nothing is run by them.
//
//   defs.job("nightly", "group:reports");
//   defs.schedule({.name = "at_three", .cron = {"0 3 * * *"}, .timezone = "Europe/Berlin",
//                  .job = "nightly"});
//   defs.sensor({.name = "files", .job = "nightly"}, [](td::TickContext& c) -> td::TickResult {
//     const auto newest = newest_file();
//     if (newest <= c.cursor()) return td::SkipReason{"no new files"};
//     td::TickResult result = td::RunRequest{.run_key = newest};
//     result.cursor = newest;
//     return result;
//   });
#pragma once

#include <treadle/cpp/asset.h>
#include <treadle/define/custom_condition.h>
#include <treadle/define/instigator.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct ScheduleOptions {
  std::string name = {};
  std::vector<std::string> cron = {};  // ticks whenever one of them does
  std::string timezone = "UTC";
  std::string job = {};  // what its requests run
  std::string description = {};
  bool running = false;  // whether it is on when it is first seen
  // Of Defs::schedule_partitions over windows of time: when after a window's end it runs; without, at once.
  std::optional<int> minute_of_hour = {};
  std::optional<int> hour_of_day = {};
  std::optional<int> day_of_week = {};   // of weeks: 0 = Sunday
  std::optional<int> day_of_month = {};  // of months
  std::source_location where = std::source_location::current();
};

struct SensorOptions {
  std::string name = {};
  std::string job = {};  // what its requests run; "" = each names its own
  std::string description = {};
  int minimum_interval_seconds = 30;
  bool running = false;
  std::source_location where = std::source_location::current();
};

namespace cpp {

// A function that returns what a tick asks for, or a td::Result of it, or nothing.
template <class F, class... A>
Result<TickResult> asked(F& fn, A&... arguments) {
  using R = std::invoke_result_t<F&, A&...>;
  if constexpr (std::is_void_v<R>) {
    fn(arguments...);
    return TickResult();
  } else if constexpr (std::convertible_to<R, Result<TickResult>>) {
    return fn(arguments...);
  } else {
    static_assert(
        std::constructible_from<TickResult, R>,
        "treadle: the function of a schedule or sensor returns a td::RunRequest, several, "
        "a td::SkipReason, a td::TickResult, a td::Result of one of them, or nothing");
    return TickResult(fn(arguments...));
  }
}

// Asks once for each event that is new, in order; the cursor is the last one's id. Runs of the
// requested jobs are not looked at when runs are.
TickFunction for_each_materialization(
    AssetKey asset, std::function<Result<TickResult>(TickContext&, const Event&)> fn);
TickFunction for_each_run(RunStatus status, std::vector<std::string> jobs,
                          std::function<Result<TickResult>(TickContext&, const Run&)> fn);

// The partitions that runs of a job are over; null: none, or there is no such job.
PartitionsPtr partitions_of_job(const Definitions& definitions, const std::string& name);
// When a schedule of windows runs: their cron, at the minute, hour or day that the options say.
Result<std::string> cron_of_windows(const TimePartitions& windows, const ScheduleOptions& options);
// Asks for the partitions of the latest window; of partitions without windows for all.
TickFunction latest_partitions(PartitionsPtr partitions);

}  // namespace cpp

// A condition of your own: true where `holds` says so. `name` is how explanations call it.
//   td::condition("on weekdays", [](const td::ConditionContext& c) { return is_weekday(c.now()); })
class ConditionContext {
 public:
  explicit ConditionContext(const automate::ConditionContext& context) : context_(context) {}
  Micros now() const;
  std::string asset() const;                        // "raw/iris"; of a check "raw/iris:not_empty"
  std::vector<std::string> candidate_keys() const;  // partitions asked about; none: unpartitioned
  const automate::ConditionContext& whole() const { return context_; }

 private:
  const automate::ConditionContext& context_;
};
AutomationCondition condition(std::string name, std::function<bool(const ConditionContext&)> holds);
// The same, saying for which of the candidate partitions it holds, by key.
AutomationCondition partition_condition(
    std::string name, std::function<std::vector<std::string>(const ConditionContext&)> holds);

struct AutomationOptions {
  std::string home = {};                 // as MaterializeOptions::home
  Micros at = 0;                         // the moment; 0 = now
  std::string cursor = {};               // of the evaluation before; "" = none
  std::vector<std::string> assets = {};  // only these (checks: "asset:check"); none = all
  // Of the assets and checks that have no condition of their own.
  AutomationCondition default_condition = {};
};

// What conditions ask for at a moment.
struct AutomationReport {
  struct Requested {
    std::string key;  // of the asset; of a check "asset:check", of a job "nightly (job)"
    std::vector<std::string> partitions;  // none: it has no partitions
    std::string why;                      // the condition as a tree, with what held
  };
  std::vector<Requested> requested;
  std::string cursor;  // for the next evaluation
  const Requested* find(const std::string& key) const;
};

// Evaluates all conditions once. The first evaluation only takes note of what there is.
Result<AutomationReport> evaluate_automation(const Definitions& definitions,
                                             AutomationOptions options = {});

struct TickOptions {
  std::string home = {};
  Micros at = 0;            // 0 = now
  std::string cursor = {};  // of a sensor
};
// What one schedule or sensor asks for, whether or not it is due.
Result<TickResult> evaluate_tick(const Definitions& definitions, const std::string& name,
                                 TickOptions options = {});

}  // namespace treadle
