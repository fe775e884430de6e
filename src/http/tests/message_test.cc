#include <treadle/http/gzip.h>
#include <treadle/http/message.h>

#include <gtest/gtest.h>

namespace treadle::http {
namespace {

Request get(std::string target) {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

TEST(Target, PathPartsAreDecodedOneByOne) {
  Request request = get("/files/a%2Fb/c?x=1%262&y=a+b");
  ASSERT_TRUE(split_target(request));
  EXPECT_EQ(request.path, (std::vector<std::string>{"files", "a/b", "c"}));
  EXPECT_EQ(*request.query_value("x"), "1&2");
  EXPECT_EQ(*request.query_value("y"), "a b");
}

TEST(Target, BrokenEscapesAndNulsAreRefused) {
  for (const char* target : {"/a%", "/a%4", "/a%zz", "/a%00b", "a/b", ""}) {
    Request request = get(target);
    EXPECT_FALSE(split_target(request)) << target;
  }
}

TEST(Target, WhatIsEncodedIsDecodedAgain) {
  const std::string name = "dir/ü %+?&=#.bin";
  EXPECT_EQ(percent_decode(percent_encode(name)), name);
}

Response ranged(const std::string& range) {
  Request request = get("/");
  request.headers.emplace_back("range", range);
  Response response = text_response(200, "0123456789");
  apply_range(request, response);
  return response;
}

TEST(Range, OneRangeIsCutOut) {
  EXPECT_EQ(ranged("bytes=2-4").body, "234");
  EXPECT_EQ(ranged("bytes=2-4").status, 206);
  EXPECT_EQ(*find_header(ranged("bytes=7-").headers, "content-range"), "bytes 7-9/10");
  EXPECT_EQ(ranged("bytes=-3").body, "789");
  EXPECT_EQ(ranged("bytes=8-99").body, "89");
}

TEST(Range, NonsenseIsTheWholeAndPastTheEndIsRefused) {
  for (const char* range : {"bytes=4-2", "bytes=-", "lines=1-2", "bytes=1-2,4-5", "bytes=x-"}) {
    EXPECT_EQ(ranged(range).status, 200) << range;
    EXPECT_EQ(ranged(range).body, "0123456789") << range;
  }
  EXPECT_EQ(ranged("bytes=10-").status, 416);
}

TEST(Gzip, WhatIsPackedComesBack) {
  const std::string plain(100'000, 'x');
  EXPECT_EQ(gunzip(gzip(plain), plain.size()), plain);
  EXPECT_EQ(gunzip(gzip(""), 10), "");
}

TEST(Gzip, ABombIsStoppedAtTheLimit) {
  const auto out = gunzip(gzip(std::string(10'000'000, '\0')), 1000);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, Errc::kUnsupported);
}

TEST(Gzip, ACutOffOrForeignBodyIsRefused) {
  const std::string packed = gzip(std::string(1000, 'x') + "y");
  EXPECT_FALSE(gunzip(std::string_view(packed).substr(0, packed.size() / 2), 10'000));
  EXPECT_FALSE(gunzip("plain text", 10'000));
  EXPECT_FALSE(gunzip("", 10'000));
}

}  // namespace
}  // namespace treadle::http
