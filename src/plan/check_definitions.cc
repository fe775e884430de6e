#include <treadle/plan/plan.h>
#include <treadle/plan/selection.h>

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

std::vector<Problem> check_job(const JobDef& job, const AssetGraph& graph) {
  const auto problem = [&](const Error& error) {
    return std::vector<Problem>{
        {"bad_selection", job.name, job.place, "Job '" + job.name + "': " + error.message, ""}};
  };
  const Result<Selection> selection = parse_selection(job.selection);
  if (!selection) return problem(selection.error());
  const Result<std::vector<NodeId>> selected = select(*selection, graph, false);
  if (!selected) return problem(selected.error());
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
    if (selects_everything(job) || selects_nothing(job)) continue;
    if (!graph) graph.emplace(definitions);
    for (Problem& problem : check_job(job, *graph)) {
      if (sound || problem.code == "bad_selection") problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace treadle::plan
