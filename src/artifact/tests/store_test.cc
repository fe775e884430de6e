#include "test_home.h"
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

using test::draft_of;
using test::must;
using test::TestHome;
using Strings = std::vector<std::string>;

TEST(Store, TheEmptyArtifactHasWandbsDigest) {
  TestHome home;
  const Logged logged = must(home.store().log(draft_of("empty", {})));
  EXPECT_EQ(logged.version.digest, "64e7c61456b10382e2f3b571ac24b659");
}

TEST(Store, LoggedBytesAreReadBack) {
  TestHome home;
  const Logged logged =
      must(home.store().log(draft_of("iris", {{"a.txt", "hello"}, {"d/b", "x"}})));
  EXPECT_TRUE(logged.created);
  EXPECT_EQ(logged.version.name(), "iris:v0");
  EXPECT_EQ(logged.version.text(), "local/default/iris:v0");
  EXPECT_EQ(logged.version.aliases, Strings{"latest"});
  EXPECT_EQ(logged.version.size, 6);
  EXPECT_EQ(logged.version.file_count, 2);
  const Version found = must(home.store().get({"", "", "iris", ""}));
  EXPECT_EQ(must(home.store().read(found, "d/b")), "x");
  const auto entries = must(home.store().entries(found));
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].path, "a.txt");
  EXPECT_EQ(entries[0].md5, "XUFAKrxLKna5cZ2REBfFkg==");
  EXPECT_EQ(entries[0].sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
}

TEST(Store, TheSameContentAgainIsTheSameVersionWithTheNewAliases) {
  TestHome home;
  must(home.store().log(draft_of("iris", {{"a", "1"}})));
  const Logged again = must(home.store().log(draft_of("iris", {{"a", "1"}}, {"best"})));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.version.index, 0);
  EXPECT_EQ(again.version.aliases, (Strings{"best", "latest"}));
}

TEST(Store, ContentOfAnOlderVersionMakesANewOne) {
  TestHome home;
  must(home.store().log(draft_of("iris", {{"a", "1"}})));
  must(home.store().log(draft_of("iris", {{"a", "2"}})));
  const Logged third = must(home.store().log(draft_of("iris", {{"a", "1"}})));
  EXPECT_TRUE(third.created);
  EXPECT_EQ(third.version.index, 2);
}

TEST(Store, LatestAndAliasesMoveToTheVersionLoggedLast) {
  TestHome home;
  must(home.store().log(draft_of("iris", {{"a", "1"}}, {"best"})));
  must(home.store().log(draft_of("iris", {{"a", "2"}}, {"best"})));
  EXPECT_EQ(must(home.store().get({"", "", "iris", "latest"})).index, 1);
  EXPECT_EQ(must(home.store().get({"", "", "iris", "best"})).index, 1);
  EXPECT_EQ(must(home.store().get({"", "", "iris", "v0"})).aliases, Strings{});
}

TEST(Store, AnotherTypeForACollectionIsRefusedWithTheCure) {
  TestHome home;
  must(home.store().log(draft_of("iris", {{"a", "1"}})));
  Draft draft = draft_of("iris", {{"a", "2"}});
  draft.type = "model";
  const auto refused = home.store().log(draft);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("type 'dataset', not 'model'"), std::string::npos);
  EXPECT_EQ(must(home.store().versions({"", "", "iris", ""})).size(), 1U);
}

TEST(Store, HostileNamesAreRefusedWithTheRule) {
  TestHome home;
  const std::string nul("a\0b", 3);
  for (const std::string& name : Strings{"../up", nul, std::string(10'000'000, 'x'), "", ".",
                                         "irіs" /* a Cyrillic letter */, "a/b", "a:v1"}) {
    const auto refused = home.store().log(draft_of(name, {{"a", "1"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kInvalidArgument);
    EXPECT_LT(refused.error().message.size(), 1000U);
  }
  for (const std::string& path : Strings{"../up", "/abs", "a//b", "a/./b", nul, "", "a\\b"}) {
    EXPECT_FALSE(home.store().log(draft_of("iris", {{path, "1"}})));
  }
  for (const std::string& alias : Strings{"v3", "a/b", "a:b", "", nul}) {
    EXPECT_FALSE(home.store().log(draft_of("iris", {{"a", "1"}}, {alias})));
  }
  EXPECT_TRUE(must(home.store().collections()).empty());
}

TEST(Store, AFileCannotAlsoBeAFolder) {
  TestHome home;
  const auto refused = home.store().log(draft_of("x", {{"a", "1"}, {"a-b", "2"}, {"a/b/c", "3"}}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'a/b/c'"), std::string::npos);
}

TEST(Store, AMissingNameIsSuggested) {
  TestHome home;
  must(home.store().log(draft_of("training_set", {{"data.csv", "1"}}, {"production"})));
  EXPECT_NE(home.store().get({"", "", "trainin_set", ""}).error().message.find("'training_set'"),
            std::string::npos);
  EXPECT_NE(
      home.store().get({"", "", "training_set", "productoin"}).error().message.find("'production'"),
      std::string::npos);
  EXPECT_NE(home.store()
                .get({"", "", "training_set", "v7"})
                .error()
                .message.find("It has 1 version, v0."),
            std::string::npos);
  const Version version = must(home.store().get({"", "", "training_set", ""}));
  EXPECT_NE(home.store().read(version, "dat.csv").error().message.find("'data.csv'"),
            std::string::npos);
  EXPECT_FALSE(must(home.store().find({"", "", "nothing", ""})));
}

TEST(Store, ProjectsKeepTheirCollectionsApart) {
  TestHome home;
  Draft draft = draft_of("iris", {{"a", "1"}});
  must(home.store().log(draft));
  draft.entity = "team";
  draft.project = "other";
  must(home.store().log(draft));
  EXPECT_EQ(must(home.store().get({"team", "other", "iris", ""})).text(), "team/other/iris:v0");
  EXPECT_EQ(must(home.store().collections()).size(), 2U);
  EXPECT_EQ(
      must(home.store().collections({.entity = "team", .project = "", .type = "", .name = ""}))
          .size(),
      1U);
}

TEST(Store, AliasesAreAddedMovedAndRemoved) {
  TestHome home;
  const Version first = must(home.store().log(draft_of("iris", {{"a", "1"}}))).version;
  const Version second = must(home.store().log(draft_of("iris", {{"a", "2"}}))).version;
  must(home.store().add_alias(second, "production"));
  must(home.store().add_alias(first, "production"));
  EXPECT_EQ(must(home.store().get({"", "", "iris", "production"})).index, 0);
  EXPECT_EQ(home.store().remove_alias(second, "production").error().code, Errc::kNotFound);
  must(home.store().remove_alias(first, "production"));
  EXPECT_FALSE(must(home.store().find({"", "", "iris", "production"})));
  EXPECT_FALSE(home.store().remove_alias(second, "latest"));
  EXPECT_FALSE(home.store().add_alias(first, "v1"));
  EXPECT_FALSE(home.store().add_alias(first, "latest"));
}

TEST(Store, ADeletedVersionsNumberIsNotUsedAgainAndLatestMovesBack) {
  TestHome home;
  must(home.store().log(draft_of("iris", {{"a", "1"}})));
  const Version second = must(home.store().log(draft_of("iris", {{"a", "2"}}, {"best"}))).version;
  EXPECT_FALSE(home.store().delete_version(second));
  must(home.store().delete_version(second, true));
  EXPECT_EQ(must(home.store().get({"", "", "iris", ""})).index, 0);
  EXPECT_FALSE(must(home.store().find({"", "", "iris", "v1"})));
  EXPECT_FALSE(must(home.store().find({"", "", "iris", "best"})));
  EXPECT_FALSE(home.store().entries(second));
  EXPECT_EQ(must(home.store().log(draft_of("iris", {{"a", "2"}}))).version.index, 2);
}

TEST(Store, LineageSaysWhatARunMadeAndUsed) {
  TestHome home;
  Draft draft = draft_of("model", {{"m", "1"}});
  draft.run_id = "run-1";
  const Version model = must(home.store().log(draft)).version;
  const Version data = must(home.store().log(draft_of("data", {{"d", "1"}}))).version;
  must(home.store().use(data, "run-1"));
  must(home.store().use(data, "run-2"));
  must(home.store().use(data, "run-2"));
  ASSERT_EQ(must(home.store().made_by("run-1")).size(), 1U);
  EXPECT_EQ(must(home.store().made_by("run-1"))[0].name(), "model:v0");
  EXPECT_EQ(must(home.store().used_by("run-1"))[0].name(), "data:v0");
  EXPECT_EQ(must(home.store().users_of(data)), (Strings{"run-1", "run-2"}));
  EXPECT_TRUE(must(home.store().made_by("")).empty());
  EXPECT_TRUE(must(home.store().users_of(model)).empty());
}

TEST(Store, ReferencesCountInTheDigestAndAreNotRead) {
  TestHome home;
  Draft draft = draft_of("remote", {{"readme", "r"}});
  draft.entries.emplace_back();
  draft.entries.back().path = "big.bin";
  draft.entries.back().source = DraftEntry::Source::kReference;
  draft.entries.back().reference = "s3://bucket/big.bin";
  draft.entries.back().reference_digest = "etag-1";
  draft.entries.back().extra = R"({"etag":"\"etag-1\""})";
  const Version first = must(home.store().log(draft)).version;
  const auto entries = must(home.store().entries(first));
  EXPECT_EQ(entries[0].reference, "s3://bucket/big.bin");
  EXPECT_EQ(entries[0].extra, R"({"etag":"\"etag-1\""})");
  EXPECT_EQ(entries[0].size, -1);
  EXPECT_EQ(home.store().read(first, "big.bin").error().code, Errc::kUnsupported);
  draft.entries.back().reference_digest = "etag-2";
  EXPECT_TRUE(must(home.store().log(draft)).created);
}

TEST(Store, MetadataIsAJsonObjectAndComesBackAsItWas) {
  TestHome home;
  Draft draft = draft_of("x", {{"a", "1"}});
  draft.metadata = R"({"accuracy": NaN, "n": [1, -2.5e3, "\u00e9\n", {"deep": null}], "t": true} )";
  EXPECT_EQ(must(home.store().log(draft)).version.metadata, draft.metadata);
  for (const char* bad : {"", "[]", "{", "{}}", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":01}", "nul",
                          "{\"a\":1,}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":1.}"}) {
    draft.metadata = bad;
    EXPECT_EQ(home.store().log(draft).error().code, Errc::kInvalidArgument) << bad;
  }
  draft.metadata = std::string(100'000, '{');
  EXPECT_FALSE(home.store().log(draft));
  draft.metadata = "{\"a\":" + std::string(70, '[') + std::string(70, ']') + "}";
  EXPECT_FALSE(home.store().log(draft));
}

TEST(Store, ReadingHonoursTheLimit) {
  TestHome home;
  const Version v = must(home.store().log(draft_of("x", {{"a", "12345"}}))).version;
  EXPECT_EQ(must(home.store().read(v, "a", 5)), "12345");
  EXPECT_EQ(home.store().read(v, "a", 4).error().code, Errc::kInvalidArgument);
}

TEST(Store, CollectionsAreListedWithTheirLatestVersion) {
  TestHome home;
  must(home.store().log(draft_of("b", {{"a", "1"}})));
  must(home.store().log(draft_of("b", {{"a", "22"}})));
  must(home.store().log(draft_of("a", {{"a", "1"}})));
  const auto list = must(home.store().collections());
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "a");
  EXPECT_EQ(list[1].version_count, 2);
  EXPECT_EQ(list[1].size, 3);
  EXPECT_EQ(list[1].latest->index, 1);
}

TEST(Store, AReadOnlyHomeIsReadAndNotWritten) {
  TestHome home;
  must(home.store().log(draft_of("x", {{"a", "1"}})));
  const auto database =
      must(db::open_for_test(join_path(home.path(), "treadle.db"), {.read_only = true}));
  const auto store = must(Store::open(*database, home.path(), {.read_only = true}));
  EXPECT_EQ(must(store->read(must(store->get({"", "", "x", ""})), "a")), "1");
  EXPECT_EQ(store->log(draft_of("x", {{"a", "2"}})).error().code, Errc::kReadOnly);
  EXPECT_EQ(store->gc({}).error().code, Errc::kReadOnly);
}

TEST(Store, SurvivesBeingClosedAndOpened) {
  TestHome home;
  must(home.store().log(draft_of("x", {{"a", test::content(1, 100'000)}}, {"keep"})));
  home.reopen();
  const Version v = must(home.store().get({"", "", "x", "keep"}));
  EXPECT_EQ(must(home.store().read(v, "a")), test::content(1, 100'000));
}

}  // namespace
}  // namespace treadle::artifact
