// Paths of filters and orders, and times in them.
#include "filter.h"
#include <treadle/base/suggest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>

namespace treadle::tracking {
namespace {

using FieldKind = Field::Kind;

const std::map<std::string, Field, std::less<>>& plain_fields() {
  static const std::map<std::string, Field, std::less<>> kFields = {
      {"name", {FieldKind::kText, "run_id", ""}},
      {"id", {FieldKind::kText, "run_id", ""}},
      {"display_name", {FieldKind::kText, "display_name", ""}},
      {"displayName", {FieldKind::kText, "display_name", ""}},
      {"state", {FieldKind::kState, "state", ""}},
      {"tags", {FieldKind::kTags, "tags", ""}},
      {"group", {FieldKind::kText, "run_group", ""}},
      {"groupName", {FieldKind::kText, "run_group", ""}},
      {"group_name", {FieldKind::kText, "run_group", ""}},
      {"jobType", {FieldKind::kText, "job_type", ""}},
      {"job_type", {FieldKind::kText, "job_type", ""}},
      {"sweep", {FieldKind::kText, "sweep", ""}},
      {"sweep.name", {FieldKind::kText, "sweep", ""}},
      {"sweep_name", {FieldKind::kText, "sweep", ""}},
      {"user", {FieldKind::kText, "user_name", ""}},
      {"username", {FieldKind::kText, "user_name", ""}},
      {"user.username", {FieldKind::kText, "user_name", ""}},
      {"user.name", {FieldKind::kText, "user_name", ""}},
      {"host", {FieldKind::kText, "host", ""}},
      {"program", {FieldKind::kText, "program", ""}},
      {"repo", {FieldKind::kText, "repository", ""}},
      {"commit", {FieldKind::kText, "commit_hash", ""}},
      {"description", {FieldKind::kText, "description", ""}},
      {"notes", {FieldKind::kText, "notes", ""}},
      {"createdAt", {FieldKind::kTime, "created", ""}},
      {"created_at", {FieldKind::kTime, "created", ""}},
      {"heartbeatAt", {FieldKind::kTime, "heartbeat", ""}},
      {"heartbeat_at", {FieldKind::kTime, "heartbeat", ""}},
      {"updatedAt", {FieldKind::kTime, "heartbeat", ""}},
      {"updated_at", {FieldKind::kTime, "heartbeat", ""}},
      {"finishedAt", {FieldKind::kTime, "finished", ""}},
      {"duration", {FieldKind::kDuration, "duration", ""}},
      {"runtime", {FieldKind::kDuration, "duration", ""}},
      {"exitcode", {FieldKind::kNumber, "exit_code", ""}},
      {"historyLineCount", {FieldKind::kNumber, "history_lines", ""}},
      {"history_line_count", {FieldKind::kNumber, "history_lines", ""}},
      {"lastHistoryStep", {FieldKind::kNumber, "last_step", ""}},
      {"last_history_step", {FieldKind::kNumber, "last_step", ""}},
  };
  return kFields;
}

bool take_number(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
  if (error != std::errc() || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<Field> field_of(std::string_view path) {
  const auto& plain = plain_fields();
  if (const auto it = plain.find(path); it != plain.end()) return it->second;
  for (const std::string_view prefix : {"summary_metrics.", "summaryMetrics.", "summary."}) {
    if (path.starts_with(prefix) && path.size() > prefix.size()) {
      return Field{FieldKind::kDocument,
                   "summary_metrics." + std::string(path.substr(prefix.size())), ""};
    }
  }
  constexpr std::string_view kKeys = "keys_info.keys.";
  if (path.starts_with(kKeys) && path.size() > kKeys.size()) {
    return Field{FieldKind::kDocument, "summary_metrics." + std::string(path.substr(kKeys.size())),
                 ""};
  }
  constexpr std::string_view kConfig = "config.";
  if (path.starts_with(kConfig) && path.size() > kConfig.size()) {
    Field field{FieldKind::kDocument, std::string(path), ""};
    // W&B wraps each value of the config: config.lr.value is lr.
    const std::size_t dot = path.find('.', kConfig.size());
    const std::size_t value = path.find(".value", kConfig.size());
    for (std::size_t at = value; at != std::string_view::npos; at = path.find(".value", at + 1)) {
      const std::string_view rest = path.substr(at + 6);
      if (!rest.empty() && rest.front() != '.') continue;
      if (at == dot || rest.empty()) {
        field.other = std::string(path.substr(0, at)) + std::string(rest);
        break;
      }
    }
    return field;
  }
  std::vector<std::string> names = {"config.", "summary_metrics."};
  for (const auto& [name, field] : plain) names.push_back(name);
  return fail(Errc::kInvalidArgument,
              "Runs have no '" + std::string(path) + "'." + did_you_mean(path, names) +
                  " There are name, display_name, state, tags, group, job_type, sweep, username, "
                  "created_at, heartbeat_at, duration, config.<key> and summary_metrics.<key>.");
}

Result<std::vector<OrderBy>> parse_order(std::string_view text) {
  std::vector<OrderBy> order;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (take(part, ' ')) {
    }
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (part.empty()) continue;
    OrderBy by;
    by.descending = take(part, '-');
    if (!by.descending) take(part, '+');
    TREADLE_TRY(by.field, field_of(part));
    order.push_back(std::move(by));
  }
  return order;
}

std::optional<Micros> parse_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) ||
      !take(text, '-') || !take_number(text, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  Micros micros = 0;
  if (take(text, 'T') || take(text, ' ')) {
    if (!take_number(text, 2, hour) || !take(text, ':') || !take_number(text, 2, minute)) {
      return std::nullopt;
    }
    if (take(text, ':') && !take_number(text, 2, second)) return std::nullopt;
    if (take(text, '.')) {
      Micros unit = 100'000;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        micros += unit * (text.front() - '0');
        unit /= 10;
        text.remove_prefix(1);
      }
    }
  }
  int offset = 0;
  if (!take(text, 'Z') && !text.empty()) {
    const bool minus = text.front() == '-';
    int offset_minutes = 0;
    if ((!take(text, '+') && !take(text, '-')) || !take_number(text, 2, offset)) {
      return std::nullopt;
    }
    take(text, ':');
    if (!text.empty() && !take_number(text, 2, offset_minutes)) return std::nullopt;
    offset = (offset * 60 + offset_minutes) * (minus ? -1 : 1);
  }
  if (!text.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds =
      static_cast<std::int64_t>(days) * 86'400 + hour * 3'600 + (minute - offset) * 60 + second;
  return seconds * 1'000'000 + micros;
}

}  // namespace treadle::tracking
