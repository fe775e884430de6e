// Private to the room: one parameter of a search space, and how its values are drawn.
#pragma once

#include <treadle/base/result.h>

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace treadle::sweep {

using Generator = std::mt19937_64;

struct Parameter {
  enum class Kind : std::uint8_t { kConstant, kCategorical, kIntUniform, kReal, kNested };
  std::string name;
  Kind kind = Kind::kConstant;
  boost::json::value constant;
  std::vector<boost::json::value> values;  // kCategorical
  std::vector<double> probabilities;       // of values; empty = alike
  std::int64_t low = 0, high = 0;          // kIntUniform
  std::string distribution;                // kReal: "uniform", "q_log_normal", ...
  double a = 0, b = 0, q = 0;              // min max, mu sigma, or a b; step, 0 = none
  std::vector<Parameter> inner;            // kNested

  // Its part of the search space, as {"lr": {...}} says. kInvalidArgument names it.
  static Result<Parameter> parse(const std::string& name, const boost::json::value& spec);
  static Result<std::vector<Parameter>> parse_all(const boost::json::value& specs);

  // How many values a grid walks through; nothing when it has no end.
  std::optional<std::int64_t> count() const;
  boost::json::value at(std::int64_t index) const;
  // Moves where an inverse cumulative distribution does: `u` in [0, 1).
  boost::json::value draw(Generator& random) const;
  // Where a value lies in [0, 1] (several numbers for a choice), for a process that learns.
  void place(const boost::json::value& value, std::vector<double>& out) const;
};

}  // namespace treadle::sweep
