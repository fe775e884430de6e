// SIGINT and SIGTERM while a run is executed: the run is cancelled, and the Python step that runs
// gets a KeyboardInterrupt.
#pragma once

#include <treadle/execute/run.h>

#include <csignal>
#include <cstdint>
#include <optional>

namespace treadle::python {

// From construction to destruction, on the main thread; on any other thread it does nothing, as
// signals are handled on the main one. A handler of SIGTERM that the program installed itself is
// left alone. Nests.
class SignalScope {
 public:
  // What a second signal does: interrupts again, or kills the process, as the command line promises.
  enum class Second : std::uint8_t { kInterrupts, kKills };

  explicit SignalScope(execute::Cancellation& cancellation, Second second = Second::kInterrupts);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;

 private:
  void take(int signal, std::optional<struct sigaction>& before);

  execute::Cancellation* outer_ = nullptr;
  bool outer_kills_ = false;
  std::optional<struct sigaction> interrupt_;
  std::optional<struct sigaction> terminate_;
};

}  // namespace treadle::python
