#include "home.h"

#include <cmath>

namespace treadle::tracking {
namespace {

using Rows = std::vector<std::string>;

TEST(History, GivesBackTheRowsAsTheyWereGiven) {
  TestHome home;
  const auto run = home.start("r1");
  const Rows rows = {
      R"({"_step":0,"loss":0.5,"name":"a\"b","ok":true,"none":null})",
      R"({"_step":1,"loss":NaN,"gradient":{"layer1":{"w":1.0,"b":-0.25},"layer2":3}})",
      R"({"_step":2,"loss":-Infinity,"list":[1,2,{"a":NaN}],"image":{"_type":"image-file","size":3}})",
      R"({"_step":3,"big":123456789012345678901234567890,"empty":{},"a.b":1,"text":"ü"})",
      R"({})",
      R"({"_step":5,"loss":1e-07,"":7,"whole":3.0,"negative":-3})",
  };
  ASSERT_TRUE(home.send(run, 0, rows));
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory).value(), rows);
  const auto now = home.store->get(run.key).value();
  EXPECT_EQ(now.history_lines, 6);
  EXPECT_EQ(now.last_step, 5);
}

TEST(History, TheSameOffsetAgainChangesNothing) {
  TestHome home;
  const auto run = home.start("r1");
  const Rows rows = {R"({"_step":0,"x":1})", R"({"_step":1,"x":2})"};
  ASSERT_TRUE(home.send(run, 0, rows));
  ASSERT_TRUE(home.send(run, 0, rows));
  ASSERT_TRUE(home.send(run, 1, {rows[1]}));
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory).value(), rows);
  const KeysInfo keys = home.store->keys_info(run.key).value();
  EXPECT_EQ(keys.keys[1].type_counts[0].second, 2);
  // The same and more: only what is new is added.
  ASSERT_TRUE(home.send(run, 1, {rows[1], R"({"_step":2,"x":3})"}));
  EXPECT_EQ(home.store->get(run.key)->history_lines, 3);
  EXPECT_EQ(home.store->keys_info(run.key)->keys[1].type_counts[0].second, 3);
}

TEST(History, OtherLinesAtAnOffsetReplaceThoseThere) {
  TestHome home;
  const auto run = home.start("r1");
  ASSERT_TRUE(
      home.send(run, 0, {R"({"_step":0,"x":1})", R"({"_step":1,"x":2})", R"({"_step":2,"x":3})"}));
  ASSERT_TRUE(home.send(run, 1, {R"({"_step":1,"y":"new"})"}));
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory).value(),
            (Rows{R"({"_step":0,"x":1})", R"({"_step":1,"y":"new"})", R"({"_step":2,"x":3})"}));
  const KeysInfo keys = home.store->keys_info(run.key).value();
  ASSERT_EQ(keys.keys.size(), 3U);
  EXPECT_EQ(keys.keys[1].key, "x");
  EXPECT_EQ(keys.keys[1].type_counts[0].second, 2);
}

TEST(History, ALineThatIsNoRowRefusesTheWholeRequest) {
  TestHome home;
  const auto run = home.start("r1");
  for (const char* bad : {"", "[]", "{", R"({"a"})", R"({"a":01})", R"({"a":1}})", R"({"a":tru})",
                          R"({"a":"\x"})", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}"}) {
    const auto sent = home.send(run, 0, {R"({"x":1})", bad});
    ASSERT_FALSE(sent) << bad;
    EXPECT_EQ(sent.error().code, Errc::kInvalidArgument);
    EXPECT_NE(sent.error().message.find("line 1 of the history"), std::string::npos)
        << sent.error().message;
  }
  EXPECT_EQ(home.store->get(run.key)->history_lines, 0);
  const std::string deep = R"({"a":)" + std::string(100'000, '[');
  EXPECT_FALSE(home.send(run, 0, {deep}));
}

TEST(History, AKeyThatComesTwiceCountsWithItsLastValue) {
  TestHome home;
  const auto run = home.start("r1");
  ASSERT_TRUE(home.send(run, 0, {R"({"a":1,"b":2,"a":"x"})"}));
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory).value(), (Rows{R"({"a":"x","b":2})"}));
}

TEST(History, RangesKeysAndPages) {
  TestHome home;
  const auto run = home.start("r1");
  Rows rows;
  for (int i = 0; i < 100; ++i) {
    rows.push_back("{\"_step\":" + std::to_string(2 * i) + ",\"loss\":" + std::to_string(i) + ".5" +
                   (i % 10 == 0 ? ",\"val\":{\"acc\":" + std::to_string(i) + "}" : "") + "}");
  }
  for (int i = 0; i < 100; i += 7) {
    ASSERT_TRUE(home.send(run, i, Rows(rows.begin() + i, rows.begin() + std::min(i + 7, 100))));
  }
  HistoryQuery query;
  query.min_step = 10;
  query.max_step = 16;
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory, query).value(),
            (Rows{rows[5], rows[6], rows[7]}));
  query = {};
  query.keys = {"val.acc", "_step"};
  query.limit = 2;
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory, query).value(),
            (Rows{R"({"val.acc":0,"_step":0})", R"({"val.acc":10,"_step":20})"}));
  // A page at a time.
  Rows paged;
  query = {};
  query.limit = 9;
  while (true) {
    const std::size_t before = paged.size();
    ASSERT_TRUE(home.store->scan(run.key, Stream::kHistory, query,
                                 [&](std::int64_t line, std::string_view json) {
                                   paged.emplace_back(json);
                                   query.after_line = line;
                                   return true;
                                 }));
    if (paged.size() == before) break;
  }
  EXPECT_EQ(paged, rows);
  query = {};
  query.keys = {"nowhere"};
  EXPECT_TRUE(home.store->rows(run.key, Stream::kHistory, query)->empty());
}

TEST(History, SamplesAreEvenAndHaveTheFirstAndTheLast) {
  TestHome home;
  const auto run = home.start("r1");
  constexpr int kRows = 60'000;
  Rows batch;
  for (int i = 0; i < kRows; ++i) {
    batch.push_back("{\"_step\":" + std::to_string(i) + ",\"loss\":" + std::to_string(i) +
                    ".25,\"_timestamp\":1.5}");
    if (batch.size() == 5'000) {
      ASSERT_TRUE(home.send(run, i + 1 - 5'000, batch));
      batch.clear();
    }
  }
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{"_step", "loss"}, std::vector<std::string>{}}) {
    SampleQuery query;
    query.keys = keys;
    query.samples = 50;
    const Rows rows = home.store->sampled(run.key, Stream::kHistory, query).value();
    ASSERT_GE(rows.size(), 48U);
    ASSERT_LE(rows.size(), 50U);
    EXPECT_TRUE(rows.front().starts_with(R"({"_step":0,"loss":0.25)")) << rows.front();
    EXPECT_NE(rows.back().find("59999"), std::string::npos);
  }
  const std::vector<Point> points = home.store->series(run.key, "loss", 100).value();
  ASSERT_GE(points.size(), 95U);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].value, static_cast<double>(points[i].step) + 0.25);
    if (i > 0) {
      const auto gap = points[i].step - points[i - 1].step;
      EXPECT_NEAR(static_cast<double>(gap), kRows / 100.0, 100);
    }
  }
  SampleQuery range;
  range.keys = {"loss"};
  range.min_step = 30'000;
  range.max_step = 30'009;
  EXPECT_EQ(home.store->sampled(run.key, Stream::kHistory, range)->size(), 10U);
}

TEST(History, KnowsItsKeysWithoutReadingThem) {
  TestHome home;
  const auto run = home.start("r1");
  ASSERT_TRUE(home.send(run, 0,
                        {R"({"_step":0,"loss":2,"t":"x"})", R"({"_step":1,"loss":1.5,"t":null})",
                         R"({"_step":7,"img":{"_type":"image-file"},"m":{"n":true}})"}));
  const KeysInfo info = home.store->keys_info(run.key).value();
  EXPECT_EQ(
      history_keys_json(info),
      R"({"keys":{"_step":{"typeCounts":[{"type":"number","count":3}],"monotonic":true,)"
      R"("previousValue":7.0},"loss":{"typeCounts":[{"type":"number","count":2}],)"
      R"("monotonic":false,"previousValue":1.5},"t":{"typeCounts":[{"type":"string","count":1},)"
      R"({"type":"nil","count":1}],"monotonic":false},"img":{"typeCounts":[{"type":"image-file",)"
      R"("count":1}],"monotonic":false},"m.n":{"typeCounts":[{"type":"boolean","count":1}],)"
      R"("monotonic":false}},"lastStep":7,"sets":[]})");
  EXPECT_EQ(info.keys[1].min, 1.5);
  EXPECT_EQ(info.keys[1].max, 2);
}

TEST(History, ForkedRunsHaveWhatCameBeforeAndRewoundOnesLoseWhatCameAfter) {
  TestHome home;
  const auto run = home.start("r1", {.config = R"({"lr":0.1})"});
  Rows rows;
  for (int i = 0; i < 20; ++i) {
    rows.push_back("{\"_step\":" + std::to_string(i) + ",\"x\":" + std::to_string(i * i) + "}");
  }
  ASSERT_TRUE(home.send(run, 0, rows));
  StreamUpdate summary;
  summary.summary = R"({"x":361,"_step":19,"by_hand":"stays"})";
  ASSERT_TRUE(home.store->stream(run.key, summary));

  const auto fork = home.store->fork(run.key, 9, {"", "", "r2"}).value();
  EXPECT_EQ(fork.forked_from, "r1");
  EXPECT_EQ(fork.forked_at, 9);
  EXPECT_EQ(fork.config, R"({"lr":0.1})");
  EXPECT_EQ(fork.last_step, 9);
  EXPECT_EQ(home.store->rows(fork.key, Stream::kHistory).value(),
            Rows(rows.begin(), rows.begin() + 10));

  ASSERT_TRUE(home.store->finish(run.key, 0));
  const auto rewound = home.store->rewind(run.key, 4).value();
  EXPECT_EQ(rewound.state, State::kRunning);
  EXPECT_EQ(rewound.history_lines, 5);
  EXPECT_EQ(rewound.summary, R"({"by_hand":"stays","_step":4,"x":16})");
  EXPECT_EQ(home.store->rows(run.key, Stream::kHistory).value(),
            Rows(rows.begin(), rows.begin() + 5));
  // It goes on from there, and may be rewound again.
  ASSERT_TRUE(home.send(rewound, 5, {R"({"_step":5,"x":-1})"}));
  EXPECT_EQ(home.store->rewind(run.key, 2)->last_step, 2);
  EXPECT_EQ(home.store->keys_info(run.key)->keys[1].type_counts[0].second, 3);
}

TEST(History, LastValuesGoIntoTheSummaryWhenAskedFor) {
  TestHome home;
  const auto run = home.start("r1");
  StreamUpdate update;
  update.summary = R"({"note":"a","m":{"k":1}})";
  update.history =
      Lines{0, {R"({"_step":0,"loss":1,"m":{"acc":0.5}})", R"({"_step":1,"loss":NaN})"}};
  update.derive_summary = true;
  ASSERT_TRUE(home.store->stream(run.key, update));
  EXPECT_EQ(home.store->get(run.key)->summary,
            R"({"note":"a","m":{"k":1,"acc":0.5},"_step":1,"loss":NaN})");
}

TEST(Console, LinesMayBeEditedAndGapsAreEmpty) {
  TestHome home;
  const auto run = home.start("r1");
  const auto send = [&](std::int64_t offset, std::vector<std::string_view> lines) {
    StreamUpdate update;
    update.console = Lines{offset, std::move(lines)};
    return home.store->stream(run.key, update);
  };
  ASSERT_TRUE(send(0, {"one", "two"}));
  ASSERT_TRUE(send(1, {"TWO", "three"}));
  ASSERT_TRUE(send(300, {"far"}));
  EXPECT_EQ(home.store->get(run.key)->console_lines, 301);
  EXPECT_EQ(home.store->console(run.key, 0, 4).value(), (Rows{"one", "TWO", "three", ""}));
  EXPECT_EQ(home.store->console(run.key, -2).value(), (Rows{"", "far"}));
  EXPECT_EQ(home.store->console(run.key)->size(), 301U);
}

}  // namespace
}  // namespace treadle::tracking
