#include <treadle/base/random.h>
#include <treadle/blob/local_store.h>

#include <gtest/gtest.h>

namespace treadle::blob {
namespace {

// A store in a temporary folder.
class LocalStoreTest : public testing::Test {
 protected:
  LocalStoreTest() {
    EXPECT_TRUE(real_files().make_folders(folder_));
    database_ = std::move(*db::open_sqlite(folder_ + "/treadle.db"));
    store_ = std::move(*open_local_store(*database_, folder_ + "/blobs"));
  }
  ~LocalStoreTest() override { (void)remove_tree(folder_); }

  Result<Blob> put(const std::string& bytes) {
    const auto batch = store_->begin();
    TREADLE_TRY(const Blob blob, batch->add(bytes));
    TREADLE_CHECK(batch->finish());
    TREADLE_CHECK(database_->write([&](db::Session& session) -> Result<void> {
      TREADLE_TRY(const bool recorded, batch->record(session));
      return recorded ? Result<void>() : fail(Errc::kBusy, "collected");
    }));
    return blob;
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

}  // namespace
}  // namespace treadle::blob
