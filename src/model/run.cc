#include "text_rules.h"
#include <treadle/model/run.h>

#include <array>

namespace treadle {
namespace {
constexpr std::array<std::string_view, 8> kStatusNames = {
    "NOT_STARTED", "QUEUED", "STARTING", "STARTED", "SUCCESS", "FAILURE", "CANCELING", "CANCELED"};
}

std::string_view to_string(RunStatus status) {
  const auto index = static_cast<std::size_t>(status);
  return index < kStatusNames.size() ? kStatusNames[index] : "UNKNOWN";
}

std::optional<RunStatus> run_status_from(std::string_view name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i) {
    if (kStatusNames[i] == name) return static_cast<RunStatus>(i);
  }
  return std::nullopt;
}

Result<void> check_run_id(std::string_view run_id) {
  const auto bad = [&](std::string_view rule) {
    return fail(Errc::kInvalidArgument,
                "'" + printable(run_id) + "' cannot be a run id: " + std::string(rule));
  };
  if (run_id.empty()) return bad("it is empty.");
  if (run_id.size() > 128) return bad("it has at most 128 bytes.");
  if (!is_utf8(run_id) || has_control(run_id)) return bad("it must be printable UTF-8 text.");
  if (run_id.find_first_of("/\\#?%:") != std::string_view::npos) {
    return bad("it may not contain any of / \\ # ? % :");
  }
  if (run_id == "." || run_id == "..") return bad("it would name a folder.");
  return {};
}

}  // namespace treadle
