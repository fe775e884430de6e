#include "report.h"

#include "text.h"
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace treadle::cli {
namespace {

namespace json = boost::json;

json::object parse_payload(const Event& event) {
  json::value value;
  if (!parse_json_value(event.payload, value) || !value.is_object()) return {};
  return std::move(value.get_object());
}

std::string text_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool bool_at(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

// `work[?]` stands for steps that are known only when the run knows their mapping keys.
bool stands_for(std::string_view planned, std::string_view step) {
  const auto at = planned.find("[?]");
  return at != std::string_view::npos && step.size() > at && step != planned &&
         step.substr(0, at + 1) == planned.substr(0, at + 1) &&
         step.ends_with(planned.substr(at + 2));
}

void leave_out_replaced(RunReport& report) {
  std::vector<std::string> known;
  for (const StepLine& step : report.steps)
    if (step.outcome != Outcome::kPending) known.push_back(step.step_key);
  std::erase_if(report.steps, [&](const StepLine& planned) {
    if (planned.outcome != Outcome::kPending || planned.step_key.find("[?]") == std::string::npos)
      return false;
    return report.run.status == RunStatus::kSuccess ||
           std::any_of(known.begin(), known.end(),
                       [&](const std::string& step) { return stands_for(planned.step_key, step); });
  });
}

std::int64_t int_at(const json::object& object, std::string_view name, std::int64_t otherwise) {
  const auto* value = object.if_contains(name);
  if (!value) return otherwise;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? otherwise : number;
}

Metadata metadata_at(const json::object& object) {
  const auto* value = object.if_contains("metadata");
  if (!value || !value->is_object()) return {};
  auto metadata = metadata_from_json(json_value_text(*value));
  return metadata ? std::move(*metadata) : Metadata{};
}

ErrorText read_error(const json::object& object, int depth = 0) {
  ErrorText error{
      text_at(object, "message"), text_at(object, "cls_name"), text_at(object, "stack"), {}};
  const auto* cause = object.if_contains("cause");
  if (cause && cause->is_object() && depth < 20)
    error.cause.push_back(read_error(cause->get_object(), depth + 1));
  return error;
}

std::vector<ErrorText> error_at(const json::object& object) {
  const auto* value = object.if_contains("error");
  if (!value || !value->is_object()) return {};
  return {read_error(value->get_object())};
}

std::string exit_at(const json::object& object) {
  const auto* value = object.if_contains("exit");
  if (!value || !value->is_object()) return {};
  const std::string signal = text_at(value->get_object(), "signal");
  if (!signal.empty()) return "its process was killed by " + signal;
  return fmt::format("its process exited with code {}", int_at(value->get_object(), "code", -1));
}

class Reader {
 public:
  explicit Reader(RunReport& report) : report_(report) {
    for (const std::string& key : report.run.step_keys) step(key);
  }

  void read(const Event& event) {
    switch (event.type) {
      case EventType::kAssetMaterializationPlanned:
        if (!event.step_key.empty()) asset(event);
        break;
      case EventType::kAssetCheckEvaluationPlanned:
        if (!event.step_key.empty())
          step(event.step_key)
              .planned_checks.push_back("check " + text_at(parse_payload(event), "check") + " of " +
                                        event.asset_key);
        break;
      case EventType::kStepStart:
      case EventType::kStepRestarted: {
        StepLine& line = step(event.step_key);
        line.outcome = Outcome::kRunning;
        line.started = event.time;
        ++line.attempts;
        break;
      }
      case EventType::kStepSuccess: {
        StepLine& line = step(event.step_key);
        end(line, Outcome::kDone, event);
        line.duration = int_at(parse_payload(event), "duration_us", line.duration);
        line.error.clear();
        break;
      }
      case EventType::kStepFailure: {
        StepLine& line = step(event.step_key);
        const auto payload = parse_payload(event);
        const bool interrupted = text_at(payload, "error_source") == "INTERRUPT";
        end(line, interrupted ? Outcome::kInterrupted : Outcome::kFailed, event);
        line.error = error_at(payload);
        if (line.error.empty())
          line.error.push_back(
              {.message = event.message, .cls_name = {}, .stack = {}, .cause = {}});
        line.exit = exit_at(payload);
        line.failure_metadata = metadata_at(payload);
        break;
      }
      case EventType::kStepUpForRetry: {
        StepLine& line = step(event.step_key);
        end(line, Outcome::kWaiting, event);
        line.error = error_at(parse_payload(event));
        break;
      }
      case EventType::kStepSkipped: {
        StepLine& line = step(event.step_key);
        line.outcome = Outcome::kSkipped;
        line.note = event.message;
        break;
      }
      case EventType::kAssetMaterialization:
        read_materialization(event);
        break;
      case EventType::kAssetCheckEvaluation:
        read_check(event);
        break;
      case EventType::kRunFailure:
        report_.run_error = error_at(parse_payload(event));
        break;
      case EventType::kResourceInitFailure:
        if (event.step_key.empty()) report_.run_error = error_at(parse_payload(event));
        break;
      case EventType::kLog:
        // A step whose upstream failed has no event of its own but this line.
        if (!event.step_key.empty() && event.level == LogLevel::kError) {
          StepLine& line = step(event.step_key);
          if (line.outcome == Outcome::kPending) line.note = event.message;
        }
        break;
      default:
        break;
    }
  }

 private:
  StepLine& step(const std::string& key) {
    const auto [found, added] = index_.try_emplace(key, report_.steps.size());
    if (added) report_.steps.emplace_back().step_key = key;
    return report_.steps[found->second];
  }

  AssetLine& asset(const Event& event) {
    StepLine& line = step(event.step_key);
    for (AssetLine& known : line.assets)
      if (known.asset == event.asset_key) return known;
    line.assets.emplace_back().asset = event.asset_key;
    return line.assets.back();
  }

  static void end(StepLine& line, Outcome outcome, const Event& event) {
    line.outcome = outcome;
    if (line.started > 0) line.duration = event.time - line.started;
  }

  void read_materialization(const Event& event) {
    AssetLine& line = asset(event);
    line.materialized = true;
    const auto payload = parse_payload(event);
    const auto* value = payload.if_contains("provenance");
    if (!value || !value->is_object()) return;
    line.artifact = text_at(value->get_object(), "artifact");
    line.data_version = text_at(value->get_object(), "data_version");
  }

  void read_check(const Event& event) {
    const auto payload = parse_payload(event);
    step(event.step_key)
        .checks.push_back({.asset = event.asset_key,
                           .name = text_at(payload, "check"),
                           .passed = bool_at(payload, "passed"),
                           .error_severity = text_at(payload, "severity") != "WARN",
                           .blocking = bool_at(payload, "blocking"),
                           .description = text_at(payload, "description"),
                           .metadata = metadata_at(payload)});
  }

  RunReport& report_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPending:
      return "not_run";
    case Outcome::kRunning:
      return "running";
    case Outcome::kWaiting:
      return "waiting_for_retry";
    case Outcome::kDone:
      return "done";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kInterrupted:
      return "interrupted";
    case Outcome::kSkipped:
      return "skipped";
  }
  return "unknown";
}

Micros RunReport::duration(Micros now) const {
  if (run.started == 0) return -1;
  if (run.finished > 0) return run.finished - run.started;
  return interrupted ? -1 : now - run.started;
}

RunReport make_report(const Run& run, const std::vector<Event>& events) {
  RunReport report;
  report.run = run;
  Reader reader(report);
  for (const Event& event : events) reader.read(event);
  leave_out_replaced(report);
  return report;
}

void add_artifacts(RunReport& report, artifact::ArtifactService& service) {
  for (StepLine& step : report.steps) {
    for (AssetLine& asset : step.assets) {
      if (asset.artifact.empty()) continue;
      const auto ref = parse_artifact_ref(asset.artifact);
      if (!ref) continue;
      const auto version = service.find(*ref);
      if (!version || !*version) continue;
      asset.size = (*version)->size;
      asset.unchanged = (*version)->run_id != report.run.run_id;
    }
  }
}

}  // namespace treadle::cli
