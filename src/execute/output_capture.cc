#include "output_capture.h"

#include <treadle/base/digest.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace treadle::execute {

std::string log_file_name(std::string_view step_key) {
  constexpr std::size_t kLongest = 200;
  std::string name;
  for (const char c : step_key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      name += '%' + to_hex(std::string_view(&c, 1));
    }
  }
  if (name.size() > kLongest) {
    name = name.substr(0, kLongest - 17) + "-" + to_hex(sha256(step_key)).substr(0, 16);
  }
  return name;
}

CaptureFiles capture_files(const std::string& logs_folder, const std::string& run_id,
                           const std::string& step_key) {
  const std::string stem = join_path(join_path(logs_folder, run_id), log_file_name(step_key));
  return {stem + ".out", stem + ".err"};
}

Result<std::int64_t> redirect_to_file(int fd, const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0)
    return fail(errno_error("Cannot open " + path + " for the output of a step", errno));
  const std::int64_t end = ::lseek(file, 0, SEEK_END);
  const bool redirected = ::dup2(file, fd) >= 0;
  const int error = errno;
  ::close(file);
  if (!redirected) return fail(errno_error("Cannot redirect the output of a step", error));
  return end;
}

OutputTail::OutputTail(const std::string& path, std::int64_t begin, int to)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), at_(begin), to_(to) {}

void OutputTail::forward() {
  if (!file_) return;
  char bytes[16 * 1024];
  while (true) {
    const ssize_t size = ::pread(file_.fd(), bytes, sizeof bytes, at_);
    if (size <= 0) return;
    at_ += size;
    for (ssize_t done = 0; done < size;) {
      const ssize_t written = ::write(to_, bytes + done, static_cast<std::size_t>(size - done));
      if (written < 0 && errno == EINTR) continue;
      // The files have it all: a closed or full terminal is no reason to stop a run.
      if (written <= 0) break;
      done += written;
    }
  }
}

}  // namespace treadle::execute
