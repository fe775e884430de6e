#include "run_lock.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <utility>

namespace treadle::events {
namespace {

std::string locks_path(const std::string& folder) {
  return join_path(folder, "run-locks");
}

// A process that a step forks (a pool of workers, a daemon) has the file, and with it the lock, too;
// it may live on when this one is killed, and the run would look alive. So every child gives up what
// is held here, before it does anything.
class HeldLocks {
 public:
  void add(int fd) {
    static const int once = ::pthread_atfork(nullptr, nullptr, give_up_in_child);
    static_cast<void>(once);
    for (std::atomic<int>& slot : slots_) {
      int free = kFree;
      if (slot.compare_exchange_strong(free, fd + 1)) return;
    }
  }
  void remove(int fd) {
    for (std::atomic<int>& slot : slots_) {
      int held = fd + 1;
      if (slot.compare_exchange_strong(held, kFree)) return;
    }
  }

 private:
  static constexpr int kFree = 0;
  // Runs that one process executes at once; the locks of more are shared with its children.
  static constexpr std::size_t kSlots = 64;

  // The descriptor stays taken: its owner closes it at some time. Only async-signal-safe calls.
  static void give_up_in_child();

  std::array<std::atomic<int>, kSlots> slots_{};  // descriptor + 1
};

HeldLocks g_held;

void HeldLocks::give_up_in_child() {
  int null = -1;
  for (std::atomic<int>& slot : g_held.slots_) {
    const int fd = slot.exchange(kFree) - 1;
    if (fd < 0) continue;
    if (null < 0) null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || ::dup3(null, fd, O_CLOEXEC) < 0) ::close(fd);
  }
  if (null >= 0) ::close(null);
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

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  if (file_) g_held.remove(file_.fd());
  file_ = std::move(other.file_);
  return *this;
}

RunLock::~RunLock() {
  if (file_) g_held.remove(file_.fd());
}

Result<RunLock> RunLock::try_acquire(const std::string& folder, std::int64_t run) {
  const std::string path = locks_path(folder);
  OpenFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file) return fail(errno_error("cannot open '" + path + "'", errno));
  struct flock lock = byte_of(run);
  RunLock held;
  if (fcntl(file.fd(), F_OFD_SETLK, &lock) == 0) {
    g_held.add(file.fd());
    held.file_ = std::move(file);
  } else if (errno != EAGAIN && errno != EACCES) {
    return fail(errno_error("cannot lock the run", errno));
  }
  return held;
}

Result<bool> RunLock::is_held(const std::string& folder, std::int64_t run) {
  // To look takes no right to write, and where nothing ever ran there is no file.
  const std::string path = locks_path(folder);
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) return fail(errno_error("cannot open '" + path + "'", errno));
  struct flock lock = byte_of(run);
  if (fcntl(file.fd(), F_OFD_GETLK, &lock) != 0) {
    return fail(errno_error("cannot look at the run's lock", errno));
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace treadle::events
