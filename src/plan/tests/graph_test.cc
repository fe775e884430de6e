#include "graph_of.h"

#include <gtest/gtest.h>

namespace treadle::plan {
namespace {

std::string parents(const AssetGraph& g, const char* key) {
  return keys_of(g, g.node(g.find(key)).parents);
}
std::string children(const AssetGraph& g, const char* key) {
  return keys_of(g, g.node(g.find(key)).children);
}

TEST(AssetGraph, KnowsParentsAndChildrenOfEveryAsset) {
  const Definitions d =
      define({"raw", "clean <- raw", "train test <- clean", "eval <- train test"});
  const AssetGraph g(d);
  ASSERT_EQ(g.nodes().size(), 5u);
  EXPECT_EQ(parents(g, "raw"), "");
  EXPECT_EQ(children(g, "raw"), "clean");
  EXPECT_EQ(children(g, "clean"), "train test");
  EXPECT_EQ(parents(g, "eval"), "train test");
  EXPECT_EQ(g.node(g.find("test")).step, &d.steps[2]);
  EXPECT_EQ(g.node(g.find("test")).output, 1u);
}

TEST(AssetGraph, FindsNothingUnderAnUnknownKey) {
  const Definitions d = define({"raw"});
  EXPECT_EQ(AssetGraph(d).find("row"), kNoNode);
}

TEST(AssetGraph, AConsumerMayBeDeclaredBeforeItsProducer) {
  const Definitions d = define({"c <- b", "b <- a", "a"});
  const AssetGraph g(d);
  EXPECT_EQ(keys_of(g, g.topological_order()), "a b c");
}

TEST(AssetGraph, ASourceAssetMayFollowFromWhatIsMade) {
  const Definitions d =
      define({"!dashboard <- model", "model <- raw", "!raw <- upstream", "after <- dashboard"});
  const AssetGraph g(d);
  EXPECT_EQ(parents(g, "dashboard"), "model");
  EXPECT_EQ(children(g, "model"), "dashboard");
  EXPECT_EQ(children(g, "upstream"), "raw");
  EXPECT_EQ(keys_of(g, g.topological_order()), "upstream raw model dashboard after");
}

TEST(AssetGraph, KnowsWhoLooksAtASourceAsset) {
  Definitions d = define({"!a", "!b"});
  d.steps.push_back(observing_step("look", {"b"}));
  const AssetGraph g(d);
  EXPECT_EQ(g.node(g.find("a")).observer, nullptr);
  EXPECT_EQ(g.node(g.find("b")).observer, &d.steps[0]);
  EXPECT_EQ(g.node(g.find("b")).step, nullptr);
}

TEST(AssetGraph, TiesAreInOrderOfDeclaration) {
  const Definitions d = define({"z", "late <- end", "m", "a", "end"});
  const AssetGraph g(d);
  EXPECT_EQ(keys_of(g, g.topological_order()), "z m a end late");
}

TEST(AssetGraph, AnAssetOnlyNamedAsADependencyIsASource) {
  const Definitions d = define({"clean <- raw/events raw/users", "!raw/users"});
  const AssetGraph g(d);
  const Node& implied = g.node(g.find("raw/events"));
  EXPECT_EQ(implied.step, nullptr);
  EXPECT_EQ(implied.source, nullptr);
  EXPECT_EQ(implied.info->group, "default");
  EXPECT_EQ(g.node(g.find("raw/users")).source, &d.sources[0]);
  EXPECT_EQ(parents(g, "clean"), "raw/events raw/users");
}

TEST(AssetGraph, ADependencyNamedTwiceIsOneParent) {
  Definitions d = define({"a", "b <- a a"});
  const AssetGraph g(d);
  EXPECT_EQ(parents(g, "b"), "a");
  EXPECT_EQ(children(g, "a"), "b");
}

TEST(AssetGraph, AnOutputFollowsFromWhatItNamesOnly) {
  Definitions d = define({"a", "b", "x y z <- a b"});
  d.steps[2].outputs[0].follows_from = std::vector<AssetKey>{"b"};
  d.steps[2].outputs[1].follows_from = std::vector<AssetKey>{"x"};
  d.steps[2].outputs[2].follows_from = std::vector<AssetKey>{};
  const AssetGraph g(d);
  EXPECT_EQ(parents(g, "x"), "b");
  EXPECT_EQ(parents(g, "y"), "x");
  EXPECT_EQ(parents(g, "z"), "");
  EXPECT_EQ(children(g, "a"), "");
}

TEST(AssetGraph, SurvivesDefinitionsThatAreWrong) {
  const Definitions d = define({"a <- b", "b <- a", "c <- c", "a", "free", "!free"});
  const AssetGraph g(d);
  EXPECT_EQ(g.topological_order().size(), g.nodes().size());
  EXPECT_EQ(g.node(g.find("a")).step, &d.steps[0])
      << "the first of two assets with one key is kept";
  EXPECT_EQ(parents(g, "c"), "");
}

TEST(AssetGraph, OutputsThatAreNoAssetsAreNoNodes) {
  Definitions d = define({"a"});
  d.steps.push_back(check_step("positive", "a", false));
  EXPECT_EQ(AssetGraph(d).nodes().size(), 1u);
}

}  // namespace
}  // namespace treadle::plan
