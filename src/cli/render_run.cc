#include "render.h"
#include "table.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

// Rows for people; `run show --json` has them all.
constexpr std::size_t kMostRows = 200;

std::string outcome_text(const StepLine& step, const Terminal& terminal) {
  switch (step.outcome) {
    case Outcome::kPending:
      return "not run";
    case Outcome::kRunning:
      return "running";
    case Outcome::kWaiting:
      return "waits for a retry";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kInterrupted:
      return "interrupted";
    case Outcome::kFailed:
      return fmt::format("{} failed", terminal.cross());
    case Outcome::kDone:
      return {};
  }
  return {};
}

Style outcome_style(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return Style::kPlain;
    case Outcome::kFailed:
      return Style::kRed;
    case Outcome::kRunning:
      return Style::kCyan;
    case Outcome::kPending:
    case Outcome::kWaiting:
    case Outcome::kInterrupted:
    case Outcome::kSkipped:
      return Style::kYellow;
  }
  return Style::kPlain;
}

std::string checks_text(const std::vector<CheckLine>& checks, const std::string& asset,
                        const Terminal& terminal) {
  std::vector<std::string> parts;
  for (const CheckLine& check : checks)
    if (check.asset == asset || asset.empty()) parts.push_back(render_check(check, terminal));
  return join(parts, ", ");
}

Style checks_style(const std::vector<CheckLine>& checks, const std::string& asset) {
  Style style = Style::kPlain;
  for (const CheckLine& check : checks) {
    if (check.asset != asset && !asset.empty()) continue;
    if (!check.passed && check.error_severity) return Style::kRed;
    if (!check.passed) {
      style = Style::kYellow;
    } else if (style == Style::kPlain) {
      style = Style::kGreen;
    }
  }
  return style;
}

std::string kept_text(const AssetLine& asset, const StepLine& step, const Terminal& terminal) {
  if (!asset.materialized) {
    // An optional output of a step that went well.
    return step.outcome == Outcome::kDone ? "left out" : outcome_text(step, terminal);
  }
  if (asset.artifact.empty()) return "no value";
  return short_artifact(asset.artifact) + (asset.unchanged ? " unchanged" : "");
}

void write_step(JsonWriter& json, const StepLine& step) {
  json.begin_object().field("step_key", step.step_key).field("outcome", to_string(step.outcome));
  json.field("attempts", step.attempts).key("duration_us");
  step.duration < 0 ? json.null() : json.value(step.duration);
  json.key("assets").begin_array();
  for (const AssetLine& asset : step.assets) {
    json.begin_object().field("asset", asset.asset).field("materialized", asset.materialized);
    json.key("artifact");
    asset.artifact.empty() ? json.null() : json.value(asset.artifact);
    json.key("data_version");
    asset.data_version.empty() ? json.null() : json.value(asset.data_version);
    json.field("unchanged", asset.unchanged).key("size");
    asset.size < 0 ? json.null() : json.value(asset.size);
    json.end_object();
  }
  json.end_array().key("checks").begin_array();
  for (const CheckLine& check : step.checks) write_check(json, check);
  json.end_array().key("error");
  if (step.error.empty()) {
    json.null();
  } else {
    write_error(json, step.error.front());
  }
  json.key("exit");
  step.exit.empty() ? json.null() : json.value(step.exit);
  json.key("note");
  step.note.empty() ? json.null() : json.value(step.note);
  json.end_object();
}

}  // namespace

std::string_view status_word(const Run& run, bool interrupted) {
  if (interrupted) return "interrupted";
  switch (run.status) {
    case RunStatus::kNotStarted:
      return "not started";
    case RunStatus::kQueued:
      return "queued";
    case RunStatus::kStarting:
      return "starting";
    case RunStatus::kStarted:
      return "running";
    case RunStatus::kSuccess:
      return "succeeded";
    case RunStatus::kFailure:
      return "failed";
    case RunStatus::kCanceling:
      return "stopping";
    case RunStatus::kCanceled:
      return "canceled";
  }
  return "unknown";
}

Style status_style(const Run& run, bool interrupted) {
  if (interrupted || run.status == RunStatus::kCanceled || run.status == RunStatus::kCanceling)
    return Style::kYellow;
  if (run.status == RunStatus::kSuccess) return Style::kGreen;
  if (run.status == RunStatus::kFailure) return Style::kRed;
  return Style::kCyan;
}

std::string render_check(const CheckLine& check, const Terminal& terminal) {
  std::string text =
      fmt::format("{} {}", check.passed ? terminal.tick() : terminal.cross(), check.name);
  if (!check.passed)
    text += check.error_severity ? (check.blocking ? " (ERROR, blocking)" : " (ERROR)") : " (WARN)";
  return text;
}

std::string render_report_table(const RunReport& report, const Terminal& terminal) {
  Table table;
  table.columns = {{"asset", Column::Align::kLeft, 2, true},
                   {"kept as", Column::Align::kLeft, 3, false},
                   {"digest"},
                   {"size", Column::Align::kRight},
                   {"took", Column::Align::kRight},
                   {"checks", Column::Align::kLeft, 1, false}};
  // A check may be a step of its own: its result belongs to the asset's row, if the run has one.
  std::vector<CheckLine> checks;
  for (const StepLine& step : report.steps)
    checks.insert(checks.end(), step.checks.begin(), step.checks.end());
  const auto has_row = [&](const std::string& asset) {
    return std::any_of(report.steps.begin(), report.steps.end(), [&](const StepLine& step) {
      return std::any_of(step.assets.begin(), step.assets.end(),
                         [&](const AssetLine& a) { return a.asset == asset; });
    });
  };
  std::size_t left_out = 0;
  for (const StepLine& step : report.steps) {
    const std::string took = step.duration < 0 ? "" : format_duration(step.duration);
    if (step.assets.empty()) {
      const bool shown = step.outcome == Outcome::kDone &&
                         std::all_of(step.checks.begin(), step.checks.end(),
                                     [&](const CheckLine& c) { return has_row(c.asset); });
      if (shown) continue;
      table.rows.push_back(
          {step.planned_checks.empty() ? step.step_key : join(step.planned_checks, ", "),
           Cell(outcome_text(step, terminal), outcome_style(step.outcome)), "", "", took,
           Cell(checks_text(step.checks, "", terminal), checks_style(step.checks, ""))});
      continue;
    }
    for (const AssetLine& asset : step.assets) {
      const bool good = step.outcome == Outcome::kDone;
      if (table.rows.size() >= kMostRows && good) {
        ++left_out;
        continue;
      }
      const Style style = asset.materialized ? (asset.unchanged ? Style::kDim : Style::kPlain)
                                             : outcome_style(step.outcome);
      table.rows.push_back(
          {asset.asset, Cell(kept_text(asset, step, terminal), style),
           asset.artifact.empty() ? "" : short_digest(asset.data_version),
           asset.size < 0 ? "" : format_size(asset.size), took,
           Cell(checks_text(checks, asset.asset, terminal), checks_style(checks, asset.asset))});
    }
  }
  std::string out = render_table(table, terminal);
  if (left_out > 0) out += fmt::format("... and {} more.\n", left_out);
  return out;
}

std::string render_error(const ErrorText& error) {
  std::string out;
  if (!error.cause.empty()) out += render_error(error.cause.front()) + "\nwhich led to:\n";
  if (!error.stack.empty()) {
    out += printable_block(error.stack);
    if (!out.ends_with('\n')) out += '\n';
  }
  // A Python traceback ends in the message already.
  std::string last = error.cls_name.empty() ? error.message : error.cls_name + ": " + error.message;
  last = printable_block(last);
  while (last.ends_with('\n')) last.pop_back();
  if (out.find(last) == std::string::npos) out += last + "\n";
  return out;
}

std::string render_failures(const RunReport& report, const Terminal& terminal) {
  std::string out;
  if (!report.run_error.empty())
    out += terminal.paint(Style::kRed,
                          fmt::format("{} The run failed outside its steps", terminal.cross())) +
           "\n" + indent(render_error(report.run_error.front()), "    ") + "\n";
  for (const StepLine& step : report.steps) {
    if (step.outcome != Outcome::kFailed) continue;
    std::string head = fmt::format("{} {}", terminal.cross(), printable(step.step_key));
    if (step.attempts > 1) head += fmt::format(", after {} attempts", step.attempts);
    if (!step.exit.empty()) head += ": " + printable(step.exit);
    if (!out.empty()) out += "\n";
    out += terminal.paint(Style::kRed, head) + "\n";
    if (!step.error.empty()) out += indent(render_error(step.error.front()), "    ") + "\n";
    if (!step.failure_metadata.empty())
      out += indent(render_metadata(step.failure_metadata, terminal), "    ") + "\n";
  }
  return out;
}

std::string render_event(const Event& event, const Terminal& terminal) {
  const std::string time = format_utc(event.time).substr(11, 12);
  Style style = Style::kPlain;
  if (event.level >= LogLevel::kError) {
    style = Style::kRed;
  } else if (event.level == LogLevel::kWarning) {
    style = Style::kYellow;
  }
  const std::string what = event.type == EventType::kLog ? std::string(to_string(event.level))
                                                         : std::string(to_string(event.type));
  std::string line =
      terminal.paint(Style::kDim, time) + "  " + terminal.paint(style, pad_right(what, 24)) + "  ";
  if (!event.step_key.empty()) line += printable(event.step_key) + ": ";
  return line +
         indent(printable_block(event.message), "    ").substr(event.message.empty() ? 0 : 4) +
         "\n";
}

void write_error(JsonWriter& json, const ErrorText& error) {
  json.begin_object().field("message", error.message).key("cls_name");
  error.cls_name.empty() ? json.null() : json.value(error.cls_name);
  json.key("stack");
  error.stack.empty() ? json.null() : json.value(error.stack);
  json.key("cause");
  if (error.cause.empty()) {
    json.null();
  } else {
    write_error(json, error.cause.front());
  }
  json.end_object();
}

void write_check(JsonWriter& json, const CheckLine& check) {
  json.begin_object()
      .field("asset", check.asset)
      .field("check", check.name)
      .field("passed", check.passed);
  json.field("severity", check.error_severity ? "ERROR" : "WARN").field("blocking", check.blocking);
  json.key("description");
  check.description.empty() ? json.null() : json.value(check.description);
  json.key("metadata").raw(metadata_to_json(check.metadata)).end_object();
}

void write_run(JsonWriter& json, const Run& run, bool interrupted) {
  const auto time = [&](std::string_view name, Micros value) {
    json.key(name);
    value == 0 ? json.null() : json.value(format_utc(value));
  };
  const auto text = [&](std::string_view name, const std::string& value) {
    json.key(name);
    value.empty() ? json.null() : json.value(value);
  };
  json.begin_object()
      .field("run_id", run.run_id)
      .field("job_name", run.job_name)
      .field("status", to_string(run.status));
  json.field("interrupted", interrupted);
  time("created", run.created);
  time("started", run.started);
  time("finished", run.finished);
  text("root_run_id", run.root_run_id);
  text("parent_run_id", run.parent_run_id);
  json.key("tags").begin_object();
  for (const auto& [name, value] : run.tags) json.field(name, value);
  json.end_object();
  text("selection", run.selection);
  text("executor", run.executor);
  json.field("step_count", run.step_keys.size()).end_object();
}

void write_report(JsonWriter& json, const RunReport& report) {
  json.begin_object().key("run");
  write_run(json, report.run, report.interrupted);
  json.field("success", report.run.status == RunStatus::kSuccess).key("error");
  if (report.run_error.empty()) {
    json.null();
  } else {
    write_error(json, report.run_error.front());
  }
  json.key("steps").begin_array();
  for (const StepLine& step : report.steps) write_step(json, step);
  json.end_array().end_object();
}

}  // namespace treadle::cli
