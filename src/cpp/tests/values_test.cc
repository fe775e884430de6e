// What is written for a value, and that it comes back equal: through a real run, into a second run
// that reads it.
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace td = treadle;

namespace values_test {

struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};
TREADLE_FIELDS(Point, x, y)

enum class Colour : std::uint8_t { kRed = 1, kGreen = 2 };

struct Shape {
  std::string name;
  std::vector<Point> points;
  std::optional<Colour> colour;
  std::map<std::string, std::vector<int>> groups;
  bool operator==(const Shape&) const = default;
};
TREADLE_FIELDS(Shape, name, points, colour, groups)

// A type with a form of its own.
struct Image {
  int width = 0;
  std::string pixels;
  bool operator==(const Image&) const = default;
};

// Knows nothing of Treadle.
struct Handle {
  int number = 0;
};

}  // namespace values_test

template <>
struct td::CodecFor<values_test::Image> {
  static td::Result<td::Encoded> encode(const values_test::Image& image) {
    return td::Encoded{.format = "file",
                       .file_name = "image.raw",
                       .bytes = std::to_string(image.width) + "\n" + image.pixels,
                       .path = {},
                       .type_name = {}};
  }
  static td::Result<values_test::Image> decode(td::Stored& stored) {
    TREADLE_TRY(const std::string bytes, stored.bytes());
    const auto line = bytes.find('\n');
    return values_test::Image{std::stoi(bytes.substr(0, line)), bytes.substr(line + 1)};
  }
};

namespace {

using values_test::Colour;
using values_test::Image;
using values_test::Point;
using values_test::Shape;

static_assert(td::Storable<Shape>);
static_assert(td::Storable<Image>);
static_assert(!td::Storable<values_test::Handle>);
static_assert(!td::Storable<std::vector<values_test::Handle>>);
static_assert(!td::Storable<std::optional<std::optional<int>>>,
              "null could not say which is empty");

// A version as a codec sees it, without a store.
class Kept final : public td::Stored {
 public:
  explicit Kept(td::Encoded encoded) : encoded_(std::move(encoded)) {}
  const std::string& format() const override { return encoded_.format; }
  const std::string& file_name() const override { return encoded_.file_name; }
  td::Result<std::string> bytes() override { return encoded_.bytes; }
  td::Result<std::string> local_path() override { return encoded_.path; }

 private:
  const td::Encoded encoded_;
};

template <class T>
td::Encoded encoded(const T& value) {
  auto result = td::codec_of<T>()->encode(td::Value::of(value));
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(td::Encoded());
}

template <class T>
td::Result<T> decoded(td::Encoded encoded) {
  Kept kept(std::move(encoded));
  TREADLE_TRY(const td::Value value, td::codec_of<T>()->decode(kept));
  return *value.get<T>();
}

template <class T>
td::Result<T> from_json(std::string text) {
  return decoded<T>({.format = "json",
                     .file_name = "output.json",
                     .bytes = std::move(text),
                     .path = {},
                     .type_name = {}});
}

template <class T>
void expect_json(const T& value, const std::string& text) {
  const td::Encoded e = encoded(value);
  EXPECT_EQ(e.format, "json");
  EXPECT_EQ(e.file_name, "output.json");
  EXPECT_EQ(e.bytes, text);
  const auto back = decoded<T>(e);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, value);
}

TEST(Json, KeepsNumbersAndTruth) {
  expect_json(true, "true");
  expect_json(-7, "-7");
  expect_json(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_json(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  expect_json(static_cast<std::int8_t>(-128), "-128");
  expect_json(1.0, "1.0");
  expect_json(0.1, "0.1");
  expect_json(0.1f, "0.10000000149011612");
  expect_json(std::numeric_limits<double>::denorm_min(), "5e-324");
  expect_json(Colour::kGreen, "2");
}

TEST(Json, KeepsNumbersThatJsonDoesNotHave) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  expect_json(std::vector<double>{kInfinity, -kInfinity, 1.5}, "[Infinity,-Infinity,1.5]");
  const auto nan = decoded<std::vector<double>>(encoded(std::vector<double>{std::nan(""), 2.0}));
  ASSERT_TRUE(nan);
  EXPECT_TRUE(std::isnan(nan->at(0)));
  EXPECT_EQ(nan->at(1), 2.0);
  // Their names inside of a text stay text.
  expect_json(std::vector<std::string>{"NaN", "a \"NaN\" -Infinity \\"},
              R"(["NaN","a \"NaN\" -Infinity \\"])");
  expect_json(std::map<std::string, double>{{"NaN", kInfinity}}, R"({"NaN":Infinity})");
}

TEST(Json, KeepsContainers) {
  expect_json(std::vector<bool>{true, false}, "[true,false]");
  expect_json(std::array<int, 3>{1, 2, 3}, "[1,2,3]");
  expect_json(std::set<std::string>{"b", "a"}, R"(["a","b"])");
  expect_json(std::map<std::string, int>{{"a", 1}, {"", 2}}, R"({"":2,"a":1})");
  expect_json(std::map<int, std::string>{{2, "two"}, {1, "one"}}, R"([[1,"one"],[2,"two"]])");
  expect_json(std::pair<int, std::string>{1, "x"}, R"([1,"x"])");
  expect_json(std::tuple<int, bool, std::vector<double>>{1, true, {0.5}}, "[1,true,[0.5]]");
  expect_json(std::optional<int>(), "null");
  expect_json(std::vector<std::optional<int>>{1, std::nullopt}, "[1,null]");
  expect_json(std::vector<std::string>{}, "[]");
}

TEST(Json, WritesUnorderedContainersInOneOrder) {
  std::unordered_map<std::string, int> map;
  for (int i = 9; i >= 0; --i) map["k" + std::to_string(i)] = i;
  expect_json(map, R"({"k0":0,"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,"k8":8,"k9":9})");
  expect_json(std::unordered_set<int>{3, 1, 2}, "[1,2,3]");
}

TEST(Json, KeepsDescribedStructs) {
  expect_json(Point{1, 2}, R"({"x":1.0,"y":2.0})");
  expect_json(Shape{"s", {{0, 1}}, Colour::kRed, {{"g", {1}}}},
              R"({"name":"s","points":[{"x":0.0,"y":1.0}],"colour":1,"groups":{"g":[1]}})");
}

TEST(Json, SaysWhereAndWhatItExpected) {
  EXPECT_EQ(from_json<int>("\"x\"").error().message, "expected an integer, found text");
  EXPECT_EQ(from_json<std::vector<int>>("[1,2.5]").error().message,
            "at [1]: expected an integer, found a number");
  EXPECT_EQ(from_json<Shape>(R"({"name":"s","points":[{"x":1}],"groups":{}})").error().message,
            "at points: at [0]: there is no field 'y'; materialize the asset again if the type has "
            "changed since");
  EXPECT_EQ((from_json<std::map<std::string, bool>>(R"({"a":1})").error().message),
            "at a: expected true or false, found an integer");
  EXPECT_EQ(from_json<std::int8_t>("300").error().message,
            "300 does not fit the integer type that reads it");
  EXPECT_EQ(from_json<unsigned>("-1").error().message,
            "-1 does not fit the integer type that reads it");
  EXPECT_EQ((from_json<std::tuple<int, int>>("[1,true]").error().message),
            "at [1]: expected an integer, found true or false");
  EXPECT_EQ((from_json<std::array<int, 2>>("[1]").error().message),
            "expected a list of 2, found a list");
  EXPECT_FALSE(from_json<int>("{"));
}

TEST(Json, LeavesOutNoOptionalFieldAndIgnoresWhatItDoesNotKnow) {
  const auto shape = from_json<Shape>(R"({"name":"s","points":[],"groups":{},"later":1})");
  ASSERT_TRUE(shape) << shape.error().message;
  EXPECT_EQ(*shape, (Shape{"s", {}, {}, {}}));
}

TEST(Json, RefusesTextThatIsNotUtf8) {
  const auto result = td::codec_of<std::vector<std::string>>()->encode(
      td::Value::of(std::vector<std::string>{"\xff"}));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("td::Bytes"), std::string::npos);
}

TEST(Json, DocumentsAreWalkedWithoutFailing) {
  const auto doc = td::Json::parse(R"({"a":[1,{"b":"x"}],"n":null,"big":18446744073709551615})");
  ASSERT_TRUE(doc) << doc.error().message;
  EXPECT_EQ((*doc)["a"][1]["b"].as_string(), "x");
  EXPECT_FALSE((*doc)["a"][7]["nowhere"]);
  EXPECT_TRUE((*doc)["n"]);
  EXPECT_TRUE((*doc)["n"].is_null());
  EXPECT_EQ((*doc)["big"].as_unsigned(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ((*doc)["big"].as_int(), std::nullopt);
  EXPECT_EQ(doc->field_name(1), "n");
  EXPECT_EQ(doc->dump(), R"({"a":[1,{"b":"x"}],"n":null,"big":18446744073709551615})");
  EXPECT_EQ((*doc)["a"][0].to<int>().value_or(0), 1);
  expect_json(*doc, doc->dump());
  EXPECT_EQ(*td::Json::parse(R"({"x":1,"y":2})"), *td::Json::parse(R"({"y":2,"x":1})"));
  EXPECT_EQ(td::Json::from(std::map<std::string, int>{{"a", 1}}).dump(), R"({"a":1})");
}

TEST(Codecs, KeepTextAndBytesAsTheyAre) {
  const td::Encoded text = encoded(std::string("gr\xc3\xbc\xc3\x9f\n"));
  EXPECT_EQ(text.format, "text");
  EXPECT_EQ(text.file_name, "output.txt");
  EXPECT_EQ(text.bytes, "gr\xc3\xbc\xc3\x9f\n");
  EXPECT_EQ(decoded<std::string>(text).value_or(""), text.bytes);
  const td::Bytes bytes{std::string("\0\xff", 2)};
  const td::Encoded binary = encoded(bytes);
  EXPECT_EQ(binary.format, "bytes");
  EXPECT_EQ(binary.file_name, "output.bin");
  EXPECT_EQ(decoded<td::Bytes>(binary).value_or(td::Bytes()), bytes);
  EXPECT_FALSE(td::codec_of<std::string>()->encode(td::Value::of(std::string("\xff"))));
}

TEST(Codecs, ReadTextThatPythonKeptAsJsonAndTheOtherWayRound) {
  EXPECT_EQ(from_json<std::string>("\"x\"").value_or(""), "x");
  EXPECT_EQ(decoded<std::optional<std::string>>(encoded(std::string("x"))).value_or(std::nullopt),
            "x");
}

TEST(Codecs, OfUsersNameTheirFile) {
  const Image image{2, "abc\n\xff"};
  const td::Encoded e = encoded(image);
  EXPECT_EQ(e.file_name, "image.raw");
  EXPECT_EQ(e.type_name, "values_test::Image");
  EXPECT_EQ(decoded<Image>(e).value_or(Image()), image);
}

TEST(Codecs, SayWhyTheyCannotReadAPickle) {
  const td::Encoded pickle{
      .format = "pickle", .file_name = "output.pickle", .bytes = "x", .path = {}, .type_name = {}};
  for (const std::string& message :
       {decoded<int>(pickle).error().message, decoded<td::File>(pickle).error().message,
        decoded<std::string>(pickle).error().message}) {
    EXPECT_NE(message.find("Python pickle, which C++ cannot read"), std::string::npos) << message;
  }
}

TEST(Codecs, RefuseFilesThatAreNotThere) {
  const auto file = td::codec_of<td::File>()->encode(td::Value::of(td::File{"/nowhere/at/all"}));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, td::Errc::kNotFound);
  EXPECT_FALSE(td::codec_of<td::File>()->encode(td::Value::of(td::File{"/"})));
  EXPECT_FALSE(td::codec_of<td::Folder>()->encode(td::Value::of(td::Folder{""})));
}

}  // namespace
