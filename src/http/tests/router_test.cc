#include <treadle/http/router.h>

#include <gtest/gtest.h>

namespace treadle::http {
namespace {

Router router() {
  Router out;
  for (const char* pattern :
       {"/", "/ready", "/files/{run}/file_stream", "/files/{run}/{path...}"}) {
    out.add({.method = "GET", .pattern = pattern, .handler = {}});
  }
  out.add({.method = "PUT", .pattern = "/ready", .handler = {}});
  return out;
}

std::string matched(Request& request, std::string method, std::string target) {
  static const Router kRouter = router();
  request = {};
  request.method = std::move(method);
  request.target = std::move(target);
  if (!split_target(request)) return "invalid";
  const Router::Match match = kRouter.match(request);
  return match.route ? match.route->pattern : "allow " + match.allow;
}

TEST(Router, TheFirstPatternThatFitsAnswers) {
  Request request;
  EXPECT_EQ(matched(request, "GET", "/"), "/");
  EXPECT_EQ(matched(request, "HEAD", "/ready?x"), "/ready");
  EXPECT_EQ(matched(request, "GET", "/files/r1/file_stream"), "/files/{run}/file_stream");
  EXPECT_EQ(request.parameter("run"), "r1");
  EXPECT_EQ(matched(request, "GET", "/files/r1/a/b%20c"), "/files/{run}/{path...}");
  EXPECT_EQ(request.parameter("path"), "a/b c");
}

TEST(Router, AnAddressThatIsThereForOthersSaysForWhom) {
  Request request;
  EXPECT_EQ(matched(request, "POST", "/ready"), "allow GET, PUT");
  EXPECT_EQ(matched(request, "GET", "/nothing"), "allow ");
  EXPECT_EQ(matched(request, "GET", "/files/r1"), "allow ");
  EXPECT_EQ(matched(request, "GET", "/files//x"), "allow ");
}

}  // namespace
}  // namespace treadle::http
