#include "progress.h"

#include "text.h"
#include <treadle/base/clock.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

namespace treadle::cli {
namespace {

// Above this many steps, lines for each success would only scroll by.
constexpr std::size_t kManySteps = 200;

}  // namespace

struct Progress::Impl {
  Terminal terminal;
  int fd;
  ProgressPlan plan;

  std::mutex mutex;
  std::condition_variable wake;
  std::thread redrawer;
  bool stopping = false;
  bool status_shown = false;
  std::size_t frame = 0;
  std::size_t finished = 0;
  std::size_t reported =
      0;  // finished steps already told of in a run of many steps without a terminal
  std::vector<std::pair<std::string, Micros>> running;  // step key, since

  std::string label(const std::string& step_key) const {
    const auto found = plan.labels.find(step_key);
    return printable(found == plan.labels.end() ? step_key : found->second);
  }

  bool is_running(const std::string& step_key) const {
    return std::any_of(running.begin(), running.end(),
                       [&](const auto& entry) { return entry.first == step_key; });
  }

  Micros stop_running(const std::string& step_key, Micros now) {
    for (auto entry = running.begin(); entry != running.end(); ++entry) {
      if (entry->first != step_key) continue;
      const Micros since = entry->second;
      running.erase(entry);
      return now - since;
    }
    return -1;
  }

  void write_text(std::string text) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t written = ::write(fd, rest.data(), rest.size());
      if (written <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  std::string erase_status() {
    const bool shown = std::exchange(status_shown, false);
    return shown ? "\r\x1b[2K" : "";
  }

  std::string status(Micros now) {
    static constexpr const char* kFrames[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static constexpr const char* kPlainFrames[] = {"|", "/", "-", "\\"};
    if (running.empty()) return {};
    std::vector<std::string> parts;
    for (const auto& [key, since] : running)
      parts.push_back(
          fmt::format("{} {:.1f} s", label(key), static_cast<double>(now - since) / 1e6));
    const char* spinner = terminal.unicode ? kFrames[frame % 10] : kPlainFrames[frame % 4];
    const std::string text = fmt::format("{}/{}  {}", finished, plan.step_count, join(parts, ", "));
    status_shown = true;
    return terminal.paint(Style::kCyan, spinner) + " " +
           truncate_to(text, std::max(20, terminal.width - 6)) + "  ";
  }

  // A line that stays. The status comes back with the next tick: steps that are quicker never see
  // it.
  void line(const std::string& text) { write_text(erase_status() + text + "\n"); }

  void redraw() {
    std::string out = erase_status();
    out += status(system_clock().now());
    if (!out.empty()) write_text(std::move(out));
  }

  void redraw_until_stopped() {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, std::chrono::milliseconds(100), [this] { return stopping; })) {
      ++frame;
      redraw();
    }
  }

  void finished_step(const Event& event, bool good) {
    const Micros took = stop_running(event.step_key, event.time);
    ++finished;
    if (good && plan.step_count > kManySteps) {
      if (!terminal.interactive && finished * 10 / plan.step_count > reported) {
        reported = finished * 10 / plan.step_count;
        line(fmt::format("{} of {} steps", finished, plan.step_count));
      }
      return;
    }
    std::string text = terminal.paint(good ? Style::kGreen : Style::kRed,
                                      good ? terminal.tick() : terminal.cross());
    text += " " + label(event.step_key);
    if (took >= 0) text += "  " + terminal.paint(Style::kDim, format_duration(took));
    line(text);
  }
};

Progress::Progress(const Terminal& terminal, int fd, ProgressPlan plan)
    : impl_(std::make_unique<Impl>()) {
  impl_->terminal = terminal;
  impl_->fd = fd;
  impl_->plan = std::move(plan);
}

Progress::~Progress() {
  finish();
}

void Progress::on_event(const Event& event) {
  Impl& impl = *impl_;
  const std::lock_guard lock(impl.mutex);
  if (impl.terminal.interactive && !impl.redrawer.joinable() && !impl.stopping &&
      event.type == EventType::kStepStart)
    impl.redrawer = std::thread([&impl] { impl.redraw_until_stopped(); });
  switch (event.type) {
    case EventType::kStepStart:
    case EventType::kStepRestarted:
      impl.running.emplace_back(event.step_key, event.time);
      if (!impl.terminal.interactive && impl.plan.step_count <= kManySteps)
        impl.line(
            fmt::format("{} {}: started", impl.terminal.bullet(), impl.label(event.step_key)));
      break;
    case EventType::kStepSuccess:
      impl.finished_step(event, true);
      break;
    case EventType::kStepFailure:
      impl.finished_step(event, false);
      break;
    case EventType::kStepUpForRetry:
      impl.stop_running(event.step_key, event.time);
      impl.line(impl.terminal.paint(
          Style::kYellow, fmt::format("{} {}: failed, will be tried again", impl.terminal.cross(),
                                      impl.label(event.step_key))));
      break;
    case EventType::kStepSkipped:
      ++impl.finished;
      impl.line(impl.terminal.paint(
          Style::kYellow,
          fmt::format("{} {}: skipped", impl.terminal.bullet(), impl.label(event.step_key))));
      break;
    case EventType::kLog:
      if (event.level == LogLevel::kError && !event.step_key.empty() &&
          !impl.is_running(event.step_key)) {
        // What the engine says of a step whose upstream failed.
        ++impl.finished;
        impl.line(impl.terminal.paint(
            Style::kYellow,
            fmt::format("{} {}: not run", impl.terminal.bullet(), impl.label(event.step_key))));
      } else if (event.level >= LogLevel::kInfo) {
        Style style = Style::kPlain;
        if (event.level >= LogLevel::kWarning)
          style = event.level >= LogLevel::kError ? Style::kRed : Style::kYellow;
        const std::string from = event.step_key.empty() ? "" : impl.label(event.step_key) + ": ";
        impl.line(
            indent(impl.terminal.paint(style, from + printable_block(event.message)), "    "));
      }
      break;
    default:
      break;
  }
}

void Progress::finish() {
  Impl& impl = *impl_;
  {
    const std::lock_guard lock(impl.mutex);
    impl.stopping = true;
  }
  impl.wake.notify_all();
  if (impl.redrawer.joinable()) impl.redrawer.join();
  std::string out = impl.erase_status();
  if (!out.empty()) impl.write_text(std::move(out));
}

}  // namespace treadle::cli
