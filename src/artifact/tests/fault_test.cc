// Faults at every call to the file system, damaged content, lost power.
#include "faulty_files.h"
#include "test_home.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::FaultyFiles;
using test::folder_draft;
using test::HandClock;
using test::must;
using test::TestFolder;
using test::TestHome;

constexpr Micros kDay = 24LL * 3600 * 1'000'000;

// Bytes in a row, small files in a pack, a large file by itself.
Draft mixed_draft(const TestFolder& data, int seed) {
  for (int i = 0; i < 20; ++i) data.write("f" + std::to_string(i), content(seed * 100 + i, 6000));
  data.write("large", content(seed, 1'500'000));
  Draft draft = folder_draft("x", data.path());
  draft.entries = draft_of("", {{"bytes", content(seed, 10)}}).entries;
  return draft;
}

void expect_whole(TestHome& home, std::size_t versions) {
  EXPECT_EQ(must(home.store().versions({"", "", "x", ""})).size(), versions);
  const VerifyReport report = must(home.store().verify());
  for (const Problem& problem : report.problems) ADD_FAILURE() << problem.what;
}

void expect_no_leftovers(TestHome& home, HandClock& clock) {
  clock.advance(2 * kDay);
  must(home.store().gc());
  expect_whole(home, 2);
  EXPECT_EQ(must(home.store().gc()).files, 0);
  // Two versions: a pack and a large file each.
  EXPECT_EQ(home.blob_files().size(), 4U);
}

class FaultAtEveryCall : public testing::TestWithParam<std::pair<Errc, FaultyFiles::Mode>> {};

TEST_P(FaultAtEveryCall, LeavesTheOldStateIntactAndTheNextTryWorks) {
  const auto [code, mode] = GetParam();
  bool fired = true;
  int refused = 0;
  // Reads of the many small files are alike; every write is tried.
  for (int n = 1; fired; n += n < 30 || mode == FaultyFiles::Mode::kFromThenOn ? 1 : 4) {
    ASSERT_LT(n, 500);
    FaultyFiles files;
    files.only_writes(mode == FaultyFiles::Mode::kFromThenOn);
    HandClock clock;
    TestHome home(files, clock, db::Durability::kNormal);
    const TestFolder data;
    must(home.store().log(mixed_draft(data, 1)));
    const Draft draft = mixed_draft(data, 2);
    files.fail_at(n, code, mode);
    const auto logged = home.store().log(draft);
    fired = files.fired();
    files.fail_at(0, code);
    if (!logged) {
      ++refused;
      EXPECT_NE(logged.error().message.find("injected fault"), std::string::npos);
      expect_whole(home, 1);
      const Logged again = must(home.store().log(draft));
      EXPECT_TRUE(again.created);
      EXPECT_EQ(again.version.index, 1);
    }
    expect_whole(home, 2);
    expect_no_leftovers(home, clock);
  }
  EXPECT_GE(refused, 8);
}

INSTANTIATE_TEST_SUITE_P(Codes, FaultAtEveryCall,
                         testing::Values(std::pair{Errc::kIo, FaultyFiles::Mode::kOnce},
                                         std::pair{Errc::kDiskFull,
                                                   FaultyFiles::Mode::kFromThenOn}));

TEST(Fault, ADiskThatIsFullIsNamedWithTheCure) {
  FaultyFiles files;
  TestHome home(files);
  files.only_writes(true);
  files.fail_at(1, Errc::kDiskFull, FaultyFiles::Mode::kFromThenOn);
  const auto refused = home.store().log(draft_of("x", {{"a", content(1, 100'000)}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kDiskFull);
  EXPECT_NE(refused.error().message.find("treadle artifact gc"), std::string::npos);
}

TEST(Fault, AHomeThatCannotBeWrittenIsReadOnly) {
  for (const Errc code : {Errc::kReadOnly, Errc::kPermissionDenied}) {
    FaultyFiles files;
    TestHome home(files);
    files.only_writes(true);
    files.fail_at(1, code, FaultyFiles::Mode::kFromThenOn);
    const auto refused = home.store().log(draft_of("x", {{"a", content(1, 100'000)}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kReadOnly);
    EXPECT_NE(refused.error().message.find(home.path()), std::string::npos);
  }
}

// A machine that loses power forgets what was not synced; a version that was logged needs none of it.
TEST(Fault, LostPowerTakesNothingAVersionNeeds) {
  FaultyFiles files;
  HandClock clock;
  TestHome home(files, clock, db::Durability::kNormal);
  const TestFolder data;
  must(home.store().log(mixed_draft(data, 1)));
  files.lose_unsynced();
  must(home.store().log(mixed_draft(data, 2)));
  files.lose_unsynced();
  expect_whole(home, 2);
}

TEST(Fault, LostPowerInTheMiddleLeavesTheOldState) {
  bool fired = true;
  for (int n = 1; fired; ++n) {
    FaultyFiles files;
    HandClock clock;
    TestHome home(files, clock, db::Durability::kNormal);
    const TestFolder data;
    must(home.store().log(mixed_draft(data, 1)));
    const Draft draft = mixed_draft(data, 2);
    files.only_writes(true);
    files.fail_at(n, Errc::kIo, FaultyFiles::Mode::kFromThenOn);
    const auto logged = home.store().log(draft);
    fired = files.fired();
    files.fail_at(0, Errc::kIo);
    files.lose_unsynced();
    home.reopen();
    expect_whole(home, logged ? 2 : 1);
    must(home.store().log(draft));
    expect_no_leftovers(home, clock);
  }
}

TEST(Fault, DurabilityOffSyncsNothing) {
  FaultyFiles files;
  TestHome home(files);
  const TestFolder data;
  must(home.store().log(mixed_draft(data, 1)));
  EXPECT_EQ(files.syncs(), 0);
}

TEST(Fault, ManySmallFilesCostOneSyncOfTheirPack) {
  FaultyFiles files;
  TestHome home(files, system_clock(), db::Durability::kNormal);
  const TestFolder data;
  for (int i = 0; i < 1000; ++i) data.write("f" + std::to_string(i), content(i, 1000));
  const int before = files.syncs();
  must(home.store().log(folder_draft("x", data.path())));
  EXPECT_EQ(files.syncs() - before, 2);  // the pack and its folder
}

TEST(Fault, DownloadLeavesWholeFilesOrNone) {
  FaultyFiles files;
  TestHome home(files);
  const TestFolder data;
  const Version version = must(home.store().log(mixed_draft(data, 1))).version;
  bool fired = true;
  for (int n = 1; fired; ++n) {
    const TestFolder out;
    files.fail_at(n, Errc::kDiskFull);
    const auto written = home.store().download(version, out.path());
    fired = files.fired();
    files.fail_at(0, Errc::kIo);
    EXPECT_EQ(written.has_value(), !fired);
    for (const std::string& name : must(real_files().list(out.path()))) {
      if (name.starts_with(".part-")) continue;  // its removal may have been what failed
      EXPECT_EQ(must(read_file(real_files(), out.at(name))),
                must(home.store().read(version, name)));
    }
  }
}

TEST(Fault, GcThatFailsLosesNothingAndCanBeRunAgain) {
  bool fired = true;
  for (int n = 1; fired; ++n) {
    FaultyFiles files;
    HandClock clock;
    TestHome home(files, clock);
    const TestFolder data;
    const Version first = must(home.store().log(mixed_draft(data, 1))).version;
    must(home.store().log(mixed_draft(data, 2)));
    must(home.store().delete_version(first));
    clock.advance(2 * kDay);
    files.fail_at(n, Errc::kIo);
    const auto collected = home.store().gc();
    fired = files.fired();
    files.fail_at(0, Errc::kIo);
    expect_whole(home, 1);
    must(home.store().gc());
    expect_whole(home, 1);
    EXPECT_EQ(home.blob_files().size(), 2U);
  }
}

// Damage.

void flip_byte(const std::string& path, std::int64_t offset) {
  const int fd = ::open(path.c_str(), O_RDWR);
  ASSERT_GE(fd, 0);
  char c = 0;
  ASSERT_EQ(pread(fd, &c, 1, offset), 1);
  c = static_cast<char>(c ^ 1);
  ASSERT_EQ(pwrite(fd, &c, 1, offset), 1);
  ::close(fd);
}

TEST(Damage, IsFoundNamedAndRepairedByLoggingAgain) {
  TestHome home;
  const TestFolder data;
  const Draft draft = mixed_draft(data, 1);
  const Version version = must(home.store().log(draft)).version;
  for (const std::string& file : home.blob_files()) flip_byte(file, 100);
  for (const char* path : {"f0", "large"}) {
    const auto refused = home.store().read(version, path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kCorrupt);
    EXPECT_NE(refused.error().message.find(path), std::string::npos);
    EXPECT_NE(refused.error().message.find("local/default/x:v0"), std::string::npos);
    EXPECT_NE(refused.error().message.find(home.path()), std::string::npos);
    const TestFolder out;
    EXPECT_EQ(home.store().download(version, out.path(), path).error().code, Errc::kCorrupt);
    EXPECT_TRUE(must(real_files().list(out.path())).empty());
  }
  const VerifyReport report = must(home.store().verify());
  ASSERT_EQ(report.problems.size(), 2U);
  for (const Problem& problem : report.problems) {
    ASSERT_EQ(problem.used_by.size(), 1U);
    EXPECT_NE(problem.used_by[0].find("local/default/x:v0, file '"), std::string::npos);
  }
  const Logged again = must(home.store().log(draft));
  EXPECT_FALSE(again.created);
  EXPECT_TRUE(must(home.store().verify()).problems.empty());
  EXPECT_EQ(must(home.store().read(version, "large")), content(1, 1'500'000));
}

TEST(Damage, OfOneOfManyFilesNamesItAndLeavesNothingHalfWritten) {
  TestHome home;
  const TestFolder data;
  constexpr int kFiles = 300;  // enough for several threads
  for (int i = 0; i < kFiles; ++i) {
    data.write("part" + std::to_string(i % 5) + "/f" + std::to_string(i), content(i, 5000));
  }
  const Version version = must(home.store().log(test::folder_draft("x", data.path()))).version;
  ASSERT_EQ(home.blob_files().size(), 1U);  // one pack
  flip_byte(home.blob_files().front(), 5000 * 137 + 2500);
  const TestFolder out;
  const auto refused = home.store().download(version, out.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kCorrupt);
  int damaged = 0;
  int written = 0;
  for (const Entry& entry : must(home.store().entries(version))) {
    const auto there = read_file(real_files(), out.at(entry.path));
    if (!home.store().read(version, entry.path)) {
      ++damaged;
      EXPECT_NE(refused.error().message.find("'" + entry.path + "'"), std::string::npos);
      EXPECT_FALSE(there);
    } else if (there) {
      ++written;
      EXPECT_EQ(*there, must(read_file(real_files(), data.at(entry.path))));
    }
  }
  EXPECT_EQ(damaged, 1);
  int files = 0;
  for (int part = 0; part < 5; ++part) {
    files +=
        static_cast<int>(must(real_files().list(out.at("part" + std::to_string(part)))).size());
  }
  EXPECT_EQ(files, written);  // no part of a file either
}

TEST(Damage, ThatAReaderMetIsRepairedWithoutVerifying) {
  TestHome home;
  const TestFolder data;
  const Draft draft = mixed_draft(data, 1);
  const Version version = must(home.store().log(draft)).version;
  for (const std::string& file : home.blob_files()) flip_byte(file, 100);
  EXPECT_FALSE(home.store().read(version, "f0"));
  must(home.store().log(draft));
  EXPECT_EQ(must(home.store().read(version, "f0")), content(100, 6000));
}

TEST(Damage, OfAFileThatIsGoneIsRepairedToo) {
  TestHome home;
  const TestFolder data;
  const Draft draft = mixed_draft(data, 1);
  const Version version = must(home.store().log(draft)).version;
  for (const std::string& file : home.blob_files()) unlink(file.c_str());
  EXPECT_EQ(home.store().read(version, "f0").error().code, Errc::kCorrupt);
  EXPECT_EQ(must(home.store().verify()).problems.size(), 21U);
  must(home.store().log(draft));
  EXPECT_TRUE(must(home.store().verify()).problems.empty());
}

TEST(Damage, InTheDatabaseIsFound) {
  TestHome home;
  const Version version = must(home.store().log(draft_of("x", {{"a", "hello"}}))).version;
  must(home.database().write([](db::Session& session) {
    return session.execute("update blob_object set content = 'jello' where size = 5");
  }));
  EXPECT_EQ(home.store().read(version, "a").error().code, Errc::kCorrupt);
  EXPECT_EQ(must(home.store().verify()).problems.size(), 1U);
}

TEST(Damage, OfAManifestStopsGcBeforeAnythingIsRemoved) {
  HandClock clock;
  TestHome home(real_files(), clock);
  const TestFolder data;
  must(home.store().log(mixed_draft(data, 1)));
  must(home.database().write([](db::Session& session) {
    return session.execute(
        "update blob_object set content = 'x' where sha256 = (select manifest_sha256 from "
        "artifact_version)");
  }));
  clock.advance(2 * kDay);
  const auto refused = home.store().gc();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kCorrupt);
  EXPECT_NE(refused.error().message.find("local/default/x:v0"), std::string::npos);
  EXPECT_EQ(home.blob_files().size(), 2U);
}

TEST(Damage, ADatabaseThatIsNoDatabaseIsRefused) {
  const TestFolder folder;
  folder.write("treadle.db", "this is not a database, but long enough to look like one .........");
  const auto database = db::open_sqlite(folder.at("treadle.db"));
  if (!database) {
    EXPECT_EQ(database.error().code, Errc::kCorrupt);
    return;
  }
  EXPECT_EQ(Store::open(**database, folder.path()).error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace treadle::artifact
