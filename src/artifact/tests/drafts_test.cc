#include "test_home.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/drafts.h>

#include <gtest/gtest.h>

#include <thread>

namespace treadle::artifact {
namespace {

using test::draft_of;
using test::must;
using test::TestHome;
using Strings = std::vector<std::string>;

DraftSpec spec_of(const std::string& collection) {
  DraftSpec spec;
  spec.collection = collection;
  spec.type = "dataset";
  return spec;
}

Strings paths_of(const std::vector<Entry>& entries) {
  Strings out;
  for (const Entry& entry : entries) out.push_back(entry.path);
  return out;
}

TEST(Drafts, NothingIsVisibleUntilItIsCommittedAndThenItKeepsItsId) {
  TestHome home;
  Drafts drafts(home.store());
  const DraftState draft = must(drafts.open(spec_of("iris")));
  must(drafts.put_bytes(draft.id, "a", "1"));
  must(drafts.put_bytes(draft.id, "b", "2"));
  EXPECT_FALSE(must(home.store().find({"", "", "iris", ""})));
  EXPECT_TRUE(must(home.store().collections()).empty());
  must(home.store().log(draft_of("other", {{"a", "1"}})));  // takes the next id
  const Logged done = must(drafts.commit(draft.id));
  EXPECT_TRUE(done.created);
  EXPECT_EQ(done.version.id, draft.id);
  EXPECT_EQ(done.version.name(), "iris:v0");
  EXPECT_EQ(must(home.store().read(done.version, "b")), "2");
  EXPECT_EQ(must(drafts.commit(draft.id)).version.id, draft.id);  // again: the same answer
  const auto late = drafts.put_bytes(draft.id, "c", "3");
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find("cannot change any more"), std::string::npos);
}

TEST(Drafts, HasTheDigestOfTheSameContentLoggedAtOnce) {
  TestHome home;
  Drafts drafts(home.store());
  const Version whole = must(home.store().log(draft_of("x", {{"a", "1"}, {"b/c", "2"}}))).version;
  const DraftState draft = must(drafts.open(spec_of("iris")));
  must(drafts.put_bytes(draft.id, "b/c", "2"));
  must(drafts.put_bytes(draft.id, "a", "wrong"));
  must(drafts.put_bytes(draft.id, "a", "1"));  // replaced
  EXPECT_EQ(must(drafts.commit(draft.id)).version.digest, whole.digest);
}

TEST(Drafts, IncrementalOnesBeginWithWhatAVersionHas) {
  TestHome home;
  const Version v0 =
      must(home.store().log(draft_of("iris", {{"a", "1"}, {"b", "2"}, {"c", "3"}}))).version;
  Drafts drafts(home.store());
  DraftSpec spec = spec_of("iris");
  spec.base = v0.id;
  const DraftState draft = must(drafts.open(spec));
  must(drafts.put_bytes(draft.id, "b", "changed"));
  must(drafts.put_bytes(draft.id, "d", "4"));
  must(drafts.remove(draft.id, "c"));
  EXPECT_FALSE(drafts.remove(draft.id, "absent"));
  EXPECT_EQ(paths_of(must(drafts.entries(draft.id))), (Strings{"a", "b", "d"}));
  const Version v1 = must(drafts.commit(draft.id)).version;
  EXPECT_EQ(must(home.store().read(v1, "a")), "1");
  EXPECT_EQ(must(home.store().read(v1, "b")), "changed");
  EXPECT_EQ(v1.file_count, 3);
}

TEST(Drafts, ABaseThatIsDeletedAndCollectedMeanwhileStillServes) {
  test::HandClock clock;
  TestHome home(real_files(), clock);
  const Version v0 = must(home.store().log(draft_of("iris", {{"a", "1"}}))).version;
  Drafts drafts(home.store());
  DraftSpec spec = spec_of("next");
  spec.base = v0.id;
  const DraftState draft = must(drafts.open(spec));
  must(drafts.put_bytes(draft.id, "b", "2"));
  must(home.store().delete_version(v0));
  clock.advance(100LL * 3600 * 1'000'000);
  must(home.store().gc({.grace = 0}));
  const Version made = must(drafts.commit(draft.id)).version;
  EXPECT_EQ(must(home.store().read(made, "a")), "1");
  EXPECT_EQ(must(home.store().read(made, "b")), "2");
}

TEST(Drafts, LoggingIncrementallyInOneCallDoesTheSame) {
  TestHome home;
  const Version v0 =
      must(home.store().log(draft_of("iris", {{"a", "1"}, {"d/b", "2"}, {"d/c", "3"}}))).version;
  Draft next = draft_of("iris", {{"e", "5"}});
  next.base = v0.id;
  next.removed = {"d"};
  const Version v1 = must(home.store().log(next)).version;
  EXPECT_EQ(paths_of(must(home.store().entries(v1))), (Strings{"a", "e"}));
  next.removed = {"absent"};
  const auto refused = home.store().log(next);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'absent'"), std::string::npos);
}

TEST(Drafts, WritersWithOneDistributedIdMakeOneVersionTogether) {
  TestHome home;
  constexpr int kWriters = 4;
  constexpr int kFiles = 20;
  DraftSpec spec = spec_of("shards");
  spec.distributed_id = "job-7";
  std::vector<std::thread> writers;
  std::vector<std::string> errors(kWriters);
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      Drafts drafts(home.store());
      const auto draft = drafts.open(spec);
      for (int i = 0; draft && i < kFiles; ++i) {
        const std::string name = std::to_string(w) + "/" + std::to_string(i);
        if (auto ok = drafts.put_bytes(draft->id, name, name); !ok) errors[w] = ok.error().message;
      }
      if (!draft) errors[w] = draft.error().message;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(errors, std::vector<std::string>(kWriters));
  Drafts drafts(home.store());
  EXPECT_EQ(must(drafts.pending()).size(), 1U);
  const Version made = must(drafts.commit(must(drafts.open(spec)).id)).version;
  EXPECT_EQ(made.file_count, kWriters * kFiles);
  EXPECT_EQ(must(home.store().read(made, "3/19")), "3/19");
}

TEST(Drafts, AnnouncedFilesComeByTheirMd5AndOnlyWhenTheyAreNotKnown) {
  TestHome home;
  must(home.store().log(draft_of("old", {{"x", "known"}})));
  Drafts drafts(home.store());
  const DraftState draft = must(drafts.open(spec_of("iris")));
  const std::string known = to_base64(md5("known"));
  const std::string fresh = to_base64(md5("fresh"));
  const std::vector<AnnouncedFile> files{{"a", known}, {"b", fresh, 5}, {"c", fresh}};
  EXPECT_EQ(must(drafts.announce(draft.id, files)), (std::vector<bool>{false, true, true}));
  const auto early = drafts.commit(draft.id);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Errc::kNotFound);
  EXPECT_NE(early.error().message.find("'b', 'c'"), std::string::npos);
  {
    auto wrong = must(drafts.upload(draft.id, fresh));
    must(wrong->write("frexx"));
    const auto refused = wrong->finish();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kCorrupt);
  }
  auto upload = must(drafts.upload(draft.id, fresh));
  must(upload->write("fre"));
  must(upload->write("sh"));
  must(upload->finish());
  EXPECT_FALSE(drafts.upload(draft.id, to_base64(md5("never announced"))));
  const Version made = must(drafts.commit(draft.id)).version;
  EXPECT_EQ(must(home.store().read(made, "c")), "fresh");
  EXPECT_EQ(must(home.store().read(made, "a")), "known");
}

TEST(Drafts, KnowingADigestGivesNobodyTheContentOfAnotherProject) {
  TestHome home;
  Drafts drafts(home.store());
  const Version secret = must(home.store().log(draft_of("secret", {{"key", "s3cr3t"}}))).version;
  const Entry known = must(home.store().entries(secret)).at(0);
  DraftSpec theirs = spec_of("loot");
  theirs.entity = "mallory";
  const DraftState draft = must(drafts.open(theirs));
  const AnnouncedFile file{"stolen", known.md5, -1};
  EXPECT_EQ(must(drafts.announce(draft.id, {&file, 1}, Reach::kProject)), std::vector<bool>{true});
  EXPECT_FALSE(drafts.commit(draft.id));
  // Nor by naming it in a manifest, by whatever digest.
  for (const std::string& sha256 : {std::string(), known.sha256}) {
    const Entry entry{"stolen", known.md5, sha256, known.size, "", ""};
    const auto answer = drafts.put_entries(draft.id, {&entry, 1}, Reach::kProject);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::kNotFound);
    const auto whole = drafts.set_manifest(draft.id, {{entry}}, Reach::kProject);
    EXPECT_FALSE(whole);
  }
  // Who has the content sends it, and need not send it again in that project.
  auto upload = must(drafts.upload(draft.id, known.md5));
  must(upload->write("s3cr3t"));
  must(upload->finish());
  must(drafts.commit(draft.id));
  DraftSpec more = theirs;
  more.collection = "more";
  const DraftState second = must(drafts.open(more));
  EXPECT_EQ(must(drafts.announce(second.id, {&file, 1}, Reach::kProject)),
            std::vector<bool>{false});
  DraftSpec elsewhere = theirs;
  elsewhere.project = "elsewhere";
  const DraftState third = must(drafts.open(elsewhere));
  EXPECT_EQ(must(drafts.announce(third.id, {&file, 1}, Reach::kProject)), std::vector<bool>{true});
}

TEST(Drafts, WhatAVersionOfTheCollectionHasNeedNotBeSentAgain) {
  TestHome home;
  Drafts drafts(home.store());
  const Version first = must(home.store().log(draft_of("iris", {{"a", "1"}}))).version;
  const Entry known = must(home.store().entries(first)).at(0);
  const DraftState draft = must(drafts.open(spec_of("iris")));
  const AnnouncedFile file{"b", known.md5, -1};
  EXPECT_EQ(must(drafts.announce(draft.id, {&file, 1}, Reach::kProject)), std::vector<bool>{false});
}

TEST(Drafts, AnUploadDroppedHalfWayLeavesNothingAndCanBeginAgain) {
  TestHome home;
  Drafts drafts(home.store());
  const DraftState draft = must(drafts.open(spec_of("iris")));
  const std::string large = test::content(1, 3 * 1024 * 1024);
  const std::string digest = to_base64(md5(large));
  const AnnouncedFile file{"big", digest};
  must(drafts.announce(draft.id, {&file, 1}));
  {
    auto upload = must(drafts.upload(draft.id, digest));
    must(upload->write(std::string_view(large).substr(0, 2 * 1024 * 1024)));
  }
  EXPECT_TRUE(home.blob_files().empty());
  auto upload = must(drafts.upload(draft.id, digest));
  must(upload->write(large));
  must(upload->finish());
  EXPECT_EQ(must(home.store().read(must(drafts.commit(draft.id)).version, "big")), large);
}

TEST(Drafts, WhatADraftHoldsIsSafeFromGarbageCollection) {
  test::HandClock clock;
  TestHome home(real_files(), clock);
  Drafts drafts(home.store());
  const DraftState draft = must(drafts.open(spec_of("iris")));
  must(drafts.put_bytes(draft.id, "a", test::content(3, 100'000)));
  clock.advance(48LL * 3600 * 1'000'000);
  must(home.store().gc({.grace = 0}));
  const Version made = must(drafts.commit(draft.id)).version;
  EXPECT_EQ(must(home.store().read(made, "a")), test::content(3, 100'000));
}

TEST(Drafts, AbandonedOnesGiveTheirContentBackAndOldOnesAreAbandoned) {
  test::HandClock clock;
  TestHome home(real_files(), clock);
  Drafts drafts(home.store());
  const DraftState first = must(drafts.open(spec_of("iris")));
  must(drafts.put_bytes(first.id, "a", test::content(3, 100'000)));
  must(drafts.abandon(first.id));
  must(drafts.abandon(first.id));
  const DraftState second = must(drafts.open(spec_of("iris")));
  EXPECT_NE(second.id, first.id);
  clock.advance(31LL * 24 * 3600 * 1'000'000);
  const GcReport report = must(home.store().gc());
  EXPECT_EQ(report.drafts, 1);
  EXPECT_EQ(report.blobs, 1);
  EXPECT_TRUE(must(drafts.pending()).empty());
}

TEST(Drafts, ClientIdsNameADraftAndTheVersionItBecame) {
  TestHome home;
  Drafts drafts(home.store());
  DraftSpec spec = spec_of("iris");
  spec.client_id = "abc";
  const DraftState draft = must(drafts.open(spec));
  EXPECT_EQ(must(drafts.find_client("abc")), draft.id);
  must(drafts.commit(draft.id));
  const auto version = must(Catalog(home.store()).find_version(draft.id));
  ASSERT_TRUE(version);
  EXPECT_EQ(version->name(), "iris:v0");
  EXPECT_FALSE(must(drafts.find_client("never")));
}

TEST(Drafts, OneThatEqualsTheLatestVersionBecomesIt) {
  TestHome home;
  const Version v0 = must(home.store().log(draft_of("iris", {{"a", "1"}}))).version;
  Drafts drafts(home.store());
  DraftSpec spec = spec_of("iris");
  spec.aliases = {"best"};
  const DraftState draft = must(drafts.open(spec));
  must(drafts.put_bytes(draft.id, "a", "1"));
  const Logged done = must(drafts.commit(draft.id));
  EXPECT_FALSE(done.created);
  EXPECT_EQ(done.version.id, v0.id);
  EXPECT_EQ(done.version.aliases, (Strings{"best", "latest"}));
  EXPECT_EQ(must(Catalog(home.store()).find_version(draft.id))->id, v0.id);
}

}  // namespace
}  // namespace treadle::artifact
