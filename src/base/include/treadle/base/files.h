// The file system as a seam: every byte the stores write goes through here, so that a test can fill
// the disk, lose what was not synced, or fail the n-th call. Paths are UTF-8 byte strings.
// Thread-safe.
#pragma once

#include <treadle/base/result.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

struct FileStat {
  enum class Kind { kFile, kFolder, kSymlink, kOther };
  Kind kind = Kind::kOther;
  std::int64_t size = 0;      // bytes
  std::int64_t mtime_ns = 0;  // since the Unix epoch
  std::int64_t ctime_ns = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // permission bits
  bool operator==(const FileStat&) const = default;
};

// An open file; closes itself. Movable. (treadle::File is a value of user code: room cpp.)
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<OpenFile> open_read(const std::string& path) = 0;
  // A new file that must not exist yet, mode 0666 less umask (or `mode`).
  virtual Result<OpenFile> create(const std::string& path, std::uint32_t mode = 0666) = 0;
  virtual Result<OpenFile> open_append(const std::string& path) = 0;
  // Up to `size` bytes from `offset` into `out` (replaced); short only at the end of the file.
  virtual Result<void> read_at(const OpenFile& file, std::int64_t offset, std::size_t size,
                               std::string& out) = 0;
  // All of `bytes`, at the file's position.
  virtual Result<void> write(const OpenFile& file, std::string_view bytes) = 0;
  // Makes the empty file `to` share the content of `from`, where the file system can do that without
  // copying; false where it cannot.
  virtual Result<bool> clone(const OpenFile& from, const OpenFile& to);
  // Content and metadata are on the disk when this returns.
  virtual Result<void> sync(const OpenFile& file) = 0;
  virtual Result<void> sync_folder(const std::string& path) = 0;
  // Atomic; replaces `to`.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // Removes a file; absent is fine.
  virtual Result<void> remove(const std::string& path) = 0;
  // Creates the folder and its parents; existing is fine.
  virtual Result<void> make_folders(const std::string& path) = 0;
  virtual Result<FileStat> stat(const std::string& path, bool follow_symlinks = true) = 0;
  // Names (not paths) in a folder, sorted by byte.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
};

// The machine's own file system; lives for ever.
Files& real_files();

// The whole content of a small file.
Result<std::string> read_file(Files& files, const std::string& path);
// Write to a temporary neighbour, sync if asked, rename over `path`: readers see the old or the new
// content, never a part.
Result<void> write_file_atomic(Files& files, const std::string& path, std::string_view bytes,
                               bool sync, std::uint32_t mode = 0666);
// Removes a folder and everything below it. Does not follow symlinks. Absent is fine.
Result<void> remove_tree(const std::string& path);

std::string join_path(std::string_view folder, std::string_view name);
// Absolute, without "." and ".."; does not touch the disk except to learn the current folder.
std::string absolute_path(std::string_view path);
std::string parent_path(std::string_view path);
std::string base_name(std::string_view path);

}  // namespace treadle
