#include "declare.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace treadle {
namespace {

TEST(Cycles, NameTheWholePathAndWhoReadsWhat) {
  Definitions d;
  d.steps = {at(asset("a", {reads("c")}), 1), at(asset("b", {reads("a")}), 5),
             at(asset("c", {follows("b")}), 9)};
  EXPECT_EQ(texts(find_problems(d)),
            Texts{"cycle: p.py:1: These depend on each other in a circle: a -> b -> c -> a. "
                  "Remove one of the dependencies: asset 'b' reads a (p.py:5), asset 'c' reads b "
                  "(p.py:9), asset 'a' reads c (p.py:1)."});
}

TEST(Cycles, AreSaidOnceEachWithAShortestWay) {
  Definitions d;
  d.steps = {asset("a", {reads("b"), reads("d")}),
             asset("b", {reads("a"), reads("c")}),
             asset("c", {reads("b")}),
             asset("d", {reads("c")}),
             asset("x", {reads("y"), reads("a")}),
             asset("y", {reads("x")})};
  const auto problems = find_problems(d);
  ASSERT_EQ(codes(problems), (Texts{"cycle", "cycle"}));
  EXPECT_NE(problems[0].message.find("circle: a -> b -> a."), std::string::npos);
  EXPECT_NE(problems[1].message.find("circle: x -> y -> x."), std::string::npos);
}

TEST(Cycles, ACheckWithinAGraphOfAssetsMayComeBeforeTheAsset) {
  Definitions d;
  d.steps = {asset("a"), check("c", "a", {})};
  InputDef& checked = d.steps[0].inputs.emplace_back();
  checked.name = "c";
  checked.from = {{"c", "result"}};
  d.steps[1].name = "c";
  const auto circles = [&] {
    const Texts found = codes(find_problems(d));
    return std::count(found.begin(), found.end(), "cycle");
  };
  EXPECT_EQ(circles(), 1);
  d.steps[1].checks[0].output = "result";
  EXPECT_EQ(circles(), 0);
}

TEST(Cycles, AStepThatReadsWhatItMakesDependsOnItself) {
  Definitions d;
  d.steps = {at(asset("a", {reads("a")}), 4), multi_asset("m", {"x", "y"}, {reads("x")})};
  EXPECT_EQ(texts(find_problems(d)),
            (Texts{"self_dependency: p.py:4: Asset 'a' depends on itself: it reads 'a', which it "
                   "makes. Remove this input, read another asset, or of time partitions earlier "
                   "windows (TimeWindowPartitionMapping with offsets below zero).",
                   "self_dependency: Multi-asset 'm' depends on itself: it reads 'x', which it "
                   "makes. Remove this input, read another asset, or of time partitions earlier "
                   "windows (TimeWindowPartitionMapping with offsets below zero)."}));
}

TEST(Cycles, OfEarlierWindowsOfOneDimensionAreNone) {
  const auto mapping = [](int offset) {
    const auto time = std::make_shared<PartitionMapping>(
        PartitionMapping{TimeWindowMapping{.start_offset = offset, .end_offset = offset}});
    const auto same = std::make_shared<PartitionMapping>(PartitionMapping{IdentityMapping{}});
    return std::make_shared<PartitionMapping>(
        PartitionMapping{MultiMapping{{{"day", "day", time}, {"region", "region", same}}}});
  };
  Definitions d;
  d.steps = {asset("a", {reads("a")})};
  d.steps[0].inputs[0].partition_mapping = mapping(-1);
  EXPECT_TRUE(find_problems(d).empty());
  d.steps[0].inputs[0].partition_mapping = mapping(0);
  EXPECT_EQ(codes(find_problems(d)), Texts{"self_dependency"});
}

TEST(Cycles, MayGoThroughABlockingCheck) {
  Definitions d;
  d.steps = {asset("a"), asset("b", {reads("a")}), check("same", "a", {reads("a"), reads("b")})};
  EXPECT_TRUE(find_problems(d).empty());
  d.steps[2].checks[0].blocking = true;
  const auto problems = find_problems(d);
  ASSERT_EQ(codes(problems), Texts{"cycle"});
  EXPECT_EQ(problems[0].message,
            "These depend on each other in a circle: b -> check 'same' of a -> b.");
  EXPECT_EQ(problems[0].cure,
            "Remove one of the dependencies: check 'same' of 'a' reads b, asset 'b' waits for "
            "check 'same' of a.");
}

TEST(Cycles, MayGoThroughACheckThatLivesInAnotherStep) {
  Definitions d;
  d.steps = {asset("a"), asset("b", {reads("a")})};
  d.steps[0].checks.emplace_back();
  d.steps[0].checks[0].name = "same";
  d.steps[0].checks[0].asset = "b";
  EXPECT_EQ(codes(find_problems(d)), Texts{"cycle"});
}

TEST(Cycles, AreFoundBetweenOutputsOfOneStep) {
  Definitions d;
  d.steps = {multi_asset("m", {"x", "y", "z"})};
  d.steps[0].outputs[0].follows_from = std::vector<AssetKey>{"z"};
  d.steps[0].outputs[1].follows_from = std::vector<AssetKey>{"x"};
  EXPECT_TRUE(find_problems(d).empty());
  d.steps[0].outputs[2].follows_from = std::vector<AssetKey>{"y"};
  const auto problems = find_problems(d);
  ASSERT_EQ(codes(problems), Texts{"cycle"});
  EXPECT_EQ(problems[0].message,
            "Outputs of 'm' follow from each other in a circle: x -> y -> z -> x.");
}

TEST(Cycles, OfThousandsOfStepsNeedNoRecursionAndShortText) {
  Definitions d;
  constexpr int kSteps = 50'000;
  for (int i = 0; i < kSteps; ++i) {
    d.steps.push_back(
        asset("s" + std::to_string(i), {reads("s" + std::to_string((i + 1) % kSteps))}));
  }
  const auto problems = find_problems(d);
  ASSERT_EQ(codes(problems), Texts{"cycle"});
  EXPECT_LT(problems[0].text().size(), 2000u);
  EXPECT_NE(problems[0].message.find("... (49900 more) -> s0."), std::string::npos);
}

}  // namespace
}  // namespace treadle
