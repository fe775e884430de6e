#include <treadle/model/artifact_name.h>
#include <treadle/model/asset_key.h>
#include <treadle/model/run.h>

#include <gtest/gtest.h>

#include <set>

namespace treadle {
namespace {

TEST(AssetKey, IsItsPartsJoinedBySlashes) {
  EXPECT_EQ(AssetKey("raw/iris").parts(), (std::vector<std::string>{"raw", "iris"}));
  EXPECT_EQ(AssetKey(std::vector<std::string>{"raw", "iris"}), AssetKey("raw/iris"));
  EXPECT_TRUE(AssetKey("").empty());
  EXPECT_LT(AssetKey("a"), AssetKey("b"));
}

TEST(AssetKey, BadKeysAreRefusedWithTheRuleTheyBreak) {
  const auto rule = [](const AssetKey& key) {
    const auto result = key.check();
    return result ? std::string("fine") : result.error().message;
  };
  EXPECT_EQ(rule("raw/iris 한글"), "fine");
  EXPECT_NE(rule("a//b").find("empty"), std::string::npos);
  EXPECT_NE(rule("").find("at least one part"), std::string::npos);
  EXPECT_NE(rule(std::string("a\0b", 3)).find("control"), std::string::npos);
  EXPECT_NE(rule("a\xe2\x80\xae"
                 "b")
                .find("invisible"),
            std::string::npos)
      << "right-to-left override";
  EXPECT_NE(rule("\xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(rule(std::string(256, 'a')).find("255"), std::string::npos);
  EXPECT_NE(rule(AssetKey(std::vector<std::string>{"a/b"})).find("'/'"), std::string::npos);
  EXPECT_LT(rule(std::string(10'000'000, 'a')).size(), 300U) << "a message stays short";
}

TEST(ArtifactRef, IsReadWithAndWithoutItsParts) {
  EXPECT_EQ(parse_artifact_ref("model").value(), (ArtifactRef{"", "", "model", ""}));
  EXPECT_EQ(parse_artifact_ref("e/p/model:v3").value(), (ArtifactRef{"e", "p", "model", "v3"}));
  EXPECT_EQ(parse_artifact_ref("p/model:best one").value(),
            (ArtifactRef{"", "p", "model", "best one"}));
  for (const char* host : {"http://127.0.0.1:8080", "https://example.org/wandb"}) {
    const std::string text = std::string(host) + "/e/p/model:v3";
    EXPECT_EQ(parse_artifact_ref(text).value(), (ArtifactRef{"e", "p", "model", "v3", host}));
    EXPECT_EQ(parse_artifact_ref(text).value().text(), text);
  }
  EXPECT_FALSE(parse_artifact_ref("https://example.org/model"));
  EXPECT_EQ(parse_artifact_ref("e/p/model:v3").value().text(), "e/p/model:v3");
  for (const char* bad :
       {"", "a/b/c/d", "a:", "../x", "a b/", ":v1", "a:b:c", "mod\xd0\xb5l", "a/../b"}) {
    EXPECT_FALSE(parse_artifact_ref(bad)) << bad;
  }
}

TEST(EntryPath, MustStayInsideTheArtifact) {
  for (const char* good : {"a", "a/b.txt", "dir with space/한글", "...", "a..b"}) {
    EXPECT_TRUE(check_entry_path(good)) << good;
  }
  for (const std::string& bad :
       {std::string("../a"), std::string("a/../b"), std::string("/a"), std::string("a//b"),
        std::string("a/"), std::string("a\\b"), std::string("a\0b", 3), std::string("."),
        std::string("a\nb"), std::string(5000, 'a'), std::string()}) {
    EXPECT_EQ(check_entry_path(bad).error().code, Errc::kInvalidArgument) << bad;
  }
}

TEST(Alias, VersionsAreRecognised) {
  EXPECT_TRUE(is_version_name("v0"));
  EXPECT_TRUE(is_version_name("v12"));
  for (const char* other : {"v", "v1a", "V1", "latest", "1"})
    EXPECT_FALSE(is_version_name(other)) << other;
}

TEST(ArtifactName, DifferentAssetKeysNeverShareOne) {
  EXPECT_EQ(artifact_name_for("raw/iris"), "raw.iris");
  const std::vector<AssetKey> keys = {"a/b",
                                      "a.b",
                                      "a-2eb",
                                      "a b",
                                      "a_b",
                                      "ab",
                                      AssetKey(std::string(200, 'x')),
                                      AssetKey(std::string(201, 'x')),
                                      "한",
                                      "글"};
  std::set<std::string> names;
  for (const AssetKey& key : keys) {
    const std::string name = artifact_name_for(key);
    EXPECT_TRUE(check_artifact_name("artifact name", name)) << name;
    names.insert(name);
  }
  EXPECT_EQ(names.size(), keys.size());
}

TEST(RunId, MayNotHoldWhatPathsAndUrlsUse) {
  EXPECT_TRUE(check_run_id("7e4df022-1bf2-44b5-a383-bb852df4077e"));
  for (const char* bad : {"", "a/b", "a#b", "..", "a\nb", "50%"})
    EXPECT_FALSE(check_run_id(bad)) << bad;
}

}  // namespace
}  // namespace treadle
