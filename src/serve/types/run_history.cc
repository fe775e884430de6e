// What a run reported over its steps, and its console.
#include "types.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

namespace treadle::serve {
namespace {

using tracking::Run;
using tracking::Stream;

constexpr std::string_view kRunHistoryTypes = R"(
extend type Run {
  history(minStep: Int64, maxStep: Int64, samples: Int): [String!]
  events(samples: Int): [String!]
  sampledHistory(specs: [JSONString!]!): JSON
  parquetHistory(liveKeys: [String!]): ParquetHistory!
  historyKeys: JSON
  logLines(first: Int, after: String, last: Int, useImprovedPagination: Boolean): LogLineConnection
}
type ParquetHistory { parquetUrls: [String!]! liveData: [JSON]! }
type LogLine { number: Int! timestamp: String level: String label: String line: String! }
)";

constexpr std::int64_t kMostRows = 100'000;

// No files, but what has not been exported to any: the SDK then reads pages of history, and says of an
// export that it is not complete. Files would be worse: it caches them by the run's name, and would show
// what a run had before it was resumed.
struct Parquet {
  std::optional<std::int64_t> first_step;
};

// What is no text in the answer must be JSON to the letter: NaN and infinities become texts there, as W&B's are.
std::string standard_json(std::string_view json) {
  std::string out;
  out.reserve(json.size() + 16);
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      const std::size_t begin = i++;
      while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
      i = std::min(i + 1, json.size());
      out += json.substr(begin, i - begin);
      continue;
    }
    std::size_t length = 1;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (json.substr(i).starts_with(word)) length = word.size();
    }
    if (length > 1) out += '"';
    out += json.substr(i, length);
    if (length > 1) out += '"';
    i += length;
  }
  return out;
}

Result<Output> history(const Run& run, const Call& call) {
  tracking::HistoryQuery query;
  query.min_step = call.args.integer("minStep", 0);
  query.max_step = call.args.integer("maxStep", tracking::kAnyStep);
  const std::int64_t samples = call.args.integer("samples", 0);
  std::vector<std::string> rows;
  if (call.args.has("minStep") || call.args.has("maxStep")) {
    query.limit = samples > 0 ? std::min(samples, kMostRows) : kMostRows;
    TREADLE_TRY(rows, backend(call).runs.rows(run.key, Stream::kHistory, query));
  } else {
    tracking::SampleQuery sample;
    sample.samples = samples > 0 ? std::min(samples, kMostRows) : 500;
    TREADLE_TRY(rows, backend(call).runs.sampled(run.key, Stream::kHistory, sample));
  }
  return graphql::strings(rows);
}

Result<tracking::SampleQuery> sample_of(const std::string& spec) {
  boost::json::value document;
  TREADLE_CHECK(parse_json_value(spec, document));
  tracking::SampleQuery out;
  const auto* object = document.if_object();
  if (object == nullptr) {
    return fail(Errc::kInvalidArgument, "A spec of sampledHistory is a JSON object.");
  }
  if (const auto* keys = object->if_contains("keys"); keys && keys->is_array()) {
    for (const auto& key : keys->get_array()) {
      if (key.is_string()) out.keys.emplace_back(key.get_string());
    }
  }
  const auto number = [&](const char* name, std::int64_t& into) {
    const auto* value = object->if_contains(name);
    if (value && value->is_int64()) into = value->get_int64();
    if (value && value->is_double()) into = static_cast<std::int64_t>(value->get_double());
  };
  number("samples", out.samples);
  number("minStep", out.min_step);
  number("maxStep", out.max_step);
  out.samples = std::clamp<std::int64_t>(out.samples, 0, kMostRows);
  return out;
}

Result<Output> sampled_history(const Run& run, const Call& call) {
  std::string json = "[";
  for (const std::string& spec : call.args.texts("specs")) {
    TREADLE_TRY(const tracking::SampleQuery query, sample_of(spec));
    TREADLE_TRY(const auto rows, backend(call).runs.sampled(run.key, Stream::kHistory, query));
    json += json.size() > 1 ? ",[" : "[";
    for (std::size_t i = 0; i < rows.size(); ++i) json += (i ? "," : "") + rows[i];
    json += "]";
  }
  json += ']';
  const bool plain =
      json.find("NaN") == std::string::npos && json.find("Infinity") == std::string::npos;
  return Raw{plain ? std::move(json) : standard_json(json)};
}

// A console line as it was streamed: "[ERROR ]<RFC 3339 time> [<label> ]text".
struct LogLine {
  std::int64_t number = 0;
  std::string timestamp;
  std::string level;
  std::string text;
};

LogLine read_line(std::int64_t number, std::string text) {
  LogLine out;
  out.number = number;
  if (text.starts_with("ERROR ")) {
    out.level = "error";
    text.erase(0, 6);
  }
  const auto space = text.find(' ');
  const std::string_view first(text.data(), std::min(space, text.size()));
  const bool time = first.size() >= 19 && first[4] == '-' && first[7] == '-' && first[10] == 'T' &&
                    first[13] == ':' && first[16] == ':';
  if (time) {
    out.timestamp = std::string(first);
    text.erase(0, space == std::string::npos ? text.size() : space + 1);
  }
  out.text = std::move(text);
  return out;
}

Result<Output> log_lines(const Run& run, const Call& call) {
  std::int64_t first = 0;
  std::int64_t count = std::clamp<std::int64_t>(call.args.integer("first", 10'000), 0, 10'000);
  if (call.args.has("last")) {
    count = std::clamp<std::int64_t>(call.args.integer("last"), 0, 10'000);
    first = std::max<std::int64_t>(0, run.console_lines - count);
  } else {
    first = std::max<std::int64_t>(0, number_of(call.args.text("after"), "cursor").value_or(0));
  }
  Connection out;
  out.total = run.console_lines;
  if (count > 0 && first < run.console_lines) {
    TREADLE_TRY(auto lines, backend(call).runs.console(run.key, first, count));
    std::int64_t number = first;
    for (std::string& line : lines) {
      out.edges.push_back({graphql::node("LogLine", read_line(number, std::move(line))),
                           offset_cursor(number + 1),
                           {}});
      ++number;
    }
    out.more = number < run.console_lines;
  }
  return connection_node("LogLineConnection", std::move(out));
}

Result<Output> parquet_history(const Run& run, const Call& call) {
  tracking::HistoryQuery query;
  query.keys = {"_step"};
  query.limit = 1;
  TREADLE_TRY(const auto rows, backend(call).runs.rows(run.key, Stream::kHistory, query));
  Parquet out;
  if (!rows.empty()) {
    boost::json::value row;
    TREADLE_CHECK(parse_json_value(rows.front(), row));
    const auto* step = row.as_object().if_contains("_step");
    if (step && step->is_int64()) out.first_step = step->as_int64();
  }
  return graphql::node("ParquetHistory", out);
}

}  // namespace

void define_run_history(graphql::Schema& schema) {
  schema.define(kRunHistoryTypes);
  define_connection(schema, "LogLine");
  schema.resolve<Run>("Run", {{"history", history},
                              {"events",
                               [](const Run& r, const Call& call) -> Result<Output> {
                                 tracking::SampleQuery sample;
                                 sample.samples = std::clamp<std::int64_t>(
                                     call.args.integer("samples", 500), 0, kMostRows);
                                 TREADLE_TRY(const auto rows, backend(call).runs.sampled(
                                                                  r.key, Stream::kEvents, sample));
                                 return graphql::strings(rows);
                               }},
                              {"sampledHistory", sampled_history},
                              {"parquetHistory", parquet_history},
                              {"historyKeys",
                               [](const Run& r, const Call& call) -> Result<Output> {
                                 TREADLE_TRY(const auto info, backend(call).runs.keys_info(r.key));
                                 return Raw{standard_json(tracking::history_keys_json(info))};
                               }},
                              {"logLines", log_lines}});
  schema.resolve<Parquet>(
      "ParquetHistory",
      {{"parquetUrls", [](const Parquet&, const Call&) -> Result<Output> { return Outputs(); }},
       {"liveData", [](const Parquet& p, const Call&) -> Result<Output> {
          Outputs out;
          if (p.first_step) out.push_back(Raw{"{\"_step\":" + std::to_string(*p.first_step) + "}"});
          return out;
        }}});
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Output() : Output(text);
  };
  schema.resolve<LogLine>(
      "LogLine",
      {{"number", [](const LogLine& l, const Call&) { return l.number; }},
       {"timestamp",
        [text_or_null](const LogLine& l, const Call&) { return text_or_null(l.timestamp); }},
       {"level", [text_or_null](const LogLine& l, const Call&) { return text_or_null(l.level); }},
       {"label", [](const LogLine&, const Call&) { return nullptr; }},
       {"line", [](const LogLine& l, const Call&) { return l.text; }}});
}

}  // namespace treadle::serve
