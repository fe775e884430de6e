// What a forked step prints: kept in two files, and shown on this process's own terminal while it comes.
#pragma once

#include <treadle/base/files.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace treadle::execute {

// A step key as a file name: letters, digits, '_', '-' and '.' stay, any other byte becomes %XX; never hidden, never too long.
std::string log_file_name(std::string_view step_key);

struct CaptureFiles {
  std::string out;
  std::string err;
};
// <logs_folder>/<run>/<step>.out and .err.
CaptureFiles capture_files(const std::string& logs_folder, const std::string& run_id,
                           const std::string& step_key);

// Makes `fd` (1 or 2) of this process write to the end of the file. Returns where that is.
Result<std::int64_t> redirect_to_file(int fd, const std::string& path);

// Copies what is added to a file to a descriptor of this process.
class OutputTail {
 public:
  // From `begin` on. A file that cannot be read is shown as empty.
  OutputTail(const std::string& path, std::int64_t begin, int to);
  // Copies what has come since the last call.
  void forward();

 private:
  OpenFile file_;
  std::int64_t at_;
  int to_;
};

}  // namespace treadle::execute
