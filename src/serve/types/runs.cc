#include "types.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle::serve {
namespace {

using account::Project;
using account::Role;
using tracking::Run;

constexpr std::string_view kRunsTypes = R"(
extend type Project {
  run(name: String!, desc: String): Run
  bucket(name: String!, missingOk: Boolean, desc: String): Run
  runs(filters: JSONString, after: String, first: Int, before: String, last: Int, order: String): RunConnection
  runCount(filters: JSONString): Int!
}
interface ArtifactCreator { name: String! }
type Run implements ArtifactCreator {
  id: ID! name: String! displayName: String description: String notes: String tags: [String!]!
  state: String! config: JSONString summaryMetrics: JSONString systemMetrics: JSONString
  group: String groupName: String jobType: String commit: String host: String program: String repo: String
  sweepName: String sweep: Sweep stopped: Boolean! shouldStop: Boolean failed: Boolean running: Boolean exitcode: Int
  createdAt: DateTime updatedAt: DateTime heartbeatAt: DateTime computeSeconds: Int
  readOnly: Boolean project: Project projectId: Int user: User
  historyLineCount: Int eventsLineCount: Int logLineCount: Int
  historyTail: JSONString eventsTail: JSONString wandbConfig(keys: [String!]): JSONString
  runInfo: RunInfo agent: Agent
}
type RunInfo {
  program: String args: [String!] os: String python: String colab: String executable: String codeSaved: Boolean
  cpuCount: Int gpuCount: Int gpu: String git: GitInfo
}
type GitInfo { remote: String commit: String }
)";

// W&B's documents, read once for several fields.
std::string text_in(const boost::json::value& document, std::string_view key) {
  const auto* object = document.if_object();
  const auto* value = object ? object->if_contains(key) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

Output text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

// The lines at the end of a stream, as W&B keeps them: a JSON list of strings. The last is enough.
Result<Output> tail(const Run& run, const Call& call, tracking::Stream stream, std::int64_t lines) {
  std::vector<std::string> rows;
  if (lines > 0) {
    TREADLE_TRY(rows, backend(call).runs.rows(run.key, stream, {.after_line = lines - 2}));
  }
  JsonWriter w;
  w.begin_array();
  for (const std::string& row : rows) w.value(row);
  w.end_array();
  return std::move(w).str();
}

// {"t": {...}} of what the SDK keeps under config._wandb; null when no SDK ever began the run.
Result<Output> wandb_config_field(const Run& run, const Call& call) {
  boost::json::value config;
  TREADLE_CHECK(parse_json_value(run.config, config));
  const auto* whole = config.if_object();
  const auto* inner = whole ? whole->if_contains("_wandb") : nullptr;
  if (inner == nullptr || !inner->is_object()) return nullptr;
  JsonWriter w;
  w.begin_object();
  for (const std::string& key : call.args.texts("keys")) {
    if (const auto* value = inner->get_object().if_contains(key)) {
      w.key(key).raw(json_value_text(*value));
    }
  }
  w.end_object();
  return std::move(w).str();
}

Result<Output> list_runs(const Project& project, const Call& call) {
  constexpr std::int64_t kMost = 10'000;
  tracking::RunQuery query;
  query.entity = project.entity;
  query.project = project.name;
  query.filter = call.args.text("filters");
  query.order = call.args.text("order");
  query.limit = std::clamp<std::int64_t>(call.args.integer("first", 50), 1, kMost);
  query.after = number_of(call.args.text("after"), "cursor").value_or(0);
  TREADLE_TRY(tracking::RunPage found, backend(call).runs.runs(query));
  Connection out;
  out.total = found.total;
  out.more = found.more;
  for (Run& run : found.runs) {
    const std::int64_t key = run.key;
    out.edges.push_back({run_node(std::move(run)), make_id("cursor", key), {}});
  }
  return connection_node("RunConnection", std::move(out));
}

}  // namespace

graphql::Node run_node(Run run) {
  return graphql::node("Run", std::move(run));
}

Result<Run> run_named(const Call& call, const std::string& entity, const std::string& project,
                      const std::string& name, Role role) {
  TREADLE_CHECK(require(call, role, entity, project));
  return backend(call).runs.get(tracking::RunRef{entity, project, name});
}

Result<Run> run_of_id(const Call& call, const std::string& id, Role role) {
  const auto parsed = parse_run_id(id);
  if (!parsed) return fail(Errc::kNotFound, "'" + id + "' is no run's id.");
  return run_named(call, parsed->entity, parsed->project, parsed->name, role);
}

void define_runs(graphql::Schema& schema) {
  schema.define(kRunsTypes);
  define_connection(schema, "Run");
  const auto find_run = [](const Project& p, const Call& call) -> Result<Output> {
    TREADLE_TRY(auto run, backend(call).runs.find({p.entity, p.name, call.args.text("name")}));
    if (!run) return nullptr;
    return run_node(*std::move(run));
  };
  schema.resolve<Project>(
      "Project", {{"run", find_run},
                  {"bucket", find_run},
                  {"runs", list_runs},
                  {"runCount", [](const Project& p, const Call& call) -> Result<Output> {
                     TREADLE_TRY(const std::int64_t count,
                                 backend(call).runs.count({.entity = p.entity,
                                                           .project = p.name,
                                                           .filter = call.args.text("filters")}));
                     return count;
                   }}});
  using tracking::State;
  schema.resolve<Run>(
      "Run",
      {{"id", [](const Run& r, const Call&) { return make_run_id({r.entity, r.project, r.id}); }},
       {"name", [](const Run& r, const Call&) { return r.id; }},
       {"displayName", [](const Run& r, const Call&) { return r.display_name; }},
       {"description", [](const Run& r, const Call&) { return r.description; }},
       {"notes", [](const Run& r, const Call&) { return text_or_null(r.notes); }},
       {"tags", [](const Run& r, const Call&) { return graphql::strings(r.tags); }},
       {"state", [](const Run& r, const Call&) { return tracking::to_string(r.state); }},
       {"config",
        [](const Run& r, const Call&) -> Result<Output> {
          TREADLE_TRY(std::string text, tracking::wandb_config(r.config));
          return text;
        }},
       {"summaryMetrics", [](const Run& r, const Call&) { return r.summary; }},
       {"systemMetrics", [](const Run& r, const Call&) { return r.system_metrics; }},
       {"group", [](const Run& r, const Call&) { return text_or_null(r.group); }},
       {"groupName", [](const Run& r, const Call&) { return text_or_null(r.group); }},
       {"jobType", [](const Run& r, const Call&) { return text_or_null(r.job_type); }},
       {"commit", [](const Run& r, const Call&) { return text_or_null(r.commit); }},
       {"host", [](const Run& r, const Call&) { return text_or_null(r.host); }},
       {"program", [](const Run& r, const Call&) { return text_or_null(r.program); }},
       {"repo", [](const Run& r, const Call&) { return text_or_null(r.repository); }},
       {"sweepName", [](const Run& r, const Call&) { return text_or_null(r.sweep); }},
       {"sweep", sweep_of_run},
       {"agent", agent_of_run},
       {"stopped", [](const Run& r, const Call&) { return r.stop_requested; }},
       {"shouldStop", [](const Run& r, const Call&) { return r.stop_requested; }},
       {"failed",
        [](const Run& r, const Call&) {
          return r.state == State::kFailed || r.state == State::kCrashed;
        }},
       {"running", [](const Run& r, const Call&) { return r.state == State::kRunning; }},
       {"exitcode",
        [](const Run& r, const Call&) { return r.exit_code ? Output(*r.exit_code) : Output(); }},
       {"createdAt", [](const Run& r, const Call&) { return time_output(r.created); }},
       {"updatedAt", [](const Run& r, const Call&) { return time_output(r.heartbeat); }},
       {"heartbeatAt", [](const Run& r, const Call&) { return time_output(r.heartbeat); }},
       {"computeSeconds",
        [](const Run& r, const Call&) { return (r.heartbeat - r.created) / 1'000'000; }},
       {"readOnly",
        [](const Run& r, const Call& call) {
          return !may(call, Role::kMember, r.entity, r.project);
        }},
       {"project",
        [](const Run& r, const Call& call) { return project_named(call, r.entity, r.project); }},
       {"projectId",
        [](const Run& r, const Call& call) -> Result<Output> {
          TREADLE_TRY(const auto project, find_project(call, r.entity, r.project));
          return project ? Output(project->id) : Output();
        }},
       {"user",
        [](const Run& r, const Call& call) -> Result<Output> {
          if (r.user.empty()) return nullptr;
          TREADLE_TRY(auto user, backend(call).accounts.find_user(r.user));
          if (!user) return nullptr;
          return user_node(*std::move(user));
        }},
       {"historyLineCount", [](const Run& r, const Call&) { return r.history_lines; }},
       {"eventsLineCount", [](const Run& r, const Call&) { return r.event_lines; }},
       {"logLineCount", [](const Run& r, const Call&) { return r.console_lines; }},
       {"historyTail",
        [](const Run& r, const Call& call) {
          return tail(r, call, tracking::Stream::kHistory, r.history_lines);
        }},
       {"eventsTail",
        [](const Run& r, const Call& call) {
          return tail(r, call, tracking::Stream::kEvents, r.event_lines);
        }},
       {"wandbConfig", wandb_config_field},
       {"runInfo", [](const Run& r, const Call& call) -> Result<Output> {
          // The SDK uploads it as a file.
          std::string text = r.metadata;
          const auto uploaded = backend(call).runs.read_file(r.key, "wandb-metadata.json", 1 << 20);
          if (uploaded) text = *uploaded;
          boost::json::value document;
          if (text == "{}" || !parse_json_value(text, document)) return nullptr;
          return graphql::node("RunInfo", std::move(document));
        }}});
  using boost::json::value;
  const auto text = [](const char* key) {
    return [key](const value& v, const Call&) { return text_or_null(text_in(v, key)); };
  };
  const auto number = [](const char* key) {
    return [key](const value& v, const Call&) -> Result<Output> {
      const auto* object = v.if_object();
      const auto* n = object ? object->if_contains(key) : nullptr;
      return n && n->is_int64() ? Output(n->get_int64()) : Output();
    };
  };
  schema.resolve<value>(
      "RunInfo",
      {{"program", text("program")},
       {"args",
        [](const value& v, const Call&) -> Result<Output> {
          Outputs out;
          const auto* object = v.if_object();
          const auto* list = object ? object->if_contains("args") : nullptr;
          if (list && list->is_array()) {
            for (const value& item : list->get_array()) {
              if (item.is_string()) out.emplace_back(std::string(item.get_string()));
            }
          }
          return out;
        }},
       {"os", text("os")},
       {"python", text("python")},
       {"colab", text("colab")},
       {"executable", text("executable")},
       {"codeSaved", [](const value& v, const Call&) { return !text_in(v, "codePath").empty(); }},
       {"cpuCount", number("cpu_count")},
       {"gpuCount", number("gpu_count")},
       {"gpu", text("gpu")},
       {"git", [](const value& v, const Call&) -> Result<Output> {
          const auto* object = v.if_object();
          const auto* git = object ? object->if_contains("git") : nullptr;
          return git ? Output(graphql::node("GitInfo", *git)) : Output();
        }}});
  schema.resolve<value>("GitInfo", {{"remote", text("remote")}, {"commit", text("commit")}});
}

}  // namespace treadle::serve
