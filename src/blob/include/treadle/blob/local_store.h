// Blobs in a folder, found through the database: tiny ones inline in a row, the small files of one
// batch together in one pack file (one fsync), large ones as a file each. Layout:
// docs/formats/artifacts.md.
#pragma once

#include <treadle/base/files.h>
#include <treadle/blob/store.h>

#include <memory>
#include <string>

namespace treadle::blob {

struct LocalOptions {
  Files& files = real_files();
  Clock& clock = system_clock();
  bool sync = true;        // false: nothing is fsynced (tests, Durability::kOff)
  bool read_only = false;  // create nothing; writing fails with kReadOnly
};

// `folder` is created. `database` must outlive the store. Errors name the folder and the cure.
Result<std::unique_ptr<BlobStore>> open_local_store(db::Database& database,
                                                    const std::string& folder,
                                                    const LocalOptions& options = {});

}  // namespace treadle::blob
