#include "../file_stream_body.h"

#include <gtest/gtest.h>

namespace treadle::serve {
namespace {

TEST(StreamBody, AHeartbeatIsEmpty) {
  const auto body = StreamBody::parse("{}");
  ASSERT_TRUE(body);
  EXPECT_FALSE(body->update().history);
  EXPECT_FALSE(body->update().complete);
}

TEST(StreamBody, LinesComeWithTheirOffset) {
  const auto body = StreamBody::parse(
      R"({"files":{"wandb-history.jsonl":{"offset":12,"content":["{\"x\":NaN}","{}"]},)"
      R"("wandb-events.jsonl":{"content":["{}"]},"output.log":{"offset":3,"content":["a","b"]},)"
      R"("wandb-summary.json":{"offset":0,"content":["{\"old\":1}","{\"x\":2}"]},"other":3},)"
      R"("uploaded":["x"],"preempting":true,"complete":true,"exitcode":2})");
  ASSERT_TRUE(body) << body.error().message;
  const auto update = body->update();
  EXPECT_EQ(update.history->offset, 12);
  EXPECT_EQ(update.history->lines, (std::vector<std::string_view>{R"({"x":NaN})", "{}"}));
  EXPECT_EQ(update.events->offset, 0);
  EXPECT_EQ(update.console->lines.size(), 2u);
  EXPECT_EQ(*update.summary, R"({"x":2})");
  EXPECT_TRUE(update.preempting);
  EXPECT_TRUE(update.complete);
  EXPECT_EQ(update.exit_code, 2);
}

TEST(StreamBody, WhatIsNotAFileOfOursIsPassedOver) {
  const auto body = StreamBody::parse(
      R"({"files":{"mine":{"content":[{"offset":[]}]},"output.log":{"content":["a"],"more":[["x"]]}},)"
      R"("content":["x"],"deep":{"files":{"output.log":{"content":["b"]}}},"exitcode":null})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->update().console->lines, (std::vector<std::string_view>{"a"}));
  EXPECT_FALSE(body->update().history);
}

TEST(StreamBody, ALineMayBeEmptyLongAndEscaped) {
  const std::string longer(100'000, 'x');
  const std::string wrapped = "{" + longer;
  const auto body = StreamBody::parse(R"({"files":{"output.log":{"content":["","\u00e9\n\"","{)" +
                                      longer + R"("]},"wandb-history.jsonl":{"content":[]}}})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->update().console->lines,
            (std::vector<std::string_view>{"", "\u00e9\n\"", wrapped}));
  EXPECT_FALSE(body->update().history);
}

TEST(StreamBody, OfAFileThatIsGivenTwiceTheLastCounts) {
  const auto body = StreamBody::parse(
      R"({"files":{"output.log":{"offset":1,"content":["a"]},"output.log":{"content":["b","c"]}}})");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(body->update().console->offset, 0);
  EXPECT_EQ(body->update().console->lines, (std::vector<std::string_view>{"b", "c"}));
}

TEST(StreamBody, NonsenseIsRefused) {
  for (const char* body :
       {"", "[]", "{", "3", "\"x\"", "{} {}", R"({"files":3})", R"({"files":[]})",
        R"({"files":{"output.log":{}}})", R"({"files":{"output.log":null}})",
        R"({"files":{"output.log":{"content":"x"}}})",
        R"({"files":{"output.log":{"content":["x",["y"]]}}})",
        R"({"files":{"output.log":{"content":[{"content":["x"]}]}}})",
        R"({"files":{"output.log":{"offset":null,"content":[]}}})",
        R"({"files":{"output.log":{"content":[1]}}})",
        R"({"files":{"output.log":{"offset":-1,"content":[]}}})",
        R"({"files":{"output.log":{"offset":1.5,"content":[]}}})",
        R"({"files":{"output.log":{"offset":9000000000000000000,"content":[]}}})"}) {
    EXPECT_FALSE(StreamBody::parse(body)) << body;
  }
}

}  // namespace
}  // namespace treadle::serve
