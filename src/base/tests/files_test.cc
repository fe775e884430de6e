#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/random.h>

#include <gtest/gtest.h>

#include <unistd.h>

namespace treadle {
namespace {

class FilesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(files.make_folders(folder)); }
  void TearDown() override { ASSERT_TRUE(remove_tree(folder)); }
  Files& files = real_files();
  std::string folder = testing::TempDir() + "files-" + to_hex(random_bytes(6));
};

TEST_F(FilesTest, WhatIsWrittenIsReadBack) {
  const std::string path = join_path(folder, "a");
  std::string big(700'000, 'x');
  big[500'000] = 'y';
  ASSERT_TRUE(write_file_atomic(files, path, big, true));
  EXPECT_EQ(read_file(files, path).value(), big);
  ASSERT_TRUE(write_file_atomic(files, path, "new", false));
  EXPECT_EQ(read_file(files, path).value(), "new");
  EXPECT_EQ(files.list(folder).value(), std::vector<std::string>{"a"}) << "no temporary file stays";
}

TEST_F(FilesTest, CreateRefusesAnExistingFile) {
  const std::string path = join_path(folder, "a");
  ASSERT_TRUE(files.create(path, 0600));
  EXPECT_EQ(files.stat(path).value().mode, 0600U);
  const auto again = files.create(path, 0600);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
}

TEST_F(FilesTest, ErrorsNameThePathAndHaveTheRightCode) {
  const auto missing = files.open_read(join_path(folder, "nope"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::kNotFound);
  EXPECT_NE(missing.error().message.find("nope"), std::string::npos);
  const auto nul = files.open_read(std::string("a\0b", 3));
  ASSERT_FALSE(nul);
  EXPECT_EQ(nul.error().code, Errc::kInvalidArgument);
}

TEST_F(FilesTest, MakeFoldersMakesParentsAndRefusesAFileInTheWay) {
  EXPECT_TRUE(files.make_folders(join_path(folder, "x/y/z")));
  EXPECT_TRUE(files.make_folders(join_path(folder, "x/y/z")));
  ASSERT_TRUE(write_file_atomic(files, join_path(folder, "f"), "", false));
  EXPECT_EQ(files.make_folders(join_path(folder, "f")).error().code, Errc::kAlreadyExists);
}

TEST_F(FilesTest, StatTellsSymlinksFromTheirTargets) {
  ASSERT_EQ(symlink("nowhere", join_path(folder, "link").c_str()), 0);
  EXPECT_EQ(files.stat(join_path(folder, "link"), false).value().kind, FileStat::Kind::kSymlink);
  EXPECT_EQ(files.stat(join_path(folder, "link")).error().code, Errc::kNotFound);
}

TEST(Paths, AreTakenApartAndPutTogether) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(absolute_path("/a/./b/../c/"), "/a/c");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/a"), "/");
  EXPECT_EQ(parent_path("a"), ".");
  EXPECT_EQ(base_name("/a/b/"), "b");
}

}  // namespace
}  // namespace treadle
