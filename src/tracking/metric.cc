// define_metric as W&B keeps it: numbered keys in the config's `_wandb.m`.
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/tracking/metric.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace treadle::tracking {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

// W&B's numbers.
constexpr std::string_view kName = "1", kGlob = "2", kStepMetric = "4", kStepIndex = "5",
                           kOptions = "6", kSummary = "7", kGoal = "8";
constexpr std::int64_t kStepSync = 1, kHidden = 2, kDefined = 3;
constexpr std::array<std::string_view, 9> kSummaries = {"",     "min",  "max",  "mean", "best",
                                                        "last", "none", "copy", "first"};

std::string text_at(const object& from, std::string_view key) {
  const value* found = from.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::vector<std::int64_t> flags_at(const object& from, std::string_view key) {
  std::vector<std::int64_t> flags;
  const value* found = from.if_contains(key);
  if (found == nullptr || !found->is_array()) return flags;
  for (const value& flag : found->get_array()) {
    if (flag.is_int64()) flags.push_back(flag.get_int64());
  }
  return flags;
}

MetricDefinition read_definition(const object& from, const array& all) {
  MetricDefinition metric;
  metric.name = text_at(from, kName);
  if (metric.name.empty()) metric.name = text_at(from, kGlob);
  metric.step_metric = text_at(from, kStepMetric);
  const value* index = from.if_contains(kStepIndex);
  if (index != nullptr && index->is_int64() && index->get_int64() >= 1 &&
      index->get_int64() <= static_cast<std::int64_t>(all.size())) {
    const value& step = all[static_cast<std::size_t>(index->get_int64()) - 1];
    if (step.is_object()) metric.step_metric = text_at(step.get_object(), kName);
  }
  const auto options = flags_at(from, kOptions);
  metric.step_sync = std::find(options.begin(), options.end(), kStepSync) != options.end();
  metric.hidden = std::find(options.begin(), options.end(), kHidden) != options.end();
  for (const std::int64_t flag : flags_at(from, kSummary)) {
    if (flag >= 1 && flag < static_cast<std::int64_t>(kSummaries.size())) {
      metric.summary.emplace_back(kSummaries[static_cast<std::size_t>(flag)]);
    }
  }
  const value* goal = from.if_contains(kGoal);
  if (goal != nullptr && goal->is_int64()) {
    metric.goal = goal->get_int64() == 1 ? "minimize" : goal->get_int64() == 2 ? "maximize" : "";
  }
  return metric;
}

object write_definition(const MetricDefinition& metric, const array& all) {
  object out;
  out[metric.name.ends_with('*') ? kGlob : kName] = metric.name;
  if (!metric.step_metric.empty()) {
    const auto step = std::find_if(all.begin(), all.end(), [&](const value& other) {
      return other.is_object() && text_at(other.get_object(), kName) == metric.step_metric;
    });
    if (step != all.end()) {
      out[kStepIndex] = static_cast<std::int64_t>(step - all.begin()) + 1;
    } else {
      out[kStepMetric] = metric.step_metric;
    }
  }
  array options;
  if (metric.step_sync) options.emplace_back(kStepSync);
  if (metric.hidden) options.emplace_back(kHidden);
  options.emplace_back(kDefined);
  out[kOptions] = std::move(options);
  if (!metric.summary.empty()) {
    array flags;
    for (const std::string& wanted : metric.summary) {
      const auto it = std::find(kSummaries.begin() + 1, kSummaries.end(), wanted);
      if (it != kSummaries.end()) flags.emplace_back(it - kSummaries.begin());
    }
    out[kSummary] = std::move(flags);
  }
  if (!metric.goal.empty()) out[kGoal] = metric.goal == "minimize" ? 1 : 2;
  return out;
}

const array* find_metrics(const value& config) {
  if (!config.is_object()) return nullptr;
  const value* own = config.get_object().if_contains("_wandb");
  if (own == nullptr || !own->is_object()) return nullptr;
  const value* metrics = own->get_object().if_contains("m");
  return metrics != nullptr && metrics->is_array() ? &metrics->get_array() : nullptr;
}

}  // namespace

std::vector<MetricDefinition> metric_definitions(std::string_view config) {
  std::vector<MetricDefinition> metrics;
  value document;
  if (!parse_json_value(config, document)) return metrics;
  const array* all = find_metrics(document);
  if (all == nullptr) return metrics;
  for (const value& one : *all) {
    if (one.is_object()) metrics.push_back(read_definition(one.get_object(), *all));
  }
  return metrics;
}

Result<std::string> with_metric_definition(std::string_view config,
                                           const MetricDefinition& definition) {
  if (definition.name.empty() || (definition.name.find('*') != std::string::npos &&
                                  definition.name.find('*') != definition.name.size() - 1)) {
    return fail(Errc::kInvalidArgument, "define_metric: '" + definition.name +
                                            "' is no name of a metric: '*' may only stand at its "
                                            "end.");
  }
  for (const std::string& wanted : definition.summary) {
    if (std::find(kSummaries.begin() + 1, kSummaries.end(), wanted) == kSummaries.end()) {
      return fail(Errc::kInvalidArgument,
                  "define_metric: there is no summary '" + wanted +
                      "'. There are min, max, mean, best, last, first, copy and none.");
    }
  }
  value document;
  TREADLE_CHECK(parse_json_value(config, document));
  if (!document.is_object()) {
    return fail(Errc::kInvalidArgument, "The config must be a JSON object.");
  }
  value& own = document.get_object()["_wandb"];
  if (!own.is_object()) own.emplace_object();
  value& metrics = own.get_object()["m"];
  if (!metrics.is_array()) metrics.emplace_array();
  array& all = metrics.get_array();
  const auto named = [&](const value& other) {
    return other.is_object() && read_definition(other.get_object(), all).name == definition.name;
  };
  const auto it = std::find_if(all.begin(), all.end(), named);
  if (it != all.end()) {
    *it = write_definition(definition, all);
  } else {
    all.push_back(write_definition(definition, all));
  }
  return json_value_text(document);
}

}  // namespace treadle::tracking
