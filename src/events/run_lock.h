// Private to the room: the lock that says "a living process executes this run".
#pragma once

#include <treadle/base/files.h>
#include <treadle/base/result.h>

#include <cstdint>
#include <string>

namespace treadle::events {

// One byte of the file `<folder>/run-locks` per run, locked with an open-file-description lock: the
// kernel frees it when the process ends, however it ends, and no file per run is left behind. Processes
// it forks do not hold it.
// Movable; frees the lock when destroyed.
class RunLock {
 public:
  RunLock() = default;
  RunLock(RunLock&& other) noexcept = default;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();
  // Nothing held when another process holds it.
  static Result<RunLock> try_acquire(const std::string& folder, std::int64_t run);
  static Result<bool> is_held(const std::string& folder, std::int64_t run);
  explicit operator bool() const { return static_cast<bool>(file_); }

 private:
  OpenFile file_;
};

}  // namespace treadle::events
