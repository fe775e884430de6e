#include "signals.h"

#include <Python.h>
#include <atomic>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace treadle::python {
namespace {

std::atomic<execute::Cancellation*> g_cancellation{nullptr};
std::atomic<bool> g_second_kills{false};

// Async-signal-safe. SIGTERM becomes SIGINT for Python, whose handler raises KeyboardInterrupt in
// the main thread.
void on_signal(int number) {
  if (execute::Cancellation* cancellation = g_cancellation.load()) {
    if (g_second_kills && cancellation->requested()) {
      // Of the signal itself, so that the parent sees why.
      ::signal(number, SIG_DFL);
      ::raise(number);
      return;
    }
    cancellation->request();
    if (g_second_kills) {
      constexpr std::string_view kText =
          "\nStopping: what runs is finished or given up cleanly. Once more to kill.\n";
      [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
    }
  }
  PyErr_SetInterruptEx(SIGINT);
}

bool on_main_thread() {
  return ::syscall(SYS_gettid) == ::getpid();
}

}  // namespace

SignalScope::SignalScope(execute::Cancellation& cancellation, Second second) {
  if (!on_main_thread()) return;
  outer_kills_ = g_second_kills.exchange(second == Second::kKills);
  outer_ = g_cancellation.exchange(&cancellation);
  take(SIGINT, interrupt_);
  take(SIGTERM, terminate_);
}

void SignalScope::take(int signal, std::optional<struct sigaction>& before) {
  struct sigaction current{};
  if (::sigaction(signal, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) return;
  if (signal == SIGTERM && current.sa_handler != SIG_DFL && current.sa_handler != on_signal) return;
  struct sigaction ours{};
  ours.sa_handler = on_signal;
  sigemptyset(&ours.sa_mask);
  if (::sigaction(signal, &ours, nullptr) == 0) before = current;
}

SignalScope::~SignalScope() {
  if (interrupt_) ::sigaction(SIGINT, &*interrupt_, nullptr);
  if (terminate_) ::sigaction(SIGTERM, &*terminate_, nullptr);
  if (!on_main_thread()) return;
  g_cancellation.store(outer_);
  g_second_kills = outer_kills_;
}

}  // namespace treadle::python
