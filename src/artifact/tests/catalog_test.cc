#include "test_home.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/registry.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

using test::draft_of;
using test::must;
using test::TestHome;
using Strings = std::vector<std::string>;

Version logged(TestHome& home, const std::string& name, const std::string& content,
               Strings aliases = {}) {
  return must(home.store().log(draft_of(name, {{"a", content}}, std::move(aliases)))).version;
}

ArtifactRef in_registry(const std::string& collection, const std::string& version = "") {
  return {"", "wandb-registry-model", collection, version};
}

template <class T>
void expect_error(const Result<T>& result, Errc code, const std::string& part) {
  ASSERT_FALSE(result) << "succeeded instead of: " << part;
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(Catalog, TagsDescriptionMetadataAndTimeToLiveOfAVersionAreEdited) {
  TestHome home;
  Draft draft = draft_of("iris", {{"a", "1"}});
  draft.tags = {"raw", "may"};
  draft.ttl_seconds = 60;
  const Version version = must(home.store().log(draft)).version;
  EXPECT_EQ(version.tags, (Strings{"may", "raw"}));
  EXPECT_EQ(version.ttl_effective, 60);
  Catalog catalog(home.store());
  VersionEdit edit;
  edit.description = "of May";
  edit.metadata = R"({"rows": 3})";
  edit.ttl_seconds = kTtlInherit;
  edit.tags_to_add = {"checked"};
  edit.tags_to_remove = {"raw", "absent"};
  const Version now = must(catalog.edit_version(version, edit));
  EXPECT_EQ(now.description, "of May");
  EXPECT_EQ(now.metadata, R"({"rows": 3})");
  EXPECT_EQ(now.tags, (Strings{"checked", "may"}));
  EXPECT_EQ(now.ttl_effective, kTtlNone);
  EXPECT_EQ(now.digest, version.digest);
}

TEST(Catalog, WhatAnEditMayNotSayIsRefusedWithTheRule) {
  TestHome home;
  const Version version = logged(home, "iris", "1");
  Catalog catalog(home.store());
  expect_error(catalog.edit_version(version, {.metadata = "[]"}), Errc::kInvalidArgument,
               "one JSON object");
  expect_error(catalog.edit_version(version, {.ttl_seconds = 0}), Errc::kInvalidArgument,
               "time to live");
  expect_error(catalog.edit_version(version, {.tags_to_add = {"a:b"}}), Errc::kInvalidArgument,
               "a tag");
}

TEST(Catalog, TypesAreKnownOnceTheyAreUsedOrMade) {
  TestHome home;
  logged(home, "iris", "1");
  Catalog catalog(home.store());
  must(catalog.make_type("", "", "model", "what predicts"));
  const auto types = must(catalog.types("", ""));
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].name, "dataset");
  EXPECT_EQ(types[1].description, "what predicts");
  EXPECT_FALSE(must(catalog.find_type("", "", "absent")));
}

TEST(Catalog, ACollectionIsRenamedRetypedAndTagged) {
  TestHome home;
  logged(home, "iris", "1");
  logged(home, "other", "1");
  Catalog catalog(home.store());
  const Collection iris = must(catalog.get_collection({"", "", "iris", ""}));
  CollectionEdit edit;
  edit.name = "flowers";
  edit.type = "table";
  edit.tags_to_add = {"public"};
  edit.ttl_seconds = 3600;
  const Collection now = must(catalog.edit_collection(iris.id, edit));
  EXPECT_EQ(now.name, "flowers");
  EXPECT_EQ(now.latest->type, "table");
  EXPECT_EQ(now.latest->ttl_effective, 3600);
  CollectionFilter tagged;
  tagged.tag = "public";
  EXPECT_EQ(must(catalog.collections(tagged)).size(), 1U);
  expect_error(catalog.edit_collection(iris.id, {.name = "other"}), Errc::kAlreadyExists, "other");
  EXPECT_FALSE(must(home.store().find({"", "", "iris", ""})));
}

TEST(Catalog, ADeletedCollectionsNameIsFreeAndItsNumbersAreNotUsedAgain) {
  TestHome home;
  logged(home, "iris", "1");
  logged(home, "iris", "2");
  Catalog catalog(home.store());
  const Collection iris = must(catalog.get_collection({"", "", "iris", ""}));
  must(catalog.delete_collection(iris.id, false));
  EXPECT_FALSE(must(home.store().find({"", "", "iris", "v0"})));
  EXPECT_TRUE(must(catalog.collections()).empty());
  EXPECT_EQ(logged(home, "iris", "3").index, 2);
}

TEST(Catalog, AProtectedAliasStaysUntilItIsOverridden) {
  TestHome home;
  const Version v0 = logged(home, "model", "1", {"production"});
  const Version v1 = logged(home, "model", "2");
  Catalog catalog(home.store());
  must(catalog.protect_alias({"", "", "model", ""}, "production"));
  Store& store = home.store();
  expect_error(store.add_alias(v1, "production"), Errc::kPermissionDenied, "'production'");
  expect_error(store.remove_alias(v0, "production"), Errc::kPermissionDenied, "protected");
  expect_error(store.delete_version(v0, true), Errc::kPermissionDenied, "protected");
  expect_error(store.log(draft_of("model", {{"a", "3"}}, {"production"})), Errc::kPermissionDenied,
               "protected");
  EXPECT_EQ(must(store.versions({"", "", "model", ""})).size(),
            2U);                            // the refused log left nothing
  must(store.add_alias(v0, "production"));  // it has it already
  must(store.add_alias(v1, "production", {.protected_too = true, .by = "kim"}));
  EXPECT_EQ(must(store.get({"", "", "model", "production"})).index, 1);
  must(catalog.unprotect_alias({"", "", "model", ""}, "production"));
  must(store.remove_alias(v1, "production"));
  Strings actions;
  for (const auto& event : must(catalog.history(v0.collection_id))) {
    actions.push_back(event.action + " " + event.alias + " " + std::to_string(event.index));
  }
  EXPECT_EQ(actions, (Strings{"alias production 0", "protect production -1", "alias production 1",
                              "unprotect production -1", "unalias production 1"}));
}

TEST(Registry, VersionsAreLinkedUnderNumbersAndAliasesOfItsOwn) {
  TestHome home;
  const Version v0 = logged(home, "churn", "1", {"mine"});
  const Version v1 = logged(home, "churn", "2");
  Registries registries(home.store());
  must(registries.create({.name = "model"}));
  Catalog catalog(home.store());
  EXPECT_EQ(must(catalog.link(v1, in_registry("Churn"), {"staging"})).index, 0);
  const Membership second = must(catalog.link(v0, in_registry("Churn"), {"production"}));
  EXPECT_EQ(second.index, 1);
  EXPECT_EQ(second.aliases, (Strings{"latest", "production"}));
  EXPECT_EQ(must(home.store().get(in_registry("Churn", "v0"))).index, 1);
  EXPECT_EQ(must(home.store().get(in_registry("Churn", "production"))).index, 0);
  EXPECT_EQ(must(home.store().get({"", "", "churn", "v0"})).aliases, Strings{"mine"});
  // Linking again changes nothing but aliases.
  const Membership again = must(catalog.link(v1, in_registry("Churn"), {"production"}));
  EXPECT_EQ(again.index, 0);
  EXPECT_EQ(again.aliases, (Strings{"production", "staging"}));
  const auto where = must(catalog.memberships_of(v1));
  ASSERT_EQ(where.size(), 2U);
  EXPECT_EQ(where[0].text(), "local/default/churn:v1");
  EXPECT_EQ(where[1].text(), "local/wandb-registry-model/Churn:v0");
}

TEST(Registry, TakesOnlyItsTypesAndMustExist) {
  TestHome home;
  const Version version = logged(home, "iris", "1");
  Catalog catalog(home.store());
  expect_error(catalog.link(version, in_registry("Iris"), {}), Errc::kNotFound,
               "treadle registry create model");
  Registries registries(home.store());
  const Registry made =
      must(registries.create({.name = "model", .all_types = false, .types = {"model"}}));
  expect_error(registries.create({.name = "wandb-registry-model"}), Errc::kAlreadyExists, "model");
  expect_error(catalog.link(version, in_registry("Iris"), {}), Errc::kInvalidArgument,
               "takes artifacts of the types model");
  must(registries.edit(made.id, {.types_to_add = {"dataset"}}));
  must(catalog.link(version, in_registry("Iris"), {}));
  expect_error(catalog.link(version, {"", "", "iris", ""}, {}), Errc::kInvalidArgument,
               "are made there");
  expect_error(home.store().log([] {
    Draft draft = draft_of("Iris", {{"a", "2"}});
    draft.project = "wandb-registry-model";
    return draft;
  }()),
               Errc::kInvalidArgument, "linked into the collection");
}

TEST(Registry, ThatTookEveryTypeTakesTheNamedOnesAndThoseLinkedWhenRestricted) {
  TestHome home;
  const Version version = logged(home, "iris", "1");
  Registries registries(home.store());
  const Registry made = must(registries.create({.name = "model"}));
  must(Catalog(home.store()).link(version, in_registry("Iris"), {}));
  const Registry now =
      must(registries.edit(made.id, {.all_types = false, .types_to_add = {"model"}}));
  EXPECT_FALSE(now.all_types);
  EXPECT_EQ(now.types, (Strings{"dataset", "model"}));
}

TEST(Registry, AVersionGoesOnlyWithItsAliasesWhereverTheyAre) {
  TestHome home;
  const Version v0 = logged(home, "churn", "1");
  const Version v1 = logged(home, "churn", "2");
  must(Registries(home.store()).create({.name = "model"}));
  Catalog catalog(home.store());
  must(catalog.link(v0, in_registry("Churn"), {}));
  must(catalog.link(v1, in_registry("Churn"), {"production"}));
  expect_error(home.store().delete_version(v1), Errc::kInvalidArgument,
               "'local/wandb-registry-model/Churn'");
  must(home.store().delete_version(v1, true));
  EXPECT_EQ(must(home.store().get(in_registry("Churn"))).index, 0);  // latest moved back
  EXPECT_FALSE(must(home.store().find(in_registry("Churn", "production"))));
  const auto history = must(catalog.history(must(catalog.get_collection(in_registry("Churn"))).id));
  EXPECT_EQ(history.back().action, "delete");
  EXPECT_EQ(history.back().version, "local/default/churn:v1");
}

TEST(Registry, UnlinkingLeavesTheVersionWhereItWasMade) {
  TestHome home;
  const Version version = logged(home, "churn", "1");
  must(Registries(home.store()).create({.name = "model"}));
  Catalog catalog(home.store());
  const Membership link = must(catalog.link(version, in_registry("Churn"), {"production"}));
  must(catalog.protect_alias({"", "wandb-registry-model", "", ""}, "production"));
  expect_error(catalog.unlink(version, link.collection_id), Errc::kPermissionDenied, "production");
  must(catalog.unlink(version, link.collection_id, {.protected_too = true}));
  expect_error(catalog.unlink(version, link.collection_id), Errc::kNotFound, "not linked");
  EXPECT_FALSE(must(home.store().find(in_registry("Churn"))));
  EXPECT_TRUE(must(home.store().find({"", "", "churn", ""})));
}

TEST(Registry, RenamingTakesItsCollectionsAlongAndRemovingLeavesVersions) {
  TestHome home;
  const Version version = logged(home, "churn", "1");
  Registries registries(home.store());
  const Registry made = must(registries.create({.name = "model", .description = ""}));
  EXPECT_EQ(made.description, "");
  must(Catalog(home.store()).link(version, in_registry("Churn"), {}));
  const Registry renamed = must(registries.edit(made.id, {.name = "approved"}));
  EXPECT_EQ(renamed.project(), "wandb-registry-approved");
  EXPECT_TRUE(must(home.store().find({"", "wandb-registry-approved", "Churn", "v0"})));
  EXPECT_FALSE(must(home.store().find(in_registry("Churn"))));
  must(registries.remove(made.id));
  expect_error(registries.remove(made.id), Errc::kNotFound, "no registry");
  EXPECT_TRUE(must(home.store().find({"", "", "churn", "v0"})));
}

TEST(TimeToLive, GarbageCollectionDeletesWhatIsOverUnlessItIsLinkedOrProtected) {
  test::HandClock clock;
  TestHome home(real_files(), clock);
  const auto with_ttl = [&](const std::string& content, std::int64_t ttl) {
    Draft draft = draft_of("iris", {{"a", content}});
    draft.ttl_seconds = ttl;
    return must(home.store().log(draft)).version;
  };
  with_ttl("over", 10);
  const Version linked = with_ttl("linked", 10);
  const Version held = with_ttl("held", 10);
  with_ttl("longer", 1000);
  must(home.store().log(draft_of("iris", {{"a", "for ever"}})));
  Catalog catalog(home.store());
  must(Registries(home.store()).create({.name = "model"}));
  must(catalog.link(linked, in_registry("Iris"), {}));
  must(home.store().add_alias(held, "keep"));
  must(catalog.protect_alias({"", "", "iris", ""}, "keep"));
  EXPECT_TRUE(must(home.store().gc()).expired.empty());
  clock.advance(11'000'000);
  EXPECT_EQ(must(home.store().gc({.dry_run = true})).expired, Strings{"local/default/iris:v0"});
  EXPECT_TRUE(must(home.store().find({"", "", "iris", "v0"})));
  EXPECT_EQ(must(home.store().gc()).expired, Strings{"local/default/iris:v0"});
  EXPECT_FALSE(must(home.store().find({"", "", "iris", "v0"})));
  EXPECT_EQ(must(home.store().versions({"", "", "iris", ""})).size(), 4U);
}

}  // namespace
}  // namespace treadle::artifact
