#include <treadle/client/runs.h>
#include <treadle/http/server.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <unistd.h>

namespace treadle::client {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using tracking::Lines;

// A server that begins every run, and keeps what is streamed and put; `answer` may decide first.
class FakeServer {
 public:
  explicit FakeServer(bool packs = false) {
    http::Router router;
    router.add({"*",
                "/{path...}",
                [this, packs](http::Request& r) { return reply(r, packs); },
                64 << 20,
                {}});
    server_ = std::move(http::Server::open(std::move(router), {}).value());
    server_->start();
    folder = std::filesystem::temp_directory_path() / ("client_runs_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
  }
  ~FakeServer() {
    server_->stop();
    std::filesystem::remove_all(folder);
  }

  std::unique_ptr<tracking::Store> open(RunsOptions options = {}) {
    ConnectionOptions to;
    to.address = {.base_url = "http://127.0.0.1:" + std::to_string(server_->port()),
                  .api_key = "k",
                  .entity = "us"};
    to.first_wait = milliseconds(1);
    connection = Connection::open(to).value();
    options.folder = folder;
    if (options.interval.count() == 0) options.interval = milliseconds(1);
    return open_runs(connection, options).value();
  }

  std::function<std::optional<http::Response>(const http::Request&)> answer;
  std::shared_ptr<Connection> connection;
  std::filesystem::path folder;

  std::vector<json::object> bodies() {
    const std::scoped_lock lock(mutex_);
    return bodies_;
  }
  std::map<std::string, std::string> files() {
    const std::scoped_lock lock(mutex_);
    return files_;
  }
  // Every line of a stream by its number, as sent last.
  std::map<std::int64_t, std::string> lines(std::string_view file) {
    std::map<std::int64_t, std::string> found;
    for (const json::object& body : bodies()) {
      const json::value* files = body.if_contains("files");
      const json::value* part = files ? files->get_object().if_contains(file) : nullptr;
      if (part == nullptr) continue;
      std::int64_t number = part->at("offset").as_int64();
      for (const json::value& line : part->at("content").as_array()) {
        found[number++] = line.as_string().c_str();
      }
    }
    return found;
  }
  std::atomic<std::size_t> largest_body = 0;
  std::atomic<int> packed = 0;

 private:
  http::Response reply(http::Request& request, bool packs) {
    if (answer) {
      if (auto given = answer(request)) return *std::move(given);
    }
    const std::scoped_lock lock(mutex_);
    if (request.method == "PUT") {
      files_[request.path.back()] = request.body;
      return {};
    }
    if (request.target != "/graphql") {
      largest_body = std::max(largest_body.load(), request.body.size());
      if (request.header("Content-Encoding") != nullptr) ++packed;
      bodies_.push_back(json::parse(request.body).as_object());
      return http::json_response(200, R"({"exitcode":null,"limits":{}})");
    }
    const json::value asked = json::parse(request.body);
    const std::string name(asked.at("operationName").as_string());
    if (name == "ServerFeaturesQuery") {
      return http::json_response(
          200, std::string(
                   R"({"data":{"serverInfo":{"features":[{"name":"FILESTREAM_GZIP","isEnabled":)") +
                   (packs ? "true" : "false") + "}]}}}");
    }
    if (name == "CreateRunFiles") {
      json::array files;
      for (const json::value& file : asked.at("variables").at("files").as_array()) {
        files.push_back({{"name", file},
                         {"uploadUrl", "http://127.0.0.1:" + std::to_string(server_->port()) +
                                           "/put/" + std::string(file.as_string())}});
      }
      return data({{"createRunFiles",
                    {{"runID", "x"}, {"uploadHeaders", json::array()}, {"files", files}}}});
    }
    return data({{"upsertBucket",
                  {{"inserted", true},
                   {"bucket",
                    {{"id", "server's own"},
                     {"name", "r"},
                     {"displayName", "one-two-3"},
                     {"config", "{}"},
                     {"project", {{"name", "p"}, {"entity", {{"name", "us"}}}}}}}}}});
  }
  static http::Response data(json::value value) {
    return http::json_response(200, json::serialize(json::object{{"data", std::move(value)}}));
  }

  std::unique_ptr<http::Server> server_;
  std::mutex mutex_;
  std::vector<json::object> bodies_;
  std::map<std::string, std::string> files_;
};

std::string row(int step) {
  return R"({"_step":)" + std::to_string(step) + "}";
}

std::int64_t begin(tracking::Store& runs) {
  auto started = runs.start({"", "p", "r"}, {}, tracking::Resume::kNone);
  EXPECT_TRUE(started) << started.error().message;
  EXPECT_EQ(started->run.text(), "us/p/r");
  return started->run.key;
}

TEST(RemoteRuns, EverythingHandedOverArrivesBeforeTheEndIsSaid) {
  FakeServer server;
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  std::map<std::int64_t, std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected[i] = row(i);
    ASSERT_TRUE(runs->stream(key, {.history = Lines{i, {expected[i]}}}, db::Sync::kNo));
  }
  ASSERT_TRUE(runs->put_file(key, "a.txt", "content", ""));
  const std::string_view summary = R"({"x":1})";
  ASSERT_TRUE(
      runs->stream(key, {.summary = summary, .complete = true, .exit_code = 3}, db::Sync::kYes));
  EXPECT_EQ(server.lines("wandb-history.jsonl"), expected);
  EXPECT_EQ(server.files()["a.txt"], "content");
  const auto bodies = server.bodies();
  for (std::size_t i = 0; i + 1 < bodies.size(); ++i) EXPECT_FALSE(bodies[i].contains("complete"));
  EXPECT_EQ(bodies.back().at("exitcode").as_int64(), 3);
  EXPECT_EQ(server.lines("wandb-summary.json")[0], summary);
  EXPECT_FALSE(std::filesystem::exists(server.folder));
  EXPECT_FALSE(runs->stream(key, {}, db::Sync::kNo));  // it is over
}

TEST(RemoteRuns, WhatIsHandedOverAgainReplacesWhatWaits) {
  FakeServer server;
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  ASSERT_TRUE(runs->stream(key, {.history = Lines{0, {"{\"a\":0}", "{\"a\":1}"}}}, db::Sync::kNo));
  ASSERT_TRUE(runs->stream(key, {.history = Lines{1, {"{\"b\":1}", "{\"b\":2}"}}}, db::Sync::kNo));
  ASSERT_TRUE(runs->stream(key, {.console = Lines{0, {"0%", "done"}}}, db::Sync::kNo));
  ASSERT_TRUE(runs->stream(key, {.console = Lines{0, {"100%"}}}, db::Sync::kNo));
  EXPECT_EQ(runs->console(key, 0, 0).value(), (std::vector<std::string>{"100%", "done"}));
  ASSERT_TRUE(runs->finish(key, 0));
  EXPECT_EQ(
      server.lines("wandb-history.jsonl"),
      (std::map<std::int64_t, std::string>{{0, "{\"a\":0}"}, {1, "{\"b\":1}"}, {2, "{\"b\":2}"}}));
  EXPECT_TRUE(server.lines("output.log")[0].ends_with(" 100%"));
}

TEST(RemoteRuns, OfALongConsoleTheEndIsRememberedAndAllOfItSent) {
  FakeServer server;
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  constexpr int kLines = 25'000;
  for (int first = 0; first < kLines; first += 1000) {
    std::vector<std::string> lines;
    for (int i = first; i < first + 1000; ++i) lines.push_back(std::to_string(i));
    const std::vector<std::string_view> views(lines.begin(), lines.end());
    ASSERT_TRUE(runs->stream(key, {.console = Lines{first, views}}, db::Sync::kNo));
  }
  EXPECT_EQ(runs->console(key, -2, 0).value(), (std::vector<std::string>{"24998", "24999"}));
  EXPECT_EQ(runs->console(key, 24'000, 1).value(), (std::vector<std::string>{"24000"}));
  ASSERT_TRUE(runs->finish(key, 0));
  EXPECT_EQ(server.lines("output.log").size(), static_cast<std::size_t>(kLines));
}

TEST(RemoteRuns, LinesKeepTheirNumbersInWhateverOrderTheyAreHandedOver) {
  FakeServer server;
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  // Behind a gap; before what waits; into the middle of it, which leaves what comes after.
  const auto give = [&](std::int64_t number, const std::vector<std::string_view>& lines) {
    ASSERT_TRUE(runs->stream(key, {.history = Lines{number, lines}}, db::Sync::kNo));
  };
  give(10, {R"({"x":10})", R"({"x":11})", R"({"x":12})"});
  give(20, {R"({"x":20})"});
  give(8, {R"({"x":8})", R"({"x":9})"});
  give(11, {R"({"y":11})"});
  ASSERT_TRUE(runs->finish(key, 0));
  EXPECT_EQ(server.lines("wandb-history.jsonl"),
            (std::map<std::int64_t, std::string>{{8, R"({"x":8})"},
                                                 {9, R"({"x":9})"},
                                                 {10, R"({"x":10})"},
                                                 {11, R"({"y":11})"},
                                                 {12, R"({"x":12})"},
                                                 {20, R"({"x":20})"}}));
}

TEST(RemoteRuns, RequestsStayBelowTheProtocolsLimit) {
  FakeServer server;
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  const std::string large = R"({"x":")" + std::string(1'000'000, 'x') + R"("})";
  std::vector<std::string_view> lines(25, large);
  ASSERT_TRUE(runs->stream(key, {.history = Lines{0, lines}}, db::Sync::kNo));
  ASSERT_TRUE(runs->finish(key, 0));
  EXPECT_EQ(server.lines("wandb-history.jsonl").size(), 25U);
  EXPECT_LT(server.largest_body, 10U << 20);
}

TEST(RemoteRuns, BodiesArePackedForAServerThatTakesThat) {
  for (const bool takes : {true, false}) {
    FakeServer server(takes);
    RunsOptions options;
    if (takes) options.compress = true;
    const auto runs = server.open(options);
    const std::int64_t key = begin(*runs);
    const std::string line = R"({"x":")" + std::string(5000, 'x') + R"("})";
    ASSERT_TRUE(runs->stream(key, {.history = Lines{0, {line}}}, db::Sync::kNo));
    ASSERT_TRUE(runs->finish(key, 0));
    EXPECT_EQ(server.lines("wandb-history.jsonl")[0], line);
    EXPECT_EQ(server.packed > 0, takes);
  }
}

TEST(RemoteRuns, AStopThatSomebodyAskedForIsToldToTheRun) {
  FakeServer server;
  server.answer = [](const http::Request& request) -> std::optional<http::Response> {
    if (!request.target.ends_with("file_stream")) return std::nullopt;
    return http::json_response(200, R"({"stopped":true})");
  };
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  bool stopped = false;
  for (int i = 0; !stopped; ++i) {
    const std::string line = row(i);
    stopped = runs->stream(key, {.history = Lines{i, {line}}}, db::Sync::kNo)->stop_requested;
  }
  EXPECT_TRUE(runs->finish(key, 0));
}

TEST(RemoteRuns, AServerThatIsBusyIsAskedAgainAndNothingIsSentTwiceToAnotherPlace) {
  FakeServer server;
  std::atomic<int> refusals = 5;
  server.answer = [&](const http::Request& request) -> std::optional<http::Response> {
    if (!request.target.ends_with("file_stream") || --refusals < 0) return std::nullopt;
    return http::error_response(429, "slowly").with("Retry-After", "0.001");
  };
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  for (int i = 0; i < 10; ++i) {
    const std::string line = row(i);
    ASSERT_TRUE(runs->stream(key, {.history = Lines{i, {line}}}, db::Sync::kNo));
  }
  ASSERT_TRUE(runs->finish(key, 0));
  EXPECT_EQ(server.lines("wandb-history.jsonl").size(), 10U);
}

TEST(RemoteRuns, WhatIsRefusedIsKeptNamedAndSentLater) {
  FakeServer server;
  std::atomic<bool> refuses = true;
  server.answer = [&](const http::Request& request) -> std::optional<http::Response> {
    if (!refuses || request.target == "/graphql") return std::nullopt;
    return http::error_response(403, "not yours");
  };
  const auto runs = server.open();
  const std::int64_t key = begin(*runs);
  const std::string line = row(0);
  ASSERT_TRUE(runs->stream(key, {.history = Lines{0, {line}}}, db::Sync::kNo));
  ASSERT_TRUE(runs->put_file(key, "folder/a.txt", "content", ""));
  const auto ended = runs->finish(key, 0);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Errc::kPermissionDenied);
  EXPECT_NE(ended.error().message.find("not yours"), std::string::npos);
  const std::string kept = (server.folder / "run-r-0").string();
  EXPECT_NE(ended.error().message.find(kept), std::string::npos);
  EXPECT_EQ(kept_run(kept)->run, "us/p/r");
  refuses = false;
  ASSERT_TRUE(send_kept(*server.connection, kept));
  EXPECT_EQ(server.lines("wandb-history.jsonl")[0], line);
  EXPECT_EQ(server.files()["a.txt"], "content");
  EXPECT_TRUE(server.bodies().back().at("complete").as_bool());
  EXPECT_FALSE(std::filesystem::exists(kept));
  EXPECT_EQ(send_kept(*server.connection, kept).error().code, Errc::kNotFound);
}

TEST(RemoteRuns, ARunLeftAtWorkLeavesWhatWasNotSent) {
  FakeServer server;
  server.answer = [](const http::Request& request) -> std::optional<http::Response> {
    if (request.target == "/graphql") return std::nullopt;
    return http::error_response(503, "away");
  };
  {
    const auto runs = server.open();
    const std::int64_t key = begin(*runs);
    const std::string line = row(0);
    ASSERT_TRUE(runs->stream(key, {.history = Lines{0, {line}}}, db::Sync::kNo));
  }
  const std::string kept = (server.folder / "run-r-0").string();
  // Cut off in the middle of a line, as by a full disk.
  std::ofstream(kept + "/kept.jsonl", std::ios::app) << R"({"stream":{"fil)";
  server.answer = nullptr;
  ASSERT_TRUE(send_kept(*server.connection, kept));
  EXPECT_EQ(server.lines("wandb-history.jsonl")[0], row(0));
}

}  // namespace
}  // namespace treadle::client
