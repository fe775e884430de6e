// Folders in and out.
#include "faulty_files.h"
#include "test_home.h"
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

namespace treadle::artifact {
namespace {

using test::content;
using test::draft_of;
using test::folder_draft;
using test::must;
using test::TestFolder;
using test::TestHome;
using Strings = std::vector<std::string>;

// As if the file had been written a minute ago, so that its times can be trusted.
void age(const std::string& path, int seconds = 60) {
  struct stat s{};
  ASSERT_EQ(stat(path.c_str(), &s), 0);
  const timespec when{s.st_mtim.tv_sec - seconds, 123456789};
  const timespec times[2] = {when, when};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(Folder, IsKeptWholeAndComesBackTheSame) {
  TestHome home;
  const TestFolder data;
  std::map<std::string, std::string> files;
  for (int i = 0; i < 300; ++i) {
    files["part " + std::to_string(i % 7) + "/f" + std::to_string(i)] = content(i, 5000 + i);
  }
  files["empty"] = "";
  files["a/b-c"] = "1";
  files["a/b/c"] = "2";
  files["large.bin"] = content(-1, 3'000'000);
  for (const auto& [path, bytes] : files) data.write(path, bytes);
  must(real_files().make_folders(data.at("empty folder")));
  const Version version = must(home.store().log(folder_draft("x", data.path()))).version;
  EXPECT_EQ(version.file_count, static_cast<std::int64_t>(files.size()));
  // The same digest as the same files given one by one.
  EXPECT_EQ(must(home.store().log(draft_of("y", files))).version.digest, version.digest);
  const TestFolder out;
  const Strings written = must(home.store().download(version, out.path()));
  EXPECT_EQ(written.size(), files.size());
  for (const auto& [path, bytes] : files) {
    EXPECT_EQ(must(read_file(real_files(), out.at(path))), bytes) << path;
  }
}

TEST(Folder, GoesBelowThePrefix) {
  TestHome home;
  const TestFolder data;
  data.write("x", "1");
  Draft draft = folder_draft("d", data.path());
  draft.folder_prefix = "deep/er";
  const Version version = must(home.store().log(draft)).version;
  EXPECT_EQ(must(home.store().entries(version))[0].path, "deep/er/x");
}

TEST(Folder, UnchangedFilesAreNotReadAgain) {
  const TestFolder data;
  for (int i = 0; i < 20; ++i) data.write("f" + std::to_string(i), content(i, 100));
  test::FaultyFiles files;
  test::HandClock later(system_clock().now() + 10'000'000);
  TestHome home(files, later);
  const auto opened = [&] { return files.opened_below(data.path()); };
  must(home.store().log(folder_draft("x", data.path())));
  EXPECT_EQ(opened(), 20);
  EXPECT_FALSE(must(home.store().log(folder_draft("x", data.path()))).created);
  EXPECT_EQ(opened(), 20);
  data.write("f3", "changed");
  EXPECT_TRUE(must(home.store().log(folder_draft("x", data.path()))).created);
  EXPECT_EQ(opened(), 21);
}

TEST(Folder, AFileChangedWithinTheClocksGrainIsSeen) {
  TestHome home;
  const TestFolder data;
  for (int i = 0; i < 20; ++i) data.write("f" + std::to_string(i), "one");
  struct stat before{};
  ASSERT_EQ(stat(data.at("f7").c_str(), &before), 0);
  // Hashed at the very instant the file was written: its times cannot be trusted.
  test::HandClock clock(before.st_mtim.tv_sec * 1'000'000LL + before.st_mtim.tv_nsec / 1000 + 1000);
  const auto store = must(Store::open(home.database(), home.path(), {.clock = clock}));
  must(store->log(folder_draft("x", data.path())));
  // The same length, inode and times, as a write in the same tick of the clock would leave.
  const int fd = ::open(data.at("f7").c_str(), O_WRONLY);
  ASSERT_EQ(::write(fd, "two", 3), 3);
  ::close(fd);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, data.at("f7").c_str(), times, 0), 0);
  const Logged second = must(store->log(folder_draft("x", data.path())));
  EXPECT_TRUE(second.created);
  EXPECT_EQ(must(store->read(second.version, "f7")), "two");
}

TEST(Folder, ADamagedCacheIsIgnored) {
  TestHome home;
  const TestFolder data;
  for (int i = 0; i < 20; ++i) {
    data.write("f" + std::to_string(i), content(i, 100));
    age(data.at("f" + std::to_string(i)));
  }
  test::HandClock later(system_clock().now() + 10'000'000);
  const auto store = must(Store::open(home.database(), home.path(), {.clock = later}));
  must(store->log(folder_draft("x", data.path())));
  const std::string folder = join_path(home.path(), "cache/stat");
  const Strings caches = must(real_files().list(folder));
  ASSERT_EQ(caches.size(), 1U);
  const std::string cache = join_path(folder, caches[0]);
  const std::string good = must(read_file(real_files(), cache));
  for (std::size_t i = 0; i < good.size(); i += 37) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    must(write_file_atomic(real_files(), cache, bad, false));
    EXPECT_FALSE(must(store->log(folder_draft("x", data.path()))).created);
    must(write_file_atomic(real_files(), cache, good.substr(0, i), false));
    EXPECT_FALSE(must(store->log(folder_draft("x", data.path()))).created);
  }
}

TEST(Folder, LinksInsideAreFollowedAndLinksOutAreRefused) {
  TestHome home;
  const TestFolder data;
  const TestFolder elsewhere;
  elsewhere.write("secret", "s");
  data.write("real", "r");
  ASSERT_EQ(symlink("real", data.at("link").c_str()), 0);
  const Version version = must(home.store().log(folder_draft("x", data.path()))).version;
  EXPECT_EQ(must(home.store().read(version, "link")), "r");
  const std::pair<std::string, std::string> bad[] = {{elsewhere.at("secret"), "leads out"},
                                                     {"gone", "points to nothing"},
                                                     {".", "points to a folder"},
                                                     {"..", "leads out"}};
  for (const auto& [target, rule] : bad) {
    ASSERT_EQ(symlink(target.c_str(), data.at("bad").c_str()), 0);
    const auto refused = home.store().log(folder_draft("x", data.path()));
    ASSERT_FALSE(refused) << target;
    EXPECT_NE(refused.error().message.find("bad'"), std::string::npos) << refused.error().message;
    unlink(data.at("bad").c_str());
  }
}

TEST(Folder, PipesAndImpossibleNamesAreRefusedByName) {
  TestHome home;
  const TestFolder data;
  ASSERT_EQ(mkfifo(data.at("pipe").c_str(), 0600), 0);
  EXPECT_NE(home.store().log(folder_draft("x", data.path())).error().message.find("pipe'"),
            std::string::npos);
  unlink(data.at("pipe").c_str());
  data.write("bad\xff", "1");
  EXPECT_FALSE(home.store().log(folder_draft("x", data.path())));
}

TEST(Folder, MissingFoldersAndFilesAreErrorsThatNameThem) {
  TestHome home;
  EXPECT_EQ(home.store().log(folder_draft("x", "/nowhere/at/all")).error().code, Errc::kNotFound);
  Draft draft = draft_of("x", {{"a", ""}});
  draft.entries[0].source = DraftEntry::Source::kFile;
  draft.entries[0].file = "/nowhere/file";
  const auto refused = home.store().log(draft);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("/nowhere/file"), std::string::npos);
  draft.entries[0].file = home.path();
  EXPECT_EQ(home.store().log(draft).error().code, Errc::kInvalidArgument);
}

TEST(Folder, TheHomeItselfIsLeftOut) {
  TestHome home;
  const std::string& parent = home.path();
  const auto database = must(db::open_sqlite(join_path(parent, "inner.db")));
  must(real_files().make_folders(join_path(parent, "project/.treadle")));
  must(write_file_atomic(real_files(), join_path(parent, "project/data"), "1", false));
  const auto store = must(Store::open(*database, join_path(parent, "project/.treadle")));
  const Version version = must(store->log(folder_draft("x", join_path(parent, "project")))).version;
  EXPECT_EQ(version.file_count, 1);
}

TEST(Download, DoesNotWriteThroughSymlinks) {
  TestHome home;
  const Version version = must(home.store().log(draft_of("x", {{"d/file", "new"}}))).version;
  const TestFolder out;
  const TestFolder elsewhere;
  ASSERT_EQ(symlink(elsewhere.path().c_str(), out.at("d").c_str()), 0);
  const auto refused = home.store().download(version, out.path());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("symbolic link"), std::string::npos);
  EXPECT_TRUE(must(real_files().list(elsewhere.path())).empty());
}

TEST(Download, ReplacesALinkAndNotWhatItPointsTo) {
  TestHome home;
  const Version version = must(home.store().log(draft_of("x", {{"file", "new"}}))).version;
  const TestFolder out;
  out.write("precious", "old");
  ASSERT_EQ(symlink("precious", out.at("file").c_str()), 0);
  must(home.store().download(version, out.path()));
  EXPECT_EQ(must(read_file(real_files(), out.at("precious"))), "old");
  EXPECT_EQ(must(read_file(real_files(), out.at("file"))), "new");
}

TEST(Download, WritesOneFileWhenAskedForOne) {
  TestHome home;
  const Version version = must(home.store().log(draft_of("x", {{"a/b", "1"}, {"c", "2"}}))).version;
  const TestFolder out;
  EXPECT_EQ(must(home.store().download(version, out.path(), "a/b")), Strings{out.at("a/b")});
  EXPECT_FALSE(real_files().stat(out.at("c")));
  EXPECT_EQ(home.store().download(version, out.path(), "zz").error().code, Errc::kNotFound);
}

TEST(Download, WhatTheUserDoesToTheFilesDoesNotReachTheStore) {
  TestHome home;
  const std::string large = content(1, 2'000'000);
  const Version version = must(home.store().log(draft_of("x", {{"a", large}}))).version;
  const TestFolder out;
  must(home.store().download(version, out.path()));
  const int fd = ::open(out.at("a").c_str(), O_WRONLY);
  ASSERT_EQ(::write(fd, "changed", 7), 7);
  ::close(fd);
  EXPECT_EQ(must(home.store().read(version, "a")), large);
}

TEST(LargeFile, TakesConstantMemory) {
  const TestFolder home("/tmp");
  const auto database =
      must(db::open_for_test(home.at("treadle.db"), {.durability = db::Durability::kOff}));
  const auto store = must(Store::open(*database, home.path()));
  const TestFolder data("/tmp");
  const int fd = ::open(data.at("large").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(ftruncate(fd, 128LL << 20), 0);
  ::close(fd);
  const auto resident_mib = [] {
    const std::string status = must(read_file(real_files(), "/proc/self/status"));
    return std::atoll(status.c_str() + status.find("VmHWM:") + 6) / 1024;
  };
  const auto before = resident_mib();
  Draft draft = draft_of("x", {{"large", ""}});
  draft.entries[0].source = DraftEntry::Source::kFile;
  draft.entries[0].file = data.at("large");
  const Version version = must(store->log(draft)).version;
  EXPECT_EQ(version.size, 128LL << 20);
  const TestFolder out("/tmp");
  must(store->download(version, out.path()));
  EXPECT_EQ(must(real_files().stat(out.at("large"))).size, 128LL << 20);
  EXPECT_LT(resident_mib() - before, 40);
}

}  // namespace
}  // namespace treadle::artifact
