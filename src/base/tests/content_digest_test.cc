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

// A clock an hour ahead: files just written are old.
class LaterClock final : public Clock {
 public:
  Micros now() override { return system_clock().now() + 3'600'000'000; }
};

TEST_F(ContentDigest, OfALargeFileIsRememberedUntilTheFileChanges) {
  LaterClock later;
  const std::string path = write("large", std::string(100'000, 'a'));
  const std::string memory_path = join_path(folder_, "memory/digests");
  DigestMemory memory(real_files(), memory_path, later);
  const std::string digest = content_digest(real_files(), path, &memory).value_or("");
  ASSERT_TRUE(memory.save());

  DigestMemory again(real_files(), memory_path, later);
  EXPECT_EQ(again.find(path, *real_files().stat(path)), digest);
  EXPECT_EQ(content_digest(real_files(), path, &again).value_or(""), digest);
  write("large", std::string(100'000, 'b'));
  EXPECT_EQ(again.find(path, *real_files().stat(path)), "");
  EXPECT_EQ(content_digest(real_files(), path, &again).value_or(""),
            to_hex(sha256(std::string(100'000, 'b'))));
}

TEST_F(ContentDigest, IsNotRememberedOfFilesThatAreSmallOrJustWritten) {
  LaterClock later;
  DigestMemory memory(real_files(), join_path(folder_, "memory"), later);
  const std::string small = write("small", "a");
  ASSERT_TRUE(content_digest(real_files(), small, &memory));
  EXPECT_EQ(memory.find(small, *real_files().stat(small)), "");
  DigestMemory now(real_files(), join_path(folder_, "memory"));
  const std::string fresh = write("fresh", std::string(100'000, 'a'));
  ASSERT_TRUE(content_digest(real_files(), fresh, &now));
  EXPECT_EQ(now.find(fresh, *real_files().stat(fresh)), "");
}

TEST_F(ContentDigest, IsReadAgainWhenTheMemoryIsDamaged) {
  LaterClock later;
  const std::string path = write("large", std::string(100'000, 'a'));
  for (const std::string damaged : {"x", "\n\n", "deadbeef 1 2 3 4 /x\n", "\0\0"}) {
    DigestMemory memory(real_files(), write("memory", damaged), later);
    EXPECT_EQ(content_digest(real_files(), path, &memory).value_or(""),
              to_hex(sha256(std::string(100'000, 'a'))));
  }
}

}  // namespace
}  // namespace treadle
