#include <treadle/app/job_runs.h>
#include <treadle/define/config_value.h>
#include <treadle/define/executor.h>
#include <treadle/define/partitioned_config.h>
#include <treadle/plan/partitions.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace treadle::app {
namespace {

template <class F>
auto asked(const F& function, const std::string& partition, const JobDef& job)
    -> decltype(function(partition)) {
  const std::string place =
      "the partitioned config of job '" + job.name + "', partition '" + partition + "'";
  try {
    auto answer = function(partition);
    if (!answer) return fail(std::move(answer).error().with_context(place));
    return answer;
  } catch (const std::exception& error) {
    return fail(Errc::kInvalidArgument, place + ": " + error.what());
  }
}

}  // namespace

void use_executor(const Executor& executor, execute::RunOptions& run) {
  run.executor_said = true;
  run.executor = executor.kind == Executor::Kind::kMultiprocess ? execute::Executor::kProcess
                                                                : execute::Executor::kInProcess;
  run.max_concurrent = executor.kind == Executor::Kind::kInProcess ? 1 : executor.max_concurrent;
  run.retries = run.retries && executor.retries;
  use_limits(executor.tag_limits, run);
}

void use_limits(const std::vector<TagLimit>& limits, execute::RunOptions& run) {
  run.tag_concurrency_limits.clear();
  for (const TagLimit& limit : limits) {
    run.tag_concurrency_limits.push_back({.key = limit.key,
                                          .value = limit.value,
                                          .per_unique_value = limit.each_value,
                                          .limit = limit.limit});
  }
}

const JobDef* find_job(const Definitions& definitions, const std::string& name) {
  const auto at = std::find_if(definitions.jobs.begin(), definitions.jobs.end(),
                               [&](const JobDef& job) { return job.name == name; });
  return at == definitions.jobs.end() ? nullptr : &*at;
}

Result<JobSays> said_by(const JobDef& job, const std::string& partition) {
  JobSays says{.config = job.config, .tags = {}};
  if (!job.partitioned_config || partition.empty()) return says;
  TREADLE_TRY(says.config, asked(job.partitioned_config->config_of, partition, job));
  if (job.partitioned_config->tags_of) {
    TREADLE_TRY(says.tags, asked(job.partitioned_config->tags_of, partition, job));
  }
  return says;
}

const std::optional<Executor>& declared_executor(const Definitions& definitions,
                                                 const std::string& job) {
  const JobDef* found = find_job(definitions, job);
  return found != nullptr && found->executor ? found->executor : definitions.executor;
}

bool waits_for_partition(const JobDef* job, const execute::RunOptions& run) {
  if (job == nullptr || !job->partitioned_config || !run.run_config.empty()) return false;
  const auto over = plan::request_of(run.tags);
  return over && !std::holds_alternative<std::string>(*over);
}

Result<void> fill_in(const Definitions& definitions, execute::RunOptions& run) {
  const JobDef* job = find_job(definitions, run.job_name);
  if (job != nullptr) {
    TREADLE_TRY(const plan::PartitionRequest over, plan::request_of(run.tags));
    const auto* partition = std::get_if<std::string>(&over);
    TREADLE_TRY(JobSays says, said_by(*job, partition != nullptr ? *partition : std::string()));
    if (run.run_config.empty()) run.run_config = std::move(says.config);
    run.tags.merge(says.tags);
  }
  ConfigValue config = ConfigValue::dict();
  if (!run.run_config.empty()) {
    TREADLE_TRY(config, ConfigValue::parse_json(run.run_config));
  }
  if (const auto executor = executor_of(declared_executor(definitions, run.job_name), config))
    use_executor(*executor, run);
  return {};
}

}  // namespace treadle::app
