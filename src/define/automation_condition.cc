#include <treadle/base/cron.h>
#include <treadle/define/automation_condition.h>
#include <treadle/define/custom_condition.h>
#include <treadle/define/definitions.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace treadle {
namespace {

using Condition = AutomationCondition;
using ConditionKind = Condition::Kind;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
  hash *= 0xff51afd7ed558ccdULL;
  return hash ^ (hash >> 33);
}

// Stable over processes: it is kept in cursors.
std::uint64_t condition_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

bool keeps_state(ConditionKind kind) {
  return kind == ConditionKind::kSince || kind == ConditionKind::kNewlyTrue ||
         kind == ConditionKind::kCodeVersionChanged || kind == ConditionKind::kCustom ||
         kind == ConditionKind::kAnyDownstreamConditions;
}

// One of each for all: tens of thousands of assets say the same.
Condition leaf(ConditionKind kind) {
  static const std::vector<Condition> leaves = [] {
    std::vector<Condition> out;
    for (int i = 0; i <= static_cast<int>(ConditionKind::kAnyDownstreamConditions); ++i)
      out.push_back(Condition(Condition::Node{.kind = static_cast<ConditionKind>(i)}));
    return out;
  }();
  return leaves[static_cast<std::size_t>(kind)];
}

Condition over(ConditionKind kind, std::vector<Condition> children) {
  return Condition(Condition::Node{.kind = kind, .children = std::move(children)});
}

[[noreturn]] void misuse(std::string code, std::string message, std::string cure) {
  throw DefinitionError({Problem{.code = std::move(code),
                                 .subject = "automation condition",
                                 .place = {},
                                 .message = std::move(message),
                                 .cure = std::move(cure)}});
}

// The selections of Dagster's allow() and ignore() add up.
std::optional<std::string> either(const std::optional<std::string>& old, std::string_view added) {
  if (!old) return std::string(added);
  return fmt::format("({}) or ({})", added, *old);
}

bool takes_selections(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::kAnyDeps:
    case ConditionKind::kAllDeps:
    case ConditionKind::kAnyChecks:
    case ConditionKind::kAllChecks:
      return true;
    default:
      return false;
  }
}

bool passes_selections_on(ConditionKind kind) {
  return kind == ConditionKind::kAnd || kind == ConditionKind::kOr || kind == ConditionKind::kNot ||
         kind == ConditionKind::kSince;
}

Condition with_selection(const Condition& condition, std::string_view selection, bool allow) {
  Condition::Node node = condition.node();
  if (takes_selections(node.kind)) {
    auto& field = allow ? node.allow : node.ignore;
    field = either(field, selection);
  } else if (passes_selections_on(node.kind)) {
    for (Condition& child : node.children) child = with_selection(child, selection, allow);
  } else {
    return condition;
  }
  return Condition(std::move(node));
}

// Children are looked into where Dagster's replace() does.
bool looks_inside(ConditionKind kind) {
  return passes_selections_on(kind) || kind == ConditionKind::kAnyDeps ||
         kind == ConditionKind::kAllDeps || kind == ConditionKind::kAssetMatches;
}

Condition replaced(const Condition& condition, const Condition& with,
                   const std::function<bool(const Condition&)>& matches) {
  if (matches(condition)) return with;
  if (!looks_inside(condition.node().kind)) return condition;
  Condition::Node node = condition.node();
  for (Condition& child : node.children) child = replaced(child, with, matches);
  return Condition(std::move(node));
}

// Operands of unlabelled ANDs (or ORs) are put together.
Condition joined(ConditionKind kind, const Condition& a, const Condition& b) {
  std::vector<Condition> operands;
  for (const Condition& side : {a, b}) {
    const Condition::Node& node = side.node();
    if (node.kind == kind && !node.label) {
      operands.insert(operands.end(), node.children.begin(), node.children.end());
    } else {
      operands.push_back(side);
    }
  }
  return over(kind, std::move(operands));
}

}  // namespace

std::string_view to_string(FreshnessState state) {
  switch (state) {
    case FreshnessState::kNotApplicable:
      return "NOT_APPLICABLE";
    case FreshnessState::kUnknown:
      return "UNKNOWN";
    case FreshnessState::kPass:
      return "PASS";
    case FreshnessState::kWarn:
      return "WARN";
    case FreshnessState::kFail:
      return "FAIL";
  }
  return "UNKNOWN";
}

bool RunTagFilter::matches(const std::map<std::string, std::string>& tags) const {
  if (keys && !std::all_of(keys->begin(), keys->end(),
                           [&](const std::string& key) { return tags.contains(key); }))
    return false;
  return !values || std::all_of(values->begin(), values->end(), [&](const auto& wanted) {
    const auto found = tags.find(wanted.first);
    return found != tags.end() && found->second == wanted.second;
  });
}

AutomationCondition::AutomationCondition(Node node) {
  auto made = std::make_shared<Node>(std::move(node));
  made->stateful = keeps_state(made->kind);
  std::uint64_t identity = static_cast<std::uint64_t>(made->kind) + 1;
  for (std::string_view text : {std::string_view(made->cron), std::string_view(made->timezone),
                                std::string_view(made->key.text())})
    if (!text.empty()) identity = mix(identity, condition_hash(text));
  identity = mix(identity, static_cast<std::uint64_t>(made->lookback) * 2 + made->flag);
  if (made->kind == ConditionKind::kFreshness)
    identity = mix(identity, static_cast<std::uint64_t>(made->freshness));
  if (made->tags.keys)
    for (const std::string& key : *made->tags.keys) identity = mix(identity, condition_hash(key));
  if (made->tags.values)
    for (const auto& [key, value] : *made->tags.values)
      identity = mix(mix(identity, condition_hash(key)), condition_hash(value));
  if (made->custom) identity = mix(identity, condition_hash(made->custom->name()));
  for (const AutomationCondition& child : made->children) {
    identity = mix(identity, child.node().identity);
    made->stateful = made->stateful || child.node().stateful;
  }
  made->identity = identity;
  node_ = std::move(made);
}

// --- operands -------------------------------------------------------------------------------

Condition Condition::missing() {
  return leaf(ConditionKind::kMissing);
}
Condition Condition::run_in_progress() {
  return leaf(ConditionKind::kRunInProgress);
}
Condition Condition::backfill_in_progress() {
  return leaf(ConditionKind::kBackfillInProgress);
}
Condition Condition::execution_failed() {
  return leaf(ConditionKind::kExecutionFailed);
}
Condition Condition::will_be_requested() {
  return leaf(ConditionKind::kWillBeRequested);
}
Condition Condition::newly_requested() {
  return leaf(ConditionKind::kNewlyRequested);
}
Condition Condition::newly_updated() {
  return leaf(ConditionKind::kNewlyUpdated);
}
Condition Condition::data_version_changed() {
  return leaf(ConditionKind::kDataVersionChanged);
}
Condition Condition::code_version_changed() {
  return leaf(ConditionKind::kCodeVersionChanged);
}
Condition Condition::initial_evaluation() {
  return leaf(ConditionKind::kInitialEvaluation);
}
Condition Condition::executed_with_root_target() {
  return leaf(ConditionKind::kExecutedWithRootTarget);
}
Condition Condition::any_downstream_conditions() {
  return leaf(ConditionKind::kAnyDownstreamConditions);
}

Condition Condition::in_progress() {
  static const Condition shared =
      (run_in_progress() | backfill_in_progress()).with_label("in_progress");
  return shared;
}

Condition Condition::newly_missing() {
  static const Condition shared = missing().newly_true().with_label("newly_missing");
  return shared;
}

Condition Condition::cron_tick_passed(std::string cron, std::string timezone) {
  if (const auto parsed = CronSchedule::parse(cron, timezone); !parsed)
    misuse("bad_cron", "Invalid cron schedule: " + cron + ". " + parsed.error().message,
           "Give a cron expression such as '0 9 * * *' and a time zone such as 'Europe/Berlin'.");
  return Condition(Node{.kind = ConditionKind::kCronTickPassed,
                        .cron = std::move(cron),
                        .timezone = std::move(timezone)});
}

Condition Condition::in_latest_time_window(Micros lookback) {
  return Condition(Node{.kind = ConditionKind::kInLatestTimeWindow, .lookback = lookback});
}

Condition Condition::check_passed() {
  return Condition(Node{.kind = ConditionKind::kCheckResult, .flag = true});
}
Condition Condition::check_failed() {
  return leaf(ConditionKind::kCheckResult);
}

Condition Condition::freshness_passed() {
  return Condition(Node{.kind = ConditionKind::kFreshness,
                        .label = "freshness_passed",
                        .freshness = FreshnessState::kPass});
}
Condition Condition::freshness_warned() {
  return Condition(Node{.kind = ConditionKind::kFreshness,
                        .label = "freshness_warned",
                        .freshness = FreshnessState::kWarn});
}
Condition Condition::freshness_failed() {
  return Condition(Node{.kind = ConditionKind::kFreshness,
                        .label = "freshness_failed",
                        .freshness = FreshnessState::kFail});
}

Condition Condition::executed_with_tags(RunTagFilter filter) {
  return Condition(Node{.kind = ConditionKind::kExecutedWithTags, .tags = std::move(filter)});
}
Condition Condition::any_new_update_has_run_tags(RunTagFilter filter) {
  return Condition(Node{.kind = ConditionKind::kAnyNewUpdateHasTags, .tags = std::move(filter)});
}
Condition Condition::all_new_updates_have_run_tags(RunTagFilter filter) {
  return Condition(Node{.kind = ConditionKind::kAllNewUpdatesHaveTags, .tags = std::move(filter)});
}
Condition Condition::custom(std::shared_ptr<const CustomCondition> condition) {
  return Condition(Node{.kind = ConditionKind::kCustom, .custom = std::move(condition)});
}

// --- operators ------------------------------------------------------------------------------

Condition Condition::all_of(std::vector<Condition> operands) {
  return over(ConditionKind::kAnd, std::move(operands));
}
Condition Condition::any_of(std::vector<Condition> operands) {
  return over(ConditionKind::kOr, std::move(operands));
}
Condition Condition::any_deps_match(Condition condition) {
  return over(ConditionKind::kAnyDeps, {std::move(condition)});
}
Condition Condition::all_deps_match(Condition condition) {
  return over(ConditionKind::kAllDeps, {std::move(condition)});
}
Condition Condition::any_checks_match(Condition condition, bool blocking_only) {
  return Condition(Node{.kind = ConditionKind::kAnyChecks,
                        .children = {std::move(condition)},
                        .flag = blocking_only});
}
Condition Condition::all_checks_match(Condition condition, bool blocking_only) {
  return Condition(Node{.kind = ConditionKind::kAllChecks,
                        .children = {std::move(condition)},
                        .flag = blocking_only});
}
Condition Condition::asset_matches(AssetKey key, Condition condition) {
  return Condition(Node{.kind = ConditionKind::kAssetMatches,
                        .children = {std::move(condition)},
                        .key = std::move(key)});
}

Condition Condition::any_job_root_assets_match(Condition condition) {
  const std::string label = fmt::format("any_job_root_assets_match({})",
                                        condition.node().label.value_or(condition.name()));
  return over(ConditionKind::kAnyJobRoots, {std::move(condition)}).with_label(label);
}
Condition Condition::all_job_root_assets_match(Condition condition) {
  const std::string label = fmt::format("all_job_root_assets_match({})",
                                        condition.node().label.value_or(condition.name()));
  return over(ConditionKind::kAllJobRoots, {std::move(condition)}).with_label(label);
}

Condition Condition::any_deps_updated() {
  static const Condition shared = any_deps_match((newly_updated() & ~executed_with_root_target())
                                                     .with_label("newly_updated_without_root") |
                                                 will_be_requested())
                                      .with_label("any_deps_updated");
  return shared;
}
Condition Condition::any_deps_missing() {
  static const Condition shared =
      any_deps_match(missing() & ~will_be_requested()).with_label("any_deps_missing");
  return shared;
}
Condition Condition::any_deps_in_progress() {
  static const Condition shared = any_deps_match(in_progress()).with_label("any_deps_in_progress");
  return shared;
}
Condition Condition::all_deps_updated_since_cron(const std::string& cron,
                                                 const std::string& timezone) {
  return all_deps_match(newly_updated().since(cron_tick_passed(cron, timezone)) |
                        will_be_requested())
      .with_label(fmt::format("all_deps_updated_since_cron({}, {})", cron, timezone));
}
Condition Condition::all_deps_blocking_checks_passed() {
  static const Condition shared =
      all_deps_match(all_checks_match(check_passed() | will_be_requested(), true)
                         .with_label("all_blocking_checks_passed"))
          .with_label("all_deps_blocking_checks_passed");
  return shared;
}

Condition Condition::eager() {
  static const Condition shared =
      (in_latest_time_window() & (newly_missing() | any_deps_updated()).since_last_handled() &
       ~any_deps_missing() & ~any_deps_in_progress() & ~in_progress())
          .with_label("eager");
  return shared;
}
Condition Condition::on_cron(const std::string& cron, const std::string& timezone) {
  return (in_latest_time_window() & cron_tick_passed(cron, timezone).since_last_handled() &
          all_deps_updated_since_cron(cron, timezone))
      .with_label(fmt::format("on_cron({}, {})", cron, timezone));
}
Condition Condition::on_missing() {
  static const Condition shared =
      (in_latest_time_window() &
       missing().newly_true().since_last_handled().with_label("missing_since_last_handled") &
       ~any_deps_missing())
          .with_label("on_missing");
  return shared;
}

Condition Condition::operator&(const Condition& other) const {
  return joined(ConditionKind::kAnd, *this, other);
}
Condition Condition::operator|(const Condition& other) const {
  return joined(ConditionKind::kOr, *this, other);
}
Condition Condition::operator~() const {
  return over(ConditionKind::kNot, {*this});
}
Condition Condition::since(Condition reset) const {
  return over(ConditionKind::kSince, {*this, std::move(reset)});
}
Condition Condition::since_last_handled() const {
  return since((newly_requested() | newly_updated() | initial_evaluation()).with_label("handled"));
}
Condition Condition::newly_true() const {
  return over(ConditionKind::kNewlyTrue, {*this});
}

Condition Condition::with_label(std::optional<std::string> label) const {
  Node node = *node_;
  node.label = std::move(label);
  return Condition(std::move(node));
}

Condition Condition::allow(std::string_view selection) const {
  return with_selection(*this, selection, true);
}
Condition Condition::ignore(std::string_view selection) const {
  return with_selection(*this, selection, false);
}

Condition Condition::replace(const Condition& old, const Condition& with) const {
  return replaced(*this, with, [&](const Condition& c) { return c == old; });
}
Condition Condition::replace(std::string_view name_or_label, const Condition& with) const {
  return replaced(*this, with, [&](const Condition& c) {
    return c.node().label == name_or_label || c.name() == name_or_label;
  });
}

Condition Condition::without(const Condition& operand) const {
  if (node_->kind != ConditionKind::kAnd)
    misuse("not_an_and",
           "Only a condition of several operands joined by & can do without one of them.",
           "Call without() on the whole condition, such as AutomationCondition.eager().");
  std::vector<Condition> left;
  for (const Condition& child : node_->children)
    if (!(child == operand)) left.push_back(child);
  if (left.size() == node_->children.size())
    misuse("no_such_operand", "Condition not found in operands: " + operand.text() + ".",
           "Give one of its operands exactly as it is.");
  if (left.size() < 2)
    misuse("too_few_operands", "Cannot have fewer than 2 operands in an AndAutomationCondition.",
           "Use the operand that would be left by itself.");
  Node node = *node_;
  node.children = std::move(left);
  return Condition(std::move(node));
}

bool Condition::operator==(const Condition& other) const {
  if (node_ == other.node_) return true;
  if (!node_ || !other.node_) return false;
  const Node &a = *node_, &b = *other.node_;
  return a.identity == b.identity && a.kind == b.kind && a.label == b.label &&
         a.children == b.children && a.cron == b.cron && a.timezone == b.timezone &&
         a.lookback == b.lookback && a.flag == b.flag && a.freshness == b.freshness &&
         a.tags == b.tags && a.key == b.key && a.allow == b.allow && a.ignore == b.ignore &&
         a.custom == b.custom;
}

}  // namespace treadle
