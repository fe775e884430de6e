#include "parameter.h"

#include <treadle/base/json_parse.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace treadle::sweep {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostSteps = 100'000'000;

constexpr std::array kReals = {"uniform",
                               "q_uniform",
                               "log_uniform",
                               "log_uniform_values",
                               "q_log_uniform",
                               "normal",
                               "q_log_uniform_values",
                               "inv_log_uniform",
                               "q_normal",
                               "log_normal",
                               "inv_log_uniform_values",
                               "q_log_normal",
                               "beta",
                               "q_beta"};

Error wrong(const std::string& name, const std::string& what) {
  return {Errc::kInvalidArgument, "The parameter '" + name + "' " + what};
}

const json::value* member(const json::value& spec, std::string_view key) {
  const auto* object = spec.if_object();
  return object ? object->if_contains(key) : nullptr;
}

std::optional<double> number(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

Result<double> needed(const std::string& name, const json::value& spec, const char* key) {
  const auto found = number(member(spec, key));
  if (found) return *found;
  return fail(wrong(name, "needs a number as '" + std::string(key) + "'."));
}

Result<void> fill_real(Parameter& p, const json::value& spec) {
  const bool normal = p.distribution.ends_with("normal");
  const bool beta = p.distribution.ends_with("beta");
  if (normal) {
    p.a = number(member(spec, "mu")).value_or(0);
    p.b = number(member(spec, "sigma")).value_or(1);
    if (p.b <= 0) return fail(wrong(p.name, "needs a sigma above 0."));
  } else if (beta) {
    TREADLE_TRY(p.a, needed(p.name, spec, "a"));
    TREADLE_TRY(p.b, needed(p.name, spec, "b"));
  } else {
    TREADLE_TRY(p.a, needed(p.name, spec, "min"));
    TREADLE_TRY(p.b, needed(p.name, spec, "max"));
    if (p.a > p.b) return fail(wrong(p.name, "has a min above its max."));
    if (p.distribution.ends_with("_values") && p.a <= 0) {
      return fail(wrong(p.name, "needs a min above 0: its logarithm is taken."));
    }
  }
  if (p.distribution.starts_with("q_")) {
    p.q = number(member(spec, "q")).value_or(1);
    if (p.q <= 0) return fail(wrong(p.name, "needs a q above 0."));
  }
  return {};
}

Result<void> fill_values(Parameter& p, const json::value& spec) {
  const auto* list = member(spec, "values");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    return fail(wrong(p.name, "needs a list of at least one as 'values'."));
  }
  p.kind = Parameter::Kind::kCategorical;
  p.values.assign(list->get_array().begin(), list->get_array().end());
  const auto* weights = member(spec, "probabilities");
  if (weights == nullptr || !weights->is_array()) return {};
  for (const json::value& weight : weights->get_array()) {
    p.probabilities.push_back(number(&weight).value_or(-1));
  }
  const bool negative =
      std::any_of(p.probabilities.begin(), p.probabilities.end(), [](double w) { return w < 0; });
  if (p.probabilities.size() != p.values.size() || negative) {
    return fail(wrong(p.name, "needs as many probabilities, 0 or more each, as values."));
  }
  return {};
}

double round_to(double value, double step) {
  return step > 0 ? std::round(value / step) * step : value;
}

// A whole number as one, so that 3 does not become 3.0 where the step is 1.
json::value plain(double value, double step) {
  const double rounded = round_to(value, step);
  if (step > 0 && step == std::floor(step) && std::abs(rounded) < 9e15) {
    return static_cast<std::int64_t>(rounded);
  }
  return rounded;
}

double between(Generator& random, double low, double high) {
  return std::uniform_real_distribution<double>(low,
                                                std::max(low, std::nextafter(high, 1e308)))(random);
}

}  // namespace

Result<Parameter> Parameter::parse(const std::string& name, const json::value& spec) {
  Parameter out;
  out.name = name;
  if (!spec.is_object()) {
    return fail(wrong(name, "must say value, values, or a distribution with its bounds."));
  }
  if (const auto* nested = member(spec, "parameters")) {
    out.kind = Kind::kNested;
    TREADLE_TRY(out.inner, parse_all(*nested));
    return out;
  }
  if (const auto* value = member(spec, "value")) {
    out.constant = *value;
    return out;
  }
  const auto* given = member(spec, "distribution");
  std::string distribution = given && given->is_string() ? std::string(given->get_string()) : "";
  if (distribution.empty()) {
    const auto* low = member(spec, "min");
    const auto* high = member(spec, "max");
    if (member(spec, "values")) {
      distribution = "categorical";
    } else if (low && high && low->is_int64() && high->is_int64()) {
      distribution = "int_uniform";
    } else if (low && high) {
      distribution = "uniform";
    } else if (member(spec, "mu") || member(spec, "sigma")) {
      distribution = "normal";
    }
  }
  if (distribution == "constant") return fail(wrong(name, "is constant and has no value."));
  if (distribution.starts_with("categorical")) {
    TREADLE_CHECK(fill_values(out, spec));
    return out;
  }
  if (distribution == "int_uniform") {
    TREADLE_TRY(const double low, needed(name, spec, "min"));
    TREADLE_TRY(const double high, needed(name, spec, "max"));
    if (low > high) return fail(wrong(name, "has a min above its max."));
    out.kind = Kind::kIntUniform;
    out.low = static_cast<std::int64_t>(low);
    out.high = static_cast<std::int64_t>(high);
    return out;
  }
  if (std::find(kReals.begin(), kReals.end(), distribution) == kReals.end()) {
    return fail(wrong(name, distribution.empty()
                                ? "must say value, values, or a distribution with its bounds."
                                : "has no known distribution: '" + distribution + "'."));
  }
  out.kind = Kind::kReal;
  out.distribution = distribution;
  TREADLE_CHECK(fill_real(out, spec));
  return out;
}

Result<std::vector<Parameter>> Parameter::parse_all(const json::value& specs) {
  if (!specs.is_object()) {
    return fail(Errc::kInvalidArgument, "'parameters' must be a mapping of names.");
  }
  std::vector<Parameter> out;
  for (const auto& [key, spec] : specs.get_object()) {
    TREADLE_TRY(Parameter p, parse(std::string(key), spec));
    out.push_back(std::move(p));
  }
  return out;
}

std::optional<std::int64_t> Parameter::count() const {
  switch (kind) {
    case Kind::kConstant:
      return 1;
    case Kind::kCategorical:
      return static_cast<std::int64_t>(values.size());
    case Kind::kIntUniform:
      return std::min(kMostSteps, high - low + 1);
    case Kind::kReal:
      if (distribution != "q_uniform") return std::nullopt;
      return static_cast<std::int64_t>(
          std::min<double>(kMostSteps, std::floor((b - a) / q + 1e-9) + 1));
    case Kind::kNested:
      break;
  }
  std::int64_t product = 1;
  for (const Parameter& p : inner) {
    const auto one = p.count();
    if (!one) return std::nullopt;
    product = std::min(kMostSteps, product * *one);
  }
  return product;
}

json::value Parameter::at(std::int64_t index) const {
  switch (kind) {
    case Kind::kConstant:
      return constant;
    case Kind::kCategorical:
      return values[static_cast<std::size_t>(index)];
    case Kind::kIntUniform:
      return low + index;
    case Kind::kReal:
      return plain(a + static_cast<double>(index) * q, q);
    case Kind::kNested:
      break;
  }
  // The last one turns fastest.
  std::vector<json::value> chosen(inner.size());
  for (std::size_t i = inner.size(); i-- > 0;) {
    const std::int64_t n = inner[i].count().value_or(1);
    chosen[i] = inner[i].at(index % n);
    index /= n;
  }
  json::object out;
  for (std::size_t i = 0; i < inner.size(); ++i) out[inner[i].name] = std::move(chosen[i]);
  return out;
}

json::value Parameter::draw(Generator& random) const {
  switch (kind) {
    case Kind::kConstant:
      return constant;
    case Kind::kCategorical: {
      const std::vector<double> alike(values.size(), 1.0);
      const auto& weights = probabilities.empty() ? alike : probabilities;
      return values[std::discrete_distribution<std::size_t>(weights.begin(),
                                                            weights.end())(random)];
    }
    case Kind::kIntUniform:
      return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    case Kind::kNested: {
      json::object out;
      for (const Parameter& p : inner) out[p.name] = p.draw(random);
      return out;
    }
    case Kind::kReal:
      break;
  }
  const std::string_view d = distribution.starts_with("q_")
                                 ? std::string_view(distribution).substr(2)
                                 : std::string_view(distribution);
  double value = 0;
  if (d == "uniform") {
    value = between(random, a, b);
  } else if (d == "log_uniform") {
    value = std::exp(between(random, a, b));
  } else if (d == "log_uniform_values") {
    value = std::exp(between(random, std::log(a), std::log(b)));
  } else if (d == "inv_log_uniform") {
    value = std::exp(b + a - between(random, a, b));
  } else if (d == "inv_log_uniform_values") {
    value = 1 / std::exp(between(random, std::log(1 / b), std::log(1 / a)));
  } else if (d == "normal") {
    value = std::normal_distribution<double>(a, b)(random);
  } else if (d == "log_normal") {
    value = std::exp(std::normal_distribution<double>(a, b)(random));
  } else {
    const double x = std::gamma_distribution<double>(a, 1)(random);
    const double y = std::gamma_distribution<double>(b, 1)(random);
    value = x + y > 0 ? x / (x + y) : 0.5;
  }
  return plain(value, q);
}

void Parameter::place(const json::value& value, std::vector<double>& out) const {
  switch (kind) {
    case Kind::kConstant:
      return;
    case Kind::kCategorical:
      for (const json::value& each : values) out.push_back(each == value ? 1.0 : 0.0);
      return;
    case Kind::kNested:
      for (const Parameter& p : inner) {
        const auto* found = member(value, p.name);
        p.place(found ? *found : json::value(), out);
      }
      return;
    case Kind::kIntUniform: {
      const double v = value.is_number() ? value.to_number<double>() : static_cast<double>(low);
      out.push_back(high > low ? (v - static_cast<double>(low)) / static_cast<double>(high - low)
                               : 0.5);
      return;
    }
    case Kind::kReal:
      break;
  }
  const double v = value.is_number() ? value.to_number<double>() : a;
  const bool logarithm = distribution.find("log_") != std::string::npos;
  const bool values_given = distribution.ends_with("_values");
  const double x = logarithm && v > 0 ? std::log(v) : v;
  if (distribution.ends_with("normal")) {
    out.push_back(0.5 * std::erfc(-(x - a) / (b * std::sqrt(2.0))));
  } else if (distribution.ends_with("beta")) {
    out.push_back(v);
  } else {
    const double from = logarithm && values_given ? std::log(a) : a;
    const double to = logarithm && values_given ? std::log(b) : b;
    out.push_back(to > from ? (x - from) / (to - from) : 0.5);
  }
}

}  // namespace treadle::sweep
