#include "run_lock.h"

#include <cerrno>
#include <fcntl.h>

namespace treadle::events {
namespace {

Result<OpenFile> open_locks(const std::string& folder) {
  const std::string path = join_path(folder, "run-locks");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return fail(errno_error("cannot open '" + path + "'", errno));
  return OpenFile(fd);
}

struct flock byte_of(std::int64_t run) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = run;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<RunLock> RunLock::try_acquire(const std::string& folder, std::int64_t run) {
  TREADLE_TRY(OpenFile file, open_locks(folder));
  struct flock lock = byte_of(run);
  RunLock held;
  if (fcntl(file.fd(), F_OFD_SETLK, &lock) == 0) {
    held.file_ = std::move(file);
  } else if (errno != EAGAIN && errno != EACCES) {
    return fail(errno_error("cannot lock the run", errno));
  }
  return held;
}

Result<bool> RunLock::is_held(const std::string& folder, std::int64_t run) {
  TREADLE_TRY(const OpenFile file, open_locks(folder));
  struct flock lock = byte_of(run);
  if (fcntl(file.fd(), F_OFD_GETLK, &lock) != 0) {
    return fail(errno_error("cannot look at the run's lock", errno));
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace treadle::events
