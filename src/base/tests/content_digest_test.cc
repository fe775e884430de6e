#include <treadle/base/content_digest.h>
#include <treadle/base/digest.h>
#include <treadle/base/random.h>

#include <gtest/gtest.h>

namespace treadle {
namespace {

class ContentDigest : public testing::Test {
 protected:
  ContentDigest() : folder_(join_path(testing::TempDir(), random_uuid())) {
    (void)real_files().make_folders(folder_);
  }
  ~ContentDigest() override { (void)remove_tree(folder_); }
  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = join_path(folder_, name);
    EXPECT_TRUE(real_files().make_folders(parent_path(path)));
    EXPECT_TRUE(write_file_atomic(real_files(), path, bytes, false));
    return path;
  }
  std::string folder_;
};

TEST_F(ContentDigest, OfAFileIsTheSha256OfItsBytes) {
  const std::string bytes((1 << 20) + 7, 'x');  // more than one chunk
  EXPECT_EQ(content_digest(real_files(), write("a", bytes)).value_or(""), to_hex(sha256(bytes)));
  EXPECT_EQ(content_digest(real_files(), write("empty", "")).value_or(""), to_hex(sha256("")));
}

TEST_F(ContentDigest, OfAFolderChangesWithContentAndNamesOnly) {
  write("in/b", "2");
  write("in/sub/a", "1");
  const auto before = content_digest(real_files(), join_path(folder_, "in"));
  ASSERT_TRUE(before);
  EXPECT_EQ(*before,
            to_hex(sha256(to_hex(sha256("2")) + " b\n" + to_hex(sha256("1")) + " sub/a\n")));
  write("in/b", "2");
  EXPECT_EQ(content_digest(real_files(), join_path(folder_, "in")).value_or(""), *before);
  write("in/b", "3");
  EXPECT_NE(content_digest(real_files(), join_path(folder_, "in")).value_or(""), *before);
}

TEST_F(ContentDigest, OfNothingSaysThatItIsNotThere) {
  const auto digest = content_digest(real_files(), join_path(folder_, "absent"));
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, Errc::kNotFound);
  EXPECT_NE(digest.error().message.find("absent"), std::string::npos);
}

}  // namespace
}  // namespace treadle
