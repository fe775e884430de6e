#include "graph_of.h"
#include <treadle/plan/staleness.h>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace treadle::plan {
namespace {

using Strings = std::vector<std::string>;

// A world in which runs happen: what materializing does to the facts, told in a line.
class Story {
 public:
  explicit Story(Definitions definitions) : definitions_(std::move(definitions)) { rebuild(); }

  // Makes `keys` with these data versions ("key" alone: "<key>-1"), from the versions there are now.
  Story& materialize(const Strings& keys) {
    ++run_;
    for (const std::string& text : keys) {
      const std::size_t equal = text.find('=');
      const std::string key = text.substr(0, equal);
      AssetFacts& facts = facts_[graph_->find(key)];
      facts.materialized = true;
      facts.artifact_gone = false;
      facts.run_id = "run" + std::to_string(run_);
      facts.time = run_;
      facts.provenance.data_version =
          equal == std::string::npos ? key + "-1" : text.substr(equal + 1);
      facts.provenance.code_version = code_version(graph_->node(graph_->find(key)));
      facts.provenance.artifact = "local/default/" + key + ":v0";
      facts.provenance.inputs.clear();
      for (const NodeId parent : graph_->node(graph_->find(key)).parents) {
        const AssetFacts& up = facts_[parent];
        facts.provenance.inputs.push_back(
            {graph_->node(parent).info->key,
             up.source_version.empty() ? up.provenance.data_version : up.source_version});
      }
    }
    return *this;
  }

  // Other definitions of the same assets: facts stay with their keys.
  Story& redefine(Definitions definitions) {
    std::map<std::string, AssetFacts> by_key;
    for (NodeId id = 0; id < facts_.size(); ++id) {
      by_key[graph_->node(id).info->key.text()] = facts_[id];
    }
    definitions_ = std::move(definitions);
    rebuild();
    for (NodeId id = 0; id < facts_.size(); ++id) {
      facts_[id] = by_key[graph_->node(id).info->key.text()];
    }
    return *this;
  }

  AssetFacts& facts(const char* key) { return facts_[graph_->find(key)]; }
  Definitions& definitions() { return definitions_; }
  std::map<std::string, std::string> code;  // by step name
  int code_asked = 0;

  // "fresh", or "missing: ..." / "stale: ...; ..." with the reasons.
  std::string status(const char* key) {
    code_asked = 0;
    const auto statuses = find_stale(*graph_, facts_, [this](const Node& node) {
      ++code_asked;
      return code_version(node);
    });
    const AssetStatus& status = statuses[graph_->find(key)];
    std::string text;
    switch (status.staleness) {
      case Staleness::kFresh:
        EXPECT_TRUE(status.reasons.empty());
        return "fresh";
      case Staleness::kStale:
        text = "stale: ";
        break;
      case Staleness::kMissing:
        text = "missing: ";
        break;
    }
    for (std::size_t i = 0; i < status.reasons.size(); ++i) {
      text += (i == 0 ? "" : "; ") + describe(status.reasons[i], *graph_);
    }
    return text;
  }

 private:
  void rebuild() {
    graph_ = std::make_unique<AssetGraph>(definitions_);
    facts_.assign(graph_->nodes().size(), {});
  }
  std::string code_version(const Node& node) const {
    const auto found = code.find(node.step->name);
    return found == code.end() ? "" : found->second;
  }

  Definitions definitions_;
  std::unique_ptr<AssetGraph> graph_;
  Facts facts_;
  int run_ = 0;
};

TEST(Staleness, AnAssetNeverMadeIsMissingAndWhatFollowsFromItIsStale) {
  Story story(define({"a", "b <- a"}));
  EXPECT_EQ(story.status("a"), "missing: never materialized");
  EXPECT_EQ(story.status("b"), "missing: never materialized");
  story.materialize({"a", "b"});
  story.facts("a") = {};
  EXPECT_EQ(story.status("b"), "stale: upstream 'a' is stale");
}

TEST(Staleness, WhatWasMadeFromWhatThereIsIsFresh) {
  Story story(define({"!csv", "a <- csv", "b c <- a", "d <- b c"}));
  story.materialize({"a", "b", "c", "d"});
  for (const char* key : {"csv", "a", "b", "c", "d"}) EXPECT_EQ(story.status(key), "fresh");
}

TEST(Staleness, AChangedUpstreamIsNamedWithBothVersions) {
  Story story(define({"a", "b <- a", "c <- b"}));
  story.materialize({"a=0123456789abcdef", "b", "c"}).materialize({"a=fedcba9876543210"});
  EXPECT_EQ(story.status("b"), "stale: upstream 'a' changed from 0123456789ab to fedcba987654");
  EXPECT_EQ(story.status("c"), "stale: upstream 'b' is stale");
}

TEST(Staleness, MakingTheSameContentAgainLeavesTheRestFresh) {
  Story story(define({"a", "b <- a", "c <- b"}));
  story.materialize({"a", "b", "c"}).materialize({"a"});
  EXPECT_EQ(story.status("b"), "fresh");
  story.materialize({"a=a-2"}).materialize({"b"});
  EXPECT_EQ(story.status("b"), "fresh");
  EXPECT_EQ(story.status("c"), "fresh") << "b came out as it was";
}

TEST(Staleness, ChangedCodeIsStale) {
  Story story(define({"a", "b <- a"}));
  story.code = {{"a", "1a2b"}, {"b", "same"}};
  story.materialize({"a", "b"});
  EXPECT_EQ(story.status("a"), "fresh");
  story.code["a"] = "3c4d";
  EXPECT_EQ(story.status("a"), "stale: code version changed from 1a2b to 3c4d");
  EXPECT_EQ(story.status("b"), "stale: upstream 'a' is stale");
}

TEST(Staleness, AnUnknownCodeVersionIsNotCompared) {
  Story story(define({"a", "b"}));
  story.code = {{"a", "1"}};
  story.materialize({"a", "b"});
  story.code = {{"b", "2"}};
  EXPECT_EQ(story.status("a"), "fresh");
  EXPECT_EQ(story.status("b"), "fresh");
}

TEST(Staleness, ACodeVersionGivenByTheUserIsTakenFromTheDefinition) {
  Story story(define({"a b"}));
  story.materialize({"a", "b"});
  story.facts("a").provenance.code_version = "v1";
  story.facts("b").provenance.code_version = "v1";
  story.code = {{"a_and_b", "derived"}};
  story.definitions().steps[0].outputs[0].asset.code_version = "v1";
  story.definitions().steps[0].outputs[1].asset.code_version = "v2";
  EXPECT_EQ(story.status("a"), "fresh");
  EXPECT_EQ(story.status("b"), "stale: code version changed from v1 to v2");
  EXPECT_EQ(story.code_asked, 0);
}

TEST(Staleness, TheCodeVersionIsAskedForOncePerStep) {
  Story story(define({"a b c", "d"}));
  story.code = {{"a_and_b_and_c", "1"}, {"d", "1"}};
  story.materialize({"a", "b", "c"});
  EXPECT_EQ(story.status("c"), "fresh");
  EXPECT_EQ(story.code_asked, 1) << "and not for what was never made";
}

TEST(Staleness, ASourceWithAKnownVersionMakesItsReadersStaleWhenItChanges) {
  Story story(define({"!csv", "a <- csv", "b <- a"}));
  story.facts("csv").source_version = "digest-1";
  story.materialize({"a", "b"});
  EXPECT_EQ(story.status("a"), "fresh");
  story.facts("csv").source_version = "digest-2";
  EXPECT_EQ(story.status("csv"), "fresh");
  EXPECT_EQ(story.status("a"), "stale: upstream 'csv' changed from digest-1 to digest-2");
  EXPECT_EQ(story.status("b"), "stale: upstream 'a' is stale");
  story.facts("csv").source_version = "";
  EXPECT_EQ(story.status("a"), "fresh") << "an unknown version is not compared";
}

TEST(Staleness, AnObservedMaterializationOfASourceCountsToo) {
  Story story(define({"!table", "a <- table"}));
  story.facts("table").provenance.data_version = "1";
  story.materialize({"a"});
  story.facts("table").provenance.data_version = "2";
  EXPECT_EQ(story.status("a"), "stale: upstream 'table' changed from 1 to 2");
}

TEST(Staleness, AddedAndRemovedDependenciesAreNamed) {
  Story story(define({"a", "b", "c <- a", "d"}));
  story.materialize({"a", "b", "c", "d"});
  story.redefine(define({"a", "b", "c <- b"}));
  EXPECT_EQ(story.status("c"), "stale: dependency on 'b' added; dependency on 'a' removed");
  story.redefine(define({"b", "c"}));
  EXPECT_EQ(story.status("c"), "stale: dependency on 'a' removed") << "which is no asset any more";
}

TEST(Staleness, TheOrderOfDependenciesDoesNotMatter) {
  Story story(define({"a", "b", "c", "d <- a b c"}));
  story.materialize({"a", "b", "c", "d"});
  story.redefine(define({"a", "b", "c", "d <- c a b"}));
  EXPECT_EQ(story.status("d"), "fresh");
}

TEST(Staleness, AnArtifactThatIsGoneIsToBeMadeAgain) {
  Story story(define({"a", "b <- a"}));
  story.materialize({"a", "b"});
  story.facts("a").artifact_gone = true;
  EXPECT_EQ(story.status("a"), "stale: artifact local/default/a:v0 is gone");
  EXPECT_EQ(story.status("b"), "stale: upstream 'a' is stale");
}

TEST(Staleness, SeveralReasonsAreAllGiven) {
  Story story(define({"a", "b", "c <- a b"}));
  story.code = {{"c", "1"}, {"b", "1"}};
  story.materialize({"a", "b", "c"}).materialize({"a=a-2"});
  story.code = {{"c", "2"}, {"b", "2"}};
  EXPECT_EQ(story.status("c"),
            "stale: code version changed from 1 to 2; upstream 'a' changed from a-1 to a-2; "
            "upstream 'b' is stale");
}

TEST(Staleness, OutputsOfOneCallFollowFromEachOther) {
  Definitions d = define({"a", "x y <- a"});
  d.steps[1].outputs[1].follows_from = std::vector<AssetKey>{"x"};
  Story story(std::move(d));
  // y is handed over before x: its record cannot know the version of x.
  story.materialize({"a"}).materialize({"y", "x"});
  EXPECT_EQ(story.status("y"), "fresh");
  story.materialize({"x=x-2"});
  story.facts("y").provenance.inputs[0].data_version = "x-1";
  EXPECT_EQ(story.status("y"), "stale: upstream 'x' changed from x-1 to x-2");
}

TEST(Staleness, AnOptionalOutputIsAsFreshAsTheLatestCall) {
  Definitions d = define({"a", "x y <- a", "z <- y"});
  d.steps[1].outputs[1].required = false;
  Story story(std::move(d));
  EXPECT_EQ(story.status("y"), "missing: never materialized");
  story.materialize({"a", "x"});
  EXPECT_EQ(story.status("y"), "fresh") << "it was left out, and would be again";
  story.materialize({"x", "y", "z"}).materialize({"a=a-2"});
  EXPECT_EQ(story.status("y"), "stale: upstream 'a' changed from a-1 to a-2");
  story.materialize({"x"});
  EXPECT_EQ(story.status("y"), "fresh") << "made by an earlier call, left out by the latest";
  EXPECT_EQ(story.status("z"), "fresh");
  story.definitions().steps[1].can_subset = true;
  EXPECT_EQ(story.status("y"), "stale: upstream 'a' changed from a-1 to a-2")
      << "the latest call may not have been asked for it";
}

TEST(Staleness, VersionsThatStartAlikeAreShownWhole) {
  Story story(define({"a", "b <- a"}));
  story.materialize({"a=sha256:0123456789", "b"}).materialize({"a=sha256:0123456780"});
  EXPECT_EQ(story.status("b"),
            "stale: upstream 'a' changed from sha256:0123456789 to sha256:0123456780");
}

// Whatever happened, making what is stale (in order) leaves nothing stale; and nothing else was needed.
TEST(Staleness, MakingWhatIsStaleLeavesEverythingFresh) {
  std::mt19937 random(7);
  const auto pick = [&](int below) {
    return std::uniform_int_distribution<>(0, below - 1)(random);
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> lines{"!s"};
    const int assets = 2 + pick(10);
    for (int i = 0; i < assets; ++i) {
      std::string line = "a" + std::to_string(i) + " <- s";
      for (int j = 0; j < i; ++j) {
        if (pick(3) == 0) line += " a" + std::to_string(j);
      }
      lines.push_back(line);
    }
    Story story(define(lines));
    const AssetGraph graph(story.definitions());
    for (int i = 0; i < assets; ++i) {
      if (pick(5) > 0) story.materialize({"a" + std::to_string(i)});
    }
    for (int change = 0; change < 3; ++change) {
      const std::string key = "a" + std::to_string(pick(assets));
      if (pick(2)) {
        story.materialize({key + "=v" + std::to_string(pick(3))});
      } else {
        story.facts("s").source_version = "s" + std::to_string(pick(3));
      }
    }
    for (const NodeId id : graph.topological_order()) {
      const std::string key = graph.node(id).info->key.text();
      if (story.status(key.c_str()) != "fresh") story.materialize({key});
    }
    for (const NodeId id : graph.topological_order()) {
      const std::string key = graph.node(id).info->key.text();
      ASSERT_EQ(story.status(key.c_str()), "fresh") << key;
    }
  }
}

}  // namespace
}  // namespace treadle::plan
