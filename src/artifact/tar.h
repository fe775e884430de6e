// Private to the room: tar archives (POSIX ustar with pax headers), as far as exports need them.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/files.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace treadle::artifact {

// Writes regular files in the order given. Single thread.
class TarWriter {
 public:
  TarWriter(Files& files, OpenFile file, Micros mtime)
      : files_(files), file_(std::move(file)), mtime_(mtime) {}
  // Then its content in write()s of `size` bytes together.
  Result<void> begin(const std::string& path, std::int64_t size);
  Result<void> write(std::string_view bytes);
  Result<void> end_file();
  // The archive is whole and durable.
  Result<void> finish();

 private:
  Files& files_;
  OpenFile file_;
  Micros mtime_;
  std::int64_t size_ = 0;
};

struct TarMember {
  std::string path;
  std::int64_t size = 0;
  std::int64_t offset = 0;  // of its content in the archive
};

// Reads any bytes. kCorrupt for what is no archive or ends early, and for members that are not
// regular files or folders: links and devices never belong into one of ours.
class TarReader {
 public:
  TarReader(Files& files, const OpenFile& file, std::string name)
      : files_(files), file_(file), name_(std::move(name)) {}
  // The next regular file; nothing at the end.
  Result<std::optional<TarMember>> next();

 private:
  Files& files_;
  const OpenFile& file_;
  const std::string name_;
  std::int64_t offset_ = 0;
};

}  // namespace treadle::artifact
