#include "declare.h"

#include <gtest/gtest.h>

#include <limits>

namespace treadle {
namespace {

struct NeedyManager : IOManager {
  StepOutcome handle_output(OutputContext&, const Value&) override { return {}; }
  tl::expected<Value, StepFailure> load_input(InputContext&) override { return Value(); }
  std::vector<std::string> required_resources() const override { return {"bucket"}; }
};

struct NeedyResource : Resource {
  explicit NeedyResource(std::string need) : need_(std::move(need)) {}
  tl::expected<Value, StepFailure> set_up(const SetupContext&) override { return Value(); }
  std::vector<std::string> required_resources() const override { return {need_}; }
  std::string need_;
};

struct AnyCodec : Codec {
  Result<Encoded> encode(const Value&) const override { return Encoded{}; }
  Result<Value> decode(Stored&) const override { return Value(); }
};

std::string only_problem(const Definitions& d) {
  const Texts all = texts(find_problems(d));
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : "\n") + one;
  return text;
}

TEST(FindProblems, HasNothingToSayAboutGoodDefinitions) {
  Definitions d;
  d.sources = {source("csv")};
  d.steps = {asset("raw", {reads("csv")}), multi_asset("split", {"train", "test"}, {reads("raw")}),
             asset("model", {reads("train"), follows("made/elsewhere")}),
             check("good", "model", {reads("model"), reads("test")})};
  d.steps[0].outputs[0].asset.group = "ingest/raw_2";
  d.steps[0].outputs[0].asset.owners = {"ana@example.com", "team:data"};
  d.steps[0].outputs[0].asset.tags = {{"dagster/priority", "3"}, {"empty", ""}};
  d.steps[0].outputs[0].asset.kinds = {"python", "scikit-learn"};
  d.steps[1].outputs[0].follows_from = std::vector<AssetKey>{"raw"};
  d.steps[1].outputs[1].follows_from = std::vector<AssetKey>{"train"};
  d.steps[1].retry_policy = RetryPolicy{};
  d.jobs = {{.name = "all",
             .selection = "",
             .description = "",
             .tags = {},
             .retry_policy = {},
             .place = {}}};
  EXPECT_EQ(only_problem(d), "");
}

TEST(FindProblems, ReportsEverythingTogetherInOrderOfDeclaration) {
  Definitions d;
  d.steps = {at(asset("a", {reads("b")}), 1), at(asset("b", {reads("a"), reads("ghost")}), 2),
             at(asset("c"), 3), at(asset("c"), 4)};
  d.steps[2].required_resources = {"db"};
  d.steps[3].outputs[0].asset.owners = {"bob"};
  d.sources = {source("")};
  EXPECT_EQ(codes(find_problems(d)), (Texts{"bad_key", "cycle", "unknown_dep", "missing_resource",
                                            "duplicate_key", "bad_owner"}));
}

TEST(FindProblems, ADuplicateKeyNamesBothPlaces) {
  Definitions d;
  d.steps = {at(asset("a"), 3), at(asset("a"), 9)};
  EXPECT_EQ(only_problem(d),
            "duplicate_key: p.py:9: Asset 'a' is declared twice: by step 'a' (p.py:3) and by step "
            "'a' (p.py:9). Remove one of them, or give it another key.");
  d.steps.pop_back();
  d.sources = {source("a")};
  EXPECT_EQ(only_problem(d),
            "duplicate_key: Asset 'a' is declared twice: by step 'a' (p.py:3) and as a source "
            "asset. Remove the source asset, or give the one that is made another key.");
}

TEST(FindProblems, TwoStepsOfOneNameAreDuplicates) {
  Definitions d;
  d.steps = {at(asset("raw/iris"), 1), at(asset("raw__iris"), 2)};
  d.steps[0].name = d.steps[1].name = "raw__iris";
  EXPECT_EQ(only_problem(d),
            "duplicate_step: p.py:2: Two steps are called 'raw__iris': Asset 'raw/iris' (p.py:1) "
            "and Asset 'raw__iris' (p.py:2). Give one of them another name.");
}

TEST(FindProblems, AValueOfAnUnknownAssetIsAnErrorWithTheNearName) {
  Definitions d;
  d.steps = {asset("orders"), at(asset("sums", {reads("ordres")}), 7)};
  EXPECT_EQ(only_problem(d),
            "unknown_dep: p.py:7: Asset 'sums' reads 'ordres', but nothing in these definitions "
            "makes or declares it. Did you mean 'orders'? Otherwise declare 'ordres' as an asset "
            "or as a source asset, or depend on it without loading its value.");
  d.steps[1] = asset("sums", {reads("elsewhere/table")});
  d.steps[1].inputs[0].name = "table";
  EXPECT_EQ(only_problem(d),
            "unknown_dep: Asset 'sums' reads 'elsewhere/table' (parameter 'table'), but nothing in "
            "these definitions makes or declares it. Declare 'elsewhere/table' as an asset or as a "
            "source asset, or depend on it without loading its value.");
  d.steps[1] = asset("sums", {follows("elsewhere/table")});
  EXPECT_EQ(only_problem(d), "")
      << "without a value it is an asset of somebody else, as in Dagster";
}

TEST(FindProblems, MissingResourcesAndIoManagersAreNamedWithTheNearest) {
  Definitions d;
  d.steps = {asset("a"), asset("b", {reads("a")})};
  d.resources["database"] = nullptr;
  d.io_managers["warehouse"] = nullptr;
  d.steps[0].required_resources = {"databse", "warehouse", "io_manager", "database"};
  d.steps[0].outputs[0].stores_value = true;
  d.steps[0].outputs[0].io_manager_key = "warehous";
  d.steps[1].inputs[0].io_manager_key = "s3";
  EXPECT_EQ(
      texts(find_problems(d)),
      (Texts{
          "missing_io_manager: io manager with key 'warehous' required by output 'result' "
          "of op 'a'' was not provided. Did you mean 'warehouse'? Add 'warehous' to the "
          "definitions.",
          "missing_resource: resource with key 'databse' required by op 'a' was not "
          "provided. Did you mean 'database'? Add 'databse' to the resources of the definitions, "
          "or remove the requirement.",
          "missing_io_manager: input manager with key 's3' required by input 'a' of op "
          "'b' was not provided. Add 's3' to the definitions."}));
}

TEST(FindProblems, ResourcesOfResourcesAreLookedAtToo) {
  Definitions d;
  d.io_managers["io_manager"] = std::make_shared<NeedyManager>();
  d.resources["a"] = std::make_shared<NeedyResource>("b");
  d.resources["b"] = std::make_shared<NeedyResource>("a");
  d.resources["c"] = std::make_shared<NeedyResource>("d");
  EXPECT_EQ(texts(find_problems(d)),
            (Texts{"missing_resource: resource with key 'bucket' required by resource with key "
                   "'io_manager' was not provided. Add 'bucket' to the resources of the "
                   "definitions, or remove the "
                   "requirement.",
                   "missing_resource: resource with key 'd' required by resource with key 'c' was "
                   "not provided. Did you mean 'a'? Add 'd' to the resources of the definitions, "
                   "or remove the "
                   "requirement.",
                   "resource_cycle: Resources need each other: a -> b -> a. Remove one of these "
                   "requirements."}));
}

TEST(FindProblems, AParameterOfAnotherTypeThanTheProducerIsAMismatch) {
  Definitions d;
  d.steps = {at(asset("a"), 1), at(asset("b", {reads("a")}), 2)};
  d.steps[0].outputs[0].type = &typeid(std::string);
  d.steps[1].inputs[0].type = &typeid(std::vector<int>);
  EXPECT_EQ(only_problem(d),
            "type_mismatch: p.py:2: Asset 'b' reads 'a' as std::vector<int> (parameter 'a'), but "
            "it is declared as std::string (p.py:1). Change one of the two types so that they are "
            "the same.");
  d.steps[1].inputs[0].type = &typeid(std::string);
  EXPECT_EQ(only_problem(d), "");
  d.steps[1].inputs[0].type = nullptr;
  EXPECT_EQ(only_problem(d), "");
}

TEST(FindProblems, ASourceHasATypeTooUnlessAnotherIoManagerLoadsIt) {
  Definitions d;
  d.sources = {source("a")};
  d.sources[0].type = &typeid(int);
  d.steps = {asset("b", {reads("a")})};
  d.steps[0].inputs[0].type = &typeid(double);
  EXPECT_EQ(codes(find_problems(d)), Texts{"type_mismatch"});
  d.io_managers["other"] = nullptr;
  d.steps[0].inputs[0].io_manager_key = "other";
  EXPECT_EQ(only_problem(d), "");
}

TEST(FindProblems, AValueThatNothingCanWriteIsSaid) {
  Definitions d;
  d.steps = {asset("a")};
  d.steps[0].outputs[0].stores_value = true;
  d.steps[0].outputs[0].type = &typeid(Place);
  EXPECT_EQ(only_problem(d),
            "missing_codec: Asset 'a' has a value to keep, but nothing says how to write it (its "
            "type is treadle::Place). Give its type a codec, choose another IO manager, or return "
            "nothing.");
  d.steps[0].outputs[0].codec = std::make_shared<AnyCodec>();
  EXPECT_EQ(only_problem(d), "");
}

TEST(FindProblems, ChecksOfOneAssetHaveNamesOfTheirOwn) {
  Definitions d;
  d.steps = {asset("orders"), at(check("rows", "orders", {reads("orders")}), 3),
             at(check("rows", "orders", {reads("orders")}), 4)};
  d.steps[2].name = "rows_again";
  EXPECT_EQ(texts(find_problems(d)),
            (Texts{"duplicate_check: p.py:4: Asset 'orders' has two checks called 'rows': in step "
                   "'orders_rows' (p.py:3) and in step 'rows_again' (p.py:4). Give one of them "
                   "another name."}));
}

TEST(FindProblems, AnAssetThatOtherDefinitionsMakeMayBeChecked) {
  Definitions d;
  d.steps = {check("fresh", "theirs", {follows("theirs")})};
  EXPECT_EQ(only_problem(d), "");
}

TEST(FindProblems, NamesFollowTheRules) {
  const auto problems_with = [](auto change) {
    Definitions d;
    d.steps = {asset("a")};
    change(d.steps[0].outputs[0].asset);
    return only_problem(d);
  };
  EXPECT_EQ(problems_with([](AssetInfo& a) { a.group = "my group"; }),
            "bad_group: Asset 'a' is in group 'my group', which is no group name. Use letters, "
            "digits and '_', in one or more parts joined by '/'.");
  EXPECT_EQ(problems_with([](AssetInfo& a) { a.owners = {"ana@example", "ana@example.com"}; }),
            "bad_owner: Asset 'a' has owner 'ana@example', which is neither an e-mail address nor "
            "a team. Write an address like 'ana@example.com' or a team like 'team:data'.");
  EXPECT_EQ(problems_with([](AssetInfo& a) { a.tags = {{"a b", ""}}; }),
            "bad_tag: Asset 'a' has a tag with the key 'a b'. Use letters, digits, '_', '-' and "
            "'.', at most 63 of them; one '/' may separate a namespace.");
  for (const char* good : {"a", "a/b", "A1_", "m/n/o"}) {
    EXPECT_EQ(problems_with([&](AssetInfo& a) { a.group = good; }), "") << good;
  }
  for (const char* bad : {"", "/", "a/", "a-b", "é", " "}) {
    EXPECT_NE(problems_with([&](AssetInfo& a) { a.group = bad; }), "") << bad;
  }
  for (const char* good : {"a@b.co", "A.b+c%d-e@x-y.example.io", "team:x", "team:a b"}) {
    EXPECT_EQ(problems_with([&](AssetInfo& a) { a.owners = {good}; }), "") << good;
  }
  for (const char* bad : {"", "bob", "team:", "a@b.c", "a b@c.de", "@b.de", "a@.de", "a@b.d3"}) {
    EXPECT_NE(problems_with([&](AssetInfo& a) { a.owners = {bad}; }), "") << bad;
  }
  const std::string longest(63, 'x');
  for (const std::string& bad :
       {std::string(), longest + "x", std::string("a/b/c"), std::string("a/")}) {
    EXPECT_NE(problems_with([&](AssetInfo& a) { a.tags = {{bad, "v"}}; }), "") << bad;
  }
  EXPECT_EQ(problems_with([&](AssetInfo& a) { a.tags = {{longest + "/" + longest, longest}}; }),
            "");
  EXPECT_NE(problems_with([&](AssetInfo& a) { a.tags = {{"k", "x=y"}}; }), "");
  EXPECT_NE(problems_with([&](AssetInfo& a) { a.kinds = {"a b"}; }), "");
  EXPECT_NE(problems_with([&](AssetInfo& a) { a.key = "a//b"; }), "");
  EXPECT_NE(problems_with([&](AssetInfo& a) { a.key = std::string("a\0b", 3); }), "");
}

TEST(FindProblems, RetryPoliciesAreNotNegative) {
  Definitions d;
  d.steps = {asset("a")};
  d.steps[0].retry_policy = RetryPolicy{.max_retries = -1, .delay = -0.5};
  d.jobs.emplace_back();
  d.jobs[0].name = "nightly";
  d.jobs[0].retry_policy = RetryPolicy{.delay = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(texts(find_problems(d)),
            (Texts{"bad_retry_policy: Asset 'a' has a retry policy with max_retries -1. Give the "
                   "number of retries after the first attempt: 0 or more.",
                   "bad_retry_policy: Asset 'a' has a retry policy with a delay of -0.5 seconds. "
                   "Give the seconds to wait before a retry: 0 or more.",
                   "bad_retry_policy: Job 'nightly' has a retry policy with a delay of nan "
                   "seconds. Give the seconds to wait before a retry: 0 or more."}));
}

TEST(FindProblems, AnOutputFollowsFromInputsAndOtherOutputsOnly) {
  Definitions d;
  d.steps = {asset("raw"), multi_asset("split", {"train", "test"}, {reads("raw")})};
  d.steps[1].outputs[0].follows_from = std::vector<AssetKey>{"row", "test"};
  EXPECT_EQ(only_problem(d),
            "unknown_follows_from: Asset 'train' follows from 'row', which is neither an input nor "
            "another asset of 'split'. Did you mean 'raw'? Add 'row' to the inputs of 'split', or "
            "remove it here.");
}

TEST(FindProblems, PartsOfAStepHaveNamesOfTheirOwn) {
  Definitions d;
  d.steps = {asset("a"), multi_asset("m", {"x", "y"}, {reads("a"), reads("a")})};
  d.steps[1].outputs[1].name = "x";
  d.jobs.resize(2);
  EXPECT_EQ(codes(find_problems(d)),
            (Texts{"duplicate_input", "duplicate_output", "duplicate_job"}));
}

}  // namespace
}  // namespace treadle
