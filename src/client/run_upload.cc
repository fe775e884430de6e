#include "run_upload.h"

#include "fields.h"
#include <treadle/base/json.h>
#include <treadle/http/gzip.h>
#include <treadle/http/message.h>

#include <unordered_map>

namespace treadle::client {
namespace {

namespace json = boost::json;

constexpr std::string_view kCreateRunFiles =
    "mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, "
    "$files: [String!]!) { createRunFiles(input: {entityName: $entity, projectName: $project, "
    "runName: $run, files: $files}) { runID uploadHeaders files { name uploadUrl } } }";

constexpr std::size_t kWorthPacking = 1024;

}  // namespace

Result<void> send_files(Connection& connection, const tracking::RunRef& run,
                        const std::vector<FileToSend>& files, std::stop_token stop) {
  std::unordered_map<std::string, std::string> path_of;
  std::vector<std::string> names;
  for (const FileToSend& file : files) {
    if (path_of.insert_or_assign(file.name, file.path).second) names.push_back(file.name);
  }
  json::value data;
  QueryOptions options;
  options.stop = stop;
  TREADLE_CHECK(connection.graphql(kCreateRunFiles,
                                   variables_text({{"entity", quoted(run.entity)},
                                                   {"project", quoted(run.project)},
                                                   {"run", quoted(run.id)},
                                                   {"files", quoted(names)}}),
                                   data, options));
  const json::value* created = find(data, {"createRunFiles"});
  if (created == nullptr || list(*created, "files").size() != names.size()) {
    return fail(Errc::kInternal,
                "The server did not say where the files of the run " + run.id + " go.");
  }
  Headers headers;
  for (const json::value& header : list(*created, "uploadHeaders")) {
    if (!header.is_string()) continue;
    const std::string_view line = header.get_string();
    const auto colon = line.find(':');
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  const json::array& targets = list(*created, "files");
  return connection.perform_all(
      targets.size(),
      [&](std::size_t i) -> Result<Request> {
        Request request;
        request.method = "PUT";
        request.url = text(targets[i], "uploadUrl");
        request.headers = headers;
        request.from_file = path_of[text(targets[i], "name")];
        request.stop = stop;
        return request;
      },
      [](std::size_t, const Reply&) { return Result<void>(); });
}

Result<bool> send_stream(Connection& connection, const tracking::RunRef& run, std::string body,
                         const StreamOptions& options) {
  Request request;
  request.method = "POST";
  request.url = "/files/" + http::percent_encode(run.entity) + "/" +
                http::percent_encode(run.project) + "/" + http::percent_encode(run.id) +
                "/file_stream";
  request.headers = {{"Content-Type", "application/json"}};
  request.with_key = true;
  if (options.compress && body.size() >= kWorthPacking) {
    body = http::gzip(body);
    request.headers.emplace_back("Content-Encoding", "gzip");
  }
  request.body = std::move(body);
  request.retry = Retry::kStream;
  request.retries = 10'000;
  request.timeout = std::chrono::seconds(180);
  request.patience = options.patience;
  request.stop = options.stop;
  TREADLE_TRY(const Reply reply, connection.perform(std::move(request)));
  boost::system::error_code error;
  const json::value answer = json::parse(reply.body, error);
  return !error && flag(answer, "stopped");
}

void StreamBody::begin_file(std::string_view name, std::int64_t offset) {
  if (!files_.empty()) files_ += ',';
  append_json_string(files_, name);
  files_ += R"(:{"offset":)" + std::to_string(offset) + R"(,"content":[)";
}

void StreamBody::append_line(std::string_view line) {
  append_json_string(files_, line);
}

void StreamBody::uploaded(const std::vector<std::string>& names) {
  rest_ += R"("uploaded":)" + quoted(names) + ",";
}

void StreamBody::complete(int exit_code) {
  rest_ += R"("complete":true,"exitcode":)" + std::to_string(exit_code) + ",";
}

std::string StreamBody::text() const {
  std::string out = "{";
  if (!files_.empty()) out += R"("files":{)" + files_ + "},";
  out += rest_;
  if (out.back() == ',') out.pop_back();
  return out + "}";
}

}  // namespace treadle::client
