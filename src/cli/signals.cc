#include "signals.h"

#include <atomic>
#include <csignal>
#include <string_view>
#include <unistd.h>

namespace treadle::cli {
namespace {

// What the handler may touch: lock-free atomics only.
execute::Cancellation run_cancellation;
struct sigaction previous_int;
struct sigaction previous_term;

extern "C" void treadle_cli_on_signal(int number) {
  if (run_cancellation.requested()) {
    // Die of the signal itself, so that the parent sees why.
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  run_cancellation.request();
  constexpr std::string_view kText =
      "\nStopping: what runs is finished or given up cleanly. Once more to kill.\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText.data(), kText.size());
}

}  // namespace

SignalGuard::SignalGuard(execute::Cancellation* own)
    : cancellation_(own ? own : &run_cancellation) {
  if (own) return;
  struct sigaction action{};
  action.sa_handler = treadle_cli_on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &previous_int);
  sigaction(SIGTERM, &action, &previous_term);
  installed_ = true;
}

SignalGuard::~SignalGuard() {
  if (!installed_) return;
  sigaction(SIGINT, &previous_int, nullptr);
  sigaction(SIGTERM, &previous_term, nullptr);
}

}  // namespace treadle::cli
