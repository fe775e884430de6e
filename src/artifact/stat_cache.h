// Private to the room: which digests files on disk had when they were last hashed, so that an
// unchanged folder is not read again. A cache: a missing or damaged file only costs time.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/files.h>
#include <treadle/blob/store.h>

#include <string>
#include <string_view>
#include <vector>

namespace treadle::artifact {

// One file. `path` is absolute.
struct HashedFile {
  std::string_view path;
  const FileStat* stat;
  const blob::Blob* blob;
};
struct CachedFile {
  std::string path;
  FileStat stat;
  blob::Blob blob;
};

class StatCache {
 public:
  StatCache() = default;
  // Empty when there is none that can be trusted.
  static StatCache load(Files& files, const std::string& file);

  // The digests of the file, when nothing about it changed. Fastest when asked in order of path.
  const blob::Blob* find(std::string_view path, const FileStat& stat);

  // Replaces the cache file. Left out are entries that changed so shortly before `hashed_at` (the
  // time before the first was looked at) that another change would not show in their times.
  static Result<void> save(Files& files, const std::string& file, std::vector<HashedFile> entries,
                           Micros hashed_at);

  bool empty() const { return entries_.empty(); }

 private:
  std::vector<CachedFile> entries_;  // in order of path
  std::size_t next_ = 0;
};

}  // namespace treadle::artifact
