// The configuration of a run as a whole, from what its steps say of theirs (StepDef::config).
//   {"ops": {"train": {"config": {"rate": 0.1}, "inputs": {"n": 3}},
//            "outer": {"ops": {"inner": {"config": {...}}}}},
//    "resources": {"db": {"config": {"url": "db.local"}}},
//    "execution": {"config": {"multiprocess": {"max_concurrent": 4}}}}
// A graph with a mapping is configured as one: {"ops": {"outer": {"config": {...}}}}.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/config_schema.h>
#include <treadle/define/definitions.h>

#include <string>
#include <vector>

namespace treadle {

// Its entries below "ops" are the steps, by the path of their nodes; below "resources" those of `resources` that the steps need and
// that say what they take; "execution" is that of the executor (executor.h). Other sections are not looked at.
ConfigType run_config_schema(const std::vector<StepDef>& steps,
                             const std::map<std::string, std::shared_ptr<Resource>>& resources = {},
                             const std::optional<Executor>& executor = {});

// Everything that is wrong with the configuration (JSON, "" = none) of a run of these steps; kInvalidArgument. `what`: "job etl".
// Environment variables are looked up, and mappings asked.
Result<void> check_run_config(const std::vector<StepDef>& steps,
                              const std::map<std::string, std::shared_ptr<Resource>>& resources,
                              const std::string& run_config, const std::string& what,
                              const std::optional<Executor>& executor = {});

// Whether it can be wrong at all when a run says nothing: then check_run_config need not be asked for a step that takes none.
bool takes_config(const StepDef& step,
                  const std::map<std::string, std::shared_ptr<Resource>>& resources);

// What a run's configuration comes to for one of its parts: seen through all mappings, with defaults, and with environment variables
// looked up. The errors are those of the part.
ConfigOutcome config_of_step(const StepDef& step, const ConfigValue& run_config);
ConfigOutcome config_of_resource(const std::string& key, const ConfigType& type,
                                 const ConfigValue& run_config);
// The value that it says for an input of an op; nothing when it says none.
std::optional<ConfigOutcome> config_of_input(const StepDef& step, const InputDef& input,
                                             const ConfigValue& run_config);

}  // namespace treadle
