// Conditions under which an asset or a check is executed without anybody asking. Values: immutable,
// shared, compared by what they say. Room automate evaluates them.
//
//   auto when = AutomationCondition::eager() & ~AutomationCondition::code_version_changed();
//   auto hourly = AutomationCondition::on_cron("0 * * * *", "Europe/Berlin");
//   auto only_raw = AutomationCondition::eager().ignore("group:reference");
//
// Names, labels and composition are Dagster's; so is what each means, except that state which a
// condition keeps between evaluations belongs to what the condition says, not to where it stands.
#pragma once

#include <treadle/base/clock.h>
#include <treadle/model/asset_key.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace treadle {

// A condition of the user's own: code of a front end. See automate/custom_condition.h.
class CustomCondition;

enum class FreshnessState : std::uint8_t { kNotApplicable, kUnknown, kPass, kWarn, kFail };
std::string_view to_string(FreshnessState state);  // "PASS"

// What all or some tags of a run must be.
struct RunTagFilter {
  std::optional<std::set<std::string>> keys;
  std::optional<std::map<std::string, std::string>> values;
  bool matches(const std::map<std::string, std::string>& tags) const;
  bool operator==(const RunTagFilter&) const = default;
};

class AutomationCondition {
 public:
  enum class Kind : std::uint8_t {
    // operands
    kMissing,
    kRunInProgress,
    kBackfillInProgress,
    kExecutionFailed,
    kWillBeRequested,
    kNewlyRequested,
    kNewlyUpdated,
    kDataVersionChanged,
    kCodeVersionChanged,
    kInitialEvaluation,
    kCronTickPassed,
    kInLatestTimeWindow,
    kCheckResult,
    kFreshness,
    kExecutedWithRootTarget,
    kExecutedWithTags,
    kAnyNewUpdateHasTags,
    kAllNewUpdatesHaveTags,
    kCustom,
    // operators
    kAnd,
    kOr,
    kNot,
    kSince,  // children: trigger, reset
    kNewlyTrue,
    kAnyDeps,
    kAllDeps,
    kAnyChecks,
    kAllChecks,
    kAssetMatches,
    kAnyDownstreamConditions,
    // of a job of assets
    kAnyJobRoots,
    kAllJobRoots,
  };
  struct Node;

  AutomationCondition() = default;  // none: never true, not to be combined
  explicit AutomationCondition(Node node);
  explicit operator bool() const { return node_ != nullptr; }
  const Node& node() const { return *node_; }

  static AutomationCondition missing();
  static AutomationCondition run_in_progress();
  static AutomationCondition backfill_in_progress();
  static AutomationCondition in_progress();
  static AutomationCondition execution_failed();
  static AutomationCondition will_be_requested();
  static AutomationCondition newly_requested();
  static AutomationCondition newly_updated();
  static AutomationCondition newly_missing();
  static AutomationCondition data_version_changed();
  static AutomationCondition code_version_changed();
  static AutomationCondition initial_evaluation();
  // Throws DefinitionError when the schedule or the zone cannot be used.
  static AutomationCondition cron_tick_passed(std::string cron, std::string timezone = "UTC");
  static AutomationCondition in_latest_time_window(Micros lookback = 0);
  static AutomationCondition check_passed();
  static AutomationCondition check_failed();
  static AutomationCondition freshness_passed();
  static AutomationCondition freshness_warned();
  static AutomationCondition freshness_failed();
  static AutomationCondition executed_with_root_target();
  static AutomationCondition executed_with_tags(RunTagFilter filter);
  static AutomationCondition any_new_update_has_run_tags(RunTagFilter filter);
  static AutomationCondition all_new_updates_have_run_tags(RunTagFilter filter);
  static AutomationCondition custom(std::shared_ptr<const CustomCondition> condition);

  static AutomationCondition all_of(std::vector<AutomationCondition> operands);
  static AutomationCondition any_of(std::vector<AutomationCondition> operands);
  static AutomationCondition any_deps_match(AutomationCondition condition);
  static AutomationCondition all_deps_match(AutomationCondition condition);
  static AutomationCondition any_checks_match(AutomationCondition condition,
                                              bool blocking_only = false);
  static AutomationCondition all_checks_match(AutomationCondition condition,
                                              bool blocking_only = false);
  static AutomationCondition asset_matches(AssetKey key, AutomationCondition condition);
  static AutomationCondition any_downstream_conditions();
  // Of a job: whether this holds for any or all of its assets that read no other of them.
  static AutomationCondition any_job_root_assets_match(AutomationCondition condition);
  static AutomationCondition all_job_root_assets_match(AutomationCondition condition);

  static AutomationCondition any_deps_updated();
  static AutomationCondition any_deps_missing();
  static AutomationCondition any_deps_in_progress();
  static AutomationCondition all_deps_updated_since_cron(const std::string& cron,
                                                         const std::string& timezone = "UTC");
  static AutomationCondition all_deps_blocking_checks_passed();
  static AutomationCondition eager();
  static AutomationCondition on_cron(const std::string& cron, const std::string& timezone = "UTC");
  static AutomationCondition on_missing();

  AutomationCondition operator&(const AutomationCondition& other) const;
  AutomationCondition operator|(const AutomationCondition& other) const;
  AutomationCondition operator~() const;
  // Whether this has been true since `reset` last was.
  AutomationCondition since(AutomationCondition reset) const;
  AutomationCondition since_last_handled() const;
  // True where this was false at the previous evaluation.
  AutomationCondition newly_true() const;
  AutomationCondition with_label(std::optional<std::string> label) const;
  // The dependencies (or checks) that count, everywhere below: a selection (plan/selection.h).
  AutomationCondition allow(std::string_view selection) const;
  AutomationCondition ignore(std::string_view selection) const;
  // Every occurrence of a condition, or of the conditions with that name or label.
  AutomationCondition replace(const AutomationCondition& old,
                              const AutomationCondition& with) const;
  AutomationCondition replace(std::string_view name_or_label,
                              const AutomationCondition& with) const;
  // An `all_of` without one of its operands. Throws DefinitionError when it has none such, or would
  // be left with one.
  AutomationCondition without(const AutomationCondition& operand) const;

  // "missing", "AND", "cron_tick_passed(cron_schedule=0 * * * *, cron_timezone=UTC)".
  std::string name() const;
  std::string description() const;         // "All of", "Within latest time window" ...; often ""
  std::string_view class_name() const;     // Dagster's
  std::string_view operator_type() const;  // "and", "or", "not", "identity"
  // The condition again as its author could have written it.
  std::string text() const;
  bool operator==(const AutomationCondition& other) const;

 private:
  std::shared_ptr<const Node> node_;
};

struct AutomationCondition::Node {
  Kind kind;
  std::optional<std::string> label = {};
  std::vector<AutomationCondition> children = {};
  std::string cron = {}, timezone = {};  // kCronTickPassed
  Micros lookback = 0;                   // kInLatestTimeWindow
  bool flag = false;                     // kCheckResult: passed; checks: blocking only
  FreshnessState freshness = FreshnessState::kPass;
  RunTagFilter tags = {};
  AssetKey key = {};                                   // kAssetMatches
  std::optional<std::string> allow = {}, ignore = {};  // selections
  std::shared_ptr<const CustomCondition> custom = {};
  // Filled in when the condition is made. What the subtree says; labels, allow and ignore apart:
  // changing those keeps the state.
  std::uint64_t identity = 0;
  // Whether anything below keeps state between evaluations, so that it must be evaluated even for
  // no candidates.
  bool stateful = false;
};

}  // namespace treadle
