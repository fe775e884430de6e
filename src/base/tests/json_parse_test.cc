#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace treadle {
namespace {

boost::json::value parsed(std::string_view text) {
  boost::json::value value;
  const auto done = parse_json_value(text, value);
  EXPECT_TRUE(done) << text << ": " << done.error().message;
  return value;
}

TEST(ParseJson, ReadsEveryDoubleAsItWasWritten) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    std::string text;
    append_json_number(text, value);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(parsed(text).as_double()),
              std::bit_cast<std::uint64_t>(value))
        << text;
  }
  EXPECT_TRUE(std::signbit(parsed("-0.0").as_double()));
  EXPECT_EQ(parsed("[1e999]").at(0).as_double(), std::numeric_limits<double>::infinity());
}

TEST(ParseJson, ReadsTheNumbersThatJsonDoesNotHave) {
  const auto list = parsed(R"([NaN,Infinity,-Infinity,"NaN","a \"Infinity\" \\",{"NaN":NaN}])");
  EXPECT_TRUE(std::isnan(list.at(0).as_double()));
  EXPECT_EQ(list.at(1).as_double(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(list.at(2).as_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(list.at(3).as_string(), "NaN");
  EXPECT_EQ(list.at(4).as_string(), "a \"Infinity\" \\");
  EXPECT_TRUE(std::isnan(list.at(5).at("NaN").as_double()));
}

TEST(JsonValueText, IsReadBackAsAnEqualValue) {
  for (const char* text :
       {"[]", "{}", "[[],{}]", "null", "true", "-12", "18446744073709551615", "\"a\\n\\u0000é\"",
        R"({"a":[1,2.5,null],"b":{"c":"d"},"":[{}]})", "0.9444444444444444", "1e-300"}) {
    EXPECT_EQ(parsed(json_value_text(parsed(text))), parsed(text)) << text;
  }
  EXPECT_EQ(json_value_text(parsed("[NaN,Infinity,-Infinity]")), "[NaN,Infinity,-Infinity]");
}

TEST(ParseJson, ReadsWhatBoostReads) {
  for (const std::string_view text :
       {R"({"a":[1,-2,18446744073709551615,null,true,false,{}],"":[]})",
        R"("\u00e9\ud83d\ude00\n")", "-9223372036854775808", R"({"a":1,"a":2})", " [ 1 , 2 ] ",
        R"(["long text that does not fit a small buffer at all, not even nearly so"])"}) {
    EXPECT_EQ(parsed(text), boost::json::parse(text)) << text;
  }
  std::string long_text = "[\"" + std::string(100'000, 'x') + "\\n\"]";
  EXPECT_EQ(parsed(long_text), boost::json::parse(long_text));
}

TEST(ParseJson, RefusesWhatIsNotJsonAndLeavesTheValueAlone) {
  for (const std::string_view text :
       {"", "{", "[1,]", "nan", "[1] 2", "\"\x01\"", "\"\xff\"", "01", "-NaN", "NaNa", "1NaN"}) {
    boost::json::value value = 5;
    EXPECT_FALSE(parse_json_value(text, value)) << text;
    EXPECT_EQ(value, 5);
  }
  boost::json::value value;
  EXPECT_TRUE(parse_json_value(std::string(200, '[') + std::string(200, ']'), value));
  EXPECT_FALSE(parse_json_value(std::string(100'000, '[') + std::string(100'000, ']'), value));
}

}  // namespace
}  // namespace treadle
