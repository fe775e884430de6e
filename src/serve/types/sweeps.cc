// Sweeps and their agents. The search is in room sweep; what the runs reported in room tracking.
#include "types.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/sweep/early_stop.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::serve {
namespace {

using account::Project;
using account::Role;
using sweep::Agent;
using sweep::Sweep;
using tracking::Run;

constexpr std::string_view kSweepsTypes = R"(
extend type Project {
  sweep(sweepName: String, name: String): Sweep
  sweeps(after: String, first: Int, filters: JSONString, order: String): SweepConnection!
  totalSweeps: Int!
}
type Sweep {
  id: ID! name: String! displayName: String method: String! state: String! description: String bestLoss: Float
  config: String! createdAt: DateTime! updatedAt: DateTime heartbeatAt: DateTime runCount: Int! runCountExpected: Int
  controller: JSONString scheduler: JSONString earlyStopJobRunning: Boolean controllerRunName: String
  project: Project! user: User
  runs(first: Int, after: String, filters: JSONString, order: String): RunConnection
  priorRuns(first: Int, after: String, filters: JSONString, order: String): RunConnection
  agent(agentName: String!): Agent agents(first: Int, after: String): AgentConnection
}
type Agent {
  id: ID! name: String! host: String! state: String metrics: JSONString totalRuns: Int! createdAt: DateTime!
  heartbeatAt: DateTime user: User sweep: Sweep
  runs(after: String, before: String, first: Int, last: Int, order: String): RunConnection
}
extend type Mutation {
  upsertSweep(input: UpsertSweepInput!): UpsertSweepPayload
  createAgent(input: CreateAgentInput!): CreateAgentPayload
  agentHeartbeat(input: AgentHeartbeatInput!): AgentHeartbeatPayload
}
input UpsertSweepInput {
  id: ID, config: String, description: String, displayName: String, entityName: String, projectName: String,
  controller: JSONString, scheduler: JSONString, launchScheduler: JSONString, templateVariableValues: JSONString,
  state: String, priorRunsFilters: JSONString, clientMutationId: String
}
type UpsertSweepPayload { sweep: Sweep configValidationWarnings: [String!]! inserted: Boolean clientMutationId: String }
input CreateAgentInput {
  host: String!, projectName: String, entityName: String, sweep: String!, clientMutationId: String
}
type CreateAgentPayload { agent: Agent clientMutationId: String }
input AgentHeartbeatInput { id: ID!, metrics: JSONString, runState: JSONString, clientMutationId: String }
type AgentHeartbeatPayload { agent: Agent commands: JSONString clientMutationId: String }
)";

constexpr Micros kAgentSilence = 60LL * 1'000'000;  // an agent says that it lives every few seconds

struct UpsertedSweep {
  Sweep sweep;
  std::vector<std::string> warnings;
  bool inserted = false;
};
struct Heartbeat {
  Agent agent;
  std::string commands;
};

Result<Project> project_of(const Sweep& s, const Call& call) {
  TREADLE_TRY(auto project, backend(call).accounts.find_project(s.project_id));
  if (!project) return fail(Errc::kNotFound, "The project of the sweep was deleted.");
  return *std::move(project);
}

Result<Sweep> visible_sweep(const Call& call, std::optional<Sweep> found, Role role) {
  if (found) {
    TREADLE_TRY(const auto project, backend(call).accounts.find_project(found->project_id));
    if (project && may(call, Role::kRestrictedViewer, project->entity, project->name)) {
      TREADLE_CHECK(require(call, role, project->entity, project->name));
      return *std::move(found);
    }
  }
  return fail(Errc::kNotFound, "There is no such sweep, or it was deleted.");
}

// By the id of ours, or by its name in a project.
Result<Sweep> sweep_named(const Call& call, const std::string& name, const std::string& entity,
                          const std::string& project, Role role) {
  Backend& b = backend(call);
  if (const auto id = number_of(name, "Sweep")) {
    TREADLE_TRY(auto found, b.sweeps.find(*id));
    return visible_sweep(call, std::move(found), role);
  }
  TREADLE_TRY(const auto place, find_project(call, entity_or_default(call, entity), project));
  std::optional<Sweep> found;
  if (place) {
    TREADLE_TRY(found, b.sweeps.find(place->id, name));
  }
  return visible_sweep(call, std::move(found), role);
}

sweep::SweepChanges changes_of(const graphql::Arguments& input) {
  sweep::SweepChanges out;
  out.config = input.text_if("config");
  out.description = input.text_if("description");
  out.display_name = input.text_if("displayName");
  out.controller = input.text_if("controller");
  out.scheduler = input.text_if("scheduler");
  out.prior_filter = input.text_if("priorRunsFilters");
  return out;
}

Result<Output> upsert_sweep(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  UpsertedSweep out;
  auto changes = changes_of(input);
  if (input.has("state")) {
    changes.state = sweep::state_from(input.text("state"));
    if (!changes.state) {
      return fail(Errc::kInvalidArgument, "'" + input.text("state") + "' is no state of a sweep.");
    }
  }
  if (changes.config) {
    TREADLE_TRY(const auto space, sweep::Space::parse(*changes.config, &out.warnings));
    (void)space;
  }
  const std::string project_name =
      input.text("projectName").empty() ? "uncategorized" : input.text("projectName");
  if (input.has("id") && !input.text("id").empty()) {
    TREADLE_TRY(const Sweep known, sweep_named(call, input.text("id"), input.text("entityName"),
                                               project_name, Role::kMember));
    TREADLE_CHECK(audit(call, known.name, input.text("state")));
    TREADLE_TRY(out.sweep, b.sweeps.change(known.id, changes));
    return graphql::node("UpsertSweepPayload", std::move(out));
  }
  if (!changes.config) return fail(Errc::kInvalidArgument, "A new sweep needs a config.");
  TREADLE_TRY(const auto project,
              make_project(call, entity_or_default(call, input.text("entityName")), project_name));
  Sweep made;
  made.project_id = project.id;
  made.config = *changes.config;
  made.description = changes.description.value_or("");
  made.display_name = changes.display_name.value_or("");
  made.controller = changes.controller.value_or("");
  made.scheduler = changes.scheduler.value_or("");
  made.prior_filter = changes.prior_filter.value_or("");
  made.state = changes.state.value_or(sweep::State::kPending);
  made.user_id = caller(call).user.id;
  TREADLE_TRY(out.sweep, b.sweeps.add(made));
  out.inserted = true;
  TREADLE_CHECK(audit(call, project.entity + "/" + project.name, out.sweep.name));
  return graphql::node("UpsertSweepPayload", std::move(out));
}

Result<Output> create_agent(const Call& call) {
  const auto input = call.args.object("input");
  TREADLE_TRY(const Sweep sweep, sweep_named(call, input.text("sweep"), input.text("entityName"),
                                             input.text("projectName"), Role::kMember));
  TREADLE_CHECK(audit(call, sweep.name, input.text("host")));
  TREADLE_TRY(auto agent,
              backend(call).sweeps.add_agent(sweep.id, input.text("host"), caller(call).user.id));
  return graphql::node("CreateAgentPayload", std::move(agent));
}

// A number of a run's summary; nested names with dots.
std::optional<double> summary_number(const std::string& summary, const std::string& name) {
  boost::json::value document;
  if (!parse_json_value(summary, document) || !document.is_object()) return std::nullopt;
  const boost::json::value* at = document.get_object().if_contains(name);
  std::string_view rest = name;
  if (at == nullptr) {
    at = &document;
    while (at != nullptr && !rest.empty()) {
      const auto dot = rest.find('.');
      const auto* object = at->if_object();
      at = object ? object->if_contains(rest.substr(0, dot)) : nullptr;
      rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    }
  }
  if (at == nullptr || !at->is_number()) return std::nullopt;
  return at->to_number<double>();
}

tracking::RunQuery query_of(const Sweep& s, const Project& project) {
  JsonWriter filter;
  filter.begin_object().field("sweep", s.name).end_object();
  tracking::RunQuery out;
  out.entity = project.entity;
  out.project = project.name;
  out.filter = std::move(filter).str();
  out.limit = 0;
  return out;
}

// Of the runs an agent is busy with, those that the sweep's others have left behind.
Result<std::vector<std::string>> runs_behind(Backend& b, const Sweep& s, const Project& project,
                                             const sweep::Space& space,
                                             const std::vector<std::string>& running) {
  TREADLE_TRY(const auto page, b.runs.runs(query_of(s, project)));
  std::vector<sweep::Curve> curves;
  for (const Run& run : page.runs) {
    TREADLE_TRY(const auto points, b.runs.series(run.key, space.metric()->name));
    sweep::Curve curve{run.id, {}};
    for (const tracking::Point& point : points) curve.values.push_back(point.value);
    curves.push_back(std::move(curve));
  }
  return sweep::runs_behind(*space.hyperband(), *space.metric(), curves, running);
}

Result<Output> heartbeat(const Call& call) {
  const auto input = call.args.object("input");
  Backend& b = backend(call);
  const auto id = number_of(input.text("id"), "Agent");
  TREADLE_TRY(auto agent, b.sweeps.find_agent(id.value_or(0)));
  std::optional<Sweep> found;
  if (agent) {
    TREADLE_TRY(found, b.sweeps.find(agent->sweep_id));
  }
  TREADLE_TRY(const Sweep sweep, visible_sweep(call, std::move(found), Role::kMember));
  TREADLE_TRY(const Project project, project_of(sweep, call));
  std::vector<std::string> running;
  if (input.has("runState")) {
    TREADLE_TRY(const auto states, graphql::value_from_json(input.text("runState")));
    if (const auto* object = states.get<graphql::Value::Object>()) {
      for (const auto& [run, is_running] : *object) {
        const auto* flag = is_running.get<bool>();
        if (flag && *flag) running.push_back(run);
      }
    }
  }
  TREADLE_TRY(const auto space, sweep::Space::parse(sweep.config));
  const auto trials =
      [&](const std::vector<sweep::Assignment>& given) -> Result<std::vector<sweep::Trial>> {
    std::vector<sweep::Trial> out;
    if (!space.metric()) return out;
    TREADLE_TRY(const auto page, b.runs.runs(query_of(sweep, project)));
    for (const sweep::Assignment& one : given) {
      const auto run = std::find_if(page.runs.begin(), page.runs.end(),
                                    [&](const Run& r) { return r.id == one.run_id; });
      if (run == page.runs.end() || tracking::is_alive(run->state)) continue;
      const auto result = summary_number(run->summary, space.metric()->name);
      if (result) out.push_back({one.arguments, *result});
    }
    return out;
  };
  std::vector<std::string> behind;
  if (space.hyperband() && !running.empty()) {
    TREADLE_TRY(behind, runs_behind(b, sweep, project, space, running));
  }
  TREADLE_TRY(
      const auto commands,
      b.sweeps.heartbeat(agent->id, running, input.has("metrics") ? input.text("metrics") : "{}",
                         trials, behind));
  JsonWriter w;
  w.begin_array();
  for (const sweep::Command& command : commands) {
    w.begin_object();
    if (command.kind == sweep::Command::Kind::kExit) {
      w.field("type", "exit");
    } else {
      const bool run = command.kind == sweep::Command::Kind::kRun;
      w.field("type", run ? "run" : "stop").field("run_id", command.run_id);
      if (run && !command.program.empty()) w.field("program", command.program);
      if (run) w.key("args").raw(command.arguments);
    }
    w.end_object();
  }
  w.end_array();
  return graphql::node("AgentHeartbeatPayload", Heartbeat{*agent, std::move(w).str()});
}

Result<Output> runs_of(const Sweep& s, const Call& call) {
  TREADLE_TRY(const Project project, project_of(s, call));
  auto query = query_of(s, project);
  query.order = call.args.text("order");
  TREADLE_TRY(const auto found, backend(call).runs.runs(query));
  return connection_node("RunConnection",
                         page(call.args, found.runs, [](const Run& r) { return run_node(r); }));
}

Result<Output> prior_runs(const Sweep& s, const Call& call) {
  if (s.prior_filter.empty()) return connection_node("RunConnection", {});
  TREADLE_TRY(const Project project, project_of(s, call));
  auto query = query_of(s, project);
  query.filter = s.prior_filter;
  TREADLE_TRY(const auto found, backend(call).runs.runs(query));
  return connection_node("RunConnection",
                         page(call.args, found.runs, [](const Run& r) { return run_node(r); }));
}

// The best value of the metric that its runs have in their summary.
Result<Output> best_loss(const Sweep& s, const Call& call) {
  TREADLE_TRY(const auto space, sweep::Space::parse(s.config));
  if (!space.metric()) return nullptr;
  TREADLE_TRY(const Project project, project_of(s, call));
  TREADLE_TRY(const auto found, backend(call).runs.runs(query_of(s, project)));
  std::optional<double> best;
  for (const Run& run : found.runs) {
    const auto value = summary_number(run.summary, space.metric()->name);
    if (!value) continue;
    const bool better = !best || (space.metric()->maximize ? *value > *best : *value < *best);
    if (better) best = value;
  }
  return best ? Output(*best) : Output();
}

std::string_view method_name(const Sweep& s) {
  const auto space = sweep::Space::parse(s.config);
  if (!space) return "random";
  switch (space->method()) {
    case sweep::Method::kGrid:
      return "grid";
    case sweep::Method::kBayes:
      return "bayes";
    case sweep::Method::kCustom:
      return "custom";
    default:
      return "random";
  }
}

Lookup sweep_lookup(const Sweep& s) {
  return [&s](std::string_view path) -> std::vector<graphql::Value> {
    if (path == "name") return {{s.name}};
    if (path == "display_name" || path == "displayName") return {{s.display_name}};
    if (path == "state") return {{std::string(sweep::to_string(s.state))}};
    if (path == "method") return {{std::string(method_name(s))}};
    if (path == "description") return {{s.description}};
    if (path == "created_at" || path == "createdAt") return {{format_utc(s.created)}};
    if (path == "updated_at" || path == "updatedAt") return {{format_utc(s.updated)}};
    return {};
  };
}

Result<Output> sweep_list(const Project& project, const Call& call) {
  TREADLE_TRY(auto found, backend(call).sweeps.list(project.id));
  TREADLE_TRY(found, filter_and_order(std::move(found), call.args.text("filters"),
                                      call.args.text("order"), sweep_lookup));
  return connection_node("SweepConnection", page(call.args, found, [](const Sweep& s) {
                           return graphql::node("Sweep", s);
                         }));
}

Output agent_state(const Agent& agent) {
  if (agent.exited) return "FINISHED";
  return system_clock().now() - agent.heartbeat > kAgentSilence ? "CRASHED" : "RUNNING";
}

Result<std::vector<Run>> agent_runs(const Agent& agent, const Call& call) {
  Backend& b = backend(call);
  std::vector<Run> out;
  TREADLE_TRY(const auto sweep, b.sweeps.find(agent.sweep_id));
  if (!sweep) return out;
  TREADLE_TRY(const Project project, project_of(*sweep, call));
  TREADLE_TRY(const auto given, b.sweeps.assignments(sweep->id));
  for (const sweep::Assignment& one : given) {
    if (one.agent_id != agent.id) continue;
    TREADLE_TRY(auto run, b.runs.find({project.entity, project.name, one.run_id}));
    if (run) out.push_back(*std::move(run));
  }
  return out;
}

Output json_or_null(const std::string& text) {
  return text.empty() ? Output() : Output(text);
}

Result<Output> user_numbered(const Call& call, std::int64_t id) {
  TREADLE_TRY(auto user, backend(call).accounts.find_user(id));
  return user ? Output(user_node(*std::move(user))) : Output();
}

void define_agents(graphql::Schema& schema) {
  schema.resolve<Agent>(
      "Agent",
      {{"id", [](const Agent& a, const Call&) { return make_id("Agent", a.id); }},
       {"name", [](const Agent& a, const Call&) { return a.name; }},
       {"host", [](const Agent& a, const Call&) { return a.host; }},
       {"state", [](const Agent& a, const Call&) { return agent_state(a); }},
       {"metrics", [](const Agent& a, const Call&) { return a.metrics; }},
       {"createdAt", [](const Agent& a, const Call&) { return time_output(a.created); }},
       {"heartbeatAt", [](const Agent& a, const Call&) { return time_output(a.heartbeat); }},
       {"user", [](const Agent& a, const Call& call) { return user_numbered(call, a.user_id); }},
       {"sweep",
        [](const Agent& a, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto found, backend(call).sweeps.find(a.sweep_id));
          return found ? Output(graphql::node("Sweep", *std::move(found))) : Output();
        }},
       {"totalRuns",
        [](const Agent& a, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto runs, agent_runs(a, call));
          return static_cast<std::int64_t>(runs.size());
        }},
       {"runs", [](const Agent& a, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto runs, agent_runs(a, call));
          return connection_node("RunConnection",
                                 page(call.args, runs, [](const Run& r) { return run_node(r); }));
        }}});
  schema.resolve<Agent>(
      "CreateAgentPayload",
      {{"agent", [](const Agent& a, const Call&) { return graphql::node("Agent", a); }},
       {"clientMutationId", [](const Agent&, const Call&) { return nullptr; }}});
  schema.resolve<Heartbeat>(
      "AgentHeartbeatPayload",
      {{"agent", [](const Heartbeat& h, const Call&) { return graphql::node("Agent", h.agent); }},
       {"commands", [](const Heartbeat& h, const Call&) { return h.commands; }},
       {"clientMutationId", [](const Heartbeat&, const Call&) { return nullptr; }}});
}

}  // namespace

Result<Output> sweep_of_run(const Run& run, const Call& call) {
  if (run.sweep.empty()) return nullptr;
  TREADLE_TRY(const auto project, find_project(call, run.entity, run.project));
  if (!project) return nullptr;
  TREADLE_TRY(auto found, backend(call).sweeps.find(project->id, run.sweep));
  return found ? Output(graphql::node("Sweep", *std::move(found))) : Output();
}

Result<Output> agent_of_run(const Run& run, const Call& call) {
  Backend& b = backend(call);
  if (run.sweep.empty()) return nullptr;
  TREADLE_TRY(const auto project, find_project(call, run.entity, run.project));
  if (!project) return nullptr;
  TREADLE_TRY(const auto found, b.sweeps.find(project->id, run.sweep));
  if (!found) return nullptr;
  TREADLE_TRY(const auto given, b.sweeps.assignment(found->id, run.id));
  if (!given) return nullptr;
  TREADLE_TRY(auto agent, b.sweeps.find_agent(given->agent_id));
  return agent ? Output(graphql::node("Agent", *std::move(agent))) : Output();
}

void define_sweeps(graphql::Schema& schema) {
  schema.define(kSweepsTypes);
  define_connection(schema, "Sweep");
  define_connection(schema, "Agent");
  define_agents(schema);
  schema.resolve<Project>(
      "Project", {{"sweep",
                   [](const Project& p, const Call& call) -> Result<Output> {
                     const std::string name = call.args.has("sweepName")
                                                  ? call.args.text("sweepName")
                                                  : call.args.text("name");
                     TREADLE_TRY(auto found, backend(call).sweeps.find(p.id, name));
                     return found ? Output(graphql::node("Sweep", *std::move(found))) : Output();
                   }},
                  {"sweeps", sweep_list},
                  {"totalSweeps", [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(const auto found, backend(call).sweeps.list(p.id));
                     return static_cast<std::int64_t>(found.size());
                   }}});
  schema.resolve<Sweep>(
      "Sweep",
      {{"id", [](const Sweep& s, const Call&) { return make_id("Sweep", s.id); }},
       {"name", [](const Sweep& s, const Call&) { return s.name; }},
       {"displayName", [](const Sweep& s, const Call&) { return json_or_null(s.display_name); }},
       {"method", [](const Sweep& s, const Call&) { return method_name(s); }},
       {"state", [](const Sweep& s, const Call&) { return sweep::to_string(s.state); }},
       {"description", [](const Sweep& s, const Call&) { return json_or_null(s.description); }},
       {"bestLoss", best_loss},
       {"config", [](const Sweep& s, const Call&) { return s.config; }},
       {"createdAt", [](const Sweep& s, const Call&) { return time_output(s.created); }},
       {"updatedAt", [](const Sweep& s, const Call&) { return time_output(s.updated); }},
       {"heartbeatAt", [](const Sweep& s, const Call&) { return time_output(s.heartbeat); }},
       {"runCount",
        [](const Sweep& s, const Call& call) -> Result<Output> {
          TREADLE_TRY(const Project project, project_of(s, call));
          TREADLE_TRY(const auto count, backend(call).runs.count(query_of(s, project)));
          return count;
        }},
       {"runCountExpected",
        [](const Sweep& s, const Call&) -> Result<Output> {
          TREADLE_TRY(const auto space, sweep::Space::parse(s.config));
          return Output(space.grid_size());
        }},
       {"controller", [](const Sweep& s, const Call&) { return json_or_null(s.controller); }},
       {"scheduler", [](const Sweep& s, const Call&) { return json_or_null(s.scheduler); }},
       {"earlyStopJobRunning", [](const Sweep&, const Call&) { return false; }},
       {"controllerRunName", [](const Sweep&, const Call&) { return nullptr; }},
       {"project",
        [](const Sweep& s, const Call& call) -> Result<Output> {
          TREADLE_TRY(auto project, project_of(s, call));
          return project_node(std::move(project));
        }},
       {"user", [](const Sweep& s, const Call& call) { return user_numbered(call, s.user_id); }},
       {"runs", runs_of},
       {"priorRuns", prior_runs},
       {"agent",
        [](const Sweep& s, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto agents, backend(call).sweeps.agents(s.id));
          const std::string name = call.args.text("agentName");
          for (const Agent& agent : agents) {
            if (agent.name == name || make_id("Agent", agent.id) == name) {
              return graphql::node("Agent", agent);
            }
          }
          return nullptr;
        }},
       {"agents", [](const Sweep& s, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto agents, backend(call).sweeps.agents(s.id));
          return connection_node("AgentConnection", page(call.args, agents, [](const Agent& a) {
                                   return graphql::node("Agent", a);
                                 }));
        }}});
  schema.resolve<UpsertedSweep>(
      "UpsertSweepPayload",
      {{"sweep",
        [](const UpsertedSweep& u, const Call&) { return graphql::node("Sweep", u.sweep); }},
       {"configValidationWarnings",
        [](const UpsertedSweep& u, const Call&) { return graphql::strings(u.warnings); }},
       {"inserted", [](const UpsertedSweep& u, const Call&) { return u.inserted; }},
       {"clientMutationId", [](const UpsertedSweep&, const Call&) { return nullptr; }}});
  schema.resolve("Mutation", "upsertSweep", upsert_sweep);
  schema.resolve("Mutation", "createAgent", create_agent);
  schema.resolve("Mutation", "agentHeartbeat", heartbeat);
}

}  // namespace treadle::serve
