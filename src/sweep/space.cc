#include "parameter.h"
#include "yaml.h"
#include <treadle/base/json_parse.h>
#include <treadle/sweep/space.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace treadle::sweep {

namespace json = boost::json;

struct Space::Data {
  Method method = Method::kRandom;
  std::string name;
  std::string program;
  std::optional<Metric> metric;
  std::optional<Hyperband> hyperband;
  bool local = false;
  std::optional<std::int64_t> run_cap;
  Parameter root;  // nested: all parameters
};

namespace {

constexpr int kMostBrackets = 100;
constexpr double kLargestBracket = 1e15;

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

// {"lr": 0.1} as {"lr": {"value": 0.1}}.
std::string point_text(const json::value& chosen) {
  json::object out;
  for (const auto& [key, value] : chosen.get_object()) out[key] = json::object{{"value", value}};
  return json_value_text(out);
}

json::value point_values(const std::string& text) {
  json::value parsed;
  json::object out;
  if (!parse_json_value(text, parsed) || !parsed.is_object()) return out;
  for (const auto& [key, wrapped] : parsed.get_object()) {
    const auto* inner = wrapped.if_object();
    const auto* value = inner ? inner->if_contains("value") : nullptr;
    if (value) out[key] = *value;
  }
  return out;
}

using Vector = std::vector<double>;

double likeness(const Vector& x, const Vector& y) {
  double squared = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squared += (x[i] - y[i]) * (x[i] - y[i]);
  const double r = std::sqrt(5 * squared) / 0.35;  // Matérn 5/2 over the unit cube
  return (1 + r + r * r / 3) * std::exp(-r);
}

// A Gaussian process with unit prior variance over standardised results.
class Process {
 public:
  Process(std::vector<Vector> places, Vector results) : places_(std::move(places)) {
    const std::size_t n = places_.size();
    lower_.assign(n, Vector(n, 0.0));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = likeness(places_[i], places_[j]) + (i == j ? 1e-4 : 0.0);
        for (std::size_t k = 0; k < j; ++k) sum -= lower_[i][k] * lower_[j][k];
        lower_[i][j] = i == j ? std::sqrt(std::max(sum, 1e-10)) : sum / lower_[j][j];
      }
    }
    weights_ = forward(std::move(results));
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) weights_[i] -= lower_[k][i] * weights_[k];
      weights_[i] /= lower_[i][i];
    }
  }

  // How far below `best` a point is expected to go.
  double improvement(const Vector& place, double best) const {
    Vector near;
    for (const Vector& known : places_) near.push_back(likeness(place, known));
    double mean = 0;
    for (std::size_t i = 0; i < near.size(); ++i) mean += near[i] * weights_[i];
    double variance = 1;
    for (const double v : forward(std::move(near))) variance -= v * v;
    const double deviation = std::sqrt(std::max(variance, 1e-12));
    const double z = (best - mean) / deviation;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    return (best - mean) * 0.5 * std::erfc(-z / std::numbers::sqrt2) + deviation * density;
  }

 private:
  Vector forward(Vector v) const {
    for (std::size_t i = 0; i < v.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) v[i] -= lower_[i][k] * v[k];
      v[i] /= lower_[i][i];
    }
    return v;
  }

  std::vector<Vector> places_;
  std::vector<Vector> lower_;
  Vector weights_;
};

Result<Hyperband> parse_hyperband(const json::object& rule) {
  if (text_of(rule, "type") != "hyperband") {
    return fail(Errc::kInvalidArgument,
                "early_terminate has the type hyperband, not '" + text_of(rule, "type") + "'.");
  }
  const auto number = [&](std::string_view key, double otherwise) {
    const auto* value = rule.if_contains(key);
    return value && value->is_number() ? value->to_number<double>() : otherwise;
  };
  Hyperband out;
  out.eta = number("eta", 3);
  const auto* strict = rule.if_contains("strict");
  out.strict = strict && strict->is_bool() && strict->get_bool();
  const double least = number("min_iter", 0);
  const double most = number("max_iter", 0);
  if (!(out.eta > 1) || (!(least >= 1) && !(most >= 1))) {
    return fail(Errc::kInvalidArgument,
                "early_terminate needs min_iter or max_iter, at least 1, and an eta above 1.");
  }
  if (most >= 1) {
    const double steps = number("s", kMostBrackets);
    double bracket = most / out.eta;
    for (int i = 0; i < steps && bracket >= 1; ++i, bracket /= out.eta) {
      out.brackets.insert(out.brackets.begin(), static_cast<std::int64_t>(bracket));
    }
  } else {
    double bracket = least;
    for (int i = 0; i < kMostBrackets && bracket < kLargestBracket; ++i, bracket *= out.eta) {
      out.brackets.push_back(static_cast<std::int64_t>(bracket));
    }
  }
  return out;
}

constexpr std::size_t kMostTrials = 400;  // the last ones: the work grows with the third power
constexpr int kCandidates = 500;

}  // namespace

Result<Space> Space::parse(std::string_view yaml, std::vector<std::string>* warnings) {
  json::value document;
  TREADLE_CHECK(parse_yaml(yaml, document));
  const auto* config = document.if_object();
  if (config == nullptr) return fail(Errc::kInvalidArgument, "The config must be a mapping.");
  auto data = std::make_shared<Data>();
  data->name = text_of(*config, "name");
  data->program = text_of(*config, "program");
  const std::string method = text_of(*config, "method");
  if (method == "grid") {
    data->method = Method::kGrid;
  } else if (method == "bayes") {
    data->method = Method::kBayes;
  } else if (method == "custom") {
    data->method = Method::kCustom;
  } else if (method != "random") {
    return fail(Errc::kInvalidArgument,
                "A sweep's method is grid, random, bayes or custom, not '" + method + "'.");
  }
  if (const auto* metric = config->if_contains("metric"); metric && metric->is_object()) {
    data->metric = Metric{text_of(metric->get_object(), "name"),
                          text_of(metric->get_object(), "goal") == "maximize"};
  }
  if (data->method == Method::kBayes && !data->metric && warnings) {
    warnings->push_back("A sweep by the method bayes needs a metric; without, it is random.");
  }
  if (const auto* rule = config->if_contains("early_terminate"); rule && rule->is_object()) {
    TREADLE_TRY(data->hyperband, parse_hyperband(rule->get_object()));
    if (!data->metric || data->metric->name.empty()) {
      data->hyperband.reset();
      if (warnings) {
        warnings->push_back("early_terminate compares runs by a metric; without, it ends none.");
      }
    }
  }
  if (const auto* controller = config->if_contains("controller");
      controller && controller->is_object()) {
    data->local = text_of(controller->get_object(), "type") == "local";
  }
  if (const auto* cap = config->if_contains("run_cap"); cap && cap->is_int64()) {
    data->run_cap = cap->get_int64();
  }
  data->root.kind = Parameter::Kind::kNested;
  if (const auto* parameters = config->if_contains("parameters")) {
    TREADLE_TRY(data->root.inner, Parameter::parse_all(*parameters));
  }
  if (data->method == Method::kGrid) {
    for (const Parameter& p : data->root.inner) {
      if (p.count()) continue;
      return fail(Errc::kInvalidArgument, "The parameter '" + p.name +
                                              "' has no end, so no grid goes through it: give "
                                              "it values, or a distribution in steps.");
    }
  }
  return Space(std::move(data));
}

Method Space::method() const {
  return data_->method;
}
const std::string& Space::name() const {
  return data_->name;
}
const std::string& Space::program() const {
  return data_->program;
}
const std::optional<Hyperband>& Space::hyperband() const {
  return data_->hyperband;
}
const std::optional<Metric>& Space::metric() const {
  return data_->metric;
}
bool Space::is_local() const {
  return data_->local;
}
std::optional<std::int64_t> Space::run_cap() const {
  return data_->run_cap;
}

std::optional<std::int64_t> Space::grid_size() const {
  if (data_->method != Method::kGrid) return std::nullopt;
  return data_->root.count();
}

std::optional<std::string> Space::grid_point(std::int64_t n) const {
  const auto size = data_->root.count();
  if (!size || n < 0 || n >= *size) return std::nullopt;
  return point_text(data_->root.at(n));
}

std::string Space::random_point(std::uint64_t seed) const {
  Generator random(seed);
  return point_text(data_->root.draw(random));
}

std::string Space::bayes_point(const std::vector<Trial>& trials, std::uint64_t seed) const {
  std::vector<Vector> places;
  Vector results;
  for (std::size_t i = trials.size() - std::min(trials.size(), kMostTrials); i < trials.size();
       ++i) {
    if (!std::isfinite(trials[i].result)) continue;
    Vector place;
    data_->root.place(point_values(trials[i].arguments), place);
    places.push_back(std::move(place));
    const bool maximize = data_->metric && data_->metric->maximize;
    results.push_back(maximize ? -trials[i].result : trials[i].result);
  }
  if (places.size() < 3) return random_point(seed);
  double mean = 0;
  for (const double r : results) mean += r / static_cast<double>(results.size());
  double variance = 0;
  for (const double r : results) {
    variance += (r - mean) * (r - mean) / static_cast<double>(results.size());
  }
  const double scale = variance > 0 ? std::sqrt(variance) : 1;
  for (double& r : results) r = (r - mean) / scale;
  const double best = *std::min_element(results.begin(), results.end());
  const Process process(std::move(places), std::move(results));
  Generator random(seed);
  json::value chosen;
  double most = -1;
  for (int i = 0; i < kCandidates; ++i) {
    json::value candidate = data_->root.draw(random);
    Vector place;
    data_->root.place(candidate, place);
    const double expected = process.improvement(place, best);
    if (expected <= most) continue;
    most = expected;
    chosen = std::move(candidate);
  }
  return point_text(chosen);
}

}  // namespace treadle::sweep
