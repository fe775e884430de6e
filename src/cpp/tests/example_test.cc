// The example at the top of treadle.hpp, word for word: it must compile.
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

td::Defs example() {
  td::Defs defs;
  auto words = defs.asset("words", [] { return std::vector<std::string>{"warp", "weft"}; });
  auto count =
      defs.asset("count", [](const std::vector<std::string>& w) { return w.size(); }, words);
  defs.check("not_empty", count, [](std::size_t n) { return n > 0; }, {.blocking = true});
  return defs;
}

TEST(Example, OfTheHeaderDeclaresTwoAssetsAndACheck) {
  const td::Defs defs = example();
  const td::Definitions& d = defs;
  ASSERT_EQ(d.steps.size(), 3u);
  EXPECT_EQ(d.steps[0].name, "words");
  EXPECT_EQ(d.steps[1].inputs.at(0).asset.text(), "words");
  EXPECT_EQ(d.steps[2].checks.at(0).name, "not_empty");
  EXPECT_TRUE(d.steps[2].checks.at(0).blocking);
  EXPECT_TRUE(td::find_problems(d).empty());
}

}  // namespace
