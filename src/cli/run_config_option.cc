#include "run_config_option.h"

#include "text.h"
#include <treadle/app/job_runs.h>
#include <treadle/base/files.h>
#include <treadle/define/graph.h>
#include <treadle/define/run_config.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace treadle::cli {
Result<std::string> read_run_config(const Session& session, const std::string& given) {
  if (given.empty()) return std::string();
  std::string text = given;
  const bool yaml = given.ends_with(".yaml") || given.ends_with(".yml");
  if (given.find_first_not_of(" \t\n") != std::string::npos &&
      given[given.find_first_not_of(" \t\n")] != '{') {
    if (yaml) {
      if (!session.program().read_yaml) {
        return fail(Errc::kUnsupported,
                    "This program reads its configuration as JSON: give a "
                    "JSON file, or the JSON itself.");
      }
      if (auto there = real_files().stat(given); !there) return tl::unexpected(there.error());
      TREADLE_TRY(text, session.program().read_yaml(given));
    } else {
      TREADLE_TRY(text, read_file(real_files(), given));
    }
  }
  auto parsed = ConfigValue::parse_json(text);
  if (!parsed) {
    return fail(std::move(parsed).error().with_context("--config " + printable(given)));
  }
  if (parsed->as_dict() == nullptr) {
    return fail(Errc::kInvalidArgument,
                "--config takes an object: {\"ops\": {\"train\": {\"config\": {...}}}}.");
  }
  return text;
}

namespace {

// Adds what `base` does not say.
void fill_in(ConfigValue& base, const ConfigValue& other) {
  const auto* entries = other.as_dict();
  if (!entries || !base.as_dict()) return;
  for (const auto& entry : *entries) {
    auto& known = *base.as_dict();
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& one) { return one.key == entry.key; });
    if (found == known.end()) {
      known.push_back(entry);
    } else {
      fill_in(found->value, entry.value);
    }
  }
}

}  // namespace

Result<std::string> read_run_configs(const Session& session,
                                     const std::vector<std::string>& given) {
  if (given.empty()) return std::string();
  if (given.size() == 1) return read_run_config(session, given.front());
  ConfigValue all = ConfigValue::dict();
  for (const std::string& one : given) {
    TREADLE_TRY(const std::string text, read_run_config(session, one));
    if (text.empty()) continue;
    TREADLE_TRY(const ConfigValue value, ConfigValue::parse_json(text));
    fill_in(all, value);
  }
  return all.json();
}

Result<void> configure_job(const LoadedDefinitions& loaded, const JobDef& job,
                           execute::RunOptions& run) {
  if (loaded.configure) return loaded.configure(run, {});
  TREADLE_CHECK(app::fill_in(*loaded.definitions, run));
  const Definitions own = definitions_of_job(*loaded.definitions, job);
  return check_run_config(own.steps, own.resources, run.run_config, "job " + job.name,
                          app::declared_executor(*loaded.definitions, job.name));
}

namespace {

// What the job of a run of assets adds to it, where the front end does not say it by `configure`.
Result<void> add_job(const LoadedDefinitions& loaded, execute::RunOptions& run) {
  TREADLE_CHECK(app::fill_in(*loaded.definitions, run));
  for (const JobDef& job : loaded.definitions->jobs) {
    if (job.name != run.job_name || job.graph) continue;
    for (StepDef& step : loaded.definitions->steps) {
      const bool known = !job.hooks.empty() && !step.hooks.empty() &&
                         step.hooks.front().body == job.hooks.front().body;
      if (!known) step.hooks.insert(step.hooks.begin(), job.hooks.begin(), job.hooks.end());
    }
  }
  return {};
}

}  // namespace

Result<void> configure_assets(const LoadedDefinitions& loaded, const plan::Plan& plan,
                              execute::RunOptions& run) {
  if (loaded.configure) {
    std::vector<std::string> assets;
    for (const plan::PlannedStep& step : plan.steps)
      for (const std::uint32_t output : step.outputs)
        if (const AssetKey& key = step.def->outputs[output].asset.key; !key.empty())
          assets.push_back(key.text());
    return loaded.configure(run, assets);
  }
  TREADLE_CHECK(add_job(loaded, run));
  if (app::waits_for_partition(app::find_job(*loaded.definitions, run.job_name), run)) return {};
  std::vector<StepDef> steps;
  for (const plan::PlannedStep& step : plan.steps)
    if (!run.run_config.empty() || takes_config(*step.def, loaded.definitions->resources))
      steps.push_back(*step.def);
  if (steps.empty()) return {};
  return check_run_config(steps, loaded.definitions->resources, run.run_config, "this run",
                          app::declared_executor(*loaded.definitions, run.job_name));
}

Result<void> configure_again(const LoadedDefinitions& loaded, const std::vector<std::string>& steps,
                             execute::RunOptions& run) {
  for (const JobDef& job : loaded.definitions->jobs)
    if (job.name == run.job_name && job.graph) return configure_job(loaded, job, run);
  if (!loaded.configure) return add_job(loaded, run);
  std::vector<std::string> assets;
  const std::set<std::string> wanted(steps.begin(), steps.end());
  for (const StepDef& step : loaded.definitions->steps) {
    if (!wanted.contains(step.name)) continue;
    for (const OutputDef& output : step.outputs)
      if (!output.asset.key.empty()) assets.push_back(output.asset.key.text());
  }
  return loaded.configure(run, assets);
}

}  // namespace treadle::cli
