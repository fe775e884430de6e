// Several writers of one run, which number their lines each from its own beginning.
#include "home.h"

#include <algorithm>
#include <map>
#include <random>

namespace treadle::tracking {
namespace {

using SharedTexts = std::vector<std::string>;

struct SharedWriter {
  std::string name;
  TestHome& home;
  const Run& run;

  Result<StreamReply> send(std::int64_t offset, const SharedTexts& lines) const {
    StreamUpdate update = begun();
    update.history = Lines{offset, {lines.begin(), lines.end()}};
    return home.store->stream(run.key, update);
  }
  Result<StreamReply> print(std::int64_t offset, const SharedTexts& lines) const {
    StreamUpdate update = begun();
    update.console = Lines{offset, {lines.begin(), lines.end()}};
    return home.store->stream(run.key, update);
  }
  StreamUpdate begun() const {
    StreamUpdate update;
    update.writer = name;
    return update;
  }
};

TEST(Shared, RowsStandInTheOrderInWhichTheyCameWithStepsOfTheirOwn) {
  TestHome home;
  const auto run = home.start("r");
  const SharedWriter a{"a", home, run}, b{"b", home, run};
  ASSERT_TRUE(a.send(0, {R"({"a":0})", R"({"a":1})"}));
  ASSERT_TRUE(b.send(0, {R"({"b":0})"}));
  ASSERT_TRUE(a.send(2, {R"({"a":2})"}));
  ASSERT_TRUE(a.send(1, {R"({"a":1})", R"({"a":2})", R"({"a":3})"}));  // partly sent again
  ASSERT_TRUE(b.send(0, {R"({"b":0})"}));
  ASSERT_TRUE(b.send(1, {"{}", R"({"x":{"_step":5},"s":"_step","_step":77,"y":"}"})"}));
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory, {}).value(),
            (SharedTexts{R"({"_step":0,"a":0})", R"({"_step":1,"a":1})", R"({"_step":2,"b":0})",
                         R"({"_step":3,"a":2})", R"({"_step":4,"a":3})", R"({"_step":5})",
                         R"({"x":{"_step":5},"s":"_step","_step":6,"y":"}"})"}));
  EXPECT_EQ(home.store->get(run.key)->history_lines, 7);
  EXPECT_EQ(a.send(-1, {"{}"}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(a.send(4, {"nonsense"}).error().code, Errc::kInvalidArgument);
  ASSERT_TRUE(a.send(4, {R"({"a":4})"}));
  EXPECT_EQ(home.store->get(run.key)->history_lines, 8);
}

TEST(Shared, ATerminalsEditsFindTheirLines) {
  TestHome home;
  const auto run = home.start("r");
  const SharedWriter a{"a", home, run}, b{"b", home, run};
  ASSERT_TRUE(a.print(0, {"a0", "10%"}));
  ASSERT_TRUE(b.print(0, {"b0"}));
  ASSERT_TRUE(a.print(1, {"100%", "a2"}));
  ASSERT_TRUE(b.print(0, {"b0!", "b1"}));
  ASSERT_TRUE(b.print(2, {"b2"}));
  ASSERT_TRUE(a.print(0, {"a0!", "done", "a2!", "a3"}));
  EXPECT_EQ(home.store->console(run.key).value(),
            (SharedTexts{"a0!", "done", "b0!", "a2!", "b1", "b2", "a3"}));
}

TEST(Shared, SummariesAreMergedAndTheEndOfTheRunIsThePrimarys) {
  TestHome home;
  const auto run = home.start("r");
  const SharedWriter a{"a", home, run}, b{"b", home, run};
  StreamUpdate update = a.begun();
  update.summary = R"({"a":1,"both":"a"})";
  ASSERT_TRUE(home.store->stream(run.key, update));
  update = b.begun();
  update.summary = R"({"b":2,"both":"b"})";
  ASSERT_TRUE(home.store->stream(run.key, update));
  EXPECT_EQ(home.store->get(run.key)->summary, R"({"a":1,"both":"b","b":2})");
  update = a.begun();
  update.complete = true;
  ASSERT_TRUE(home.store->stream(run.key, update));
  ASSERT_TRUE(b.send(0, {R"({"late":1})"}));
  EXPECT_EQ(home.store->get(run.key)->state, State::kFinished);
  EXPECT_EQ(home.store->get(run.key)->history_lines, 1);
  ASSERT_TRUE(home.store->remove(run.key));
}

// Requests as clients send them: new lines at the end, some again, now and then an edit.
TEST(Shared, WhateverIsSentAgainEachLineIsThereOnce) {
  std::mt19937 random(5);
  const auto upto = [&](std::size_t most) { return random() % (most + 1); };
  for (int round = 0; round < 10; ++round) {
    TestHome home;
    const auto run = home.start("r");
    std::map<std::string, SharedTexts> rows, printed;
    for (int request = 0; request < 60; ++request) {
      const std::string name(1, static_cast<char>('a' + upto(2)));
      const SharedWriter writer{name, home, run};
      SharedTexts& mine = rows[name];
      const std::size_t from = mine.size() - upto(std::min<std::size_t>(mine.size(), 4));
      for (std::size_t i = upto(4); i > 0; --i) {
        mine.push_back("{\"" + name + "\":" + std::to_string(mine.size()) + "}");
      }
      ASSERT_TRUE(writer.send(static_cast<std::int64_t>(from),
                              {mine.begin() + static_cast<std::ptrdiff_t>(from), mine.end()}));
      SharedTexts& lines = printed[name];
      const std::size_t edited = lines.size() - upto(std::min<std::size_t>(lines.size(), 6));
      for (std::size_t i = edited; i < lines.size(); ++i) lines[i] += "!";
      for (std::size_t i = upto(3); i > 0; --i) {
        lines.push_back(name + std::to_string(lines.size()));
      }
      ASSERT_TRUE(writer.print(static_cast<std::int64_t>(edited),
                               {lines.begin() + static_cast<std::ptrdiff_t>(edited), lines.end()}));
    }
    const SharedTexts console = home.store->console(run.key).value();
    std::size_t total = 0;
    for (const auto& [name, lines] : printed) {
      SharedTexts found;
      std::copy_if(console.begin(), console.end(), std::back_inserter(found),
                   [&](const std::string& line) { return line.starts_with(name); });
      EXPECT_EQ(found, lines);
      total += lines.size();
      HistoryQuery query;
      query.keys = {name};
      EXPECT_EQ(home.store->rows(run.key, Stream::kHistory, query)->size(), rows[name].size());
    }
    EXPECT_EQ(console.size(), total);
  }
}

}  // namespace
}  // namespace treadle::tracking
