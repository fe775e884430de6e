#include <treadle/base/random.h>
#include <treadle/blob/local_store.h>
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>

namespace treadle::blob {
namespace {

// A store in a temporary folder.
class LocalStoreTest : public testing::Test {
 protected:
  LocalStoreTest() {
    EXPECT_TRUE(real_files().make_folders(folder_));
    database_ = std::move(
        *db::open_for_test(folder_ + "/treadle.db", {.durability = db::Durability::kOff}));
    store_ = std::move(*open_local_store(*database_, folder_ + "/blobs", {.sync = false}));
  }
  ~LocalStoreTest() override { (void)remove_tree(folder_); }

  Result<Blob> put(const std::string& bytes) {
    const auto batch = store_->begin();
    TREADLE_TRY(const Blob blob, batch->add(bytes));
    TREADLE_CHECK(batch->finish());
    TREADLE_CHECK(record(*batch));
    return blob;
  }
  Result<void> record(Batch& batch) {
    return database_->write([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const bool recorded, batch.record(session));
      return recorded ? Result<void>() : fail(Errc::kBusy, "collected");
    });
  }
  Result<Swept> sweep(const std::vector<Blob>& used, bool dry_run = false) {
    const auto mark = [&](db::Session&, BlobSet& set) -> Result<void> {
      for (const Blob& blob : used) set.insert(blob.sha256);
      return {};
    };
    return store_->sweep(mark, {.dry_run = dry_run, .grace = 0});
  }
  std::vector<std::string> files(const std::string& name) const {
    return *real_files().list(folder_ + "/blobs/" + name);
  }
  // `count` contents of `size` bytes in one batch.
  std::vector<Blob> put_many(int count, std::size_t size) {
    const auto batch = store_->begin();
    std::vector<Blob> out;
    for (int i = 0; i < count; ++i) {
      std::string bytes = std::to_string(i) + "/" + std::to_string(count);
      bytes.resize(size, 'x');
      out.push_back(*batch->add(bytes));
    }
    EXPECT_TRUE(batch->finish());
    EXPECT_TRUE(record(*batch));
    return out;
  }

  const std::string folder_ = "/tmp/treadle-blob-test-" + random_uuid();
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(LocalStoreTest, ContentIsReadBackWhateverItsSize) {
  for (const std::size_t size :
       std::vector<std::size_t>{0, 1, 16384, 16385, 70000, 1048576, 3000000}) {
    const std::string bytes(size, static_cast<char>('a' + size % 26));
    const auto blob = put(bytes);
    ASSERT_TRUE(blob) << blob.error().message;
    EXPECT_EQ(blob->sha256, sha256(bytes));
    EXPECT_EQ(blob->md5, md5(bytes));
    EXPECT_EQ(store_->reader()->read(blob->sha256, 1 << 30).value(), bytes) << size;
  }
}

TEST_F(LocalStoreTest, WhatWasNeverPutIsNotFound) {
  EXPECT_EQ(store_->reader()->read(sha256("never"), 100).error().code, Errc::kNotFound);
}

TEST_F(LocalStoreTest, TinyContentMakesNoFileAndManySmallOnesMakeOne) {
  put_many(3, 1000);
  EXPECT_TRUE(files("packs").empty());
  put_many(1000, 1001);
  EXPECT_EQ(files("packs").size(), 1U);
  EXPECT_TRUE(files("files").empty());
}

TEST_F(LocalStoreTest, TheSameContentIsKeptOnce) {
  put_many(100, 1000);
  put_many(100, 1000);
  EXPECT_EQ(files("packs").size(), 1U);
  EXPECT_EQ(store_->verify({})->blobs, 100);
}

TEST_F(LocalStoreTest, FilesOfAllSizesAreReadInOrder) {
  std::vector<SourceFile> sources;
  std::vector<std::string> contents;
  for (int i = 0; i < 200; ++i) {
    contents.emplace_back(static_cast<std::size_t>(i) * 8000, static_cast<char>('a' + i % 26));
    const std::string path = folder_ + "/f" + std::to_string(i);
    ASSERT_TRUE(write_file_atomic(real_files(), path, contents.back(), false));
    // A hint of the size may be wrong either way.
    const std::int64_t hint = i % 3 == 0 ? 0 : i % 3 == 1 ? 5'000'000 : i * 8000;
    sources.push_back({path, hint, std::nullopt});
  }
  const auto batch = store_->begin();
  const auto blobs = batch->add_files(sources);
  ASSERT_TRUE(blobs) << blobs.error().message;
  ASSERT_TRUE(batch->finish());
  ASSERT_TRUE(record(*batch));
  const auto reader = store_->reader();
  for (std::size_t i = 0; i < contents.size(); ++i) {
    EXPECT_EQ(reader->read((*blobs)[i].sha256, 1 << 30).value(), contents[i]) << i;
  }
}

TEST_F(LocalStoreTest, ABatchThatIsDroppedLeavesNothing) {
  {
    const auto batch = store_->begin();
    ASSERT_TRUE(batch->add(std::string(100'000, 'a')));
    EXPECT_EQ(files("packs").size(), 1U);
  }
  EXPECT_TRUE(files("packs").empty());
}

TEST_F(LocalStoreTest, ABatchIsToldWhenWhatItReliedOnWasCollected) {
  const std::string bytes(100'000, 'a');
  ASSERT_TRUE(put(bytes));
  const auto batch = store_->begin();
  ASSERT_TRUE(batch->add(bytes));
  EXPECT_TRUE(batch->empty());
  ASSERT_TRUE(sweep({}));
  ASSERT_TRUE(batch->finish());
  EXPECT_EQ(record(*batch).error().code, Errc::kBusy);
}

TEST_F(LocalStoreTest, ABatchIsToldWhenItsOwnFilesWereTakenForLeftovers) {
  const auto batch = store_->begin();
  ASSERT_TRUE(batch->add(std::string(100'000, 'a')));
  ASSERT_TRUE(batch->finish());
  ASSERT_TRUE(real_files().remove(folder_ + "/blobs/packs/" + files("packs").at(0)));
  EXPECT_EQ(record(*batch).error().code, Errc::kBusy);
}

TEST_F(LocalStoreTest, ASweepKeepsWhatIsUsedAndRemovesTheRest) {
  const auto small = put_many(5, 100);
  const auto packed = put_many(100, 2000);
  const auto large = put(std::string(2'000'000, 'l'));
  const std::vector<Blob> used = {small[0], packed[0]};
  const auto planned = sweep(used, true);
  EXPECT_EQ(planned->blobs, 104);
  EXPECT_EQ(store_->verify({})->blobs, 106);
  const auto swept = sweep(used);
  ASSERT_TRUE(swept) << swept.error().message;
  EXPECT_EQ(swept->blobs, planned->blobs);
  EXPECT_EQ(swept->blob_bytes, 4 * 100 + 99 * 2000 + 2'000'000);
  EXPECT_TRUE(files("files").empty());
  for (const Blob& blob : used) EXPECT_TRUE(store_->reader()->read(blob.sha256, 1 << 20));
  EXPECT_EQ(store_->reader()->read(large->sha256, 1 << 30).error().code, Errc::kNotFound);
  ASSERT_TRUE(sweep({}));
  EXPECT_TRUE(files("packs").empty());
}

TEST_F(LocalStoreTest, APackThatIsMostlyDeadIsRewrittenUnderAReader) {
  const auto blobs = put_many(200, 2000);
  const std::vector<Blob> used(blobs.begin() + 100, blobs.begin() + 110);
  const auto reader = store_->reader();
  ASSERT_TRUE(reader->locate(std::vector{used[0].sha256, used[1].sha256}));
  const auto swept = sweep(used);
  EXPECT_EQ(swept->packs_rewritten, 1);
  EXPECT_GT(swept->file_bytes, 150'000);
  ASSERT_EQ(files("packs").size(), 1U);
  // The reader knew the old place.
  for (const Blob& blob : used) EXPECT_TRUE(reader->read(blob.sha256, 1 << 20));
  EXPECT_TRUE(store_->verify({})->bad.empty());
  EXPECT_EQ(sweep(used)->packs_rewritten, 0);
}

TEST_F(LocalStoreTest, FilesOfDeadWritersAreRemovedWhenTheyAreOld) {
  for (const char* name : {"packs/dead.pack", "files/dead", "tmp/dead"}) {
    ASSERT_TRUE(write_file_atomic(real_files(), folder_ + "/blobs/" + name, "x", false));
  }
  const auto kept = put_many(100, 2000);
  EXPECT_EQ(sweep(kept)->files, 0);
  // Eleven minutes ago.
  const timespec old{time(nullptr) - 660, 0};
  const timespec times[2] = {old, old};
  for (const char* kind : {"packs", "files", "tmp"}) {
    for (const std::string& file : files(kind)) {
      ASSERT_EQ(utimensat(AT_FDCWD, (folder_ + "/blobs/" + kind + "/" + file).c_str(), times, 0),
                0);
    }
  }
  EXPECT_EQ(sweep(kept, true)->files, 3);
  EXPECT_EQ(sweep(kept)->files, 3);
  EXPECT_EQ(files("packs").size(), 1U);
  EXPECT_TRUE(store_->verify({})->bad.empty());
}

// A pair of inputs with one MD5, found by Marc Stevens' method and published with it.
TEST_F(LocalStoreTest, ContentsWithOneMd5AreKeptApartAndNamed) {
  const std::string one = *from_hex(
      "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
      "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
      "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
      "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70");
  const std::string other = *from_hex(
      "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
      "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
      "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
      "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70");
  const auto a = put(one);
  const auto b = put(other);
  ASSERT_EQ(a->md5, b->md5);
  ASSERT_NE(a->sha256, b->sha256);
  EXPECT_EQ(store_->reader()->read(a->sha256, 1000).value(), one);
  EXPECT_EQ(store_->reader()->read(b->sha256, 1000).value(), other);
  EXPECT_EQ(store_->verify({})->md5_collisions.size(), 2U);
}

}  // namespace
}  // namespace treadle::blob
