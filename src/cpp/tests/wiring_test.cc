// What declarations become: the handles by type, the definitions by value.
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

namespace td = treadle;

namespace {

struct Table {
  std::vector<double> rows;
};
TREADLE_FIELDS(Table, rows)
struct Db {
  int opened = 0;
};

template <class T, class U>
constexpr bool same = std::is_same_v<T, U>;

std::pair<Table, Table> split(const Table& table) {
  return {table, table};
}
td::Result<std::string> train(td::Context&, const Table&) {
  return "model";
}

TEST(Wiring, GivesTheHandleTheTypeThatTheFunctionReturns) {
  td::Defs defs;
  auto number = defs.asset("number", [] { return 1; });
  auto text = defs.asset("text", [] { return "literal"; });
  auto view = defs.asset("view", [] { return std::string_view("v"); });
  auto nothing = defs.asset("nothing", [] {});
  auto output = defs.asset("output", [] { return td::Output{1.5, {{"rows", 3}, {"by", "hand"}}}; });
  auto result = defs.asset("result", []() -> td::Result<Table> { return Table{}; });
  auto both = defs.asset("both", []() -> td::Result<td::Output<Table>> { return td::fail("no"); });
  auto done = defs.asset("done", []() -> td::Result<void> { return {}; });
  auto facts = defs.asset("facts", [] { return td::Output<void>{{{"rows", 1}}}; });
  static_assert(same<decltype(number), td::Asset<int>>);
  static_assert(same<decltype(text), td::Asset<std::string>>);
  static_assert(same<decltype(view), td::Asset<std::string>>);
  static_assert(same<decltype(nothing), td::Asset<void>>);
  static_assert(same<decltype(output), td::Asset<double>>);
  static_assert(same<decltype(result), td::Asset<Table>>);
  static_assert(same<decltype(both), td::Asset<Table>>);
  static_assert(same<decltype(done), td::Asset<void>>);
  static_assert(same<decltype(facts), td::Asset<void>>);

  const td::Definitions& d = defs;
  EXPECT_EQ(*d.steps[0].outputs[0].type, typeid(int));
  EXPECT_NE(d.steps[0].outputs[0].codec, nullptr);
  EXPECT_TRUE(d.steps[0].outputs[0].stores_value);
  EXPECT_FALSE(d.steps[3].outputs[0].stores_value);
  EXPECT_EQ(d.steps[3].outputs[0].codec, nullptr);
}

TEST(Wiring, TakesInputsInOrderAfterTheContext) {
  td::Defs defs;
  auto table = defs.asset("raw/table", [] { return Table{}; });
  auto model = defs.asset("model", train, table);
  auto db = defs.resource("db", [] { return Db{}; });
  defs.asset(
      {.key = "all", .deps = {"before"}, .resources = {"other"}},
      [](td::Context&, Db&, const std::string&, Table, std::string_view) { return 1; }, db, model,
      table, td::by_name<std::string>("elsewhere/words"));
  const td::StepDef& step = defs.definitions().steps.back();
  ASSERT_EQ(step.inputs.size(), 4u);
  EXPECT_EQ(step.inputs[0].asset.text(), "before");
  EXPECT_FALSE(step.inputs[0].loads_value);
  EXPECT_EQ(step.inputs[1].name, "model");
  EXPECT_EQ(*step.inputs[1].type, typeid(std::string));
  EXPECT_EQ(step.inputs[2].name, "table");
  EXPECT_EQ(step.inputs[2].asset.text(), "raw/table");
  EXPECT_EQ(step.inputs[3].asset.text(), "elsewhere/words");
  EXPECT_NE(step.inputs[3].codec, nullptr);
  EXPECT_EQ(step.required_resources, (std::vector<std::string>{"other", "db"}));
}

TEST(Wiring, OrdersWithoutAValue) {
  td::Defs defs;
  auto first = defs.asset("first", [] {});
  auto second = defs.asset("second", [] { return 1; }, first);
  defs.asset("third", [] {}, td::after(first, second, "fourth"));
  const td::StepDef& third = defs.definitions().steps.back();
  ASSERT_EQ(third.inputs.size(), 3u);
  for (const auto& input : third.inputs) EXPECT_FALSE(input.loads_value);
  EXPECT_FALSE(defs.definitions().steps[1].inputs.at(0).loads_value);
}

TEST(Wiring, GivesTypedHandlesToEachOutputOfAMultiAsset) {
  td::Defs defs;
  auto table = defs.asset("table", [] { return Table{}; });
  auto [training, test] = defs.multi_asset({"sets/training", "sets/test"}, split, table);
  static_assert(same<decltype(training), td::Asset<Table>>);
  auto [maybe, facts, nothing] = defs.multi_asset(
      {{.key = "maybe", .group = "g"}, {.key = "facts", .code_version = "2"}, {.key = "third"}},
      [] {
        return std::tuple<std::optional<int>, td::Output<std::string>,
                          std::optional<td::Output<double>>>{};
      });
  static_assert(same<decltype(maybe), td::Asset<int>>);
  static_assert(same<decltype(facts), td::Asset<std::string>>);
  static_assert(same<decltype(nothing), td::Asset<double>>);
  auto array = defs.multi_asset(
      {.name = "three", .outputs = {{.key = "a"}, {.key = "b"}, {.key = "c"}}, .can_subset = true},
      [] { return std::array<int, 3>{}; });
  static_assert(same<decltype(array), std::tuple<td::Asset<int>, td::Asset<int>, td::Asset<int>>>);
  EXPECT_EQ(test.key().text(), "sets/test");

  const auto& steps = defs.definitions().steps;
  EXPECT_EQ(steps[1].name, "sets__training_and_sets__test");
  EXPECT_EQ(steps[1].outputs[1].name, "sets__test");
  EXPECT_EQ(steps[2].name, "maybe_and_2_more");
  EXPECT_FALSE(steps[2].outputs[0].required);
  EXPECT_TRUE(steps[2].outputs[1].required);
  EXPECT_FALSE(steps[2].outputs[2].required);
  EXPECT_EQ(steps[2].outputs[0].asset.group, "g");
  EXPECT_EQ(steps[2].outputs[1].asset.code_version, "2");
  EXPECT_EQ(steps[3].name, "three");
  EXPECT_TRUE(steps[3].can_subset);
}

TEST(Wiring, ThrowsWithThePlaceWhenOutputsAreMiscounted) {
  td::Defs defs;
  try {
    defs.multi_asset({.outputs = {{.key = "only"}}}, [] { return std::pair<int, int>{}; });
    FAIL() << "no exception";
  } catch (const td::DefinitionError& error) {
    EXPECT_NE(std::string(error.what()).find("wiring_test.cc"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("returns 2 values, but 1 assets are named"),
              std::string::npos)
        << error.what();
  }
}

TEST(Wiring, KeepsEverythingThatOptionsSay) {
  td::Defs defs;
  defs.asset({.key = "model",
              .group = "training",
              .description = "d",
              .owners = {"team:ml"},
              .kinds = {"knn", "cpp"},
              .tags = {{"tier", "gold"}},
              .metadata = {{"k", 3}},
              .code_version = "7",
              .io_manager = "warehouse",
              .retry_policy = td::RetryPolicy{.max_retries = 3}},
             [] { return 1; });
  const td::StepDef& step = defs.definitions().steps.front();
  const td::AssetInfo& info = step.outputs.front().asset;
  EXPECT_EQ(info.key.text(), "model");
  EXPECT_EQ(info.group, "training");
  EXPECT_EQ(info.description, "d");
  EXPECT_EQ(info.owners, std::vector<std::string>{"team:ml"});
  EXPECT_EQ(info.kinds, (std::vector<std::string>{"knn", "cpp"}));
  EXPECT_EQ(info.tags, (td::Tags{{"tier", "gold"}}));
  EXPECT_EQ(info.metadata, (td::Metadata{{"k", 3}}));
  EXPECT_EQ(info.code_version, "7");
  EXPECT_EQ(step.outputs.front().io_manager_key, "warehouse");
  EXPECT_EQ(step.retry_policy->max_retries, 3);
}

TEST(Wiring, RemembersWhereThingsWereDeclared) {
  td::Defs defs;
  const int line = __LINE__ + 1;
  auto named = defs.asset("named", [] { return 1; });
  defs.asset({.key = "optioned"}, [] { return 1; });
  defs.check("check", named, [](int) { return true; });
  defs.multi_asset({"x", "y"}, [] { return std::pair(1, 2); });
  defs.multi_asset({{.key = "v"}, {.key = "w"}}, [] { return std::pair(1, 2); });
  for (std::size_t i = 0; i < 5; ++i) {
    const td::Place& place = defs.definitions().steps[i].place;
    EXPECT_EQ(place.line, line + static_cast<int>(i));
    EXPECT_NE(place.file.find("wiring_test.cc"), std::string::npos);
  }
}

TEST(Wiring, ByNameIsCheckedWhenTheDefinitionsAreLoaded) {
  td::Defs defs;
  defs.asset("reader", [](const std::string&) {}, td::by_name<std::string>("number"));
  defs.asset("number", [] { return 1; });
  const auto problems = td::find_problems(defs.definitions());
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].text().find("number"), std::string::npos) << problems[0].text();
  EXPECT_NE(problems[0].place.file.find("wiring_test.cc"), std::string::npos);
}

TEST(Wiring, DeclaresSeveralChecksOnOneAsset) {
  td::Defs defs;
  auto number = defs.asset("raw/number", [] { return 1; });
  defs.check("small", number, [](int n) { return n < 10; }, {.blocking = true, .description = "d"});
  defs.check("odd", number, [](td::Context&, int n) {
    return td::CheckResult{.passed = n % 2 == 1, .metadata = {{"n", n}}};
  });
  const auto& steps = defs.definitions().steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[1].name, "raw__number_small");
  EXPECT_EQ(steps[1].checks.at(0).asset.text(), "raw/number");
  EXPECT_TRUE(steps[1].checks.at(0).blocking);
  EXPECT_EQ(steps[1].checks.at(0).description, "d");
  EXPECT_FALSE(steps[2].checks.at(0).blocking);
  EXPECT_TRUE(steps[2].outputs.empty());
  EXPECT_TRUE(td::find_problems(defs.definitions()).empty());
}

TEST(Wiring, DeclaresSources) {
  td::Defs defs;
  auto table = defs.source<Table>("elsewhere/table");
  auto csv = defs.file_source({.key = "csv", .group = "data"}, "data/iris.csv");
  static_assert(same<decltype(csv), td::Asset<td::File>>);
  defs.asset("reader", [](const Table&, const td::File&) {}, table, csv);
  const auto& sources = defs.definitions().sources;
  EXPECT_EQ(*sources[0].type, typeid(Table));
  EXPECT_EQ(sources[1].asset.group, "data");
  EXPECT_TRUE(sources[1].file.starts_with('/'));
  EXPECT_TRUE(sources[1].file.ends_with("/data/iris.csv"));
  EXPECT_TRUE(td::find_problems(defs.definitions()).empty());
}

TEST(Wiring, DerivesTheCodeVersionFromTheBuild) {
  td::Defs defs;
  defs.asset("lambda", [] { return 1; });
  auto table = td::by_name<Table>("table");
  defs.asset("function", train, table);
  const auto& steps = defs.definitions().steps;
  const std::string version = steps[0].body->derived_code_version();
  EXPECT_TRUE(version.starts_with("build:")) << version;
  EXPECT_EQ(steps[1].body->derived_code_version(), version) << "one program, one build";
}

}  // namespace
