// What authors write beyond plain assets and jobs: graphs of assets, checks told by functions, configuration of every kind, facts.
#include <treadle/treadle.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>

namespace td = treadle;

namespace authoring {

enum class Season { spring, autumn };  // NOLINT(readability-identifier-naming)
TREADLE_ENUM(Season, spring, autumn)

struct Cat {
  int meows = 1;
};
TREADLE_FIELDS(Cat, meows)
struct Dog {
  td::Required<std::string> name;
};
TREADLE_FIELDS(Dog, name)
struct Pet {
  std::optional<Cat> cat;
  std::optional<Dog> dog;
};
TREADLE_FIELDS(Pet, cat, dog)

struct Sowing {
  Season season = Season::spring;
  td::Selector<Pet> pet;
  td::Json extra;
};
TREADLE_FIELDS(Sowing, season, pet, extra)
TREADLE_NOTES(Sowing, {"season", "When to sow."})

struct Range {
  int low = 0;
  int high = 10;
  td::Result<void> check() const {
    if (low > high) return td::fail("low is above high");
    return {};
  }
};
TREADLE_FIELDS(Range, low, high)

struct Speed {
  bool fast = false;
};
TREADLE_FIELDS(Speed, fast)

struct DbConfig {
  td::Required<std::string> url;
};
TREADLE_FIELDS(DbConfig, url)
struct Db {
  std::string url;
};

td::RunReport run(const td::Defs& defs, const std::string& job, td::RunJobOptions options = {}) {
  options.temporary_home = true;
  return td::run_job(defs, job, std::move(options));
}

td::RunReport make(const td::Defs& defs, td::MaterializeOptions options = {}) {
  options.temporary_home = true;
  return td::materialize(defs, std::move(options));
}

std::vector<td::Event> events_of(const td::RunReport& report, td::EventType type) {
  std::vector<td::Event> found;
  std::vector<td::Event> all = report.events().value();
  for (td::Event& event : all)
    if (event.type == type) found.push_back(std::move(event));
  return found;
}

TEST(GraphAssets, AreMadeByTheStepsOfTheirGraph) {
  td::Defs defs;
  auto raw = defs.asset("raw", [] { return 20; });
  auto half = td::op("half", [](int n) { return n / 2; });
  auto inc = td::op("inc", [](int n) { return n + 1; });
  auto work =
      td::graph("work", [&](td::Compose& c, td::Node<int> n) { return c(inc, c(half, n)); });
  td::Asset<int> clean = defs.graph_asset({.key = "clean", .group = "g"}, work, raw);
  td::Asset<int> last = defs.graph_asset("last", inc, clean);
  const td::RunReport report = make(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(clean).value(), 11);
  EXPECT_EQ(report.value(last).value(), 12);
  EXPECT_NE(report.find_step("clean.half"), nullptr);
  EXPECT_NE(report.find_step("last"), nullptr);
}

TEST(GraphAssets, MayBeSeveralWithChecks) {
  td::Defs defs;
  auto split = td::op({.name = "split", .outputs = {"low", "high"}},
                      [] { return std::pair<int, int>(1, 9); });
  auto look = td::op(
      "look", [](int n) { return td::CheckResult{.passed = n > 5, .metadata = {{"n", n}}}; });
  auto work = td::graph("work", [&](td::Compose& c) {
    auto [low, high] = c(split);
    return std::tuple(low, high, c(look, low));
  });
  auto [low, high] = defs.graph_multi_asset(
      {.outputs = {{.key = "low"}, {.key = "high"}}, .checks = {{.name = "large"}}}, work);
  const td::RunReport report = make(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.value(high).value(), 9);
  const auto checks = events_of(report, td::EventType::kAssetCheckEvaluation);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_EQ(checks[0].asset_key, "low");
  EXPECT_NE(checks[0].payload.find("\"passed\":false"), std::string::npos) << checks[0].payload;
}

TEST(GraphAssets, ThatAreMiscountedAreRefusedWithTheirPlace) {
  td::Defs defs;
  auto one = td::op("one", [] { return 1; });
  try {
    defs.graph_multi_asset({.outputs = {{.key = "a"}, {.key = "b"}}}, one);
    FAIL();
  } catch (const td::DefinitionError& error) {
    EXPECT_NE(std::string(error.what()).find("1 assets, but 2 are named"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("authoring_test.cc"), std::string::npos);
  }
}

TEST(Checks, AreToldByTheFunctionOfTheAsset) {
  td::Defs defs;
  defs.asset({.key = "table", .checks = {{.name = "rows"}, {.name = "columns"}}},
             [](td::Context& context) {
               context.check("columns", {.passed = false, .severity = td::Severity::kWarn});
               return td::Output<int>{.value = 1, .checks = {{"rows", {.passed = true}}}};
             });
  const td::RunReport report = make(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(events_of(report, td::EventType::kAssetCheckEvaluation).size(), 2u);
}

TEST(Checks, ThatNobodyNamedAreRefused) {
  td::Defs defs;
  defs.asset({.key = "table", .checks = {{.name = "rows"}}}, [](td::Context& context) {
    context.check("row", {.passed = true});
    return 1;
  });
  EXPECT_NE(make(defs).problem().find("Did you mean 'rows'?"), std::string::npos);
}

TEST(Checks, SeveralAreMadeByOneFunction) {
  td::Defs defs;
  auto a = defs.asset("a", [] { return 1; });
  auto b = defs.asset("b", [] { return 2; });
  defs.multi_check(
      {.checks = {{.name = "one", .asset = "a"}, {.name = "two", .asset = "b"}}},
      [](int x, int y) { return std::array{x == 1, y == 1}; }, a, b);
  const td::RunReport report = make(defs);
  ASSERT_TRUE(report.success()) << report.problem();
  const auto checks = events_of(report, td::EventType::kAssetCheckEvaluation);
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_NE(checks[1].payload.find("\"passed\":false"), std::string::npos);
}

TEST(Facts, AreRecordedBesideWhatIsMade) {
  auto look = td::op("look", [](td::Context& context) {
    context.report(td::AssetMaterialization{
        .asset = "elsewhere", .metadata = {{"rows", 3}}, .data_version = "7"});
    context.report(td::AssetObservation{.asset = "source", .data_version = "8"});
    context.report(td::ExpectationResult{.success = false, .label = "sorted"});
  });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(look); });
  const td::RunReport report = run(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  const auto made = events_of(report, td::EventType::kAssetMaterialization);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].asset_key, "elsewhere");
  EXPECT_EQ(td::provenance_of(made[0])->data_version, "7");
  EXPECT_EQ(td::observed_version(events_of(report, td::EventType::kAssetObservation).at(0)), "8");
  EXPECT_EQ(events_of(report, td::EventType::kStepExpectationResult).at(0).message,
            "Expectation sorted failed");
}

TEST(Ops, DynamicOutputsStandBesideOthers) {
  auto files = td::op({.name = "files", .outputs = {"names", "count"}}, [] {
    return std::pair(td::Dynamic<std::string>{{"a", "x"}, {"b", "yy"}}, 2);
  });
  auto size = td::op("size", [](const std::string& s) { return static_cast<int>(s.size()); });
  auto total = td::op("total", [](const std::vector<int>& sizes, int count) {
    return static_cast<int>(sizes.size()) == count ? sizes[0] + sizes[1] : -1;
  });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    auto [names, count] = c(files);
    auto sizes = names.map([&](td::Node<std::string> name) { return c(size, name); });
    c(total, sizes.collect(), count);
  });
  const td::RunReport report = run(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("total").value(), 3);
}

TEST(Ops, InputsThatNothingIsWiredToHaveADefaultOrComeFromTheRun) {
  auto add =
      td::op({.name = "add", .inputs = {"a", "b"}, .in = {{"b", {.value = td::Value::of(5)}}}},
             [](int a, int b) { return a + b; });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(add, td::unwired, td::unwired); });
  const td::RunReport report = run(defs, "j", {.config = td::RunConfig().input("add", "a", 3)});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("add").value(), 8);
  const td::RunReport both =
      run(defs, "j", {.config = td::RunConfig().input("add", "a", 3).input("add", "b", 1)});
  EXPECT_EQ(both.output<int>("add").value(), 4) << both.problem();
  EXPECT_NE(run(defs, "j").problem().find("inputs"), std::string::npos);
}

TEST(Ops, MoreIsSaidOfInputsAndOutputsThatThereAre) {
  EXPECT_THROW(td::op({.name = "add", .inputs = {"a"}, .in = {{"b", {}}}}, [](int a) { return a; }),
               td::DefinitionError);
}

TEST(Graphs, TakeValuesAndListsAndNames) {
  auto one = td::op("one", [] { return 1; });
  auto sum = td::op("sum", [](const std::vector<int>& ns, int n) {
    for (const int each : ns) n += each;
    return n;
  });
  auto work = td::graph({.name = "work", .inputs = {"many", "plus"}},
                        [&](td::Compose& c, td::Node<std::vector<int>> ns, td::Node<int> n) {
                          return c(sum, ns, n);
                        });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    c(work, std::vector<td::Node<int>>{c("a", one), c("b", one)}, 40);
  });
  const td::RunReport report = run(defs, "j");
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("work.sum").value(), 42);
}

TEST(Configuration, KnowsEnumerationsSelectorsAndAnything) {
  auto sow = td::op(
      "sow",
      [](const Sowing& c) {
        return std::string(c.season == Season::autumn ? "autumn" : "spring") +
               (c.pet->cat ? std::to_string(c.pet->cat->meows) : *c.pet->dog->name) +
               std::string(c.extra["x"].as_string().value_or("-"));
      },
      td::Config<Sowing>());
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(sow); });
  const auto with = [&](const std::string& config) {
    return run(defs, "j", {.config = R"({"ops":{"sow":{"config":)" + config + "}}}"});
  };
  const td::RunReport good =
      with(R"({"season":"autumn","pet":{"cat":{"meows":2}},"extra":{"x":"y"}})");
  ASSERT_TRUE(good.success()) << good.problem();
  EXPECT_EQ(good.output<std::string>("sow").value(), "autumn2y");
  EXPECT_EQ(with(R"({"pet":{"dog":{"name":"Rex"}}})").output<std::string>("sow").value(),
            "springRex-");
  const std::string wrong =
      with(R"({"season":"winter","pet":{"cat":{},"dog":{"name":"Rex"}}})").problem();
  EXPECT_NE(wrong.find("winter"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("root:ops:sow:config:pet"), std::string::npos) << wrong;
}

TEST(Configuration, MayCheckItself) {
  auto pick = td::op("pick", [](const Range& r) { return r.high; }, td::Config<Range>());
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) { c(pick); });
  EXPECT_EQ(run(defs, "j", {.config = td::RunConfig().op("pick", Range{1, 2})})
                .output<int>("pick")
                .value(),
            2);
  EXPECT_NE(run(defs, "j", {.config = td::RunConfig().op("pick", Range{3, 2})})
                .problem()
                .find("low is above high"),
            std::string::npos);
}

TEST(Configuration, IsSaidBeforehandOrMadeOfSimpler) {
  auto pick = td::op("pick", [](const Range& r) { return r.high; }, td::Config<Range>());
  auto fixed = td::configured("fixed", pick, Range{1, 7});
  auto quick = td::configured("quick", pick, td::Config<Speed>(),
                              [](const Speed& s) { return Range{0, s.fast ? 100 : 1}; });
  auto inner =
      td::graph({.name = "inner", .config_mapping = td::config_mapping<Speed>([](const Speed& s) {
                                    return td::RunConfig().op("pick", Range{0, s.fast ? 50 : 5});
                                  })},
                [&](td::Compose& c) { return c(pick); });
  td::Defs defs;
  defs.job("j", [&](td::Compose& c) {
    c(fixed);
    c(quick);
    c(inner);
  });
  const td::RunReport report = run(
      defs, "j",
      {.config = R"({"ops":{"quick":{"config":{"fast":true}},"inner":{"config":{"fast":true}}}})"});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<int>("fixed").value(), 7);
  EXPECT_EQ(report.output<int>("quick").value(), 100);
  EXPECT_EQ(report.output<int>("inner.pick").value(), 50);
  const auto wrong = td::validate_run_config(
      defs, "j",
      R"({"ops":{"quick":{"config":{"fats":1}},"inner":{"ops":{}},"fixed":{"config":{"low":1}}}})");
  ASSERT_FALSE(wrong);
  for (const char* told : {"\"fats\"", "Did you mean 'fast'", "root:ops:fixed:config"}) {
    EXPECT_NE(wrong.error().message.find(told), std::string::npos) << wrong.error().message;
  }
  EXPECT_THROW(td::configured("x", pick, DbConfig{{"y"}}), td::DefinitionError);
}

TEST(Configuration, OfAJobIsSaidWithIt) {
  auto pick = td::op("pick", [](const Range& r) { return r.high; }, td::Config<Range>());
  td::Defs defs;
  const auto compose = [&](td::Compose& c) { c(pick); };
  defs.job("own", compose, {.config = td::RunConfig().op("pick", Range{1, 3})});
  defs.job("mapped", compose, {.config_mapping = td::config_mapping<Speed>([](const Speed& s) {
                                 return td::RunConfig().op("pick", Range{0, s.fast ? 50 : 5});
                               })});
  EXPECT_EQ(run(defs, "own").output<int>("pick").value(), 3);
  const td::RunReport mapped = run(defs, "mapped", {.config = R"({"fast": true})"});
  EXPECT_EQ(mapped.output<int>("pick").value(), 50) << mapped.problem();
}

TEST(Resources, AreConfiguredByTheRun) {
  td::Defs defs;
  std::atomic<int> closed = 0;
  auto db = defs.resource(
      "db", td::Config<DbConfig>(), [](const DbConfig& c) { return Db{*c.url}; },
      [&](Db&) { ++closed; });
  auto ask = td::op("ask", [](Db& d) { return d.url; }, db);
  defs.job("j", [&](td::Compose& c) { c(ask); });
  const td::RunReport report =
      run(defs, "j", {.config = td::RunConfig().resource("db", DbConfig{{"db.local"}})});
  ASSERT_TRUE(report.success()) << report.problem();
  EXPECT_EQ(report.output<std::string>("ask").value(), "db.local");
  EXPECT_EQ(closed, 1);
  const td::RunReport wrong = run(defs, "j");
  EXPECT_EQ(wrong.run_id(), "");
  EXPECT_NE(wrong.problem().find("resources"), std::string::npos) << wrong.problem();
}

TEST(Definitions, AreJoinedChangedAndTold) {
  td::Defs one, two;
  one.asset("a", [] { return 1; });
  two.asset("b", [] { return 2; });
  two.external({.key = "orders", .deps = {"a"}});
  one.merge(two).map_assets([](td::AssetInfo& asset) { asset.group = "all"; });
  EXPECT_TRUE(one.problems().empty());
  EXPECT_EQ(one.definitions().steps.size(), 2u);
  EXPECT_EQ(one.definitions().sources[0].asset.group, "all");
  one.merge(two);
  EXPECT_FALSE(one.problems().empty());
}

TEST(Hooks, AreTakenByAssetsToo) {
  std::atomic<int> called = 0;
  td::Defs defs;
  defs.asset(
      {.key = "a", .hooks = {td::success_hook("count", [&](td::HookContext&) { ++called; })}},
      [] { return 1; });
  EXPECT_TRUE(make(defs).success());
  EXPECT_EQ(called, 1);
}

}  // namespace authoring
