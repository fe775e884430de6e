// What identifies the content of a file or folder, wherever it lies and whatever its times are.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/files.h>

#include <string>
#include <unordered_map>

namespace treadle {

// Digests of large files that were read before, in a file of its own, so that an unchanged file is
// not read again. Unchanged is what has the size, times and inode it had; what was changed within
// two seconds before it was read is not remembered, because times are not fine enough to see another
// change. A damaged memory is an empty one. Not thread-safe; of processes that save at once one wins.
class DigestMemory {
 public:
  DigestMemory(Files& files, std::string path, Clock& clock = system_clock());
  // "" when the file is not known as it is now.
  std::string find(const std::string& path, const FileStat& stat) const;
  // `stat` is from before the file was read. The digest, of whatever kind, has no spaces.
  void remember(const std::string& path, const FileStat& stat, const std::string& digest);
  // Writes what is new; a memory that cannot be written only costs time.
  Result<void> save();

 private:
  struct Known {
    FileStat stat;
    std::string digest;
  };
  Files& files_;
  const std::string path_;
  Clock& clock_;
  std::unordered_map<std::string, Known> known_;
  bool changed_ = false;
};

// Of a file: the SHA-256 of its bytes, in hex. Of a folder: the SHA-256 of one line "<digest> <path
// inside>\n" for each file below it, ordered by path; empty folders do not count, symlinks are
// followed. Constant memory. kNotFound when there is nothing there, kUnsupported for sockets and
// devices.
Result<std::string> content_digest(Files& files, const std::string& path,
                                   DigestMemory* memory = nullptr);

}  // namespace treadle
