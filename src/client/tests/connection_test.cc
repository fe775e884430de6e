#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/client/connection.h>
#include <treadle/http/server.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <unistd.h>

namespace treadle::client {
namespace {

using std::chrono::milliseconds;

// A server whose one function answers everything, and a client of it.
struct TwoSides {
  explicit TwoSides(http::Handler handler) {
    http::Router router;
    router.add({"*", "/{path...}", std::move(handler), 64 << 20, {}});
    server = std::move(http::Server::open(std::move(router), {}).value());
    server->start();
    url = "http://127.0.0.1:" + std::to_string(server->port());
    folder = std::filesystem::temp_directory_path() / ("client_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    connect();
  }
  ~TwoSides() { std::filesystem::remove_all(folder); }
  void connect() {
    ConnectionOptions options;
    options.address = {.base_url = url, .api_key = "secret"};
    options.first_wait = milliseconds(1);
    client = Connection::open(options).value();
  }
  std::unique_ptr<http::Server> server;
  std::shared_ptr<Connection> client;
  std::string url;
  std::filesystem::path folder;
};

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

TEST(Connection, AQuerySendsDocumentVariablesAndKey) {
  http::Request seen;
  TwoSides sides([&](http::Request& request) {
    seen = request;
    return http::json_response(200, R"({"data":{"viewer":{"entity":"us"}}})");
  });
  boost::json::value data;
  ASSERT_TRUE(
      sides.client->graphql("query Viewer($a: Int) { viewer { entity } }", R"({"a":1})", data));
  EXPECT_EQ(data.at("viewer").at("entity").as_string(), "us");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/graphql");
  ASSERT_NE(seen.header("Authorization"), nullptr);
  EXPECT_EQ(*seen.header("Authorization"), "Basic " + to_base64("api:secret"));
  const auto body = boost::json::parse(seen.body);
  EXPECT_EQ(body.at("operationName").as_string(), "Viewer");
  EXPECT_EQ(body.at("variables").at("a").as_int64(), 1);
}

TEST(Connection, ErrorsAreWordedForAPerson) {
  int status = 401;
  std::string body = R"({"errors":[{"message":"no such key"}]})";
  TwoSides sides([&](http::Request&) { return http::json_response(status, body); });
  boost::json::value data;
  auto denied = sides.client->graphql("query Viewer{viewer{id}}", "{}", data);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Errc::kPermissionDenied);
  EXPECT_NE(denied.error().message.find("API key"), std::string::npos);
  EXPECT_NE(denied.error().message.find("no such key"), std::string::npos);
  status = 200;
  body = R"({"data":null,"errors":[{"message":"Cannot query field \"x\" on type \"Run\"."}]})";
  auto unsupported = sides.client->graphql("query Q{x}", "{}", data);
  ASSERT_FALSE(unsupported);
  EXPECT_EQ(unsupported.error().code, Errc::kUnsupported);
  EXPECT_NE(unsupported.error().message.find("refused Q"), std::string::npos);
  EXPECT_EQ(sides.client->graphql("query Q{x}", "{}", data).error().code, Errc::kUnsupported);
  status = 400;  // as others say it
  EXPECT_EQ(sides.client->graphql("query Q{x}", "{}", data).error().code, Errc::kUnsupported);
  status = 200;
  body = "<html>";
  auto foreign = sides.client->graphql("query Q{x}", "{}", data);
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("W&B server"), std::string::npos);
}

TEST(Connection, AnUnreachableServerIsNamedWithTheCure) {
  std::string url;
  {
    TwoSides sides([](http::Request&) { return http::Response(); });
    url = sides.url;
  }
  ConnectionOptions options;
  options.address = {.base_url = url, .api_key = "secret"};
  options.first_wait = milliseconds(1);
  options.patience = milliseconds(20);
  const auto client = Connection::open(options).value();
  boost::json::value data;
  const auto asked = client->graphql("query Q{x}", "{}", data);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Errc::kBusy);
  EXPECT_NE(asked.error().message.find(url + " cannot be reached"), std::string::npos);
  EXPECT_NE(asked.error().message.find("WANDB_BASE_URL"), std::string::npos);
}

TEST(Connection, WhatMayPassIsTriedAgainAndWhatIsFinalIsNot) {
  std::atomic<int> asked = 0;
  int status = 503;
  TwoSides sides([&](http::Request&) {
    if (++asked < 3) return http::error_response(status, "later").with("Retry-After", "0.001");
    return http::json_response(200, R"({"data":{}})");
  });
  boost::json::value data;
  EXPECT_TRUE(sides.client->graphql("query Q{x}", "{}", data));
  EXPECT_EQ(asked, 3);
  for (const int final_status : {400, 401, 403, 404, 409, 422, 501}) {
    asked = 0;
    status = final_status;
    EXPECT_FALSE(sides.client->graphql("query Q{x}", "{}", data)) << status;
    EXPECT_EQ(asked, 1) << status;
  }
  asked = 0;
  status = 409;
  EXPECT_TRUE(sides.client->graphql("query Q{x}", "{}", data, {.retry = Retry::kUpsert}));
  EXPECT_EQ(asked, 3);
}

TEST(Connection, FilesGoUpFromDiskWithoutTheKey) {
  http::Request seen;
  TwoSides sides([&](http::Request& request) {
    seen = request;
    return http::Response().with("ETag", "\"e\"");
  });
  const std::string bytes = bytes_of(3'000'000);
  const std::string path = sides.folder / "up";
  ASSERT_TRUE(write_file_atomic(real_files(), path, bytes, false));
  Request request;
  request.method = "PUT";
  request.url = sides.url + "/upload?signed=1";
  request.headers = {{"Content-MD5", "x"}};
  request.from_file = path;
  request.from_offset = 1000;
  request.from_size = 2'500'000;
  const auto reply = sides.client->perform(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply->header("etag"), "\"e\"");
  EXPECT_EQ(seen.body, bytes.substr(1000, 2'500'000));
  EXPECT_EQ(seen.header("Authorization"), nullptr);
  EXPECT_EQ(*seen.header("Content-MD5"), "x");
}

TEST(Connection, TheKeyStaysBelowTheBaseUrl) {
  http::Request seen;
  TwoSides other([&](http::Request& request) {
    seen = request;
    return http::Response();
  });
  TwoSides sides([](http::Request&) { return http::Response(); });
  ASSERT_TRUE(sides.client->perform({.url = other.url + "/x", .with_key = true}));
  EXPECT_EQ(seen.header("Authorization"), nullptr);
}

TEST(Connection, ABrokenDownloadGoesOnWhereItWas) {
  const std::string bytes = bytes_of(5'000'000);
  std::mutex mutex;
  std::vector<std::string> ranges;
  TwoSides sides([&](http::Request& request) {
    const std::scoped_lock lock(mutex);
    const std::string* range = request.header("Range");
    ranges.push_back(range != nullptr ? *range : "");
    http::Response response;
    response.body = bytes;
    apply_range(request, response);
    return response;
  });
  const std::string path = sides.folder / "down";
  // What an earlier process left.
  ASSERT_TRUE(write_file_atomic(real_files(), path + ".part", bytes.substr(0, 2'000'000), false));
  Request request{.url = sides.url + "/d", .to_file = path, .md5 = to_base64(md5(bytes))};
  request.size = static_cast<std::int64_t>(bytes.size());
  const auto reply = sides.client->perform(request);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(read_file(real_files(), path).value(), bytes);
  EXPECT_EQ(ranges, std::vector<std::string>{"bytes=2000000-"});
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  // A part that belongs to other content is found out by the digest, and fetched anew.
  std::filesystem::remove(path);
  ASSERT_TRUE(write_file_atomic(real_files(), path + ".part", std::string(2'000'000, 'x'), false));
  ASSERT_TRUE(sides.client->perform(request));
  EXPECT_EQ(read_file(real_files(), path).value(), bytes);
}

TEST(Connection, WrongBytesAreRefusedAndLeaveNothing) {
  TwoSides sides([](http::Request&) { return http::text_response(200, "other"); });
  const std::string path = sides.folder / "down";
  const auto reply = sides.client->perform(
      {.url = sides.url + "/d", .to_file = path, .md5 = to_base64(md5("expected"))});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::kCorrupt);
  EXPECT_TRUE(std::filesystem::is_empty(sides.folder));
}

TEST(Connection, ManyExchangesRunAtOnceAndTheFirstErrorEndsThem) {
  std::atomic<int> served = 0;
  TwoSides sides([&](http::Request& request) {
    ++served;
    if (request.target == "/bad") return http::error_response(404, "gone");
    return http::text_response(200, request.target);
  });
  std::set<std::string> got;
  const auto make = [&](std::size_t i) -> Result<Request> {
    return Request{.url = sides.url + "/" + std::to_string(i)};
  };
  ASSERT_TRUE(sides.client->perform_all(500, make, [&](std::size_t i, Reply reply) -> Result<void> {
    EXPECT_EQ(reply.body, "/" + std::to_string(i));
    got.insert(reply.body);
    return {};
  }));
  EXPECT_EQ(got.size(), 500U);
  served = 0;
  const auto failed = sides.client->perform_all(
      100'000,
      [&](std::size_t i) -> Result<Request> {
        return Request{.url = sides.url + (i == 10 ? "/bad" : "/good")};
      },
      [](std::size_t, const Reply&) { return Result<void>(); }, 4);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::kNotFound);
  EXPECT_LT(served, 1000);
}

TEST(Connection, AStopEndsTheWaitForAServerThatIsAway) {
  std::stop_source stop;
  TwoSides sides([&](http::Request&) {
    stop.request_stop();
    return http::error_response(503, "away").with("Retry-After", "3600");
  });
  const auto reply = sides.client->perform({.url = sides.url + "/x", .stop = stop.get_token()});
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("HTTP 503"), std::string::npos);
}

TEST(Connection, FeaturesAreAskedForOnce) {
  std::atomic<int> asked = 0;
  TwoSides sides([&](http::Request&) {
    ++asked;
    return http::json_response(
        200,
        R"({"data":{"serverInfo":{"features":[{"name":"A","isEnabled":true},{"name":"B","isEnabled":false}]}}})");
  });
  EXPECT_TRUE(sides.client->has_feature("A").value());
  EXPECT_FALSE(sides.client->has_feature("B").value());
  EXPECT_FALSE(sides.client->has_feature("C").value());
  EXPECT_EQ(asked, 1);
}

TEST(Connection, WithoutAKeyNothingIsOpened) {
  const auto opened = Connection::open({.address = {.base_url = "http://h"}});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("WANDB_API_KEY"), std::string::npos);
}

}  // namespace
}  // namespace treadle::client
