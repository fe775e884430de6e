// References to local files and folders, known as W&B's SDK knows them.
#include "test_home.h"
#include <treadle/artifact/reference.h>
#include <treadle/base/digest.h>

#include <gtest/gtest.h>

namespace treadle::artifact {
namespace {

using test::must;
using test::TestFolder;

TEST(Reference, AFileIsKnownByItsContent) {
  const TestFolder data;
  data.write("a b.txt", "hey");
  const std::string uri = "file://" + data.path() + "/a%20b.txt";
  const auto one = must(reference_entries(real_files(), uri));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].path, "a b.txt");
  EXPECT_EQ(one[0].reference, uri);
  EXPECT_EQ(one[0].reference_digest, to_base64(md5("hey")));
  EXPECT_EQ(one[0].reference_size, 3);
}

TEST(Reference, WithoutAChecksumAFileIsKnownByWhereItIs) {
  const TestFolder data;
  data.write("a b.txt", "hey");
  const std::string uri = "file://" + data.path() + "/a b.txt";
  const auto one = must(reference_entries(real_files(), uri, {.name = "x", .checksum = false}));
  EXPECT_EQ(one.at(0).path, "x");
  EXPECT_EQ(one.at(0).reference_digest, to_base64(md5("file://" + data.path() + "/a%20b.txt")));
  EXPECT_EQ(one.at(0).reference_size, 3);
}

TEST(Reference, AFolderIsEntered) {
  const TestFolder data;
  data.write("x", "1");
  data.write("deep/y", "22");
  const auto both = must(reference_entries(real_files(), "file://" + data.path(), {.name = "in"}));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].path, "in/deep/y");
  EXPECT_EQ(both[0].reference, "file://" + data.path() + "/deep/y");
  EXPECT_EQ(both[1].path, "in/x");
  const auto many = reference_entries(real_files(), "file://" + data.path(), {.most = 1});
  EXPECT_NE(many.error().message.find("holds 2 files, more than 1"), std::string::npos);
}

TEST(Reference, OtherPlacesAreKnownByTheirUri) {
  const auto one = must(reference_entries(real_files(), "https://x.org/in/data.csv?v=2#top"));
  EXPECT_EQ(one.at(0).path, "data.csv");
  EXPECT_EQ(one.at(0).reference_digest, "https://x.org/in/data.csv?v=2#top");
  EXPECT_EQ(one.at(0).reference_size, -1);
}

TEST(Reference, ThatLeadsNowhereIsRefused) {
  EXPECT_NE(reference_entries(real_files(), "file:///no/such/file")
                .error()
                .message.find("no file or folder"),
            std::string::npos);
  EXPECT_NE(reference_entries(real_files(), "/etc/passwd").error().message.find("file://"),
            std::string::npos);
}

}  // namespace
}  // namespace treadle::artifact
