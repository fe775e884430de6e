#include <treadle/base/json.h>

#include <gtest/gtest.h>

#include <limits>

namespace treadle {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

TEST(Json, StringsAreEscapedAndKeepTheirUtf8) {
  EXPECT_EQ(quoted("a\"b\\c\n\t\x01"), R"("a\"b\\c\n\t\u0001")");
  EXPECT_EQ(quoted("한글 é 😀"), "\"한글 é 😀\"");
}

TEST(Json, InvalidUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(quoted("\xed\xa0\x80").find("\xed"), std::string::npos) << "surrogates are not UTF-8";
  EXPECT_EQ(quoted("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"") << "a sequence cut short";
}

TEST(Json, DoublesReadBackAsTheSameDouble) {
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(3), "3.0");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(std::stod(number(1.0 / 3)), 1.0 / 3);
}

TEST(Json, WriterPutsCommasWhereTheyBelong) {
  JsonWriter w;
  w.begin_object().field("a", 1).field("b", true).key("c").begin_array();
  w.value("x").value(2.5).null().begin_object().end_object().end_array();
  w.key("d").begin_array().end_array().end_object();
  EXPECT_EQ(w.str(), R"({"a":1,"b":true,"c":["x",2.5,null,{}],"d":[]})");
}

}  // namespace
}  // namespace treadle
