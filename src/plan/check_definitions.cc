#include <treadle/plan/partitions.h>
#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace treadle::plan {
namespace {

// A job that asks for everything cannot ask for too little.
bool selects_everything(const JobDef& job) {
  return job.selection.find_first_not_of(" \t\r\n") == std::string::npos || job.selection == "*";
}

// A job that asks for no asset, so written, is one of checks: the front end knows which.
bool selects_nothing(const JobDef& job) {
  return job.selection == "not *";
}

// A run is over the partitions of one definition, so a job is, too.
std::optional<Problem> different_partitions(const JobDef& job, const AssetGraph& graph,
                                            const std::vector<NodeId>& selected) {
  auto common = partitions_of(graph, selected);
  if (!common) {
    Problem problem = std::move(common).error();
    problem.message = "Job '" + job.name + "': " + problem.message;
    problem.subject = job.name;
    problem.place = job.place;
    problem.cure = "Make a job for each of the partitions definitions.";
    return problem;
  }
  if (job.partitioned_config && !*common) {
    return Problem{.code = "different_partitions",
                   .subject = job.name,
                   .place = job.place,
                   .message = "Job '" + job.name + "' has a configuration for each of " +
                              job.partitions->description() +
                              ", but the assets that it selects have no partitions.",
                   .cure = "Give the assets these partitions, or the job a plain `config`."};
  }
  if (!job.partitions || !*common || same_partitions(job.partitions, *common)) return std::nullopt;
  return Problem{.code = "different_partitions",
                 .subject = job.name,
                 .place = job.place,
                 .message = "Job '" + job.name + "' was given " + job.partitions->description() +
                            ", but the assets that it selects have " + (*common)->description() +
                            ".",
                 .cure = "Leave the job's partitions out: they are those of its assets."};
}

bool any_partitions(const Definitions& definitions) {
  return std::any_of(definitions.steps.begin(), definitions.steps.end(), [](const StepDef& step) {
    return std::any_of(step.outputs.begin(), step.outputs.end(),
                       [](const OutputDef& o) { return o.asset.partitions != nullptr; });
  });
}

std::vector<Problem> check_job(const JobDef& job, const AssetGraph& graph) {
  const auto problem = [&](const Error& error) {
    return std::vector<Problem>{
        {"bad_selection", job.name, job.place, "Job '" + job.name + "': " + error.message, ""}};
  };
  const Result<Selection> selection = parse_selection(job.selection);
  if (!selection) return problem(selection.error());
  const Result<std::vector<NodeId>> selected = select(*selection, graph, false);
  if (!selected) return problem(selected.error());
  if (auto different = different_partitions(job, graph, *selected)) return {std::move(*different)};
  auto plan = make_plan(graph, *selected);
  if (plan) return {};
  for (Problem& found : plan.error()) {
    found.message = "Job '" + job.name + "': " + found.message;
    found.subject = job.name;
    found.place = job.place;
  }
  return std::move(plan).error();
}

}  // namespace

std::vector<Problem> check_definitions(const Definitions& definitions) {
  std::vector<Problem> problems = find_problems(definitions);
  // What a job selects means little while the graph itself is wrong, but a mistyped selection is one all the same.
  const bool sound = problems.empty();
  std::optional<AssetGraph> graph;
  for (const JobDef& job : definitions.jobs) {
    const bool everything = selects_everything(job);
    if (selects_nothing(job) || (everything && (job.graph || !any_partitions(definitions)))) {
      continue;
    }
    if (!graph) graph.emplace(definitions);
    if (everything) {
      std::vector<NodeId> all(graph->nodes().size());
      std::iota(all.begin(), all.end(), NodeId{0});
      if (auto different = different_partitions(job, *graph, all); different && sound) {
        problems.push_back(std::move(*different));
      }
      continue;
    }
    for (Problem& problem : check_job(job, *graph)) {
      if (sound || problem.code == "bad_selection") problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace treadle::plan
