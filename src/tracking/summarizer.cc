#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/tracking/metric.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace treadle::tracking {
namespace {

using boost::json::object;
using boost::json::value;
using Names = std::vector<std::string>;

// What has been seen of one metric.
struct Seen {
  std::optional<double> min, max;
  double sum = 0;
  std::int64_t count = 0;
  bool first = true;
};

object& object_at(object& root, const Names& names) {
  object* at = &root;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    value& inner = (*at)[names[i]];
    if (!inner.is_object()) inner.emplace_object();
    at = &inner.get_object();
  }
  return *at;
}

std::string joined(const Names& names) {
  std::string key;
  for (const std::string& name : names) key += (key.empty() ? "" : ".") + name;
  return key;
}

bool has(const MetricDefinition& metric, std::string_view wanted) {
  return std::find(metric.summary.begin(), metric.summary.end(), wanted) != metric.summary.end();
}

}  // namespace

struct Summarizer::State {
  object summary;
  std::vector<MetricDefinition> metrics;
  std::map<std::string, Seen> seen;

  // The definition of that name, else the longest glob that fits.
  const MetricDefinition* definition_of(const std::string& key) const {
    const MetricDefinition* best = nullptr;
    for (const MetricDefinition& metric : metrics) {
      if (metric.name == key) return &metric;
      if (!metric.name.ends_with('*')) continue;
      const std::string_view prefix(metric.name.data(), metric.name.size() - 1);
      if (key.starts_with(prefix) && (best == nullptr || metric.name.size() > best->name.size())) {
        best = &metric;
      }
    }
    return best;
  }

  void add(Names& names, const value& logged) {
    const bool nested = logged.is_object() && !logged.get_object().empty() &&
                        !logged.get_object().contains("_type");
    if (nested) {
      for (const auto& [name, inner] : logged.get_object()) {
        names.emplace_back(name);
        add(names, inner);
        names.pop_back();
      }
      return;
    }
    const std::string key = joined(names);
    const MetricDefinition* metric = definition_of(key);
    if (metric == nullptr || metric->summary.empty()) {
      object_at(summary, names)[names.back()] = logged;
      return;
    }
    if (has(*metric, "none")) return;
    if (has(*metric, "copy")) object_at(summary, names)[names.back()] = logged;
    summarize(*metric, names, key, logged);
  }

  void summarize(const MetricDefinition& metric, const Names& names, const std::string& key,
                 const value& logged) {
    if (metric.summary.size() == 1 && has(metric, "copy")) return;
    value& place = object_at(summary, names)[names.back()];
    if (!place.is_object()) place.emplace_object();
    object& parts = place.get_object();
    Seen& known = seen[key];
    if (has(metric, "last")) parts["last"] = logged;
    if (has(metric, "first") && known.first && !parts.contains("first")) parts["first"] = logged;
    known.first = false;
    if (!logged.is_number()) return;
    const auto number = logged.to_number<double>();
    if (std::isnan(number)) return;
    // A run that is resumed goes on from what its summary says.
    const auto before = [&](const char* name) -> std::optional<double> {
      const value* part = parts.if_contains(name);
      if (part == nullptr || !part->is_number()) return std::nullopt;
      return part->to_number<double>();
    };
    const auto keep_least = [&](const char* name) {
      const auto old = before(name);
      if (!old || number < *old) parts[name] = logged;
    };
    const auto keep_most = [&](const char* name) {
      const auto old = before(name);
      if (!old || number > *old) parts[name] = logged;
    };
    if (has(metric, "min")) keep_least("min");
    if (has(metric, "max")) keep_most("max");
    if (has(metric, "best")) {
      if (metric.goal == "maximize") {
        keep_most("best");
      } else {
        keep_least("best");
      }
    }
    if (has(metric, "mean")) {
      known.sum += number;
      ++known.count;
      parts["mean"] = known.sum / static_cast<double>(known.count);
    }
  }
};

Summarizer::Summarizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Summarizer::Summarizer(Summarizer&&) noexcept = default;
Summarizer& Summarizer::operator=(Summarizer&&) noexcept = default;
Summarizer::~Summarizer() = default;

Result<Summarizer> Summarizer::make(std::string_view summary) {
  value document;
  TREADLE_CHECK(parse_json_value(summary, document));
  if (!document.is_object()) {
    return fail(Errc::kInvalidArgument, "The summary must be a JSON object.");
  }
  auto state = std::make_unique<State>();
  state->summary = std::move(document.get_object());
  return Summarizer(std::move(state));
}

void Summarizer::define(const MetricDefinition& definition) {
  for (MetricDefinition& metric : state_->metrics) {
    if (metric.name == definition.name) {
      metric = definition;
      return;
    }
  }
  state_->metrics.push_back(definition);
}

Result<void> Summarizer::add(std::string_view json_row) {
  value row;
  TREADLE_CHECK(parse_json_value(json_row, row));
  if (!row.is_object()) return fail(Errc::kInvalidArgument, "A row must be a JSON object.");
  Names names;
  for (const auto& [name, logged] : row.get_object()) {
    names.assign(1, std::string(name));
    state_->add(names, logged);
  }
  return {};
}

Result<void> Summarizer::set(std::string_view json_object) {
  value given;
  TREADLE_CHECK(parse_json_value(json_object, given));
  if (!given.is_object()) return fail(Errc::kInvalidArgument, "A summary must be a JSON object.");
  for (const auto& [name, inner] : given.get_object())
    state_->summary.insert_or_assign(name, inner);
  return {};
}

Result<void> Summarizer::remove(std::string_view key) {
  if (state_->summary.erase(key) > 0) return {};
  return fail(Errc::kNotFound, "The summary has no '" + std::string(key) + "'.");
}

std::string Summarizer::summary() const {
  return json_value_text(state_->summary);
}

}  // namespace treadle::tracking
