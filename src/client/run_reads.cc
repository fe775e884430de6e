// Runs, their histories and files, read back.
#include "fields.h"
#include "remote_runs.h"
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/http/message.h>

#include <algorithm>
#include <limits>

namespace treadle::client {

using tracking::Run;
using tracking::RunFile;
using tracking::RunRef;
using tracking::Stream;
namespace json = boost::json;

namespace {

constexpr std::int64_t kPageOfSteps = 10'000;
constexpr std::int64_t kPageOfRuns = 100;
constexpr std::int64_t kPageOfLines = 10'000;
constexpr std::int64_t kPageOfFiles = 500;
constexpr std::size_t kProjectsLookedThrough = 200;

std::string in_project(std::string_view inner) {
  return "project(name: $project, entityName: $entity) { " + std::string(inner) + " }";
}

std::vector<std::string> texts_of(const json::value* found) {
  std::vector<std::string> texts;
  if (found == nullptr || !found->is_array()) return texts;
  for (const json::value& item : found->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

// Where an answer must be JSON to the letter, these stand in it as texts.
void restore_numbers(json::value& value) {
  if (value.is_object()) {
    for (auto& [key, inner] : value.get_object()) restore_numbers(inner);
  } else if (value.is_array()) {
    for (json::value& inner : value.get_array()) restore_numbers(inner);
  } else if (value.is_string()) {
    const std::string_view text = value.get_string();
    if (text == "NaN") value = std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") value = std::numeric_limits<double>::infinity();
    if (text == "-Infinity") value = -std::numeric_limits<double>::infinity();
  }
}

}  // namespace

Result<void> RemoteRuns::ask_run(std::string_view fields, const Known& run, json::value& data,
                                 std::string_view arguments, const Variables& more) {
  Variables variables = more;
  variables["entity"] = quoted(run.ref.entity);
  variables["project"] = quoted(run.ref.project);
  variables["name"] = quoted(run.ref.id);
  const std::string document =
      "query Run($project: String!, $entity: String, $name: String!" + std::string(arguments) +
      ") { " + in_project("run(name: $name) { " + std::string(fields) + " }") + " }";
  TREADLE_CHECK(query(document, variables, data));
  if (client::find(data, {"project", "run"}) != nullptr) return {};
  return fail(Errc::kNotFound, "There is no run " + run.ref.entity + "/" + run.ref.project + "/" +
                                   run.ref.id + " on the server " +
                                   connection_->address().base_url + ".");
}

// --- which runs

Result<std::optional<Run>> RemoteRuns::find(const RunRef& given) {
  TREADLE_TRY(const RunRef ref, complete(given));
  Known run;
  run.ref = ref;
  json::value data;
  const auto asked =
      with_fields([&](const std::string& fields) { return ask_run(fields, run, data); });
  if (!asked && asked.error().code == Errc::kNotFound) return std::nullopt;
  TREADLE_CHECK(asked);
  TREADLE_TRY(RemoteRun found, read_run(*client::find(data, {"project", "run"})));
  return keyed(std::move(found));
}

Result<Run> RemoteRuns::get(const RunRef& ref) {
  TREADLE_TRY(auto found, find(ref));
  if (found) return *std::move(found);
  TREADLE_TRY(const RunRef whole, complete(ref));
  return fail(Errc::kNotFound, "There is no run " + whole.entity + "/" + whole.project + "/" +
                                   whole.id + " on the server " + connection_->address().base_url +
                                   ".");
}

Result<Run> RemoteRuns::get(std::int64_t run_key) {
  TREADLE_TRY(const Known run, known(run_key));
  return get(run.ref);
}

// The protocol asks within a project: the one that is meant when none is named, then all others.
Result<std::vector<Run>> RemoteRuns::find_by_id(const std::string& id) {
  TREADLE_TRY(const RunRef ref, complete({"", "", id}));
  std::vector<Run> runs;
  TREADLE_TRY(auto found, find(ref));
  if (found) {
    runs.push_back(*std::move(found));
    return runs;
  }
  TREADLE_TRY(const auto all, projects(ref.entity));
  for (std::size_t i = 0; i < std::min(all.size(), kProjectsLookedThrough); ++i) {
    if (all[i].name == ref.project) continue;
    TREADLE_TRY(auto there, find({ref.entity, all[i].name, id}));
    if (there) runs.push_back(*std::move(there));
  }
  return runs;
}

Result<tracking::RunPage> RemoteRuns::runs(const tracking::RunQuery& asked) {
  TREADLE_TRY(const RunRef place, complete({asked.entity, asked.project, "?"}));
  std::string cursor;
  if (asked.after != 0) {
    TREADLE_TRY(const Known last, known(asked.after));
    cursor = last.cursor;
  }
  tracking::RunPage page;
  page.more = true;
  while (page.more &&
         (asked.limit == 0 || static_cast<std::int64_t>(page.runs.size()) < asked.limit)) {
    const auto room = asked.limit - static_cast<std::int64_t>(page.runs.size());
    Variables variables = {
        {"entity", quoted(place.entity)},
        {"project", quoted(place.project)},
        {"filters", quoted(asked.filter.empty() ? "{}" : asked.filter)},
        {"order", asked.order.empty() ? "null" : quoted(asked.order)},
        {"first", std::to_string(asked.limit == 0 ? kPageOfRuns : std::min(room, kPageOfRuns))},
        {"cursor", cursor.empty() ? "null" : quoted(cursor)}};
    json::value data;
    TREADLE_CHECK(with_fields([&](const std::string& fields) {
      return query(
          "query Runs($project: String!, $entity: String!, $cursor: String, $first: Int, "
          "$order: String, $filters: JSONString) { " +
              in_project("runCount(filters: $filters) runs(filters: $filters, "
                         "after: $cursor, first: $first, order: $order) { edges { node { " +
                         fields + " } cursor } pageInfo { endCursor hasNextPage } }") +
              " }",
          variables, data);
    }));
    const json::value* project = client::find(data, {"project"});
    if (project == nullptr) return tracking::RunPage{};
    page.total = integer(*project, "runCount");
    const json::value* connection = client::find(*project, {"runs"});
    if (connection == nullptr) break;
    const Page found = page_of(*connection);
    for (std::size_t i = 0; i < found.nodes.size(); ++i) {
      TREADLE_TRY(RemoteRun run, read_run(*found.nodes[i]));
      page.runs.push_back(keyed(std::move(run), found.cursors[i]));
      cursor = found.cursors[i];
    }
    page.more = found.more;
  }
  return page;
}

Result<std::int64_t> RemoteRuns::count(const tracking::RunQuery& asked) {
  tracking::RunQuery one = asked;
  one.limit = 1;
  TREADLE_TRY(const tracking::RunPage page, runs(one));
  return page.total;
}

// --- histories

Result<std::vector<std::string>> RemoteRuns::sampled_rows(const Known& run,
                                                          const std::string& spec) {
  json::value data;
  TREADLE_CHECK(ask_run("sampledHistory(specs: $specs)", run, data, ", $specs: [JSONString!]!",
                        {{"specs", quoted(std::vector{spec})}}));
  std::vector<std::string> rows;
  const json::value* found = client::find(data, {"project", "run", "sampledHistory"});
  if (found == nullptr || !found->is_array() || found->get_array().empty()) return rows;
  const json::value& first = found->get_array().front();
  if (!first.is_array()) return rows;
  for (json::value row : first.get_array()) {
    restore_numbers(row);
    rows.push_back(json_value_text(row));
  }
  return rows;
}

Result<std::vector<std::string>> RemoteRuns::sampled(std::int64_t run_key, Stream stream,
                                                     const tracking::SampleQuery& query) {
  TREADLE_TRY(const Known run, known(run_key));
  if (query.keys.empty()) {
    const std::string field = stream == Stream::kEvents ? "events" : "history";
    json::value data;
    TREADLE_CHECK(ask_run(field + "(samples: $samples)", run, data, ", $samples: Int",
                          {{"samples", std::to_string(query.samples)}}));
    return texts_of(client::find(data, {"project", "run", field}));
  }
  if (stream == Stream::kEvents) {
    return fail(Errc::kUnsupported, "A server samples whole rows of system metrics only.");
  }
  JsonWriter spec;
  spec.begin_object().key("keys").raw(quoted(query.keys)).field("samples", query.samples);
  if (query.min_step > 0) spec.field("minStep", query.min_step);
  if (query.max_step != tracking::kAnyStep) spec.field("maxStep", query.max_step);
  spec.end_object();
  return sampled_rows(run, spec.str());
}

Result<std::vector<std::string>> RemoteRuns::rows(std::int64_t run_key, Stream stream,
                                                  const tracking::HistoryQuery& query) {
  TREADLE_TRY(const Known run, known(run_key));
  TREADLE_TRY(const Run now, get(run_key));
  std::vector<std::string> rows;
  if (stream == Stream::kEvents) {
    TREADLE_TRY(rows,
                sampled(run_key, stream, {.samples = std::max<std::int64_t>(now.event_lines, 1)}));
    return rows;
  }
  const std::int64_t end = std::min(query.max_step, now.last_step + 1);
  for (std::int64_t step = query.min_step; step < end; step += kPageOfSteps) {
    const std::int64_t until = std::min(step + kPageOfSteps, end);
    std::vector<std::string> page;
    if (query.keys.empty()) {
      json::value data;
      TREADLE_CHECK(ask_run("history(minStep: $minStep, maxStep: $maxStep, samples: $pageSize)",
                            run, data, ", $minStep: Int64!, $maxStep: Int64!, $pageSize: Int!",
                            {{"minStep", std::to_string(step)},
                             {"maxStep", std::to_string(until)},
                             {"pageSize", std::to_string(kPageOfSteps)}}));
      page = texts_of(client::find(data, {"project", "run", "history"}));
    } else {
      JsonWriter spec;
      spec.begin_object().key("keys").raw(quoted(query.keys)).field("samples", kPageOfSteps);
      spec.field("minStep", step).field("maxStep", until - 1).end_object();
      TREADLE_TRY(page, sampled_rows(run, spec.str()));
    }
    for (std::string& row : page) {
      rows.push_back(std::move(row));
      if (query.limit > 0 && static_cast<std::int64_t>(rows.size()) == query.limit) return rows;
    }
  }
  return rows;
}

Result<void> RemoteRuns::scan(std::int64_t run_key, Stream stream,
                              const tracking::HistoryQuery& query, const tracking::RowSink& sink) {
  TREADLE_TRY(const auto found, rows(run_key, stream, query));
  std::int64_t line = 0;
  for (const std::string& row : found) {
    if (line > query.after_line && !sink(line, row)) break;
    ++line;
  }
  return {};
}

Result<std::vector<tracking::Point>> RemoteRuns::series(std::int64_t run_key,
                                                        const std::string& key,
                                                        std::int64_t samples, Stream stream) {
  std::vector<std::string> found;
  if (samples > 0 && stream == Stream::kHistory) {
    TREADLE_TRY(found, sampled(run_key, stream, {.keys = {"_step", key}, .samples = samples}));
  } else if (stream == Stream::kHistory) {
    TREADLE_TRY(found, rows(run_key, stream, {.keys = {"_step", key}}));
  } else {
    TREADLE_TRY(found, rows(run_key, stream, {}));
  }
  std::vector<tracking::Point> points;
  for (const std::string& text : found) {
    json::value row;
    if (!parse_json_value(text, row)) continue;
    const json::value* value = client::find(row, {key});
    if (value == nullptr || !value->is_number()) continue;
    const auto line = static_cast<std::int64_t>(points.size());
    points.push_back({integer(row, "_step", line), value->to_number<double>()});
  }
  return points;
}

Result<tracking::KeysInfo> RemoteRuns::keys_info(std::int64_t run_key, Stream stream) {
  if (stream == Stream::kEvents) {
    return fail(Errc::kUnsupported, "A server does not list the keys of system metrics.");
  }
  TREADLE_TRY(const Known run, known(run_key));
  json::value data;
  TREADLE_CHECK(ask_run("historyKeys", run, data));
  tracking::KeysInfo info;
  const json::value* found = client::find(data, {"project", "run", "historyKeys"});
  if (found == nullptr) return info;
  info.last_step = integer(*found, "lastStep", -1);
  const json::value* keys = client::find(*found, {"keys"});
  if (keys == nullptr || !keys->is_object()) return info;
  for (const auto& [key, about] : keys->get_object()) {
    tracking::KeyInfo one;
    one.key = key;
    for (const json::value& count : list(about, "typeCounts")) {
      one.type_counts.emplace_back(text(count, "type"), integer(count, "count"));
    }
    one.monotonic = flag(about, "monotonic");
    if (const json::value* last = client::find(about, {"previousValue"});
        last != nullptr && last->is_number()) {
      one.last = last->to_number<double>();
    }
    info.keys.push_back(std::move(one));
  }
  return info;
}

Result<std::vector<std::string>> RemoteRuns::console(std::int64_t run_key, std::int64_t first,
                                                     std::int64_t count) {
  TREADLE_TRY(const Known run, known(run_key));
  if (run.sender) {
    if (auto remembered = run.sender->console(first, count)) return *std::move(remembered);
    if (first >= 0) first += run.sender->console_offset();
  }
  std::vector<std::string> lines;
  if (first < 0) {
    json::value data;
    TREADLE_CHECK(ask_run("logLines(last: $last) { edges { node { line } } }", run, data,
                          ", $last: Int", {{"last", std::to_string(-first)}}));
    const json::value* found = client::find(data, {"project", "run", "logLines"});
    for (const json::value* node : found ? page_of(*found).nodes : Page().nodes) {
      lines.push_back(text(*node, "line"));
    }
    if (count > 0 && static_cast<std::int64_t>(lines.size()) > count) {
      lines.resize(static_cast<std::size_t>(count));
    }
    return lines;
  }
  // Cursors are the server's: what comes before `first` is passed over.
  std::string cursor;
  std::int64_t number = 0;
  while (true) {
    json::value data;
    TREADLE_CHECK(
        ask_run("logLines(first: $first, after: $after, useImprovedPagination: true) "
                "{ edges { node { line } cursor } pageInfo { endCursor hasNextPage } }",
                run, data, ", $first: Int, $after: String",
                {{"first", std::to_string(kPageOfLines)},
                 {"after", cursor.empty() ? "null" : quoted(cursor)}}));
    const json::value* found = client::find(data, {"project", "run", "logLines"});
    if (found == nullptr) return lines;
    const Page page = page_of(*found);
    for (const json::value* node : page.nodes) {
      if (number++ < first) continue;
      lines.push_back(text(*node, "line"));
      if (count > 0 && static_cast<std::int64_t>(lines.size()) == count) return lines;
    }
    if (!page.more) return lines;
    cursor = page.cursors.back();
  }
}

// --- files

Result<std::vector<RemoteRuns::File>> RemoteRuns::list_files(const Known& run,
                                                             const std::string& pattern,
                                                             const std::string& name) {
  std::vector<File> files;
  std::string cursor;
  while (true) {
    json::value data;
    TREADLE_CHECK(ask_run(
        "files(names: $names, after: $after, first: $first, pattern: $pattern) { edges { node { id "
        "name url(upload: false) directUrl sizeBytes mimetype updatedAt md5 } cursor } "
        "pageInfo { endCursor hasNextPage } }",
        run, data, ", $names: [String] = [], $after: String, $first: Int, $pattern: String",
        {{"names", name.empty() ? "[]" : quoted(std::vector{name})},
         {"after", cursor.empty() ? "null" : quoted(cursor)},
         {"first", std::to_string(kPageOfFiles)},
         {"pattern", pattern.empty() ? "null" : quoted(pattern)}}));
    const json::value* found = client::find(data, {"project", "run", "files"});
    if (found == nullptr) return files;
    const Page page = page_of(*found);
    for (const json::value* node : page.nodes) {
      File file;
      file.id = text(*node, "id");
      file.url = text(*node, "directUrl");
      if (file.url.empty()) file.url = text(*node, "url");
      file.file = {text(*node, "name"),     "",
                   text(*node, "md5"),      integer(*node, "sizeBytes"),
                   text(*node, "mimetype"), read_time(text(*node, "updatedAt"))};
      if (file.file.md5 != "0") files.push_back(std::move(file));  // "0": asked for, and not there
    }
    if (!page.more) return files;
    cursor = page.cursors.back();
  }
}

Result<std::vector<RunFile>> RemoteRuns::files(std::int64_t run_key, const std::string& pattern) {
  TREADLE_TRY(const Known run, known(run_key));
  TREADLE_TRY(const auto found, list_files(run, pattern, ""));
  std::vector<RunFile> files;
  for (const File& file : found) files.push_back(file.file);
  std::sort(files.begin(), files.end(),
            [](const RunFile& a, const RunFile& b) { return a.name < b.name; });
  return files;
}

Result<std::optional<RunFile>> RemoteRuns::find_file(std::int64_t run_key,
                                                     const std::string& name) {
  TREADLE_TRY(const Known run, known(run_key));
  TREADLE_TRY(const auto found, list_files(run, "", name));
  if (found.empty()) return std::nullopt;
  return found.front().file;
}

Result<RemoteRuns::File> RemoteRuns::get_file(std::int64_t run_key, const std::string& name) {
  TREADLE_TRY(const Known run, known(run_key));
  TREADLE_TRY(const auto found, list_files(run, "", name));
  if (!found.empty()) return found.front();
  return fail(Errc::kNotFound, "The run " + run.ref.id + " has no file '" + name +
                                   "' on the server " + connection_->address().base_url + ".");
}

Result<std::string> RemoteRuns::read_file(std::int64_t run_key, const std::string& name,
                                          std::int64_t limit) {
  TREADLE_TRY(const File file, get_file(run_key, name));
  if (file.file.size > limit) {
    return fail(Errc::kInvalidArgument, "The file '" + name + "' has " +
                                            std::to_string(file.file.size) +
                                            " bytes: too many to be read at once.");
  }
  TREADLE_TRY(Reply reply,
              connection_->perform({.url = file.url, .with_key = true, .md5 = file.file.md5}));
  return std::move(reply.body);
}

Result<void> RemoteRuns::copy_file(std::int64_t run_key, const std::string& name,
                                   const std::string& path) {
  TREADLE_TRY(const File file, get_file(run_key, name));
  TREADLE_TRY(const Reply reply, connection_->perform({.url = file.url,
                                                       .with_key = true,
                                                       .to_file = path,
                                                       .md5 = file.file.md5,
                                                       .size = file.file.size}));
  (void)reply;
  return {};
}

Result<void> RemoteRuns::remove_file(std::int64_t run_key, const std::string& name) {
  TREADLE_TRY(const File file, get_file(run_key, name));
  json::value data;
  return query(
      "mutation DeleteFiles($files: [ID!]!) { deleteFiles(input: {files: $files}) "
      "{ success } }",
      {{"files", quoted(std::vector{file.id})}}, data);
}

// --- artifacts

Result<std::vector<std::string>> artifacts_of_run(Connection& connection, const RunRef& run,
                                                  RunArtifacts which) {
  const bool made = which == RunArtifacts::kMade;
  const std::string document =
      std::string(made ? "query RunOutputArtifacts" : "query RunInputArtifacts") +
      "($entity: String!, $project: String!, $run: String!, $cursor: String, $perPage: Int) { "
      "project(name: $project, entityName: $entity) { run(name: $run) { artifacts: " +
      (made ? "outputArtifacts" : "inputArtifacts") +
      "(after: $cursor, first: $perPage) { edges { node { versionIndex artifactSequence { name "
      "project { name entityName } } } cursor } pageInfo { endCursor hasNextPage } } } } }";
  std::vector<std::string> names;
  std::string cursor;
  while (true) {
    json::value data;
    TREADLE_CHECK(
        connection.graphql(document,
                           variables_text({{"entity", quoted(run.entity)},
                                           {"project", quoted(run.project)},
                                           {"run", quoted(run.id)},
                                           {"cursor", cursor.empty() ? "null" : quoted(cursor)},
                                           {"perPage", std::to_string(kPageOfRuns)}}),
                           data));
    const json::value* found = client::find(data, {"project", "run", "artifacts"});
    if (found == nullptr) return names;
    const Page page = page_of(*found);
    for (const json::value* node : page.nodes) {
      const json::value* sequence = client::find(*node, {"artifactSequence"});
      const json::value* project = client::find(*node, {"artifactSequence", "project"});
      if (project == nullptr) continue;
      names.push_back(text(*project, "entityName") + "/" + text(*project, "name") + "/" +
                      text(*sequence, "name") + ":v" +
                      std::to_string(integer(*node, "versionIndex")));
    }
    if (!page.more) return names;
    const json::value* info = client::find(*found, {"pageInfo"});
    cursor = info != nullptr ? text(*info, "endCursor") : "";
  }
}

// --- projects

Result<std::vector<tracking::Project>> RemoteRuns::projects(const std::string& entity) {
  TREADLE_TRY(const RunRef place, complete({entity, "?", "?"}));
  std::vector<tracking::Project> projects;
  std::string cursor;
  while (true) {
    json::value data;
    TREADLE_CHECK(
        query("query GetProjects($entity: String, $cursor: String, $perPage: Int) "
              "{ models(entityName: $entity, after: $cursor, first: $perPage) { edges { "
              "node { id name entityName createdAt } cursor } pageInfo { endCursor "
              "hasNextPage } } }",
              {{"entity", quoted(place.entity)},
               {"cursor", cursor.empty() ? "null" : quoted(cursor)},
               {"perPage", std::to_string(kPageOfRuns)}},
              data));
    const json::value* found = client::find(data, {"models"});
    if (found == nullptr) return projects;
    const Page page = page_of(*found);
    for (const json::value* node : page.nodes) {
      tracking::Project project;
      project.entity = text(*node, "entityName");
      project.name = text(*node, "name");
      project.created = read_time(text(*node, "createdAt"));
      projects.push_back(std::move(project));
    }
    if (!page.more) return projects;
    const json::value* info = client::find(*found, {"pageInfo"});
    cursor = info != nullptr ? text(*info, "endCursor") : page.cursors.back();
  }
}

Result<std::optional<tracking::Project>> RemoteRuns::find_project(const std::string& entity,
                                                                  const std::string& name) {
  TREADLE_TRY(const auto all, projects(entity));
  for (const auto& project : all) {
    if (project.name == name) return project;
  }
  return std::nullopt;
}

Result<tracking::Project> RemoteRuns::add_project(const std::string& entity,
                                                  const std::string& name) {
  TREADLE_TRY(const RunRef place, complete({entity, name, "?"}));
  json::value data;
  TREADLE_CHECK(
      query("mutation CreateProject($entityName: String, $name: String!) { upsertModel(input: "
            "{entityName: $entityName, name: $name}) { model { id name entityName } inserted } }",
            {{"entityName", quoted(place.entity)}, {"name", quoted(place.project)}}, data));
  tracking::Project project;
  project.entity = place.entity;
  project.name = place.project;
  return project;
}

Result<void> RemoteRuns::update_project(std::int64_t, const std::string&, const std::string&) {
  return fail(Errc::kUnsupported, "A project on a server is changed there.");
}

Result<void> RemoteRuns::remove_project(std::int64_t) {
  return fail(Errc::kUnsupported, "A project on a server is removed there.");
}

}  // namespace treadle::client
