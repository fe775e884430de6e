#include "../text.h"

#include <gtest/gtest.h>

namespace treadle::cli {
namespace {

TEST(Printable, EscapeSequencesBecomeVisibleText) {
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(printable("title\x1b]0;owned\x07"), "title\\x1b]0;owned\\x07");
  EXPECT_EQ(printable("del\x7f"), "del\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m")
      << "the one-byte form of ESC [";
}

TEST(Printable, LinesOfOneLineTextCannotBeForged) {
  EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(printable("a\u2028b"), "a\\u2028b");
}

TEST(Printable, BlocksKeepLinesButNothingElse) {
  EXPECT_EQ(printable_block("a\r\nb\tc\rd\x1b"), "a\nb\tc\\rd\\x1b");
}

TEST(Printable, DirectionMarksAreShown) {
  EXPECT_EQ(printable("invoice\u202Efdp.exe"), "invoice\\u202efdp.exe");
  EXPECT_EQ(printable("a\u2066b\u200Bc"), "a\\u2066b\\u200bc");
}

TEST(Printable, InvalidUtf8IsReplaced) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a\uFFFDb");
  EXPECT_EQ(printable("\xc0\x9b"), "\uFFFD\uFFFD") << "an overlong ESC must not get through";
  EXPECT_EQ(printable("\xe2\x80"), "\uFFFD\uFFFD") << "cut off at the end";
}

TEST(Printable, TextOfPeopleStaysAsItIs) {
  EXPECT_EQ(printable("Größe 模型 модель ✓ 👍"), "Größe 模型 модель ✓ 👍");
}

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("Größe"), 5);
  EXPECT_EQ(display_width("模型"), 4);
  EXPECT_EQ(display_width("e\u0301"), 1);
  EXPECT_EQ(display_width("👍"), 2);
}

TEST(Truncate, KeepsWhatFitsAndMarksTheCut) {
  EXPECT_EQ(truncate_to("abcdef", 6), "abcdef");
  EXPECT_EQ(truncate_to("abcdef", 4), "abc…");
  EXPECT_EQ(truncate_to("模型模型", 4), "模…") << "a wide character is never halved";
  EXPECT_EQ(truncate_front("pipelines/iris.py", 8), "…iris.py");
}

TEST(Wrap, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("unbreakable", 4), (std::vector<std::string>{"unbreakable"}));
  EXPECT_EQ(wrap("a\n\nb", 10), (std::vector<std::string>{"a", "", "b"}));
}

TEST(FormatAgo, ChoosesTheUnitAPersonWould) {
  constexpr Micros kSecond = 1'000'000;
  constexpr Micros kNow = 1'800'000'000 * kSecond;
  EXPECT_EQ(format_ago(kNow - 2 * kSecond, kNow), "just now");
  EXPECT_EQ(format_ago(kNow - 90 * kSecond, kNow), "90 s ago");
  EXPECT_EQ(format_ago(kNow - 3600 * kSecond, kNow), "60 min ago");
  EXPECT_EQ(format_ago(kNow - 5 * 3600 * kSecond, kNow), "5 h ago");
  EXPECT_EQ(format_ago(kNow - 3 * 86400 * kSecond, kNow), "3 days ago");
  EXPECT_EQ(format_ago(kNow - 100 * 86400 * kSecond, kNow), "2026-10-07");
  EXPECT_EQ(format_ago(kNow + kSecond, kNow), "just now") << "clocks of two machines differ";
}

}  // namespace
}  // namespace treadle::cli
