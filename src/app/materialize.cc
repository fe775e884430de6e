// From a selection of assets to a finished run, in one home.
#include "server_artifacts.h"
#include <treadle/app/home.h>
#include <treadle/app/partitions.h>
#include <treadle/app/pools.h>
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/store.h>
#include <treadle/base/random.h>
#include <treadle/io/artifact_io_manager.h>

#include <algorithm>

namespace treadle::app {
namespace {

// The tag of a run whose steps are not run when what they would make was made before.
constexpr const char* kMemoizeTag = "treadle/memoize";

std::string texts_of(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.text();
  }
  return text;
}

// A selection of steps as the record keeps it: "load+,clean".
std::vector<std::string> texts_in(const std::string& selection) {
  std::vector<std::string> texts;
  for (std::size_t begin = 0; begin < selection.size();) {
    const std::size_t end = std::min(selection.find(',', begin), selection.size());
    texts.push_back(selection.substr(begin, end - begin));
    begin = end + 1;
  }
  return texts;
}

// What steps need to know about assets that this run does not make itself.
Result<void> add_known_versions(Home& home, const plan::AssetGraph& graph,
                                execute::RunOptions& options) {
  TREADLE_TRY(const plan::Facts facts, load_facts(home, graph, false));
  for (plan::NodeId id = 0; id < facts.size(); ++id) {
    const plan::AssetFacts& fact = facts[id];
    execute::KnownVersion known;
    known.data_version =
        fact.source_version.empty() ? fact.provenance.data_version : fact.source_version;
    known.artifact = fact.provenance.artifact;
    if (!known.data_version.empty() || !known.artifact.empty()) {
      options.known_versions.insert_or_assign(graph.node(id).info->key, std::move(known));
    }
  }
  return {};
}

// A version that is gone, or that another run has written over, is no use.
std::optional<execute::MemoHit> find_memo(Home& home, const std::string& memo) {
  auto found = home.record().find_memo(memo);
  if (!found || !*found) return std::nullopt;
  const events::LatestMaterialization& made = **found;
  if (made.provenance.artifact.empty()) {
    const auto latest = home.record().latest_materialization(made.asset, made.partition);
    if (!latest || !*latest || (*latest)->provenance.data_version != made.provenance.data_version) {
      return std::nullopt;
    }
  } else {
    const std::string& artifact = made.provenance.artifact;
    const auto ref = parse_artifact_ref(artifact);
    const bool is_there = is_on_server(artifact) ? gone_from_servers(home, {artifact}).empty()
                                                 : ref && home.store().get(*ref).has_value();
    if (!is_there) return std::nullopt;
  }
  return execute::MemoHit{{made.provenance.data_version, made.provenance.artifact, {}},
                          made.run_id};
}

Result<execute::RunResult> execute_plan(Home& home, const plan::AssetGraph& graph, plan::Plan plan,
                                        execute::RunOptions options,
                                        const PartitionsPtr& job = nullptr) {
  // Recorded with the run, so that resuming it does the same.
  const auto memoize = options.tags.find(kMemoizeTag);
  if (options.memoize) {
    options.tags[kMemoizeTag] = "true";
  } else {
    options.memoize = memoize != options.tags.end() && memoize->second == "true";
  }
  TREADLE_CHECK(add_known_versions(home, graph, options));
  TREADLE_CHECK(add_partitions(home, plan, options, job));
  std::set<std::string> pool_names;
  for (const plan::PlannedStep& step : plan.steps)
    if (!step.def->pool.empty()) pool_names.insert(step.def->pool);
  TREADLE_TRY(options.shared_pools, pool_limits(home, pool_names));
  options.read_shared_pools = [&home, pool_names, last = options.shared_pools]() {
    return pool_limits(home, pool_names).value_or(last);
  };
  options.pools_folder = home.pools_folder();
  if (options.logs_folder.empty()) options.logs_folder = home.logs_folder();
  options.find_memo = [&home](const std::string& memo) { return find_memo(home, memo); };
  if (options.executor == execute::Executor::kProcess) {
    // Once here, and not in each step's process.
    if (options.run_id.empty()) options.run_id = random_uuid();
    (void)artifact::current_code(options.run_id);
  }
  execute::World world{home.record(), system_clock(),
                       [&home] { home.database().close_for_fork(); }};
  auto result = execute::run(world, plan, options);
  remember_partitions(home, plan);
  return result;
}

}  // namespace

Result<execute::RunResult> materialize(Home& home, const plan::AssetGraph& graph,
                                       const std::vector<plan::NodeId>& selected,
                                       execute::RunOptions options, bool with_checks,
                                       const plan::CheckNames* only_checks) {
  auto plan = plan::make_plan(graph, selected, with_checks, only_checks);
  if (!plan) return fail(Errc::kInvalidArgument, texts_of(plan.error()));
  return execute_plan(home, graph, std::move(*plan), std::move(options));
}

Result<execute::RunResult> execute_steps(Home& home, const plan::AssetGraph& graph,
                                         const std::vector<std::string>& step_keys,
                                         execute::RunOptions options) {
  TREADLE_TRY(plan::Plan plan, plan::plan_for_steps(graph, step_keys));
  return execute_plan(home, graph, std::move(plan), std::move(options));
}

Result<execute::RunResult> execute_steps_again(Home& home, const plan::AssetGraph& graph,
                                               const std::string& parent,
                                               const std::optional<std::vector<std::string>>& steps,
                                               execute::RunOptions options) {
  TREADLE_TRY(const Run run, home.record().get_run_by_prefix(parent));
  options.parent_run_id = run.run_id;
  options.root_run_id = run.root_run_id.empty() ? run.run_id : run.root_run_id;
  options.selection = run.selection;
  // All that the chain of runs is about: each of them may have run but a part of it.
  TREADLE_TRY(const std::optional<Run> root, home.record().find_run(options.root_run_id));
  TREADLE_TRY(plan::Plan whole,
              plan::plan_for_steps(graph, root ? root->step_keys : run.step_keys));
  std::vector<std::string> again;
  if (!steps) {
    TREADLE_TRY(again, execute::steps_from_failure(home.record(), whole, run.run_id));
  } else if (!steps->empty()) {
    TREADLE_TRY(again, execute::select_steps_again(home.record(), whole, run.run_id, *steps));
  }
  auto plan = plan::plan_again(std::move(whole), again);
  if (!plan) return fail(Errc::kInvalidArgument, texts_of(plan.error()));
  return execute_plan(home, graph, std::move(*plan), std::move(options));
}

Result<execute::RunResult> resume(Home& home, const plan::AssetGraph& graph,
                                  const std::string& run_id, execute::RunOptions options) {
  TREADLE_TRY(const Run run, home.record().get_run_by_prefix(run_id));
  options.run_id = run.run_id;
  options.job_name = run.job_name;
  options.resume = true;
  options.tags.insert(run.tags.begin(), run.tags.end());
  for (const JobDef& job : graph.definitions().jobs) {
    if (job.name != run.job_name || !job.graph) continue;
    options.parent_run_id = run.parent_run_id;
    auto plan = run.parent_run_id.empty()
                    ? plan::plan_job(graph.definitions(), job, run.step_keys)
                    : plan::plan_job_again(graph.definitions(), job, run.step_keys,
                                           texts_in(run.selection));
    if (!plan) return fail(Errc::kInvalidArgument, texts_of(plan.error()));
    const plan::AssetGraph& of_job = *plan->graph;
    return execute_plan(home, of_job, std::move(*plan), std::move(options), job.partitions);
  }
  TREADLE_TRY(plan::Plan plan, plan::plan_for_steps(graph, run.step_keys));
  return execute_plan(home, graph, std::move(plan), std::move(options));
}

namespace {

Result<execute::RunResult> execute_job_plan(Home& home, const JobDef& job,
                                            tl::expected<plan::Plan, std::vector<Problem>> plan,
                                            execute::RunOptions options) {
  if (!plan) return fail(Errc::kInvalidArgument, texts_of(plan.error()));
  options.job_name = job.name;
  if (!options.default_retry_policy) options.default_retry_policy = job.retry_policy;
  options.tags.insert(job.tags.begin(), job.tags.end());
  const plan::AssetGraph& graph = *plan->graph;
  return execute_plan(home, graph, std::move(*plan), std::move(options), job.partitions);
}

}  // namespace

Result<execute::RunResult> execute_job(Home& home, const Definitions& definitions,
                                       const JobDef& job, const std::vector<std::string>& selection,
                                       execute::RunOptions options) {
  return execute_job_plan(home, job, plan::plan_job(definitions, job, selection),
                          std::move(options));
}

Result<execute::RunResult> execute_job_again(Home& home, const Definitions& definitions,
                                             const JobDef& job, const std::string& parent,
                                             const std::optional<std::vector<std::string>>& steps,
                                             execute::RunOptions options) {
  TREADLE_TRY(const Run run, home.record().get_run_by_prefix(parent));
  std::vector<std::string> again;
  // A run of a part of the job is run again as that part.
  options.selection = run.selection;
  const std::vector<std::string> selection = texts_in(run.selection);
  const auto whole = plan::plan_job(definitions, job, selection);
  if (!whole) return fail(Errc::kInvalidArgument, texts_of(whole.error()));
  if (!steps) {
    TREADLE_TRY(again, execute::steps_from_failure(home.record(), *whole, run.run_id));
  } else if (!steps->empty()) {
    TREADLE_TRY(again, execute::select_steps_again(home.record(), *whole, run.run_id, *steps));
  }
  options.parent_run_id = run.run_id;
  options.root_run_id = run.root_run_id.empty() ? run.run_id : run.root_run_id;
  return execute_job_plan(home, job, plan::plan_job_again(definitions, job, again, selection),
                          std::move(options));
}

Result<Value> load_asset_value(Home& home, const AssetKey& key, const Codec& codec,
                               const std::string& run_id, const std::string& partition) {
  std::string artifact;
  if (!partition.empty() && run_id.empty()) {
    TREADLE_TRY(const auto latest, home.record().latest_materialization(key, partition));
    if (latest) artifact = latest->provenance.artifact;
  } else if (run_id.empty()) {
    TREADLE_TRY(const auto latest, home.record().latest_materializations(key));
    if (!latest.empty()) artifact = latest.front().provenance.artifact;
  } else {
    TREADLE_TRY(const auto events,
                home.record().events({.run_id = run_id,
                                      .asset_key = key.text(),
                                      .types = {EventType::kAssetMaterialization},
                                      .newest_first = true}));
    for (const Event& event : events) {
      if (!partition.empty() && event.partition != partition) continue;
      TREADLE_TRY(const Provenance provenance, provenance_of(event));
      artifact = provenance.artifact;
      break;
    }
  }
  if (artifact.empty()) {
    return fail(Errc::kNotFound,
                "asset '" + key.text() + "' has no kept value" +
                    (partition.empty() ? "" : " of partition '" + partition + "'") +
                    (run_id.empty() ? " in this home." : " from run '" + run_id + "'.") +
                    " Materialize it first; an asset that returns nothing, or whose own IO manager "
                    "keeps it, "
                    "has none.");
  }
  return load_artifact_value(home, artifact, codec);
}

Result<Value> load_artifact_value(Home& home, const std::string& artifact, const Codec& codec) {
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(artifact));
  io::ArtifactIOManagerOptions options;
  options.cache_folder = home.cache_folder();
  options.signing_key = home.signing_key();
  std::shared_ptr<artifact::ArtifactService> server;  // that keeps it instead of the home
  if (!ref.host.empty()) {
    TREADLE_TRY(server, artifacts_on(home, ref.host));
  }
  artifact::ArtifactService& service = server ? *server : home.store();
  TREADLE_TRY(const artifact::Version version, service.get(ref));
  return io::load_version(service, options, version, codec);
}

}  // namespace treadle::app
