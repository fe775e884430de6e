// Against a web server that keeps what is put to it, and checks signatures as Amazon's documentation tells.
#include <treadle/base/digest.h>
#include <treadle/http/server.h>
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <sstream>

namespace treadle {
namespace {

struct ObjectServer {
  std::mutex mutex;
  std::map<std::string, std::string> objects;  // by path
  std::vector<http::Request> seen;
  int broken = 0;  // so many answers are 503 first
  std::unique_ptr<http::Server> server;
  std::string url;

  ObjectServer() {
    http::Router router;
    router.add({"*", "/{path...}", [this](http::Request& r) { return answer(r); }, 64 << 20, {}});
    server = std::move(http::Server::open(std::move(router), {}).value());
    server->start();
    url = "http://127.0.0.1:" + std::to_string(server->port());
  }
  http::Response answer(http::Request& request) {
    const std::scoped_lock lock(mutex);
    seen.push_back(request);
    if (broken > 0) {
      --broken;
      return http::json_response(503, "{}");
    }
    if (request.method == "PUT") {
      objects[request.target] = request.body;
      return http::json_response(200, "");
    }
    const auto at = objects.find(request.target);
    if (at == objects.end()) return http::json_response(404, R"({"error": "no such key"})");
    return http::json_response(200, at->second);
  }
};

RunReport made(const Defs& defs, MaterializeOptions options = {}) {
  options.temporary_home = options.home.empty();
  RunReport report = materialize(defs, std::move(options));
  EXPECT_TRUE(report.success()) << report.problem();
  return report;
}

TEST(ObjectFiles, KeepEachValueAsAnObjectInTheFormOfItsType) {
  ObjectServer there;
  Defs defs;
  defs.io_manager("web", object_files({.url = there.url + "/drop/", .headers = {{"X-Who", "me"}}}));
  std::string read;
  auto rows =
      defs.asset({.key = "raw/rows", .io_manager = "web"}, [] { return std::vector<int>{1, 2}; });
  auto text = defs.asset({.key = "a note", .io_manager = "web"}, [] { return std::string("hi"); });
  defs.asset(
      "read",
      [&](const std::vector<int>& r, const std::string& t) { read = t + std::to_string(r.size()); },
      rows, text);
  const RunReport report = made(defs);
  EXPECT_EQ(read, "hi2");
  EXPECT_EQ(there.objects, (std::map<std::string, std::string>{{"/drop/raw/rows.json", "[1,2]"},
                                                               {"/drop/a%20note.txt", "hi"}}));
  ASSERT_NE(there.seen.at(0).header("X-Who"), nullptr);
  const Metadata metadata = metadata_of(report.materialization("raw/rows").value().value()).value();
  EXPECT_EQ(find_metadata(metadata, "url")->display(), there.url + "/drop/raw/rows.json");
}

TEST(ObjectFiles, APartitionIsAnObjectOfItsOwn) {
  ObjectServer there;
  Defs defs;
  defs.io_manager("web", object_files({.url = there.url}));
  std::map<std::string, int> read;
  auto sales = defs.asset({.key = "sales",
                           .io_manager = "web",
                           .partitions = static_partitions({"eu", "us"}),
                           .backfill_policy = BackfillPolicy::single_run()},
                          [] { return ByPartition<int>{{"eu", 1}, {"us", 2}}; });
  defs.asset("total", [&](const ByPartition<int>& all) { read = all; }, by_partition(sales));
  made(defs, {.selection = "sales", .partitions = "all"});
  EXPECT_EQ(there.objects.at("/sales/us.json"), "2");
  made(defs, {.selection = "total"});
  EXPECT_EQ(read, (std::map<std::string, int>{{"eu", 1}, {"us", 2}}));
}

TEST(ObjectFiles, AServerThatIsBusyIsAskedAgain) {
  ObjectServer there;
  there.broken = 1;
  Defs defs;
  defs.io_manager("web", object_files({.url = there.url}));
  defs.asset({.key = "n", .io_manager = "web"}, [] { return 1; });
  made(defs);
  EXPECT_EQ(there.seen.size(), 2U);
}

TEST(ObjectFiles, WhatIsNotThereIsNamed) {
  ObjectServer there;
  Defs defs;
  defs.io_manager("web", object_files({.url = there.url}));
  auto n = defs.source<int>({.key = "n", .io_manager = "web"});
  defs.asset("read", [](int v) { return v; }, n);
  const std::string problem = materialize(defs, {.temporary_home = true}).problem();
  EXPECT_NE(problem.find("there is no object " + there.url + "/n.json"), std::string::npos)
      << problem;
}

std::string raw(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// The signature of a request by "Signature Version 4", from its documentation.
std::string signature_of(const http::Request& request, const std::string& secret) {
  const std::string authorization = *request.header("Authorization");
  const auto part = [&](const std::string& name) {
    const auto at = authorization.find(name + "=") + name.size() + 1;
    return authorization.substr(at, authorization.find_first_of(", ", at) - at);
  };
  const std::string credential = part("Credential");
  const std::string scope = credential.substr(credential.find('/') + 1);
  std::istringstream scopes(scope);
  std::string key = "AWS4" + secret;
  for (std::string word; std::getline(scopes, word, '/');) key = raw(hmac_sha256(key, word));
  std::string canonical = request.method + "\n" + request.target + "\n\n";
  std::istringstream names(part("SignedHeaders"));
  for (std::string name; std::getline(names, name, ';');)
    if (const std::string* value = request.header(name)) canonical += name + ":" + *value + "\n";
  canonical += "\n" + part("SignedHeaders") + "\n" + to_hex(sha256(request.body));
  const std::string* date = request.header("X-Amz-Date");
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + (date ? *date : "no date") + "\n" + scope +
                              "\n" + to_hex(sha256(canonical));
  return to_hex(hmac_sha256(key, to_sign));
}

TEST(ObjectFiles, RequestsToS3AreSigned) {
  ObjectServer there;
  Defs defs;
  defs.io_manager("lake", object_files({.url = "s3://lake/models",
                                        .endpoint = there.url,
                                        .region = "eu-central-1",
                                        .access_key = "AKIDEXAMPLE",
                                        .secret_key = "wJalrXUtnFEMI"}));
  int read = 0;
  auto n = defs.asset({.key = "n", .io_manager = "lake"}, [] { return 7; });
  defs.asset("read", [&](int v) { read = v; }, n);
  made(defs);
  EXPECT_EQ(read, 7);
  ASSERT_TRUE(there.objects.contains("/lake/models/n.json"));
  EXPECT_EQ(there.objects.at("/lake/models/n.json"), "7");
  ASSERT_EQ(there.seen.size(), 2U);
  for (const http::Request& request : there.seen) {
    const std::string* said = request.header("Authorization");
    ASSERT_NE(said, nullptr);
    EXPECT_TRUE(said->starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")) << *said;
    EXPECT_TRUE(said->ends_with("Signature=" + signature_of(request, "wJalrXUtnFEMI"))) << *said;
  }
}

}  // namespace
}  // namespace treadle
