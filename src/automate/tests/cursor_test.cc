#include "history.h"

namespace treadle::automate {
namespace {

using C = AutomationCondition;
using Keys = std::vector<std::string>;

TEST(Cursor, GoesThroughTextUnchanged) {
  History h;
  h.asset("a").asset("p", {}, C::eager(), *static_partitions({"x", "y"}));
  h.asset("t", {"p"}, C::eager() | C::on_cron("0 * * * *"), *daily_partitions("2026-01-01"));
  h.asset("down", {"a", "t"}, C::eager() & C::code_version_changed());
  h.code_versions["down"] = "1";
  h.run({"a", "p@x"});
  h.tick();
  h.run({"a"});
  h.tick();
  const std::string text = h.cursor.to_json();
  auto again = Cursor::from_json(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->to_json(), text);
}

TEST(Cursor, ATextThatIsNoneIsRefused) {
  for (const char* bad : {"", "{}", "[]", "{\"format\": 2}", "{\"format\": 1, \"partitions\": 3}",
                          "{\"format\":1,\"evaluation_id\":0,\"entities\":{\"a\":{\"time\":0,"
                          "\"event\":0,\"requested\":[[1]],"
                          "\"nodes\":[]}},\"targets\":{},\"partitions\":[]}"})
    EXPECT_FALSE(Cursor::from_json(bad)) << bad;
}

// What is remembered of a key stays with the key when others come and go before it.
TEST(Cursor, FollowsTheKeysWhenPartitionsChange) {
  for (bool through_text : {false, true}) {
    History h;
    h.asset("up", {}, {}, *static_partitions({"a", "b"}));
    h.asset("down", {"up"}, C::eager(), *static_partitions({"a", "b"}));
    h.tick();
    h.run({"up@a", "up@b"});
    EXPECT_EQ(h.tick(), (Keys{"down@a", "down@b"}));
    h.run({"down@a", "down@b"});
    EXPECT_EQ(h.tick(), Keys{});
    if (through_text) h.cursor = History::take(Cursor::from_json(h.cursor.to_json()));
    for (StepDef& step : h.definitions.steps)
      step.outputs[0].asset.partitions = *static_partitions({"0", "a", "b"});
    EXPECT_EQ(h.tick(), Keys{});
    h.run({"up@0"});
    EXPECT_EQ(h.tick(), Keys{"down@0"});
  }
}

TEST(Cursor, PartitioningAnAssetBeginsAnew) {
  History h;
  h.asset("x", {}, C::initial_evaluation());
  EXPECT_EQ(h.tick(), Keys{"x"});
  EXPECT_EQ(h.tick(), Keys{});
  h.definitions.steps[0].outputs[0].asset.partitions = *static_partitions({"a"});
  EXPECT_EQ(h.tick(), Keys{"x@a"});
}

}  // namespace
}  // namespace treadle::automate
