#include "run_document.h"

#include "fields.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/base/time_format.h>

#include <algorithm>
#include <cstdlib>

namespace treadle::client {
namespace {

namespace json = boost::json;
using tracking::Run;

std::string document_or_empty(const json::value& node, std::string_view name) {
  std::string found = text(node, name);
  return found.empty() ? "{}" : found;
}

Result<json::object> parse_object(std::string_view text) {
  json::value document;
  TREADLE_CHECK(parse_json_value(text, document));
  if (!document.is_object()) {
    return fail(Errc::kInvalidArgument, "What is given for a run must be a JSON object, not " +
                                            std::string(text.substr(0, 60)) + ".");
  }
  return std::move(document.get_object());
}

}  // namespace

std::string upsert_document(std::string_view run_fields) {
  std::string document =
      "mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, "
      "$groupName: String, $description: String, $displayName: String, $notes: String, "
      "$commit: String, $config: JSONString, $host: String, $debug: Boolean, $program: String, "
      "$repo: String, $jobType: String, $state: String, $sweep: String, $tags: [String!], "
      "$summaryMetrics: JSONString) { upsertBucket(input: {id: $id, name: $name, "
      "groupName: $groupName, modelName: $project, entityName: $entity, "
      "description: $description, displayName: $displayName, notes: $notes, config: $config, "
      "commit: $commit, host: $host, debug: $debug, jobProgram: $program, jobRepo: $repo, "
      "jobType: $jobType, state: $state, sweep: $sweep, tags: $tags, "
      "summaryMetrics: $summaryMetrics}) { bucket { ";
  document += run_fields;
  return document + " } inserted } }";
}

Micros read_time(const std::string& text) {
  const auto parsed = parse_time(std::string_view(text).substr(0, 19), "%Y-%m-%dT%H:%M:%S");
  if (text.size() < 19 || !parsed) return 0;
  Micros time = local_seconds(parsed->time) * kMicrosPerSecond;
  if (text.size() > 20 && text[19] == '.') {
    time += static_cast<Micros>(std::atof(text.c_str() + 19) * kMicrosPerSecond);
  }
  return time;
}

Result<RemoteRun> read_run(const json::value& node) {
  RemoteRun out;
  Run& run = out.run;
  out.id = text(node, "id");
  if (const auto* project = find(node, {"project"})) {
    run.project = text(*project, "name");
    if (const auto* entity = find(*project, {"entity"})) run.entity = text(*entity, "name");
  }
  run.id = text(node, "name");
  run.display_name = text(node, "displayName");
  run.description = text(node, "description");
  run.notes = text(node, "notes");
  for (const json::value& tag : list(node, "tags")) {
    if (tag.is_string()) run.tags.emplace_back(tag.get_string());
  }
  run.group = text(node, "group");
  run.job_type = text(node, "jobType");
  run.state = tracking::state_from(text(node, "state")).value_or(tracking::State::kRunning);
  if (const auto* code = find(node, {"exitcode"}); code != nullptr && code->is_int64()) {
    run.exit_code = static_cast<int>(code->get_int64());
  }
  run.stop_requested = flag(node, "stopped");
  run.host = text(node, "host");
  run.program = text(node, "program");
  run.repository = text(node, "repo");
  run.commit = text(node, "commit");
  if (const auto* user = find(node, {"user"})) run.user = text(*user, "username");
  run.sweep = text(node, "sweepName");
  TREADLE_TRY(run.config, tracking::plain_config(document_or_empty(node, "config")));
  run.summary = document_or_empty(node, "summaryMetrics");
  run.system_metrics = document_or_empty(node, "systemMetrics");
  run.created = read_time(text(node, "createdAt"));
  run.heartbeat = read_time(text(node, "heartbeatAt"));
  if (!tracking::is_alive(run.state)) run.finished = run.heartbeat;
  run.history_lines = integer(node, "historyLineCount");
  run.event_lines = integer(node, "eventsLineCount");
  run.console_lines = integer(node, "logLineCount");
  if (const auto* keys = find(node, {"historyKeys"}))
    run.last_step = integer(*keys, "lastStep", -1);
  return out;
}

std::string variables_text(const Variables& variables) {
  JsonWriter w;
  w.begin_object();
  for (const auto& [name, value] : variables) w.key(name).raw(value);
  w.end_object();
  return std::move(w).str();
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string quoted(const std::vector<std::string>& texts) {
  JsonWriter w;
  w.begin_array();
  for (const std::string& text : texts) w.value(text);
  w.end_array();
  return std::move(w).str();
}

void add_changes(Variables& variables, const tracking::RunChanges& changes) {
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) variables[name] = quoted(*value);
  };
  add("displayName", changes.display_name);
  add("description", changes.description);
  add("notes", changes.notes);
  add("groupName", changes.group);
  add("jobType", changes.job_type);
  add("host", changes.host);
  add("program", changes.program);
  add("repo", changes.repository);
  add("commit", changes.commit);
  add("sweep", changes.sweep);
  if (changes.tags) variables["tags"] = quoted(*changes.tags);
  if (changes.state) variables["state"] = quoted(tracking::to_string(*changes.state));
}

Result<std::string> patched(std::string_view object, std::string_view patch) {
  TREADLE_TRY(json::object whole, parse_object(object));
  TREADLE_TRY(json::object changed, parse_object(patch));
  for (auto& [key, value] : changed) {
    json::value* there = whole.if_contains(key);
    if (key == "_wandb" && there != nullptr && there->is_object() && value.is_object()) {
      for (auto& [inner, own] : value.get_object()) there->get_object()[inner] = std::move(own);
    } else {
      whole[key] = std::move(value);
    }
  }
  return json_value_text(json::value(std::move(whole)));
}

Result<std::string> with_client(std::string_view config, std::string_view version) {
  TREADLE_TRY(json::object whole, parse_object(config));
  json::value& own = whole["_wandb"];
  if (!own.is_object()) own = json::object();
  json::value& about = own.get_object()["t"];
  if (!about.is_object()) about = json::object();
  for (const char* number : {"5", "12"}) {
    if (!about.get_object().contains(number)) about.get_object()[number] = version;
  }
  return json_value_text(json::value(std::move(whole)));
}

std::vector<std::string> joined_tags(std::vector<std::string> tags,
                                     const std::vector<std::string>& more) {
  for (const std::string& tag : more) {
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  return tags;
}

}  // namespace treadle::client
