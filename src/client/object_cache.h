// Private to the room: contents that arrived, by their MD5, until they are where they belong. An
// interrupted download goes on from here, and contents that several versions have are fetched once.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <string>

namespace treadle::client {

// Files below `<folder>/objects`, read-only. Thread-safe; shared by processes.
class ObjectCache {
 public:
  // Removes what nothing else refers to any more, once an hour.
  explicit ObjectCache(std::string cache_folder);

  // Where the content lies, or will lie (the folder is made).
  Result<std::string> place(const std::string& md5_base64);
  // Whether it lies there as it was when it was verified.
  bool has(const std::string& path, std::int64_t size) const;
  // After it was verified: nobody writes to it from here on without being noticed.
  static Result<void> seal(const std::string& path);
  // Its content at `target`, all at once. Targets below the cache folder share the file itself; others
  // get a copy, or (`last`: nobody else wants it) the file.
  Result<void> deliver(const std::string& path, const std::string& target, bool last);

 private:
  void sweep();

  const std::string folder_;
  const std::string objects_;
};

}  // namespace treadle::client
