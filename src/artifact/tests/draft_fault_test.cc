// Writers that die at any step of a draft, a shared draft or a link, and uploads and downloads that are cut
// at any byte: nothing is visible but what is whole, and the next try goes on.
#include "faulty_database.h"
#include "faulty_files.h"
#include "test_home.h"
#include <treadle/artifact/catalog.h>
#include <treadle/artifact/drafts.h>
#include <treadle/artifact/registry.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::FaultyDatabase;
using test::FaultyFiles;
using test::must;
using test::TestFolder;
using test::TestHome;
using Expected = std::map<std::string, std::string>;

// A store over a home that others have open too, whose process dies when told.
struct Mortal {
  explicit Mortal(TestHome& home)
      : database(home.database()),
        store(must(Store::open(database, home.path(),
                               {.files = files, .durability = db::Durability::kOff}))) {}
  bool dead() const { return database.dead() || files.fired(); }
  void heal() {
    database.die_at(0);
    files.fail_at(0, Errc::kIo);
  }

  FaultyFiles files;
  FaultyDatabase database;
  std::unique_ptr<Store> store;
};

// Where a writer dies: at the n-th step of the database, or the n-th call to the file system.
enum class Where { kDatabase, kFiles };
class Dying : public testing::TestWithParam<Where> {
 protected:
  static void die_at(Mortal& writer, int n) {
    if (GetParam() == Where::kDatabase) return writer.database.die_at(n);
    writer.files.fail_at(n, Errc::kIo, FaultyFiles::Mode::kFromThenOn);
  }
};
INSTANTIATE_TEST_SUITE_P(Everywhere, Dying, testing::Values(Where::kDatabase, Where::kFiles),
                         [](const auto& where) {
                           return where.param == Where::kDatabase ? "Database" : "Files";
                         });

DraftSpec shared_spec(const std::string& shared) {
  DraftSpec spec;
  spec.collection = "x";
  spec.type = "dataset";
  spec.aliases = {"best"};
  spec.distributed_id = shared;
  return spec;
}

Expected content_of(Store& store, const Version& version) {
  Expected out;
  for (const Entry& entry : must(store.entries(version))) {
    out[entry.path] = must(store.read(version, entry.path));
  }
  return out;
}

// Whole or not there; garbage collection takes nothing of it, and nothing else stays.
void expect_whole(TestHome& home, const Expected& expected, bool must_be_there) {
  for (const Problem& problem : must(home.store().verify()).problems) ADD_FAILURE() << problem.what;
  const auto found = must(home.store().find({"", "", "x", ""}));
  ASSERT_TRUE(found || !must_be_there);
  if (!found) return;
  EXPECT_EQ(must(home.store().versions({"", "", "x", ""})).size(), 1U);
  EXPECT_EQ(found->aliases, (std::vector<std::string>{"best", "latest"}));
  EXPECT_EQ(content_of(home.store(), *found), expected);
}

TEST_P(Dying, InADraftLeavesItToBeFinishedOrNothing) {
  const TestFolder data;
  for (int i = 0; i < 3; ++i) data.write("f" + std::to_string(i), content(i, 20'000));
  const Expected expected = {{"small", "1"},
                             {"large", content(9, 1'200'000)},
                             {"in/f0", content(0, 20'000)},
                             {"in/f2", content(2, 20'000)}};
  const auto write = [&](Store& store, std::int64_t& id) -> Result<Logged> {
    Drafts drafts(store);
    if (id == 0) {
      TREADLE_TRY(const DraftState draft, drafts.open(shared_spec("")));
      id = draft.id;
    }
    TREADLE_CHECK(drafts.put_bytes(id, "small", "1"));
    TREADLE_CHECK(drafts.put_bytes(id, "large", expected.at("large")));
    TREADLE_CHECK(drafts.put_folder(id, data.path(), "in"));
    TREADLE_CHECK(drafts.remove(id, "in/f1"));
    return drafts.commit(id);
  };
  int died = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 2000);
    TestHome home;
    Mortal writer(home);
    std::int64_t id = 0;
    die_at(writer, n);
    const auto first = write(*writer.store, id);
    if (!writer.dead()) break;
    ++died;
    home.reopen();
    expect_whole(home, expected, false);
    // Another process goes on with what is there: the draft by its id, or the version it became.
    Drafts drafts(home.store());
    if (id == 0) {
      for (const DraftState& left : must(drafts.pending())) id = left.id;
    }
    const auto state = id == 0 ? std::nullopt : must(drafts.find(id));
    if (state && state->phase == DraftPhase::kCommitted) {
      EXPECT_EQ(must(drafts.commit(id)).version.id, id);
    } else {
      must(write(home.store(), id));
    }
    must(home.store().gc({.dry_run = false, .grace = 0}));
    expect_whole(home, expected, true);
    EXPECT_TRUE(must(drafts.pending()).empty());
  }
  EXPECT_GE(died, GetParam() == Where::kDatabase ? 40 : 8);
}

TEST_P(Dying, OneOfSeveralWritersLosesNothingOfTheOthers) {
  const Expected expected = {{"part-1", content(1, 50'000)}, {"part-2", content(2, 50'000)}};
  const auto put = [&](Store& store, const std::string& part, bool last) -> Result<void> {
    Drafts drafts(store);
    TREADLE_TRY(const DraftState draft, drafts.open(shared_spec("job-7")));
    if (draft.phase == DraftPhase::kCommitted) return {};
    TREADLE_CHECK(drafts.put_bytes(draft.id, part, expected.at(part)));
    if (!last) return {};
    TREADLE_TRY(const Logged done, drafts.commit(draft.id));
    return done.version.file_count == 2 ? Result<void>() : fail(Errc::kInternal, "not whole");
  };
  int died = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 2000);
    TestHome home;
    must(put(home.store(), "part-1", false));
    Mortal second(home);
    die_at(second, n);
    const auto done = put(*second.store, "part-2", true);
    if (!second.dead()) break;
    ++died;
    home.reopen();
    expect_whole(home, expected, false);
    must(home.store().gc({.dry_run = false, .grace = 0}));
    if (!must(home.store().find({"", "", "x", ""}))) must(put(home.store(), "part-2", true));
    expect_whole(home, expected, true);
  }
  EXPECT_GE(died, GetParam() == Where::kDatabase ? 15 : 3);
}

TEST(DyingIn, ALinkLeavesItMadeOrNotAndTheNextTryGivesTheSameNumber) {
  const ArtifactRef churn{"", "wandb-registry-model", "Churn", ""};
  int died = 0;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 2000);
    TestHome home;
    must(Registries(home.store()).create({.name = "model"}));
    const Version first = must(home.store().log(draft_of("x", {{"a", "1"}}))).version;
    const Version second = must(home.store().log(draft_of("x", {{"a", "2"}}))).version;
    must(Catalog(home.store()).link(first, churn, {"production"}));
    Mortal writer(home);
    writer.database.die_at(n);
    const auto linked = Catalog(*writer.store).link(second, churn, {"production"});
    if (!writer.dead()) break;
    ++died;
    home.reopen();
    Catalog catalog(home.store());
    const Membership before =
        must(catalog.find_member({"", churn.project, "Churn", "production"})).value();
    const std::int64_t shelf = before.collection_id;
    const auto members = must(catalog.members(shelf));
    // One of them is production, and it is `latest` too, before and after.
    EXPECT_EQ(before.version.id, members.back().version.id);
    EXPECT_EQ(before.aliases, (std::vector<std::string>{"latest", "production"}));
    EXPECT_EQ(must(catalog.link(second, churn, {"production"})).index, 1);
    EXPECT_EQ(must(catalog.members(shelf)).size(), 2U);
    std::size_t links = 0;
    for (const MembershipEvent& event : must(catalog.history(shelf)))
      links += event.action == "link";
    EXPECT_EQ(links, 2U);
    for (const Problem& problem : must(home.store().verify()).problems)
      ADD_FAILURE() << problem.what;
  }
  EXPECT_GE(died, 8);
}

// Around the sizes at which content goes inline, into a pack, or into a file of its own.
class Cut : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Cut, testing::Values(1U, 5'000U, 70'000U, 1'500'000U));

TEST_P(Cut, AnUploadMayBeAtAnyByteAndBeginsAgain) {
  const std::string bytes = content(1, GetParam());
  const std::string md5_of_all = to_base64(md5(bytes));
  TestHome home;
  Drafts drafts(home.store());
  const std::int64_t id = must(drafts.open(shared_spec(""))).id;
  const std::vector<AnnouncedFile> files = {
      {"f", md5_of_all, static_cast<std::int64_t>(bytes.size())}};
  must(drafts.announce(id, files));
  for (std::size_t cut = 0; cut < bytes.size(); cut = cut * 3 + 1) {
    for (const bool finishes : {false, true}) {
      const auto upload = must(drafts.upload(id, md5_of_all));
      must(upload->write(std::string_view(bytes).substr(0, cut)));
      // Cut off, or shorter than it should be.
      if (!finishes) continue;
      EXPECT_EQ(upload->finish().error().code, Errc::kCorrupt);
    }
    EXPECT_EQ(drafts.commit(id).error().code, Errc::kNotFound);
  }
  EXPECT_EQ(must(drafts.announce(id, files)), std::vector<bool>{true});
  const auto upload = must(drafts.upload(id, md5_of_all));
  for (std::size_t at = 0; at < bytes.size(); at += 60'000) {
    must(upload->write(std::string_view(bytes).substr(at, 60'000)));
  }
  must(upload->finish());
  EXPECT_EQ(content_of(home.store(), must(drafts.commit(id)).version), (Expected{{"f", bytes}}));
  must(home.store().gc({.dry_run = false, .grace = 0}));
  EXPECT_TRUE(must(home.store().verify()).problems.empty());
  EXPECT_TRUE(must(real_files().list(join_path(home.path(), "blobs/tmp"))).empty());
}

TEST_P(Cut, ADownloadMayBeAtAnyCallAndGoesOn) {
  FaultyFiles files;
  TestHome home(files);
  const Expected expected = {{"a", content(1, GetParam())}, {"deep/b", content(2, GetParam())}};
  const Version version = must(home.store().log(draft_of("x", expected))).version;
  const TestFolder out;
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 500);
    files.fail_at(n, Errc::kIo, FaultyFiles::Mode::kFromThenOn);
    const auto written = home.store().download(version, out.path());
    const bool fired = files.fired();
    files.fail_at(0, Errc::kIo);
    for (const auto& [path, bytes] : expected) {
      const auto there = read_file(real_files(), out.at(path));
      EXPECT_TRUE(!there || *there == bytes);
    }
    must(home.store().download(version, out.path()));
    for (const auto& [path, bytes] : expected) {
      EXPECT_EQ(must(read_file(real_files(), out.at(path))), bytes);
      must(real_files().remove(out.at(path)));
    }
    if (!fired) break;
  }
}

}  // namespace
}  // namespace treadle::artifact
