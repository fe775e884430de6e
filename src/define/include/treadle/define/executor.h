// Where the steps of a run are executed and how many at once, as definitions, jobs and runs say it. Values.
//
//   defs.executor(td::multithread_executor({.max_concurrent = 8}));     // of all runs
//   defs.job("night", "group:reports", {.executor = td::multiprocess_executor({.max_concurrent = 4})});
//
// A run may say it in its configuration, too. What it says comes before what the executor was given:
//   {"execution": {"config": {"max_concurrent": 2, "tag_concurrency_limits": [{"key": "uses", "value": "gpu", "limit": 1}],
//                             "retries": {"disabled": {}}}}}
// Where no executor is declared, it chooses one: {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace treadle {

class ConfigType;
class ConfigValue;

// At most `limit` steps at once with this tag: of all its values, of one, or of each value by itself.
struct TagLimit {
  std::string key = {};
  std::optional<std::string> value = {};
  bool each_value = false;
  int limit = 1;
  bool operator==(const TagLimit&) const = default;
};

struct ExecutorOptions {
  int max_concurrent = 0;  // steps of a run at once; 0 = one per core
  std::vector<TagLimit> tag_limits = {};
  bool retries = true;  // false: nothing is tried again
};

struct Executor {
  enum class Kind : std::uint8_t {
    kInProcess,     // one step after the other, in the process of the run
    kMultithread,   // C++ steps in parallel, on threads of that process
    kMultiprocess,  // each attempt of a step in a process of its own
  };
  Kind kind = Kind::kMultithread;
  int max_concurrent = 0;
  std::vector<TagLimit> tag_limits = {};
  bool retries = true;
  bool operator==(const Executor&) const = default;
};

struct InProcessOptions {
  bool retries = true;
};
Executor in_process_executor(InProcessOptions options = {});
Executor multithread_executor(ExecutorOptions options = {});
Executor multiprocess_executor(ExecutorOptions options = {});

// What a run may say below execution -> config of an executor; of none: which, and what of it.
ConfigType executor_config(const std::optional<Executor>& declared);
// The executor of a run with this configuration, which fits. Nothing: nobody says one.
std::optional<Executor> executor_of(const std::optional<Executor>& declared,
                                    const ConfigValue& run_config);

}  // namespace treadle
