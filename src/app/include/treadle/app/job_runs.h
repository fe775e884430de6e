// What a job says of its runs, where a run says nothing itself: one answer for the command line, C++ programs and schedules.
#pragma once

#include <treadle/base/result.h>
#include <treadle/define/definitions.h>
#include <treadle/execute/run.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace treadle::app {

const JobDef* find_job(const Definitions& definitions, const std::string& name);

// The configuration and the tags of a run of the job over this partition ("": over none, or over several), by its
// partitioned config, else by its config. A function of the user that fails is the error.
struct JobSays {
  std::string config;
  std::map<std::string, std::string> tags;
};
Result<JobSays> said_by(const JobDef& job, const std::string& partition);

// The executor of the job's runs, or of all runs; nothing: none is declared.
const std::optional<Executor>& declared_executor(const Definitions& definitions,
                                                 const std::string& job);

// As if it had been declared.
void use_executor(const Executor& executor, execute::RunOptions& run);
void use_limits(const std::vector<TagLimit>& limits, execute::RunOptions& run);

// Whether nothing is known of the run's configuration before it has a partition.
bool waits_for_partition(const JobDef* job, const execute::RunOptions& run);

// Fills in what the run leaves open: configuration, tags, executor and its limits. The run's job by name (one that is
// not there says nothing); its partition by its tags. Call it when the tags are complete, and once.
Result<void> fill_in(const Definitions& definitions, execute::RunOptions& run);

}  // namespace treadle::app
