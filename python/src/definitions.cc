#include "definitions.h"

#include "codec.h"
#include "convert.h"
#include "graph.h"
#include "io_manager.h"
#include "partitions.h"
#include "resource.h"
#include "step_body.h"
#include <treadle/io/file_source.h>
#include <treadle/plan/plan.h>

#include <algorithm>
#include <unordered_map>

namespace treadle::python {
namespace {

AssetInfo info_of(const Items& items, std::size_t first) {
  AssetInfo info;
  info.key = key_of(items.at(first));
  info.group = items.text(first + 1);
  info.description = items.text(first + 2);
  info.owners = texts_of(items.at(first + 3));
  info.kinds = texts_of(items.at(first + 4));
  info.tags = tags_of(items.at(first + 5));
  info.metadata = metadata_of(items.at(first + 6));
  return info;
}

}  // namespace

InputDef asset_input_of(nb::handle told) {
  const Items items(told);
  InputDef input;
  input.name = items.text(0);
  input.asset = key_of(items.at(1));
  input.loads_value = !input.name.empty();
  input.io_manager_key = items.text(2);
  input.metadata = metadata_of(items.at(3));
  if (input.loads_value) input.codec = python_codec();
  return input;
}

OutputDef asset_output_of(nb::handle told) {
  const Items items(told);
  OutputDef output;
  output.name = items.text(0);
  output.asset = info_of(items, 1);
  output.asset.code_version = items.text(8);
  output.required = items.flag(9);
  output.stores_value = items.flag(10);
  output.io_manager_key = items.text(11);
  if (!items.is_none(12)) {
    const Items keys(items.at(12));
    output.follows_from.emplace();
    for (std::size_t i = 0; i < keys.size(); ++i)
      output.follows_from->push_back(key_of(keys.at(i)));
  }
  output.codec = python_codec();
  return output;
}

CheckDef check_of(nb::handle told) {
  const Items items(told);
  return {.name = items.text(0),
          .asset = key_of(items.at(1)),
          .blocking = items.flag(2),
          .description = items.text(3),
          .metadata = metadata_of(items.at(4))};
}

namespace {

template <class T, class Read>
std::vector<T> list_of(nb::handle sequence, Read read) {
  const Items items(sequence);
  std::vector<T> list;
  list.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) list.push_back(read(items.at(i)));
  return list;
}

StepDef step_of(nb::handle told) {
  const Items items(told);
  StepDef step;
  step.name = items.text(0);
  step.inputs = list_of<InputDef>(items.at(1), asset_input_of);
  step.outputs = list_of<OutputDef>(items.at(2), asset_output_of);
  step.checks = list_of<CheckDef>(items.at(3), check_of);
  step.required_resources = texts_of(items.at(4));
  step.retry_policy = retry_policy_of(items.at(5));
  step.op_tags = tags_of(items.at(6));
  step.time_limit = time_limit_of(step.op_tags);
  step.can_subset = items.flag(7);
  step.place = {items.text(8), static_cast<int>(items.integer(9))};
  step.body = std::make_shared<PythonBody>(nb::borrow(items.at(10)), nb::borrow(items.at(11)));
  step.observes = list_of<AssetKey>(items.at(12), key_of);
  step.hooks = asset_hooks_of(items.at(13));
  step.pool = items.text(14);
  return step;
}

SourceAssetDef source_of(nb::handle told) {
  const Items items(told);
  SourceAssetDef source;
  source.asset = info_of(items, 0);
  source.io_manager_key = items.text(7);
  source.file = items.text(8);
  source.deps = list_of<AssetKey>(items.at(9), key_of);
  return source;
}

JobDef job_of(nb::handle told) {
  const Items items(told);
  if (items.size() == 12) return op_job_of(told);
  JobDef job;
  job.name = items.text(0);
  job.selection = items.text(1);
  job.description = items.text(2);
  job.tags = tags_of(items.at(3));
  job.retry_policy = retry_policy_of(items.at(4));
  return job;
}

// (assets, inputs, checks, backfill policies, memoized steps, jobs), see treadle/_partitions/core.py.
void add_partitioning(Definitions& definitions, nb::handle told) {
  const Items items(told);
  std::unordered_map<std::string, PartitionsPtr> assets, checks, jobs;
  std::unordered_map<std::string, PartitionMappingPtr> mappings;
  std::unordered_map<std::string, int> policies;
  const auto each = [&](std::size_t index, auto visit) {
    const Items list(items.at(index));
    for (std::size_t i = 0; i < list.size(); ++i) visit(Items(list.at(i)));
  };
  each(0, [&](const Items& one) { assets[one.text(0)] = partitions_of(one.at(1)); });
  each(1, [&](const Items& one) {
    mappings[one.text(0) + "\n" + one.text(1)] = mapping_of(one.at(2));
  });
  each(2, [&](const Items& one) {
    checks[one.text(0) + "\n" + one.text(1)] = partitions_of(one.at(2));
  });
  each(3, [&](const Items& one) { policies[one.text(0)] = static_cast<int>(one.integer(1)); });
  const std::vector<std::string> memoized = texts_of(items.at(4));
  each(5, [&](const Items& one) { jobs[one.text(0)] = partitions_of(one.at(1)); });
  const auto find = [](auto& map, const std::string& key) {
    const auto at = map.find(key);
    return at == map.end() ? typename std::decay_t<decltype(map)>::mapped_type{} : at->second;
  };
  for (StepDef& step : definitions.steps) {
    // Steps of a graph of assets are told of by its name.
    const std::string& name = step.graph.empty() ? step.name : step.graph;
    for (InputDef& input : step.inputs) {
      input.partition_mapping = find(mappings, name + "\n" + input.asset.text());
    }
    for (OutputDef& output : step.outputs) {
      if (!output.asset.key.empty()) {
        output.asset.partitions = find(assets, output.asset.key.text());
      }
    }
    for (CheckDef& check : step.checks) {
      check.partitions = find(checks, check.asset.text() + "\n" + check.name);
    }
    if (const auto policy = policies.find(name); policy != policies.end()) {
      step.backfill_policy.emplace();
      if (policy->second > 0) step.backfill_policy->max_partitions_per_run = policy->second;
    }
    step.memoize = std::find(memoized.begin(), memoized.end(), name) != memoized.end();
  }
  for (SourceAssetDef& source : definitions.sources) {
    source.asset.partitions = find(assets, source.asset.key.text());
  }
  for (JobDef& job : definitions.jobs) job.partitions = find(jobs, job.name);
}

// What a failed step raised: (message, class, stack, the exception itself or None).
nb::object first_failure(const execute::RunResult& result) {
  const StepFailure* failure = result.failure ? &*result.failure : nullptr;
  for (const execute::StepResult& step : result.steps) {
    if (failure != nullptr) break;
    if (step.status == execute::StepStatus::kFailure && step.failure) failure = &*step.failure;
  }
  if (failure == nullptr) return nb::none();
  const auto* origin = std::any_cast<Object>(&failure->origin);
  return nb::make_tuple(to_text(failure->message), to_text(failure->error_class),
                        to_text(failure->stack),
                        origin != nullptr ? nb::borrow(origin->get()) : nb::object(nb::none()));
}

}  // namespace

void raise_problems(const std::vector<Problem>& problems) {
  const nb::object error = from_package("treadle._errors", "DagsterInvalidDefinitionError")(
      to_text(DefinitionError(problems).what()));
  nb::list told;
  for (const Problem& problem : problems) {
    told.append(nb::make_tuple(to_text(problem.code), to_text(problem.subject),
                               to_text(problem.place.file), problem.place.line,
                               to_text(problem.message), to_text(problem.cure)));
  }
  nb::setattr(error, "problems", told);
  PyErr_SetObject(error.type().ptr(), error.ptr());
  throw nb::python_error();
}

void raise_unless_planned(const Result<execute::RunResult>& result, const std::string& parent) {
  if (result) return;
  const Error& error = result.error();
  if (error.code == Errc::kInvalidArgument) {
    raise(parent.empty() ? "DagsterInvalidSubsetError" : "DagsterInvariantViolationError",
          error.message);
  }
  if (error.code == Errc::kNotFound && !parent.empty()) {
    raise("DagsterExecutionStepNotFoundError", error.message);
  }
}

nb::tuple outcome_of(const execute::RunResult& result) {
  nb::list keys;
  for (const execute::StepResult& step : result.steps) keys.append(to_text(step.step_key));
  return nb::make_tuple(to_text(to_string(result.status)), keys, first_failure(result));
}

PythonDefinitions::PythonDefinitions(nb::handle steps, nb::handle sources, nb::handle jobs,
                                     nb::handle resources, nb::handle io_managers,
                                     nb::handle graph_assets, nb::handle partitioning) {
  definitions_.steps = list_of<StepDef>(steps, step_of);
  const Items graphs(graph_assets);
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    for (StepDef& step : flatten(graph_asset_of(graphs.at(i)))) {
      definitions_.steps.push_back(std::move(step));
    }
  }
  definitions_.sources = list_of<SourceAssetDef>(sources, source_of);
  for (SourceAssetDef& source : definitions_.sources) {
    if (source.file.empty()) continue;
    // Such an asset is read where it lies.
    source.io_manager_key = "file:" + source.asset.key.text();
    definitions_.io_managers.emplace(source.io_manager_key,
                                     io::make_file_source_io_manager(source.file));
  }
  definitions_.jobs = list_of<JobDef>(jobs, job_of);
  const Items plain(resources);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const Items entry(plain.at(i));
    definitions_.resources.emplace(
        entry.text(0), make_python_resource(nb::borrow(entry.at(1)), texts_of(entry.at(2))));
  }
  const Items managers(io_managers);
  for (std::size_t i = 0; i < managers.size(); ++i) {
    const Items entry(managers.at(i));
    const std::string key = entry.text(0);
    own_io_manager_ = own_io_manager_ || key == "io_manager";
    io_manager_holders_.emplace_back(nb::borrow(entry.at(1)));
    definitions_.io_managers.emplace(
        key, make_python_io_manager(nb::borrow(entry.at(1)), texts_of(entry.at(2))));
  }
  if (!partitioning.is_none()) add_partitioning(definitions_, partitioning);
  const std::vector<Problem> problems = plan::check_definitions(definitions_);
  if (!problems.empty()) raise_problems(problems);
  graph_ = std::make_unique<plan::AssetGraph>(definitions_);
}

void PythonDefinitions::set_job_checks(nb::handle job, nb::handle checks) {
  const std::string name = text_of(job);
  for (JobDef& one : definitions_.jobs) {
    if (one.name != name) continue;
    auto& names = one.checks.emplace();
    const Items items(checks);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Items check(items.at(i));
      names.emplace(key_of(check.at(0)), check.text(1));
    }
  }
}

void PythonDefinitions::add_hooks(nb::handle hooks) {
  std::unordered_map<std::string, nb::object> by_step;
  const Items items(hooks);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items one(items.at(i));
    by_step[one.text(0)] = nb::borrow(one.at(1));
  }
  for (StepDef& step : definitions_.steps) {
    const auto found = by_step.find(step.name);
    if (found == by_step.end()) continue;
    std::vector<HookDef> all = asset_hooks_of(found->second);
    std::erase_if(all, [&](const HookDef& hook) {
      return std::any_of(step.hooks.begin(), step.hooks.end(),
                         [&](const HookDef& own) { return own.name == hook.name; });
    });
    step.hooks.insert(step.hooks.begin(), all.begin(), all.end());
  }
}

void PythonDefinitions::set_automation(nb::handle assets, nb::handle checks, nb::handle policies,
                                       nb::handle jobs) {
  const auto by_policy = nb::cast<nb::dict>(policies);
  const auto policy = [&](AssetInfo& asset) {
    const nb::object found = by_policy.get(to_text(asset.key.text()), nb::none());
    if (!found.is_none()) asset.freshness_policy = value_or_raise(freshness_policy_of(found));
  };
  const auto by_asset = nb::cast<nb::dict>(assets);
  const auto by_check = nb::cast<nb::dict>(checks);
  const auto by_job = nb::cast<nb::dict>(jobs);
  const auto condition = [](const nb::dict& from, const std::string& key) {
    const nb::object found = from.get(to_text(key), nb::none());
    return found.is_none() ? AutomationCondition() : nb::cast<AutomationCondition>(found);
  };
  for (StepDef& step : definitions_.steps) {
    for (OutputDef& output : step.outputs) {
      output.asset.automation_condition = condition(by_asset, output.asset.key.text());
      policy(output.asset);
    }
    for (CheckDef& check : step.checks)
      check.automation_condition = condition(by_check, check.asset.text() + ":" + check.name);
  }
  for (JobDef& job : definitions_.jobs) job.automation_condition = condition(by_job, job.name);
  for (SourceAssetDef& source : definitions_.sources) {
    source.asset.automation_condition = condition(by_asset, source.asset.key.text());
    policy(source.asset);
  }
}

void PythonDefinitions::use_io_manager_of(app::Home& home, bool in_memory) {
  if (own_io_manager_) return;
  definitions_.io_managers.erase("io_manager");
  if (in_memory) {
    definitions_.io_managers.emplace("io_manager", make_memory_io_manager());
    // What an earlier run had in memory is gone.
    for (StepDef& step : definitions_.steps) step.memoize = false;
  } else {
    app::add_defaults(definitions_, home);
  }
}

void PythonDefinitions::close_io_managers() {
  for (const Object& holder : io_manager_holders_) holder.get().attr("close")();
}

}  // namespace treadle::python
