#include "transfer_progress.h"

#include "text.h"
#include <treadle/base/json.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace treadle::cli {

std::string progress_bar(std::string_view verb, std::int64_t done, std::int64_t all, bool unicode) {
  constexpr std::int64_t kCells = 24;
  const double share =
      all > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(all), 0.0, 1.0) : 1.0;
  const auto full = static_cast<std::int64_t>(share * kCells);
  std::string bar;
  for (std::int64_t i = 0; i < kCells; ++i) {
    bar += i < full ? (unicode ? "█" : "#") : (unicode ? "░" : "-");
  }
  return fmt::format("{} {} {:3.0f} %  {} of {}", verb, bar, share * 100, format_size(done),
                     format_size(all));
}

std::function<void(std::int64_t, std::int64_t)> transfer_progress(Session& session,
                                                                  std::string verb) {
  if (!session.err().interactive) return {};
  // Redrawn when what is shown changes, not for every block.
  auto shown = std::make_shared<std::int64_t>(-1);
  return [&session, verb = std::move(verb), shown](std::int64_t done, std::int64_t all) {
    const std::int64_t step = all > 0 ? done * 200 / all : 200;
    if (std::exchange(*shown, step) == step) return;
    session.redraw(progress_bar(verb, done, all, session.err().unicode));
  };
}

}  // namespace treadle::cli
