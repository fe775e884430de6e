// SIGINT and SIGTERM while a run executes: the first asks it to finish cleanly, the second ends the
// process at once.
#pragma once

#include <treadle/execute/run.h>

namespace treadle::cli {

// Handlers for the lifetime of this object; the previous ones come back. One at a time per process.
// Does nothing when the front end handles signals itself.
class SignalGuard {
 public:
  // `own`: the front end's cancellation, or null.
  explicit SignalGuard(execute::Cancellation* own);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  const execute::Cancellation* cancellation() const { return cancellation_; }

 private:
  execute::Cancellation* cancellation_;
  bool installed_ = false;
};

}  // namespace treadle::cli
