// What conditions are called: names, descriptions and classes are Dagster's.
#include <treadle/define/automation_condition.h>
#include <treadle/define/custom_condition.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace treadle {
namespace {

using Condition = AutomationCondition;
using ConditionKind = Condition::Kind;

struct Names {
  std::string_view name, class_name;
};

Names names_of(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::kMissing:
      return {"missing", "MissingAutomationCondition"};
    case ConditionKind::kRunInProgress:
      return {"run_in_progress", "RunInProgressAutomationCondition"};
    case ConditionKind::kBackfillInProgress:
      return {"backfill_in_progress", "BackfillInProgressAutomationCondition"};
    case ConditionKind::kExecutionFailed:
      return {"execution_failed", "ExecutionFailedAutomationCondition"};
    case ConditionKind::kWillBeRequested:
      return {"will_be_requested", "WillBeRequestedCondition"};
    case ConditionKind::kNewlyRequested:
      return {"newly_requested", "NewlyRequestedCondition"};
    case ConditionKind::kNewlyUpdated:
      return {"newly_updated", "NewlyUpdatedCondition"};
    case ConditionKind::kDataVersionChanged:
      return {"data_version_changed", "DataVersionChangedCondition"};
    case ConditionKind::kCodeVersionChanged:
      return {"code_version_changed", "CodeVersionChangedCondition"};
    case ConditionKind::kInitialEvaluation:
      return {"initial_evaluation", "InitialEvaluationCondition"};
    case ConditionKind::kCronTickPassed:
      return {"cron_tick_passed", "CronTickPassedCondition"};
    case ConditionKind::kInLatestTimeWindow:
      return {"in_latest_time_window", "InLatestTimeWindowCondition"};
    case ConditionKind::kCheckResult:
      return {"check_passed", "CheckResultCondition"};
    case ConditionKind::kFreshness:
      return {"freshness_result", "FreshnessResultCondition"};
    case ConditionKind::kExecutedWithRootTarget:
      return {"executed_with_root_target", "LatestRunExecutedWithRootTargetCondition"};
    case ConditionKind::kExecutedWithTags:
      return {"executed_with_tags", "LatestRunExecutedWithTagsCondition"};
    case ConditionKind::kAnyNewUpdateHasTags:
      return {"any_new_update_has_run_tags", "AnyNewUpdateHasRunTagsCondition"};
    case ConditionKind::kAllNewUpdatesHaveTags:
      return {"all_new_updates_have_run_tags", "AllNewUpdatesHaveRunTagsCondition"};
    case ConditionKind::kCustom:
      return {"custom", "AutomationCondition"};
    case ConditionKind::kAnd:
      return {"AND", "AndAutomationCondition"};
    case ConditionKind::kOr:
      return {"OR", "OrAutomationCondition"};
    case ConditionKind::kNot:
      return {"NOT", "NotAutomationCondition"};
    case ConditionKind::kSince:
      return {"SINCE", "SinceCondition"};
    case ConditionKind::kNewlyTrue:
      return {"NEWLY_TRUE", "NewlyTrueCondition"};
    case ConditionKind::kAnyDeps:
      return {"ANY_DEPS_MATCH", "AnyDepsCondition"};
    case ConditionKind::kAllDeps:
      return {"ALL_DEPS_MATCH", "AllDepsCondition"};
    case ConditionKind::kAnyChecks:
      return {"ANY_CHECKS_MATCH", "AnyChecksCondition"};
    case ConditionKind::kAllChecks:
      return {"ALL_CHECKS_MATCH", "AllChecksCondition"};
    case ConditionKind::kAnyJobRoots:
      return {"ANY_JOB_ROOT_ASSETS_MATCH", "AnyJobRootAssetsMatchCondition"};
    case ConditionKind::kAllJobRoots:
      return {"ALL_JOB_ROOT_ASSETS_MATCH", "AllJobRootAssetsMatchCondition"};
    case ConditionKind::kAssetMatches:
      return {"", "EntityMatchesCondition"};
    case ConditionKind::kAnyDownstreamConditions:
      return {"ANY_DOWNSTREAM_CONDITIONS", "AnyDownstreamConditionsCondition"};
  }
  return {};
}

// As Python writes a timedelta: "2 days, 3:00:00".
std::string timedelta_text(Micros span) {
  const std::int64_t seconds = span / 1'000'000, micros = span % 1'000'000;
  const std::int64_t days = seconds / 86'400;
  std::string out;
  if (days) out = fmt::format("{} day{}, ", days, days == 1 ? "" : "s");
  out += fmt::format("{}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  if (micros) out += fmt::format(".{:06}", micros);
  return out;
}

std::string with_filter(std::string_view name, const RunTagFilter& filter) {
  std::vector<std::string> properties;
  if (filter.keys)
    properties.push_back(fmt::format("tag_keys={{{}}}", fmt::join(*filter.keys, ",")));
  if (filter.values) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : *filter.values) pairs.push_back(key + ":" + value);
    properties.push_back(fmt::format("tag_values={{{}}}", fmt::join(pairs, ",")));
  }
  if (properties.empty()) return std::string(name);
  return fmt::format("{}({})", name, fmt::join(properties, ", "));
}

std::string with_selections(std::string_view name, const Condition::Node& node) {
  std::vector<std::string> properties;
  if (node.flag) properties.emplace_back("blocking_only=True");
  if (node.allow) properties.push_back("allow_selection=" + *node.allow);
  if (node.ignore) properties.push_back("ignore_selection=" + *node.ignore);
  if (properties.empty()) return std::string(name);
  return fmt::format("{}({})", name, fmt::join(properties, ","));
}

}  // namespace

std::string Condition::name() const {
  const std::string_view name = names_of(node_->kind).name;
  switch (node_->kind) {
    case ConditionKind::kCronTickPassed:
      return fmt::format("cron_tick_passed(cron_schedule={}, cron_timezone={})", node_->cron,
                         node_->timezone);
    case ConditionKind::kInLatestTimeWindow:
      if (node_->lookback == 0) break;
      return fmt::format("in_latest_time_window(lookback_timedelta={})",
                         timedelta_text(node_->lookback));
    case ConditionKind::kCheckResult:
      return node_->flag ? "check_passed" : "check_failed";
    case ConditionKind::kFreshness:
      return fmt::format("freshness_result(state={})", to_string(node_->freshness));
    case ConditionKind::kExecutedWithTags:
    case ConditionKind::kAnyNewUpdateHasTags:
    case ConditionKind::kAllNewUpdatesHaveTags:
      return with_filter(name, node_->tags);
    case ConditionKind::kCustom:
      return node_->custom->name();
    case ConditionKind::kAnyDeps:
    case ConditionKind::kAllDeps:
    case ConditionKind::kAnyChecks:
    case ConditionKind::kAllChecks:
      return with_selections(name, *node_);
    case ConditionKind::kAssetMatches:
      return node_->key.text();
    default:
      break;
  }
  return std::string(name);
}

std::string Condition::description() const {
  switch (node_->kind) {
    case ConditionKind::kAnd:
      return "All of";
    case ConditionKind::kOr:
      return "Any of";
    case ConditionKind::kNot:
      return "Not";
    case ConditionKind::kWillBeRequested:
      return "Will be requested this tick";
    case ConditionKind::kAnyDownstreamConditions:
      return "Any downstream conditions";
    case ConditionKind::kInLatestTimeWindow:
      if (node_->lookback == 0) return "Within latest time window";
      return fmt::format("Within {} of the end of the latest time window",
                         timedelta_text(node_->lookback));
    case ConditionKind::kCustom:
      return node_->custom->description();
    default:
      return {};
  }
}

std::string_view Condition::class_name() const {
  return names_of(node_->kind).class_name;
}

std::string_view Condition::operator_type() const {
  switch (node_->kind) {
    case ConditionKind::kAnd:
    case ConditionKind::kAllDeps:
    case ConditionKind::kAllChecks:
    case ConditionKind::kAllJobRoots:
      return "and";
    case ConditionKind::kOr:
    case ConditionKind::kAnyDeps:
    case ConditionKind::kAnyChecks:
    case ConditionKind::kAnyJobRoots:
      return "or";
    case ConditionKind::kNot:
      return "not";
    default:
      return "identity";
  }
}

std::string Condition::text() const {
  if (node_->label) return *node_->label;
  const auto joined = [&](std::string_view between) {
    std::vector<std::string> parts;
    for (const Condition& child : node_->children) parts.push_back(child.text());
    return fmt::format("({})", fmt::join(parts, between));
  };
  switch (node_->kind) {
    case ConditionKind::kAnd:
      return joined(" & ");
    case ConditionKind::kOr:
      return joined(" | ");
    case ConditionKind::kNot:
      return "~" + node_->children[0].text();
    case ConditionKind::kSince:
      return fmt::format("{}.since({})", node_->children[0].text(), node_->children[1].text());
    case ConditionKind::kNewlyTrue:
      return node_->children[0].text() + ".newly_true()";
    case ConditionKind::kAssetMatches:
      return fmt::format("asset_matches({}, {})", node_->key.text(), node_->children[0].text());
    default:
      break;
  }
  return node_->children.empty() ? name() : name() + joined("");
}

}  // namespace treadle
